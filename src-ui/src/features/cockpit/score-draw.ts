import { timeText } from "~/shared/age";
import type { Pen } from "~/shared/pen";
import type { Colour } from "~/shared/theme";
import type { ComponentName } from "~/stores/conviction";
import type { ScoreHistory, ScorePoint } from "~/stores/score-history";
import { stackOf } from "~/stores/score-stack";

export const COMPONENT_INK: Readonly<Record<ComponentName, Colour>> = {
  regime: "venue-1",
  footprint: "venue-4",
  volatility: "venue-6",
  funding: "venue-2",
  liquidation: "venue-3",
};

const AXIS_WIDTH = 52;
const FOOT_HEIGHT = 16;
const FEEDS_HEIGHT = 4;

/** Scores at which something changes: the bias, and the gates of a trade. */
const LINES: readonly (readonly [number, string])[] = [
  [65, "gate 65"],
  [55, "55"],
  [50, "50"],
  [45, "45"],
  [35, "gate 35"],
];

export interface Frame {
  readonly from: number;
  readonly to: number;
  /** Seconds that share a column. */
  readonly step: number;
  readonly width: number;
  readonly bottom: number;
}

export function frameOf(width: number, height: number, newest: number, seconds: number): Frame {
  const plot = Math.max(1, width - AXIS_WIDTH);
  const step = Math.max(1, Math.ceil((seconds * 3) / plot));
  // Columns stand on whole steps of time, so that they do not shimmer as the clock goes on.
  const to = Math.ceil((newest + 1) / step) * step;
  return { from: to - Math.ceil(seconds / step) * step, to, step, width: plot, bottom: height - FOOT_HEIGHT };
}

/** The second under a place on the canvas; null outside the plot. */
export function secondAt(x: number, frame: Frame): number | null {
  if (x < 0 || x > frame.width) return null;
  return Math.floor(frame.from + (x / frame.width) * (frame.to - frame.from));
}

/** The newest evaluation of the seconds of a column; null where there was none. */
export function columnAt(history: ScoreHistory, from: number, step: number): ScorePoint | null {
  for (let second = from + step - 1; second >= from; second -= 1) {
    const point = history.at(second);
    if (point !== null) return point;
  }
  return null;
}

/** Scores in view, with 35 to 65 always among them so that the gates are seen. */
export function rangeOf(history: ScoreHistory, { from, to, step }: Frame): readonly [number, number] {
  let [low, high] = [30, 70];
  for (let at = from; at < to; at += step) {
    const point = columnAt(history, at, step);
    if (point === null) continue;
    const stacks = stackOf(point);
    low = Math.min(low, point.score - 3, stacks.low - 1);
    high = Math.max(high, point.score + 3, stacks.high + 1);
  }
  return [Math.max(0, low), Math.min(100, high)];
}

export function drawScore(pen: Pen, history: ScoreHistory, frame: Frame): void {
  pen.begin(10);
  const { from, to, step, width, bottom } = frame;
  if (bottom < 40 || history.newest < 0) return;
  const [low, high] = rangeOf(history, frame);
  const plot = bottom - FEEDS_HEIGHT;
  const yOf = (score: number): number => plot - ((score - low) / (high - low)) * plot;
  const xOf = (second: number): number => ((second - from) / (to - from)) * width;
  const column = xOf(from + step) - xOf(from);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let at = from; at < to; at += step) {
    const point = columnAt(history, at, step);
    const x = xOf(at);
    xs.push(x + column / 2);
    ys.push(point === null ? Number.NaN : yOf(point.score));
    if (point === null) {
      if (at >= history.oldest && at <= history.newest) pen.rect(x, 0, column, plot, "bg-3", 0.5);
      continue;
    }
    if (point.decay < 1) pen.rect(x, 0, column, plot, "stale", 0.12 + 0.16 * (1 - point.decay));
    for (const { name, from: a, to: b } of stackOf(point).parts)
      pen.rect(
        x,
        Math.min(yOf(a), yOf(b)),
        Math.max(1, column - 1),
        Math.abs(yOf(a) - yOf(b)),
        COMPONENT_INK[name],
        0.55,
      );
    if (point.partly) pen.rect(x, plot, Math.max(1, column), FEEDS_HEIGHT - 1, "stale");
  }
  pen.rect(0, bottom, width, 1, "line");
  for (const [at, name] of LINES) {
    const y = Math.round(yOf(at));
    const gate = name.startsWith("gate");
    if (gate || at === 50) pen.rect(0, y, width, 1, at === 50 ? "ink-2" : "warn", at === 50 ? 0.7 : 0.55);
    else pen.rect(0, y, width, 1, "line");
    pen.label(name, width + 6, y + 0.5, gate ? "warn" : "ink-2");
  }
  pen.line(xs, ys, "ink-0", 1.5);
  drawTimes(pen, frame, bottom);
}

function drawTimes(pen: Pen, { from, to, width }: Frame, bottom: number): void {
  const every = [30, 60, 120, 300, 600, 900].find((seconds) => ((to - from) / seconds) * 64 <= width) ?? 1800;
  for (let at = Math.ceil(from / every) * every; at < to; at += every) {
    const x = ((at - from) / (to - from)) * width;
    if (x > 20 && x < width - 20)
      pen.label(timeText(at * 1000).slice(0, every < 60 ? 8 : 5), x, bottom + 9, "ink-2", "center");
  }
}
