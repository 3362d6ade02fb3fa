import type { ReactNode } from "react";
import { ageText, timeText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { useSampled } from "~/shared/useSampled";
import { levelOfNote, noteWords } from "~/stores/execution-notes";
import type { Intent } from "~/stores/intents";
import { hasEnded, orderKey } from "~/stores/own-orders";
import { useIntents, useTrading } from "~/stores/react";
import { refusalParts, refusalText } from "~/stores/refusal-words";
import type { TradingDesk } from "~/stores/trading-desk";
import { briefReason, reasonTitle, STATE_NAMES, tradingWords } from "~/stores/trading-words";
import { asRefusals } from "~/transport/trading-decode";

/** Intents that are shown; all of them are in the lists of orders. */
const SHOWN = 4;

/** What became of what was sent, newest first. */
export function Results({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { account } = useTrading(desk);
  // What another account wants is told there, but for what nobody knows yet.
  const intents = useIntents(desk).filter(
    (intent) => intent.account === account || intent.phase === "sending" || intent.phase === "unknown",
  );
  useSampled(() => desk.orders.revision + desk.notes.revision, 150);
  // What was refused stands with what was asked for.
  const note = desk.notes.newest.find(({ kind }) => kind !== "refused" || intents.length === 0) ?? null;
  if (intents.length === 0 && note === null) return null;
  return (
    <section className="results" aria-label="What became of it" data-testid="results">
      <ul aria-live="polite">
        {intents.slice(0, SHOWN).map((intent) => (
          <Result key={intent.key} desk={desk} intent={intent} />
        ))}
        {note === null ? null : (
          <li className="result" data-level={levelOfNote(note)} data-testid="note">
            <p title={`${note.text}\nCode: ${note.code}`}>
              <span className="result-time">{timeText(note.atMs)}</span> {noteWords(note)}
            </p>
          </li>
        )}
      </ul>
    </section>
  );
}

function Result({ desk, intent }: { readonly desk: TradingDesk; readonly intent: Intent }): ReactNode {
  const { key, what, phase, at, asksAt, error } = intent;
  const over = phase !== "sending" && phase !== "unknown";
  return (
    <li className="result" data-phase={phase} data-level={levelOf(desk, intent)} data-testid="result">
      <p>
        <span className="result-time">{timeText(at)}</span> <strong>{what}</strong>
        {over ? (
          <button
            type="button"
            className="result-close"
            aria-label={`Take away: ${what}`}
            onClick={() => desk.intents.dismiss(key)}
          >
            {"\u2715"}
          </button>
        ) : null}
      </p>
      {phase === "unknown" ? (
        <>
          <p>
            UNKNOWN: the answer was lost, and{" "}
            {intent.unseen ? "the server has not seen it; it may still arrive." : "it may have been taken."}{" "}
            {asksAt === null ? null : (
              <LiveText
                everyMs={200}
                testId="result-countdown"
                read={(now) => `Asked after in ${ageText(Math.max(0, asksAt - now))}.`}
              />
            )}
          </p>
          <button type="button" className="act" onClick={() => void desk.intents.again(key)}>
            Send again, same key
          </button>
          <span className="hint"> It cannot become a second order.</span>
        </>
      ) : (
        <p title={error === null ? undefined : reasonTitle({ code: error.code, text: error.message })}>
          {textOf(desk, intent)}
        </p>
      )}
      <Reasons desk={desk} intent={intent} />
      {phase === "refused" && error !== null
        ? asRefusals(error.details["refusals"]).map((refusal) => {
            const parts = refusalParts(refusal);
            return (
              <p key={parts.title} className="result-refusal" data-code={refusal.code} title={parts.title}>
                {`${refusalText(parts)}. ${parts.next}`}
              </p>
            );
          })
        : null}
    </li>
  );
}

/** Why the venue did not keep what was sent, in plain words and in its own. */
function Reasons({ desk, intent }: { readonly desk: TradingDesk; readonly intent: Intent }): ReactNode {
  if (intent.phase !== "taken") return null;
  const reasons = new Map(
    statesOf(desk, intent).flatMap(({ state, why }) =>
      why !== null && hasEnded(state) ? [[`${why.code} ${why.text}`, why] as const] : [],
    ),
  );
  return [...reasons].map(([key, why]) => {
    const { why: because, next, said } = tradingWords({ code: why.code, message: why.text });
    return (
      <p key={key} className="result-reason" data-code={why.code} title={reasonTitle(why)}>
        {`${because} ${next}`}
        {said === null ? null : <q className="said-raw">{said}</q>}
      </p>
    );
  });
}

/** What became of its orders; one that another took the place of is told by that one. */
function statesOf(desk: TradingDesk, { orders }: Intent) {
  const views = orders.map((order) => desk.orders.get(orderKey(order))?.view ?? order);
  const told = views.filter(({ replacedBy }) => replacedBy === null);
  return told.length > 0 ? told : views.slice(-1);
}

function levelOf(desk: TradingDesk, intent: Intent): "good" | "warn" | "bad" {
  if (intent.phase === "unknown" || intent.phase === "refused") return "bad";
  if (intent.phase === "sending" || intent.phase === "never") return "warn";
  const views = statesOf(desk, intent);
  if (views.some(({ state }) => state === "rejected" || state === "unknown")) return "bad";
  return "good";
}

function textOf(desk: TradingDesk, intent: Intent): string {
  const { phase, error } = intent;
  if (phase === "sending") return "Sent, waiting for the server\u2019s word.";
  if (phase === "never") return "It never reached the server, and its key is closed: nothing was done.";
  if (phase === "refused" && error !== null) {
    const { what, why, next } = tradingWords(error);
    if (asRefusals(error.details["refusals"]).length > 0) return `${what} Nothing was sent.`;
    return `${what} ${why} ${next}`;
  }
  const views = statesOf(desk, intent);
  if (views.length === 0) return intent.done ?? "Taken: there was nothing to do.";
  const [only] = views;
  if (views.length === 1 && only !== undefined && only.replacedBy !== null) return "Changed since.";
  const counts = new Map<string, number>();
  for (const { state, why } of views) {
    const word =
      why !== null && hasEnded(state) ? `${STATE_NAMES[state]}: ${briefReason(why)}` : STATE_NAMES[state];
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  // A TWAP answers with its first slice; how far it is stands above the open orders.
  if (intent.orders.length === 1 && only?.leg === "slice") {
    const first = `First slice ${[...counts.keys()].join(", ")}`;
    return only.state === "rejected" ? first : `${first}; the others follow above the open orders.`;
  }
  return [...counts].map(([word, count]) => (views.length === 1 ? word : `${count} ${word}`)).join(", ");
}
