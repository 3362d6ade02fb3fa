import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { isPerp, sourcesOf } from "~/stores/sources";

export function BasisHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const first = sourcesOf(snapshot, symbol).find(isPerp) ?? "";
  return (
    <div className="head">
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <PanelAge
        read={() => session.view(first, symbol)?.figure("basis_bps") ?? null}
        link={snapshot.link}
        testId="age-basis"
      />
    </div>
  );
}
