import type { ReactNode } from "react";

interface ModeChipProps {
  readonly mode: "live" | "simulated" | "replay" | null;
  readonly large?: boolean;
}

/** Practice and replay are marked wherever their figures stand; live needs no mark. */
export function ModeChip({ mode, large = false }: ModeChipProps): ReactNode {
  if (mode === null || mode === "live") return null;
  const words = mode === "simulated" ? (large ? "SIMULATED" : "SIM") : "REPLAY";
  return (
    <span
      className={`mode-chip${large ? " large" : ""}`}
      data-mode={mode}
      title={mode === "simulated" ? "Simulated market: no figure is real" : "Recorded market, played again"}
    >
      {words}
    </span>
  );
}
