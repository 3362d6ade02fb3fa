import { type FigureText, inkOf } from "./figure-ink";
import type { Reading } from "./stamped";
import { type Colour, look } from "./theme";

const FONT = '"JetBrains Mono", "Inter", monospace';

export type Align = "left" | "right" | "center";

/** Draws on a canvas in CSS pixels. Market numbers go through `figure`, which wants the reading of their stamp. */
export class Pen {
  /** The link to the server is gone: everything is drawn as held. */
  held = false;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    readonly width: number,
    readonly height: number,
    private readonly ratio: number,
  ) {}

  begin(fontSize: number): void {
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = `400 ${fontSize}px ${FONT}`;
    context.textBaseline = "middle";
    context.fontKerning = "none";
  }

  fontSize(size: number, weight: 400 | 500 = 400): void {
    this.context.font = `${weight} ${size}px ${FONT}`;
  }

  rect(x: number, y: number, width: number, height: number, colour: Colour, alpha = 1): void {
    const { context } = this;
    context.globalAlpha = this.held ? alpha * 0.5 : alpha;
    context.fillStyle = look().colours[colour];
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
  }

  label(text: string, x: number, y: number, colour: Colour, align: Align = "left"): void {
    const { context } = this;
    context.fillStyle = look().colours[colour];
    context.textAlign = align;
    context.fillText(text, x, y);
  }

  /** Draws a figure in the colour its age allows; gives its width. */
  figure(
    text: FigureText,
    reading: Reading,
    x: number,
    y: number,
    colour: Colour,
    align: "left" | "right",
  ): number {
    const { context } = this;
    const ink = inkOf(text);
    const stale = reading.state === "stale";
    const strong = look().colours[stale ? "stale" : this.held ? "ink-2" : colour];
    const head = ink.sign + ink.body;
    const tail = ink.pad + ink.unit;
    const headWidth = context.measureText(head).width;
    const tailWidth = tail === "" ? 0 : context.measureText(tail).width;
    const width = headWidth + tailWidth;
    const left = align === "right" ? x - width : x;
    context.textAlign = "left";
    context.fillStyle = strong;
    context.fillText(head, left, y);
    if (tail !== "") {
      context.fillStyle = look().colours[stale ? "stale" : "ink-2"];
      context.fillText(tail, left + headWidth, y);
    }
    if (stale) this.#dots(left, y + 8, width);
    return width;
  }

  #dots(x: number, y: number, width: number): void {
    const { context } = this;
    context.fillStyle = look().colours.stale;
    for (let at = x; at < x + width; at += 3) context.fillRect(at, y, 1, 1);
  }

  /** The age bar: grows over the second half of the limit. */
  ageBar(reading: Reading, x: number, y: number, width: number): void {
    if (reading.state !== "fresh") this.rect(x, y, width * reading.worn, 1, "stale");
  }
}
