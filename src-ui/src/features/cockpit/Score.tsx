import { type ReactNode, useState } from "react";
import { CanvasSurface } from "~/shared/CanvasSurface";
import { LiveText } from "~/shared/LiveText";
import { tipFigure } from "~/shared/mirror";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { score, signed } from "~/shared/signal";
import type { TipFacts } from "~/shared/tooltip";
import { useSampled } from "~/shared/useSampled";
import { COMPONENTS } from "~/stores/conviction";
import { useSession, useSessionPart } from "~/stores/react";
import type { ScoreHistory } from "~/stores/score-history";
import { columnAt, COMPONENT_INK, drawScore, type Frame, frameOf, secondAt } from "./score-draw";

const SPANS = [
  [300, "5 m"],
  [900, "15 m"],
  [3600, "1 h"],
] as const;

/** The chosen symbol's score over time, on top of what the five components pull. */
export function Score({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const [span, setSpan] = useState(900);
  const closed = useSessionPart((snapshot) => snapshot.link.phase === "closed");
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const history = (): ScoreHistory => session.alpha.history(symbol);
  const known = useSampled(() => history().newest >= 0);
  const frame = (width: number, height: number): Frame => frameOf(width, height, history().newest, span);
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  return (
    <div className="panel score" data-testid="score">
      <div
        className="score-plot"
        role="img"
        aria-label={`Conviction of ${symbol} over time with its five contributions`}
      >
        <CanvasSurface
          testId="score-canvas"
          contentKey={() => `${symbol}|${span}|${closed}|${history().revision}`}
          draw={(pen) => {
            pen.held = closed;
            drawScore(pen, history(), frame(pen.width, pen.height));
          }}
          factsAt={(x, _y, width, height) => factsAt(history(), frame(width, height), x)}
        />
      </div>
      <div className="score-foot">
        <ul className="score-legend" aria-label="Contributions">
          {COMPONENTS.map((name) => (
            <li key={name}>
              <i style={{ background: `var(--${COMPONENT_INK[name]})` }} />
              {name}
            </li>
          ))}
          <li
            className="hint"
            title="Weight times score, in points away from 50, before decay, Bitcoin's part and the power of 0.7"
          >
            bars: share before decay and power
          </li>
        </ul>
        <LiveText
          className="score-decay"
          everyMs={250}
          testId="score-decay"
          read={() =>
            session.alpha
              .judged(symbol)
              ?.draw(0, ({ conviction: { decay } }) =>
                decay === null || decay >= 1 ? "" : `decay \u00d7${decay.toFixed(2)}`,
              ) ?? ""
          }
        />
        <span className="switch" role="group" aria-label="Time shown">
          {SPANS.map(([seconds, name]) => (
            <button key={name} type="button" aria-pressed={span === seconds} onClick={() => setSpan(seconds)}>
              {name}
            </button>
          ))}
        </span>
      </div>
      {known ? null : (
        <Notice
          kind={closed ? "empty" : "waiting"}
          title={closed ? "Disconnected" : `Waiting for the conviction of ${symbol}`}
          detail={
            closed
              ? `The score of ${symbol} goes on when the connection is back.`
              : "Followed symbols are judged at least once a second."
          }
        />
      )}
    </div>
  );
}

function factsAt(history: ScoreHistory, frame: Frame, x: number): TipFacts | null {
  const second = secondAt(x, frame);
  if (second === null) return null;
  const from = frame.from + Math.floor((second - frame.from) / frame.step) * frame.step;
  const point = columnAt(history, from, frame.step);
  if (point === null) return null;
  const parts = COMPONENTS.map(
    (name, index) => `${name.padEnd(11)} ${tipFigure(signed(point.contributions[index] ?? null))}`,
  );
  return {
    label: "score at",
    value: [tipFigure(score(point.score)), ...parts].join("\n"),
    source: "alpha",
    reading: null,
    at: from * 1000,
  };
}
