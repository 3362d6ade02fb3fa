import { COMPONENTS, type ComponentName } from "./conviction";
import type { ScorePoint } from "./score-history";

export interface Stack {
  readonly parts: readonly { readonly name: ComponentName; readonly from: number; readonly to: number }[];
  readonly low: number;
  readonly high: number;
}

/** Contributions as points of score away from 50: what pulls up above it, what pulls down below it. */
export function stackOf({ contributions }: ScorePoint): Stack {
  let [high, low] = [50, 50];
  const parts = COMPONENTS.flatMap((name, index) => {
    const points = (contributions[index] ?? Number.NaN) * 50;
    if (Number.isNaN(points) || points === 0) return [];
    const from = points > 0 ? high : low;
    const to = from + points;
    if (points > 0) high = to;
    else low = to;
    return [{ name, from, to }];
  });
  return { parts, low, high };
}
