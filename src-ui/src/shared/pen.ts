import { type FigureText, inkOf } from "./figure-ink";
import type { Reading } from "./stamped";
import { type Colour, look } from "./theme";

const FONT = '"JetBrains Mono", "Inter", monospace';

interface Advance {
  readonly digit: number;
  readonly thin: number;
}

const advances = new Map<string, Advance>();

/** To be called when fonts have come in: what was measured before belongs to another face. */
export function forgetAdvances(): void {
  advances.clear();
}

export type Align = "left" | "right" | "center";

/** Draws on a canvas in CSS pixels. Market numbers go through `figure`, which wants the reading of their stamp. */
export class Pen {
  /** The link to the server is gone: everything is drawn as held. */
  held = false;
  #style = "";
  #font = "";

  constructor(
    private readonly context: CanvasRenderingContext2D,
    readonly width: number,
    readonly height: number,
    private readonly ratio: number,
  ) {}

  begin(fontSize: number): void {
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.#fill(look().colours["bg-1"]);
    context.fillRect(0, 0, this.width, this.height);
    this.#face(`400 ${fontSize}px ${FONT}`);
    context.textBaseline = "middle";
    context.fontKerning = "none";
  }

  /** The face of words, for labels. */
  words(size: number): void {
    this.#face(`400 ${size}px "Inter", sans-serif`);
  }

  fontSize(size: number, weight: 400 | 500 = 400): void {
    this.#face(`${weight} ${size}px ${FONT}`);
  }

  rect(x: number, y: number, width: number, height: number, colour: Colour, alpha = 1): void {
    const { context } = this;
    context.globalAlpha = this.held ? alpha * 0.5 : alpha;
    this.#fill(look().colours[colour]);
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
  }

  /** Kept here too: a canvas spells its font anew each time it is asked. */
  #face(font: string): void {
    if (font === this.#font) return;
    this.#font = font;
    this.context.font = font;
  }

  #fill(style: string): void {
    if (style === this.#style) return;
    this.#style = style;
    this.context.fillStyle = style;
  }

  label(text: string, x: number, y: number, colour: Colour, align: Align = "left"): void {
    const { context } = this;
    this.#fill(look().colours[colour]);
    context.textAlign = align;
    context.fillText(text, x, y);
  }

  /** A line through points; one that is not a number breaks it, and one that stands alone is a dot. */
  line(xs: ArrayLike<number>, ys: ArrayLike<number>, colour: Colour, width = 1): void {
    const { context } = this;
    context.globalAlpha = this.held ? 0.5 : 1;
    context.strokeStyle = look().colours[colour];
    context.lineWidth = width;
    context.lineJoin = "round";
    context.lineCap = "round";
    context.beginPath();
    let down = false;
    for (let index = 0; index < xs.length; index += 1) {
      const x = xs[index] ?? Number.NaN;
      const y = ys[index] ?? Number.NaN;
      if (Number.isNaN(y)) down = false;
      else if (down) context.lineTo(x, y);
      else {
        context.moveTo(x, y);
        context.lineTo(x, y);
        down = true;
      }
    }
    context.stroke();
    context.globalAlpha = 1;
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
    const headWidth = this.#width(head);
    const tailWidth = tail === "" ? 0 : this.#width(tail);
    const width = headWidth + tailWidth;
    const left = align === "right" ? x - width : x;
    context.textAlign = "left";
    this.#fill(strong);
    context.fillText(head, left, y);
    if (tail !== "") {
      this.#fill(look().colours[stale ? "stale" : "ink-2"]);
      context.fillText(tail, left + headWidth, y);
    }
    if (stale) this.#dots(left, y + 8, width);
    return width;
  }

  /** Every sign of the figures' face is as wide as a digit, save the thin space. */
  #width(text: string): number {
    const { context } = this;
    let advance = advances.get(this.#font);
    if (advance === undefined) {
      const digit = context.measureText("0000000000").width / 10;
      advance = { digit, thin: context.measureText("0\u20090").width - 2 * digit };
      advances.set(this.#font, advance);
    }
    let thin = 0;
    for (let at = text.indexOf("\u2009"); at >= 0; at = text.indexOf("\u2009", at + 1)) thin += 1;
    return (text.length - thin) * advance.digit + thin * advance.thin;
  }

  #dots(x: number, y: number, width: number): void {
    const { context } = this;
    this.#fill(look().colours.stale);
    for (let at = x; at < x + width; at += 3) context.fillRect(at, y, 1, 1);
  }

  /** The age bar: grows over the second half of the limit. */
  ageBar(reading: Reading, x: number, y: number, width: number): void {
    if (reading.state !== "fresh") this.rect(x, y, width * reading.worn, 1, "stale");
  }
}
