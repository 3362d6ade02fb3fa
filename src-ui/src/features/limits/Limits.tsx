import type { ReactNode } from "react";
import { Notice } from "~/shared/Notice";
import { StandingNotice } from "~/shared/Standing";
import { useSampled } from "~/shared/useSampled";
import { useRisk } from "~/stores/react-desk";
import { useSession, useStanding, useTrading } from "~/stores/react";
import { scopeKey } from "~/stores/risk-desk";
import type { TradingDesk } from "~/stores/trading-desk";
import { tradingWords } from "~/stores/trading-words";
import type { ScopeEntry } from "~/transport/risk-types";
import { Schedule } from "./Schedule";
import { ScopeCard } from "./ScopeCard";

/** Scopes that are drawn; whoever manages more chooses an account first. */
const MOST_CARDS = 40;

/** Limits of the desk, its accounts and its strategies: what is used of them, who changes them, and what guards an absence. */
export function Limits(): ReactNode {
  const { trading } = useSession();
  return trading === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} />
  );
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const standing = useStanding(desk);
  const { value, error, absent } = useRisk(desk);
  const schedules = useSampled(() => desk.state?.has.schedule ?? false, 500);
  if (phase !== "here" || account === null) return <StandingNotice standing={standing} />;
  if (absent)
    return (
      <Notice
        kind="empty"
        title="This server has no limits of a desk"
        detail="The account's own limits stand in the panel Balances."
      />
    );
  if (value === null && error !== null) {
    const { what, why, next } = tradingWords(error);
    return <Notice kind="error" title={what} detail={`${why} ${next}`} code={error.code} />;
  }
  if (value === null) return <Notice kind="waiting" title="Waiting for the limits" />;
  const cards = value.scopes.toSorted((a, b) => rank(a, account) - rank(b, account)).slice(0, MOST_CARDS);
  return (
    <div className="panel limits" tabIndex={0} role="region" aria-label="Limits">
      <p className="limits-rule hint">
        {value.secondPerson
          ? "Tighter limits hold at once. Looser ones wait until a second person agrees."
          : "Changes hold at once: this server has no second person who could agree."}
        {value.mayChange ? "" : " You may read them; whoever manages risk changes them."}
      </p>
      <div className="limits-cards">
        {cards.map((entry) => (
          <ScopeCard
            key={scopeKey(entry)}
            desk={desk}
            entry={entry}
            mayChange={value.mayChange}
            secondPerson={value.secondPerson}
          />
        ))}
        {schedules ? <Schedule key={account} desk={desk} account={account} /> : null}
      </div>
    </div>
  );
}

/** What covers the chosen account comes first. */
function rank({ scope, account }: ScopeEntry, chosen: string): number {
  if (scope === "desk") return 0;
  const own = account === undefined || account.toLowerCase() === chosen.toLowerCase();
  return own ? (scope === "account" ? 1 : 2) : 3;
}
