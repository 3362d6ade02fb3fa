import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { SourceSwitch } from "~/shared/SourceSwitch";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { qualityWords } from "~/stores/rows";
import { sourceFor, sourcesOf } from "~/stores/sources";

export function TapeHead({ symbol, source: wanted, choose }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  return (
    <div className="head">
      <SourceSwitch sources={sourcesOf(snapshot, symbol)} chosen={source} choose={choose} what="Trades" />
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <LiveText
        className="quality"
        titled
        everyMs={250}
        testId={`quality-tape-${source}`}
        read={() => qualityWords(session.view(source, symbol)?.flow.quality ?? null)}
      />
      <LiveText
        className="deep-age"
        everyMs={250}
        read={(now) => {
          const dropped = session.view(source, symbol)?.trades?.draw(now, (ring) => ring.dropped) ?? 0;
          return dropped === 0 ? "" : `${dropped} left out`;
        }}
      />
      <PanelAge
        read={() => session.view(source, symbol)?.trades ?? null}
        link={snapshot.link}
        testId={`age-tape-${source}`}
      />
    </div>
  );
}
