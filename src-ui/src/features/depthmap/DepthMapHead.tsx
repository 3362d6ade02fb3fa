import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { SourceSwitch } from "~/shared/SourceSwitch";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { sourceFor, sourcesOf } from "~/stores/sources";

export function DepthMapHead({ symbol, source: wanted, choose }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  return (
    <div className="head">
      <SourceSwitch sources={sourcesOf(snapshot, symbol)} chosen={source} choose={choose} what="Depth" />
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <span className="hint head-note">seen here, by the second</span>
      <PanelAge
        read={() => session.view(source, symbol)?.book ?? null}
        link={snapshot.link}
        testId={`age-depth-${source}`}
      />
    </div>
  );
}
