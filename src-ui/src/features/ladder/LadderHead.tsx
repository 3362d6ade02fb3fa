import type { ReactNode } from "react";
import { ageText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { SourceSwitch } from "~/shared/SourceSwitch";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { qualityWords } from "~/stores/rows";
import { sourceFor, sourcesOf } from "~/stores/sources";

export function LadderHead({ symbol, source: wanted, choose }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  return (
    <div className="head">
      <SourceSwitch sources={sourcesOf(snapshot, symbol)} chosen={source} choose={choose} what="Order book" />
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <LiveText
        className="quality"
        titled
        everyMs={250}
        testId={`quality-ladder-${source}`}
        read={() => qualityWords(session.view(source, symbol)?.flow.quality ?? null)}
      />
      <LiveText
        className="deep-age"
        read={(now) => {
          const reading = session.view(source, symbol)?.deep?.read(now) ?? null;
          return reading?.state === "stale" ? `deep ${ageText(reading.ageMs)}` : "";
        }}
      />
      <PanelAge
        read={() => session.view(source, symbol)?.book ?? null}
        link={snapshot.link}
        testId={`age-ladder-${source}`}
      />
    </div>
  );
}
