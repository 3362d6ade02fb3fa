import { type ReactNode, useState } from "react";
import { ConfirmBar } from "~/shared/ConfirmBar";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { useSampled } from "~/shared/useSampled";
import { failureWords } from "~/stores/act-words";
import type { TradingDesk } from "~/stores/trading-desk";
import { isBreak } from "./Books";

/** Where books and venue differ: the way on, after somebody has looked at what differs. */
export function Accept({
  desk,
  account,
}: {
  readonly desk: TradingDesk;
  readonly account: string;
}): ReactNode {
  const [asked, ask] = useState(false);
  const act = useAct(failureWords);
  const differs = useSampled(
    () =>
      [...(desk.state?.findings ?? []), ...(desk.state?.locks ?? [])]
        .filter(({ code }) => isBreak(code))
        .map(({ text }) => text)
        .join(" "),
    250,
  );
  if (differs === "") return act.said === null ? null : <SaidLine said={act.said} testId="accept-said" />;
  const run = (): void => {
    ask(false);
    act.run(async () => {
      await desk.port.accept({ account });
      await desk.refresh();
      return good("Taken: the books begin anew from what the venue says.");
    });
  };
  return (
    <section className="accept" aria-label="Books and venue differ" data-testid="accept">
      {asked ? (
        <ConfirmBar
          text={`Take the account as the venue tells it. ${differs} What explains the difference is then no longer looked for; the records of it stay in the audit log.`}
          action="Take it as it is"
          run={run}
          cancel={() => ask(false)}
        />
      ) : (
        <>
          <p>{`Books and venue differ: ${differs}`}</p>
          <button type="button" className="act" disabled={act.busy} onClick={() => ask(true)}>
            Take the account as the venue tells it
          </button>
        </>
      )}
      <SaidLine said={act.said} testId="accept-said" />
    </section>
  );
}
