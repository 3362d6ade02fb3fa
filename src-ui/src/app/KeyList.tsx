import type { ReactNode } from "react";
import { useSession } from "~/stores/react";
import { conflicts, keysText } from "~/shared/keymap";
import { isOffered } from "./action";
import { ACTIONS } from "./actions";
import { Dialog } from "./Dialog";

export function KeyList(): ReactNode {
  const session = useSession();
  const bound = ACTIONS.filter((action) => isOffered(action, session)).flatMap(({ id, title, keys }) =>
    keys === undefined ? [] : [{ id, title, keys }],
  );
  const clashing = new Set(conflicts(bound).flat());
  return (
    <Dialog label="Keys">
      <h2 className="dialog-title">Keys</h2>
      <dl className="key-list">
        {bound.map(({ id, title, keys }) => (
          <div key={id} data-conflict={clashing.has(id)}>
            <dt>{title}</dt>
            <dd>
              <kbd>{keysText(keys)}</kbd>
            </dd>
          </div>
        ))}
        <div>
          <dt>Close</dt>
          <dd>
            <kbd>Esc</kbd>
          </dd>
        </div>
      </dl>
      <p className="credit">
        Charts: TradingView Lightweight Charts{"\u2122"}, Apache-2.0, Copyright (c) TradingView, Inc.{" "}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          tradingview.com
        </a>
      </p>
    </Dialog>
  );
}
