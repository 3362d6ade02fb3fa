import { type FormEvent, type ReactNode, useId, useState } from "react";
import { spanText, timeText } from "~/shared/age";
import { clock } from "~/shared/clock";
import { LiveText } from "~/shared/LiveText";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { useSampled } from "~/shared/useSampled";
import { failureWords } from "~/stores/act-words";
import { freshKey } from "~/stores/intents";
import type { TradingDesk } from "~/stores/trading-desk";

/** The venue takes nothing nearer. */
const LEAST_SECONDS = 5;
const MOST_SECONDS = 86_400;

/** The venue's own dead man's switch: it cancels everything of the account at a time, whoever is gone. */
export function Schedule({
  desk,
  account,
}: {
  readonly desk: TradingDesk;
  readonly account: string;
}): ReactNode {
  const [typed, setTyped] = useState("300");
  const act = useAct(failureWords);
  const id = useId();
  const set = useSampled(() => desk.state?.scheduledCancelMs ?? null, 250);
  const seconds = /^\d{1,5}$/.test(typed.trim()) ? Number(typed) : Number.NaN;
  const sound = seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS;
  const ask = (atMs: number | null): void =>
    act.run(async () => {
      const told = await desk.port.scheduleCancel({ account, key: freshKey(), at_ms: atMs });
      await desk.refresh();
      if (told.atMs === null) return good("Taken off: the venue cancels nothing by itself.");
      const left = told.triggersLeft === null ? "" : ` It will do so ${told.triggersLeft} more times today.`;
      return good(`Set for ${timeText(told.atMs)}.${left}`);
    });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const core = desk.coreNow(clock.now()) ?? Date.now();
    if (sound) ask(Math.round(core + seconds * 1000));
  };
  return (
    <section className="limits-card" aria-label="Scheduled cancel" data-testid="schedule">
      <header>
        <h3>Cancel all at the venue, by a timer</h3>
      </header>
      <p className="hint">
        The venue cancels every order of the account at that time, protective stops too. At least 5 s ahead,
        at most ten times a UTC day, and only for accounts that have traded as much as the venue asks for.
      </p>
      {set === null ? (
        <form className="limits-acts" noValidate onSubmit={send}>
          <label htmlFor={id}>In</label>
          <input
            id={id}
            className="limits-short"
            inputMode="numeric"
            autoComplete="off"
            value={typed}
            aria-invalid={!sound}
            onChange={(event) => setTyped(event.target.value)}
          />
          <span className="hint">s</span>
          <button type="submit" className="act" disabled={!sound || act.busy}>
            Set the timer
          </button>
        </form>
      ) : (
        <div className="limits-acts">
          <strong className="limits-timer">
            <LiveText
              everyMs={250}
              testId="schedule-left"
              read={(now) => {
                const core = desk.coreNow(now);
                return core === null ? "" : `cancels all in ${spanText(Math.max(0, set - core))}`;
              }}
            />
          </strong>
          <button type="button" className="act" disabled={act.busy} onClick={() => ask(null)}>
            Take it off
          </button>
        </div>
      )}
      <SaidLine said={act.said} testId="schedule-said" />
    </section>
  );
}
