import { type ReactNode, useState } from "react";
import { useSampled } from "~/shared/useSampled";
import { LIMIT_FIELDS, limitText, limitTitle, scopeWords } from "~/stores/limit-words";
import { useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import type { ScopeEntry } from "~/transport/risk-types";
import { LeaseLine } from "./LeaseLine";
import { LimitsForm } from "./LimitsForm";
import { Used } from "./Used";
import { Waiting } from "./Waiting";

interface ScopeCardProps {
  readonly desk: TradingDesk;
  readonly entry: ScopeEntry;
  readonly mayChange: boolean;
  readonly secondPerson: boolean;
}

/** One scope: what is used of its limits, what waits, and the lease that guards it. */
export function ScopeCard({ desk, entry, mayChange, secondPerson }: ScopeCardProps): ReactNode {
  const { accounts } = useTrading(desk);
  const [open, setOpen] = useState(false);
  const leases = useSampled(() => desk.state?.has.leases ?? false, 500);
  const named = accounts.find(({ account }) => account.toLowerCase() === entry.account?.toLowerCase())?.name;
  const title = scopeWords(entry, named ?? null);
  return (
    <section className="limits-card" aria-label={title} data-testid={`scope-${entry.scope}`}>
      <header>
        <h3 title={entry.account}>{title}</h3>
        {mayChange && !open ? (
          <button
            type="button"
            className="act"
            aria-label={`Change limits: ${title}`}
            onClick={() => setOpen(true)}
          >
            Change limits
          </button>
        ) : null}
      </header>
      {entry.standing === null ? (
        <p className="hint">What is used of them is told to whoever manages the risk of the desk.</p>
      ) : (
        <Used desk={desk} of={entry} />
      )}
      {entry.waiting === null ? null : <Waiting desk={desk} entry={entry} waiting={entry.waiting} />}
      {leases ? <LeaseLine desk={desk} of={entry} title={title} /> : null}
      {open ? (
        <LimitsForm desk={desk} entry={entry} secondPerson={secondPerson} close={() => setOpen(false)} />
      ) : (
        <dl className="limits-list">
          {LIMIT_FIELDS.filter(({ name }) => entry.standing === null || !SHOWN_AS_BARS.has(name)).map(
            (field) => (
              <div key={field.name} title={limitTitle(entry.limits.wire, field)}>
                <dt>{field.label}</dt>
                <dd>{limitText(entry.limits.wire, field)}</dd>
              </div>
            ),
          )}
          <div>
            <dt>Entries without a stop</dt>
            <dd>{entry.limits.stopRequired ? "refused" : "taken"}</dd>
          </div>
          <div>
            <dt>Symbols</dt>
            <dd>{entry.limits.symbols === null ? "all" : entry.limits.symbols.join(", ")}</dd>
          </div>
        </dl>
      )}
    </section>
  );
}

const SHOWN_AS_BARS: ReadonlySet<string> = new Set([
  "gross_usd",
  "daily_loss_usd",
  "orders_per_minute",
  "orders_per_day",
]);
