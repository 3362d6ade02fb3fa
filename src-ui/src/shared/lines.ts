import type { Pen } from "./pen";
import type { Colour } from "./theme";
import { timeText } from "./age";

/** Values at whole steps of time; `NaN` where there was none. */
export interface Sampled {
  readonly slot: number;
  readonly first: number;
  at(slot: number): number;
}

export interface PlotLine {
  readonly name: string;
  readonly ink: Colour;
  readonly samples: Sampled;
  /** Drawn thicker than the others. */
  readonly strong: boolean;
}

const AXIS_WIDTH = 62;
const NAME_WIDTH = 36;
const FOOT_HEIGHT = 16;
const FEWEST_SLOTS = 120;

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** The values in view, with the zero line where it means something. */
export function scaleOf(lines: readonly PlotLine[], from: number, to: number, zero: boolean): Scale | null {
  let low = zero ? 0 : Infinity;
  let high = zero ? 0 : -Infinity;
  let known = false;
  for (const { samples } of lines)
    for (let slot = from; slot <= to; slot += 1) {
      const value = samples.at(slot);
      if (Number.isNaN(value)) continue;
      known = true;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (!known) return null;
  const span = high - low || Math.abs(high) * 0.001 || 1;
  return { low: low - span * 0.08, high: high + span * 0.08 };
}

/** The slots to show: all that there are, but never so few that noise looks like a move. */
export function spanOf(lines: readonly PlotLine[]): { readonly from: number; readonly to: number } | null {
  let first = Infinity;
  let to = -1;
  for (const { samples } of lines) {
    if (samples.slot < 0) continue;
    first = Math.min(first, samples.first);
    to = Math.max(to, samples.slot);
  }
  return to < 0 ? null : { from: Math.min(first, to - FEWEST_SLOTS), to };
}

/** Tops of labels that stand at `wanted` where they can, and apart where they must. */
export function spread(wanted: readonly number[], height: number, most: number): readonly number[] {
  const order = wanted.map((_, index) => index).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  let edge = 0;
  for (const index of order) {
    placed[index] = Math.max(edge, placed[index] ?? 0);
    edge = (placed[index] ?? 0) + height;
  }
  let limit = most;
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] ?? 0, limit - height);
    limit = placed[index] ?? 0;
  }
  return placed;
}

export function drawLines(
  pen: Pen,
  lines: readonly PlotLine[],
  write: (value: number) => string,
  zero: boolean,
): void {
  pen.begin(10);
  const span = spanOf(lines);
  if (span === null) return;
  const right = pen.width - AXIS_WIDTH;
  const plotRight = right - NAME_WIDTH;
  const bottom = pen.height - FOOT_HEIGHT;
  // One point a pixel is all that can be seen; the newest sample always is one of them.
  const step = Math.max(1, Math.ceil((span.to - span.from) / Math.max(1, plotRight)));
  const scale = scaleOf(lines, span.from, span.to, zero);
  if (scale === null || bottom < 24) return;
  const yOf = (value: number): number => bottom - ((value - scale.low) / (scale.high - scale.low)) * bottom;
  const xOf = (slot: number): number => ((slot - span.from) / (span.to - span.from)) * plotRight;
  pen.rect(right, 0, 1, bottom, "line");
  pen.rect(0, bottom, right, 1, "line");
  drawScale(pen, scale, { right, bottom, zero, yOf, write });
  drawTimes(pen, span, plotRight, bottom);
  const ends: { name: string; ink: Colour; y: number }[] = [];
  for (const { name, ink, samples, strong } of lines) {
    const xs: number[] = [];
    const ys: number[] = [];
    for (
      let slot = span.to - Math.floor((span.to - span.from) / step) * step;
      slot <= span.to;
      slot += step
    ) {
      const value = samples.at(slot);
      xs.push(xOf(slot));
      ys.push(Number.isNaN(value) ? Number.NaN : yOf(value));
    }
    pen.line(xs, ys, ink, strong ? 2 : 1);
    const last = ys.findLast((y) => !Number.isNaN(y));
    if (last !== undefined) ends.push({ name, ink, y: last });
  }
  const tops = spread(
    ends.map(({ y }) => y - 6),
    12,
    bottom,
  );
  ends.forEach(({ name, ink }, index) => pen.label(name, plotRight + 5, (tops[index] ?? 0) + 6.5, ink));
}

interface ScaleLook {
  readonly right: number;
  readonly bottom: number;
  readonly zero: boolean;
  readonly yOf: (value: number) => number;
  readonly write: (value: number) => string;
}

function drawScale(pen: Pen, { low, high }: Scale, place: ScaleLook): void {
  const { right, bottom, zero, yOf, write } = place;
  const count = Math.max(1, Math.floor(bottom / 36));
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  for (let at = Math.ceil(low / step); at * step <= high; at += 1) {
    const y = Math.round(yOf(at * step));
    pen.rect(0, y, right, 1, "line", at === 0 && zero ? 1 : 0.45);
    if (y > 6 && y < bottom - 5) pen.label(write(at * step), right + 6, y + 0.5, "ink-2");
  }
}

function drawTimes(pen: Pen, span: { from: number; to: number }, plotRight: number, bottom: number): void {
  const seconds = span.to - span.from;
  const wall = Date.now();
  for (const share of plotRight > 260 ? [0, 0.5, 1] : [0, 1]) {
    const text = timeText(wall - (1 - share) * seconds * 1000).slice(0, seconds < 600 ? 8 : 5);
    const align = share === 0 ? "left" : share === 1 ? "right" : "center";
    pen.label(text, share * plotRight, bottom + 9, "ink-2", align);
  }
}
