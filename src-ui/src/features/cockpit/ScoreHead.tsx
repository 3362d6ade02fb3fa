import { type ReactNode, useState } from "react";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { plain, score } from "~/shared/signal";
import { useSampled } from "~/shared/useSampled";
import { readyCount, freshText, toneOf } from "~/stores/alpha-words";
import { ofConviction } from "~/stores/judgement";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useUi } from "~/stores/ui";

/** The answer in one line: `BTC 71 LONG  raw 72  confidence 0.38  R:R 2.4`. */
export function ScoreHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const openWhy = useUi((state) => state.openWhy);
  const judged = () => session.alpha.judged(symbol);
  const [pick] = useState(() => ({
    raw: ofConviction((conviction) => conviction.score),
    confidence: ofConviction(({ confidence }) => confidence),
    reward: ofConviction(({ rrTarget }) => rrTarget),
  }));
  const trained = useSampled(() => {
    const probability = judged()?.draw(0, ({ conviction }) => conviction.probability) ?? null;
    if (probability !== null) return probability.trained;
    return session.alpha.governance(symbol)?.draw(0, ({ model }) => model.trained) ?? null;
  }, 250);
  return (
    <div className="head score-head">
      <span className="score-symbol">{symbol}</span>
      <button
        type="button"
        className="score-answer"
        title="Lay open what the score was made of"
        onClick={() => openWhy("conviction")}
      >
        <Figure
          className="score-figure"
          label={`conviction of ${symbol}, smoothed`}
          source="alpha"
          testId="score-shown"
          read={judged}
          format={({ smoothed }) => score(smoothed.score)}
          tone={({ smoothed }) => toneOf(smoothed.bias)}
        />
        <LiveText
          className="score-bias"
          testId="score-bias"
          everyMs={100}
          read={() => judged()?.draw(0, ({ smoothed }) => smoothed.bias) ?? ""}
          state={() => judged()?.draw(0, ({ smoothed }) => toneOf(smoothed.bias)) ?? ""}
        />
      </button>
      <Labelled name="raw">
        <Figure
          label="score as it was told, not smoothed"
          source="alpha"
          testId="score-raw"
          read={() => pick.raw(judged())}
          format={score}
        />
      </Labelled>
      <Labelled name="confidence">
        <Figure
          label="size of the conviction after trust in its inputs"
          source="alpha"
          read={() => pick.confidence(judged())}
          format={(value) => plain(value)}
        />
      </Labelled>
      <Labelled name="R:R">
        <Figure
          label="reward to risk that is aimed at"
          source="alpha"
          read={() => pick.reward(judged())}
          format={(value) => plain(value, 1)}
        />
      </Labelled>
      <ModeChip mode={snapshot.mode} />
      {trained === false ? (
        <span
          className="mark"
          data-mark="untrained"
          title="No trained model: probabilities are those of a walk without drift, and nothing is sized"
        >
          UNTRAINED
        </span>
      ) : null}
      <span className="spring" />
      <LiveText
        className="conviction-fresh"
        everyMs={250}
        testId="score-fresh"
        read={() => judged()?.draw(0, ({ conviction }) => freshText(conviction)) ?? ""}
        state={() =>
          (judged()?.draw(0, ({ conviction }) => readyCount(conviction)) ?? 5) < 5 ? "partly" : "fresh"
        }
      />
      <PanelAge read={judged} link={snapshot.link} testId="age-score" />
    </div>
  );
}

function Labelled({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <span className={`score-part score-${name === "R:R" ? "reward" : name}`}>
      <span className="hint">{name}</span>
      {children}
    </span>
  );
}
