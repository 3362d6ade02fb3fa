import { type ReactNode, useRef } from "react";
import { dayText, timeText } from "~/shared/age";
import { type Decimal, isZero } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { wholeUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { projected, type Stamped } from "~/shared/stamped";
import type { TradingDesk } from "~/stores/trading-desk";
import type { LedgerView } from "~/transport/ledger-types";
import type { AccountState } from "~/transport/trading-types";

const LINES: readonly (readonly [string, string, (ledger: LedgerView) => Decimal | null])[] = [
  ["Cash", "cash by the books", ({ cashUsd }) => cashUsd],
  ["Realised", "realised profit", ({ realisedUsd }) => realisedUsd],
  ["Fees", "fees paid", ({ feesUsd }) => feesUsd],
  ["Funding", "funding", ({ fundingUsd }) => fundingUsd],
  ["Transfers", "transfers", ({ transfersUsd }) => transfersUsd],
  ["Equity by the books", "equity by the books", ({ equityUsd }) => equityUsd],
];

/** Every dollar since the account was followed, and whether that ties to what the venue says. */
export function Books({ desk }: { readonly desk: TradingDesk }): ReactNode {
  return (
    <dl aria-label="Books" data-testid="books">
      {LINES.map(([name, label, pick]) => (
        <Line key={name} desk={desk} name={name} label={label} pick={pick} />
      ))}
      <div>
        <dt>Ties to the venue</dt>
        <dd>
          <LiveText
            className="books-tie"
            everyMs={500}
            testId="books-tie"
            state={() => tieOf(desk)}
            read={() => {
              const tie = tieOf(desk);
              return tie === "tied" ? "yes, within a cent" : tie === "off" ? "NO" : "not known yet";
            }}
          />
        </dd>
      </div>
      <Line desk={desk} name="Off by" label="what the venue is off the books" pick={({ offUsd }) => offUsd} />
      <div>
        <dt>Since</dt>
        <dd>
          <LiveText
            everyMs={1000}
            read={() => {
              const since = desk.state?.ledger?.sinceMs ?? null;
              return since === null ? "\u2014" : `${dayText(since, "day")} ${timeText(since)}`;
            }}
          />
        </dd>
      </div>
    </dl>
  );
}

/** Whether the books tie to the venue; the server calls a break what is beyond a cent. */
export function tieOf({ state }: TradingDesk): "tied" | "off" | "unknown" {
  const off = state?.ledger?.offUsd ?? null;
  if (state === null || off === null) return "unknown";
  return isZero(off) || !breaks(state) ? "tied" : "off";
}

/** Findings that say that books and venue differ. */
export function breaks({ findings, locks }: AccountState): boolean {
  return [...findings, ...locks].some(({ code }) => isBreak(code));
}

export function isBreak(code: string): boolean {
  return (
    code === "reconcile_equity_differs" || code === "reconcile_position_differs" || code.startsWith("ledger_")
  );
}

interface LineProps {
  readonly desk: TradingDesk;
  readonly name: string;
  readonly label: string;
  readonly pick: (ledger: LedgerView) => Decimal | null;
}

/** As old as the account's own word. */
function Line({ desk, name, label, pick }: LineProps): ReactNode {
  const read = useRef<((told: Stamped<unknown> | null) => Stamped<Decimal> | null) | null>(null);
  read.current ??= projected(() => {
    const ledger = desk.state?.ledger ?? null;
    return ledger === null ? null : pick(ledger);
  });
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Figure
          label={label}
          source="account"
          read={() => read.current?.(desk.state?.positions ?? null) ?? null}
          format={wholeUsd}
          everyMs={250}
          testId={`books-${name.toLowerCase().replaceAll(" ", "-")}`}
        />
      </dd>
    </div>
  );
}
