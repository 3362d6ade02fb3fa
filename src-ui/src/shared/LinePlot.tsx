import type { ReactNode } from "react";
import { CanvasSurface } from "./CanvasSurface";
import { drawLines, type PlotLine } from "./lines";

interface LinePlotProps {
  readonly lines: () => readonly PlotLine[];
  readonly write: (value: number) => string;
  /** The zero line is always in view. */
  readonly zero: boolean;
  readonly held: boolean;
  readonly label: string;
  readonly testId: string;
}

/** Figures over time as they were seen here, once a second; a time without one is a break. */
export function LinePlot({ lines, write, zero, held, label, testId }: LinePlotProps): ReactNode {
  return (
    <div className="plot" role="img" aria-label={label}>
      <CanvasSurface
        testId={testId}
        contentKey={() => `${held}|${lines().map(({ name, samples }) => `${name}${samples.slot}`)}`}
        draw={(pen) => {
          pen.held = held;
          drawLines(pen, lines(), write, zero);
        }}
      />
    </div>
  );
}
