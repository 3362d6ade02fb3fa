import type { ReactNode } from "react";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useWindow, WINDOWS } from "./window";

export function LiquidationsHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const { link, mode } = useSessionSnapshot();
  const { windowMs, choose } = useWindow();
  return (
    <div className="head">
      <span className="switch switch-wide" role="group" aria-label="Liquidations: window">
        {WINDOWS.map(({ ms, name }) => (
          <button key={ms} type="button" aria-pressed={ms === windowMs} onClick={() => choose(ms)}>
            {name}
          </button>
        ))}
      </span>
      <select
        className="switch-narrow"
        aria-label="Liquidations: window"
        value={windowMs}
        onChange={(event) => {
          const found = WINDOWS.find(({ ms }) => String(ms) === event.target.value);
          if (found) choose(found.ms);
        }}
      >
        {WINDOWS.map(({ ms, name }) => (
          <option key={ms} value={ms}>
            {name}
          </option>
        ))}
      </select>
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
