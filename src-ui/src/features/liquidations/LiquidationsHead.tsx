import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { useSession, useSessionSnapshot } from "~/stores/react";

export function LiquidationsHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const { link, mode } = useSessionSnapshot();
  return (
    <div className="head">
      <ModeChip mode={mode} />
      <span className="spring" />
      <PanelAge
        read={() => session.liquidations.of(symbol).find((feed) => feed.sums !== null)?.sums ?? null}
        link={link}
        testId="age-liquidations"
      />
    </div>
  );
}
