import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { COMPOSITE } from "~/stores/sources";

export function InterestHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const { link, mode } = useSessionSnapshot();
  return (
    <div className="head">
      <ModeChip mode={mode} />
      <span className="spring" />
      <PanelAge
        read={() => session.view(COMPOSITE, symbol)?.figure("oi_total") ?? null}
        link={link}
        testId="age-interest"
      />
    </div>
  );
}
