import { type ReactNode, useEffect, useRef } from "react";
import { type FigureText, inkOf, plainText } from "./figure-ink";
import { formatRevision } from "./format";
import { REDRAW_MS } from "./frame";
import { usePaint } from "./paint";
import { setText } from "./set-text";
import type { Stamped } from "./stamped";
import { hideTip, showTip, type TipTarget } from "./tooltip";

type Tone = "up" | "down" | "";

interface FigureProps<T> {
  /** What the figure is, for the tooltip and for screen readers. */
  readonly label: string;
  readonly source: string;
  readonly read: () => Stamped<T> | null;
  readonly format: (value: T) => FigureText;
  readonly tone?: (value: T) => Tone;
  /** Brightens the digits that changed last and colours by the direction of the last change. */
  readonly trace?: (value: T) => number;
  readonly className?: string;
  readonly testId?: string;
  /** Looked at no more often than this: for rows of which there are many and which change seldom. */
  readonly everyMs?: number;
}

interface Held<T> {
  stamped: Stamped<T> | null | undefined;
  text: string;
  formatRevision: number;
  state: string;
  bar: number;
  order: number;
  writtenAt: number;
}

/** The only component that draws a market number. */
export function Figure<T>(props: FigureProps<T>): ReactNode {
  const root = useRef<HTMLSpanElement>(null);
  const held = useRef<Held<T>>({
    stamped: undefined,
    text: "",
    formatRevision: -1,
    state: "",
    bar: 0,
    order: Number.NaN,
    writtenAt: -Infinity,
  });
  const latest = useRef(props);
  latest.current = props;

  usePaint((now) => {
    if (root.current !== null) paintFigure(root.current, held.current, latest.current, now);
  }, props.everyMs);

  const tip = useRef((now: number): TipTarget | null => {
    const element = root.current;
    if (element === null || !element.isConnected) return null;
    const { label, source, format, read } = latest.current;
    const stamped = read();
    const rect = element.getBoundingClientRect();
    if (stamped === null) return { rect, facts: { label, value: "", source, reading: null } };
    return stamped.draw(now, (value, reading) => ({
      rect,
      facts: { label, value: plainText(format(value)), source: stamped.source, reading },
    }));
  });
  useEffect(() => {
    const ask = tip.current;
    return () => hideTip(ask);
  }, []);

  return (
    <span
      ref={root}
      className={`fig ${props.className ?? ""}`}
      data-state="missing"
      data-testid={props.testId}
      onPointerEnter={() => showTip(tip.current)}
      onPointerLeave={() => hideTip(tip.current)}
    >
      <span className="fig-sign" />
      <span className="fig-same">{"\u2014"}</span>
      <span className="fig-changed" />
      <span className="fig-pad" />
      <span className="fig-unit" />
      <i className="fig-bar" aria-hidden="true" />
    </span>
  );
}

function paintFigure<T>(element: HTMLElement, held: Held<T>, props: FigureProps<T>, now: number): void {
  const stamped = props.read();
  const changed = stamped !== held.stamped || held.formatRevision !== formatRevision();
  if (changed && (stamped === null || now - held.writtenAt >= REDRAW_MS)) {
    held.writtenAt = now;
    held.stamped = stamped;
    held.formatRevision = formatRevision();
    write(element, held, props);
  }
  const reading = stamped?.read(now) ?? null;
  const state = reading?.state ?? "missing";
  if (state !== held.state) {
    held.state = state;
    element.dataset["state"] = state;
  }
  const bar = reading === null || reading.state === "fresh" ? 0 : Math.round(reading.worn * 50) / 50;
  if (bar !== held.bar) {
    held.bar = bar;
    (element.lastElementChild as HTMLElement).style.transform = `scaleX(${bar})`;
  }
}

function write<T>(element: HTMLElement, held: Held<T>, props: FigureProps<T>): void {
  const [sign, same, changed, pad, unit] = element.children;
  if (!sign || !same || !changed || !pad || !unit) return;
  if (held.stamped === null || held.stamped === undefined) {
    for (const part of [sign, changed, pad, unit]) setText(part, "");
    setText(same, "\u2014");
    element.dataset["tone"] = "";
    held.text = "";
    held.order = Number.NaN;
    return;
  }
  held.stamped.draw(0, (value) => {
    const ink = inkOf(props.format(value));
    const text = ink.sign + ink.body + ink.pad + ink.unit;
    if (props.trace) traceChange(element, held, props.trace(value));
    else element.dataset["tone"] = props.tone?.(value) ?? "";
    if (text === held.text) return;
    const from = props.trace ? firstDifference(ink.body, held.text.slice(ink.sign.length)) : ink.body.length;
    held.text = text;
    setText(sign, ink.sign);
    setText(same, ink.body.slice(0, from));
    setText(changed, ink.body.slice(from));
    setText(pad, ink.pad);
    setText(unit, ink.unit);
    (element.lastElementChild as HTMLElement).style.width = `${text.length}ch`;
  });
}

function traceChange<T>(element: HTMLElement, held: Held<T>, order: number): void {
  if (order === held.order) return;
  const first = Number.isNaN(held.order);
  const tone = order > held.order ? "up" : "down";
  held.order = order;
  if (!first) element.dataset["tone"] = tone;
}

function firstDifference(text: string, before: string): number {
  let at = 0;
  while (at < text.length && text[at] === before[at]) at += 1;
  return before === "" ? text.length : at;
}
