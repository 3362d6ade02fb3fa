import type { ReactNode } from "react";
import { timeText } from "~/shared/age";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { shortUser } from "~/stores/account-text";
import { failureWords } from "~/stores/act-words";
import { fieldLabel, LIMIT_FIELDS, limitText } from "~/stores/limit-words";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import type { ScopeEntry, WaitingLimits } from "~/transport/risk-types";

interface WaitingProps {
  readonly desk: TradingDesk;
  readonly entry: ScopeEntry;
  readonly waiting: WaitingLimits;
}

/** A change that does not hold yet: who asked, what would be so, and who has to agree. */
export function Waiting({ desk, entry, waiting }: WaitingProps): ReactNode {
  const { auth } = useSession();
  const act = useAct(failureWords);
  const user = auth?.getSnapshot().state?.session?.user ?? null;
  const own = user !== null && [user.id, user.name, user.address].includes(waiting.by);
  const changes = LIMIT_FIELDS.map((field) => ({
    field,
    from: limitText(entry.limits.wire, field),
    to: limitText(waiting.limits.wire, field),
  })).filter(({ from, to }) => from !== to);
  return (
    <div className="limits-waiting" data-testid="limits-waits">
      <p>
        <strong>{own ? "You asked" : `${shortUser(waiting.by)} asked`}</strong>{" "}
        {`at ${timeText(waiting.atMs)} for other limits. They do not hold yet.`}
      </p>
      <ul>
        {changes.map(({ field, from, to }) => (
          <li key={field.name} title={field.name} data-looser={waiting.loosens.includes(field.name)}>
            {`${field.label}: ${from} \u2192 ${to}${waiting.loosens.includes(field.name) ? ", looser" : ""}`}
          </li>
        ))}
        {changes.length === 0 ? <li>{waiting.loosens.map(fieldLabel).join(", ")}</li> : null}
      </ul>
      <p className="hint">
        {own
          ? "Somebody else who manages risk has to agree. You can take it back."
          : "It needs the agreement of a second person who manages risk: that may be you."}
      </p>
      <div className="limits-acts">
        {own ? null : (
          <button
            type="button"
            className="act"
            disabled={act.busy}
            onClick={() => act.run(() => desk.risk.agree(entry).then(() => good("Agreed: they hold now.")))}
          >
            Agree
          </button>
        )}
        <button
          type="button"
          className="act"
          disabled={act.busy}
          onClick={() =>
            act.run(() => desk.risk.withdraw(entry).then(() => good("Taken back: nothing was changed.")))
          }
        >
          {own ? "Take it back" : "Decline"}
        </button>
      </div>
      <SaidLine said={act.said} testId="waiting-said" />
    </div>
  );
}
