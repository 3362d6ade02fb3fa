import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { COMPOSITE } from "~/stores/sources";

export function CvdHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const { link, mode } = useSessionSnapshot();
  return (
    <div className="head">
      <ModeChip mode={mode} />
      <span className="spring" />
      <span className="hint head-note">5 min windows, seen here</span>
      <PanelAge
        read={() => session.view(COMPOSITE, symbol)?.flow.window("cvd_spot_5m") ?? null}
        link={link}
        testId="age-cvd"
      />
    </div>
  );
}
