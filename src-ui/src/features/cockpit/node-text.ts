import { ageText, spanText } from "~/shared/age";
import type { FigureText } from "~/shared/figure-ink";
import { score, signed, statistic } from "~/shared/signal";
import { readingOf, type Stamped } from "~/shared/stamped";
import { venueShort } from "~/shared/venue";
import { coverageText } from "~/stores/coverage";
import type { WhyNode } from "~/stores/why";

export function valueText(node: WhyNode): FigureText {
  if (node.id === "conviction") return score(node.value);
  return node.unit === null && node.contribution !== null
    ? signed(node.value)
    : statistic(node.value, node.unit);
}

/** A sign has a colour only where it is a direction. */
export function toneOfNode(node: WhyNode): "up" | "down" | "" {
  const value = node.contribution ?? (node.unit === "sd" ? node.value : null) ?? 0;
  return value > 0 ? "up" : value < 0 ? "down" : "";
}

/** Where it comes from and over what: `HL, BIN-P · 60 s · n 57`. */
export function originText(node: WhyNode): string {
  return [
    node.sources.map(venueShort).join(", "),
    node.windowMs === null || node.windowMs <= 0 ? "" : spanOf(node.windowMs),
    node.samples === null ? "" : `n ${node.samples}`,
    node.coverage === null ? "" : coverageText(node.coverage),
    node.note ?? "",
  ]
    .filter((part) => part !== "")
    .join(" \u00b7 ");
}

export function spanOf(ms: number): string {
  return ms < 1000 ? `${ms} ms` : spanText(ms);
}

/** The age by its own stamp; nothing for what has none, such as the arithmetic's steps. */
export function nodeAge(stamped: Stamped<WhyNode> | null, now: number): string {
  const node = stamped?.draw(0, (value) => value) ?? null;
  if (node === null || node.state === "missing") return node === null ? "" : "missing";
  if (node.stamp === null) return "";
  const { state, ageMs } = readingOf(node.stamp, now);
  return state === "stale" ? `STALE ${ageText(ageMs)}` : ageText(ageMs);
}

export function nodeState(stamped: Stamped<WhyNode> | null, now: number): "fresh" | "stale" | "missing" {
  const node = stamped?.draw(0, (value) => value) ?? null;
  if (node === null || node.state === "missing") return "missing";
  if (node.stamp === null) return "fresh";
  return readingOf(node.stamp, now).state === "stale" ? "stale" : "fresh";
}
