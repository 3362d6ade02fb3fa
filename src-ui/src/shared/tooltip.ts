import { ageText, timeText } from "./age";
import { FINAL_MS, type Reading } from "./stamped";
import { venueName } from "./venue";

export interface TipFacts {
  readonly label: string;
  readonly value: string;
  readonly source: string;
  readonly reading: Reading | null;
  /** For a value of the past: its time, in place of an age. */
  readonly at?: number;
}

export interface TipTarget {
  readonly rect: DOMRect;
  readonly facts: TipFacts;
}

type Ask = (now: number) => TipTarget | null;

let ask: Ask | null = null;
let element: HTMLElement | null = null;

export function showTip(question: Ask): void {
  ask = question;
}

export function hideTip(question: Ask): void {
  if (ask === question) ask = null;
}

function rows(facts: TipFacts): string {
  const { reading } = facts;
  if (facts.at !== undefined)
    return [`${facts.label} ${timeText(facts.at)}`, facts.value, `source  ${venueName(facts.source)}`].join(
      "\n",
    );
  if (reading === null) return `${facts.label}\n\u2014 not known\nsource  ${venueName(facts.source)}`;
  if (reading.limitMs === FINAL_MS)
    return [
      facts.label,
      facts.value,
      `source  ${venueName(facts.source)}`,
      `at      ${timeText(reading.asOf, 3)}`,
      "state   final",
    ].join("\n");
  const state = reading.state === "stale" ? "STALE" : "fresh";
  return [
    facts.label,
    facts.value,
    `source  ${facts.source.split(", ").map(venueName).join(", ")}`,
    `as of   ${timeText(reading.asOf, 3)} (${ageText(reading.eventAgeMs)} ago)`,
    `proved  ${ageText(reading.ageMs)} ago, limit ${ageText(reading.limitMs)}`,
    `state   ${state}`,
  ].join("\n");
}

/** Painted with everything else, so that the age in an open tooltip runs. */
export function paintTip(now: number): void {
  const target = ask?.(now) ?? null;
  if (target === null) {
    if (element !== null) element.hidden = true;
    return;
  }
  if (element === null) {
    element = document.createElement("div");
    element.className = "tip";
    element.setAttribute("role", "tooltip");
    document.body.append(element);
  }
  const text = rows(target.facts);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = false;
  const { rect } = target;
  const width = element.offsetWidth;
  const height = element.offsetHeight;
  const below = rect.bottom + 6 + height < innerHeight;
  element.style.left = `${Math.max(4, Math.min(rect.left, innerWidth - width - 4))}px`;
  element.style.top = `${below ? rect.bottom + 6 : Math.max(4, rect.top - height - 6)}px`;
}
