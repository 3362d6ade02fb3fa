import { type ReactNode, useState } from "react";
import { refusalParts } from "~/stores/refusal-words";
import type { TradeRefusal } from "~/transport/trading-types";

/** So many stand there at once: the button below them stays in sight. */
const SHOWN = 3;

/** What keeps an order from being sent, the first ones first. */
export function Refusals({ refusals }: { readonly refusals: readonly TradeRefusal[] }): ReactNode {
  const [all, setAll] = useState(false);
  if (refusals.length === 0) return null;
  const shown = all ? refusals : refusals.slice(0, SHOWN);
  return (
    <>
      <ul className="refusal-list" aria-label="Refusals" data-testid="preview-refusals">
        {shown.map((refusal) => {
          const { what, figures, next, title } = refusalParts(refusal);
          return (
            <li key={title} data-code={refusal.code} title={title}>
              <strong>{figures === "" ? `${what}.` : `${what}:`}</strong>{" "}
              {figures === "" ? "" : `${figures}.`}
              {next === "" ? null : <span className="refusal-next"> {next}</span>}
            </li>
          );
        })}
      </ul>
      {refusals.length > SHOWN ? (
        <button type="button" className="quiet refusal-more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${refusals.length - SHOWN} more`}
        </button>
      ) : null}
    </>
  );
}
