import { type ReactNode, useState } from "react";
import { ageText } from "~/shared/age";
import { clock } from "~/shared/clock";
import { digits } from "~/shared/decimal";
import { LiveText } from "~/shared/LiveText";
import { useSampled } from "~/shared/useSampled";
import { cryingEntries, nakedMs } from "~/stores/naked";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";

/** A row of its own above the workspace, which hides nothing: what was filled and stands without the stop that was asked for. */
export function NakedAlert(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OfAccount desk={trading} />;
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  // Who has seen one is not told of it again; its order's line goes on to say it.
  const [seen, setSeen] = useState<readonly string[]>([]);
  const keys = useSampled(
    () =>
      cryingEntries(desk, clock.now())
        .map(({ key }) => key)
        .filter((key) => !seen.includes(key))
        .join(),
    100,
  );
  if (keys === "") return null;
  return (
    <div className="naked-alert" role="alert" data-testid="naked-alert">
      {keys.split(",").map((key) => {
        const view = desk.orders.get(key)?.view;
        return view === undefined ? null : (
          <p key={key}>
            <strong>NO STOP</strong>{" "}
            {`${view.side === "buy" ? "Long" : "Short"} ${digits(view.filled)} ${view.symbol} is open without the stop that was asked for.`}{" "}
            <span aria-hidden="true">
              <LiveText
                everyMs={100}
                read={(now) => {
                  const row = desk.orders.get(key);
                  return row === null ? "" : ageText(nakedMs(desk, row, now));
                }}
              />
            </span>{" "}
            <button
              type="button"
              className="act"
              title="The order\u2019s line goes on to say it"
              onClick={() => setSeen([...seen.slice(-SEEN_KEPT), key])}
            >
              Seen
            </button>
          </p>
        );
      })}
    </div>
  );
}

/** So many alerts are remembered as seen. */
const SEEN_KEPT = 50;
