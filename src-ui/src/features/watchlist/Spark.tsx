import { type ReactNode, useRef } from "react";
import { sortKey } from "~/shared/decimal";
import { usePaint } from "~/shared/paint";
import type { MarketView } from "~/stores/market-view";

const POINTS = 60;
/** Fewer would make a shape out of nothing. */
const FEWEST = 15;
const EVERY_MS = 2000;
const WIDTH = 72;
const HEIGHT = 16;

/** The last two minutes of a price as seen here; a time without a fresh price is a break in the line. */
export function Spark({ read }: { readonly read: () => MarketView | null }): ReactNode {
  const path = useRef<SVGPathElement>(null);
  const seen = useRef<number[]>([]);
  const from = useRef("");
  usePaint((now) => {
    const points = seen.current;
    const view = read();
    const price = view?.figure("price") ?? null;
    // Another venue's price is another price: the line starts anew.
    if (view !== null && view.source !== from.current) {
      from.current = view.source;
      if (points.length > 0) points.fill(Number.NaN);
    }
    points.push(
      price?.draw(now, (value, { state }) => (state === "stale" ? Number.NaN : sortKey(value))) ?? Number.NaN,
    );
    if (points.length > POINTS) points.shift();
    path.current?.setAttribute("d", points.length < FEWEST ? "" : line(points));
  }, EVERY_MS);
  return (
    <svg
      className="spark"
      height={HEIGHT}
      preserveAspectRatio="none"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <path ref={path} fill="none" strokeWidth="1" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function line(points: readonly number[]): string {
  const known = points.filter((point) => !Number.isNaN(point));
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  let pen = "M";
  let out = "";
  points.forEach((point, index) => {
    if (Number.isNaN(point)) {
      pen = "M";
      return;
    }
    const x = WIDTH - 1 - (points.length - 1 - index) * ((WIDTH - 2) / (POINTS - 1));
    const y = HEIGHT - 2 - ((point - low) / span) * (HEIGHT - 4);
    out += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return out;
}
