import type { ReactNode } from "react";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { score } from "~/shared/signal";
import { readyCount, freshText, toneOf } from "~/stores/alpha-words";
import { useSession, useSessionSnapshot } from "~/stores/react";

/** `71 LONG · 5 of 5 fresh`. */
export function ConvictionHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const judged = () => session.alpha.judged(symbol);
  return (
    <div className="head">
      <Figure
        className="conviction-score"
        label={`conviction of ${symbol}, smoothed`}
        source="alpha"
        testId="conviction-score"
        read={judged}
        format={({ smoothed }) => score(smoothed.score)}
        tone={({ smoothed }) => toneOf(smoothed.bias)}
      />
      <LiveText
        className="conviction-bias"
        testId="conviction-bias"
        everyMs={100}
        read={() => judged()?.draw(0, ({ smoothed }) => smoothed.bias) ?? ""}
        state={() => judged()?.draw(0, ({ smoothed }) => toneOf(smoothed.bias)) ?? ""}
      />
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <LiveText
        className="conviction-fresh"
        everyMs={250}
        testId="conviction-fresh"
        read={() =>
          judged()?.draw(0, ({ conviction }) =>
            readyCount(conviction) === 5 ? "" : freshText(conviction),
          ) ?? ""
        }
        state={() =>
          (judged()?.draw(0, ({ conviction }) => readyCount(conviction)) ?? 5) < 5 ? "partly" : "fresh"
        }
      />
      <PanelAge read={judged} link={snapshot.link} testId="age-conviction" />
    </div>
  );
}
