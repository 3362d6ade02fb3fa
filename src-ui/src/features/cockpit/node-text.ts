import { ageText, spanText } from "~/shared/age";
import type { FigureText } from "~/shared/figure-ink";
import { score, signed, statistic } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
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

/** The age of the node's own feed; of the answer for the arithmetic's steps, which have none. */
export function nodeAge(stamped: Stamped<WhyNode> | null, now: number): string {
  if (stamped === null) return "";
  return stamped.draw(now, ({ state }, reading) => {
    if (state === "missing") return "missing";
    return reading.state === "stale" ? `STALE ${ageText(reading.ageMs)}` : ageText(reading.ageMs);
  });
}

export function nodeState(stamped: Stamped<WhyNode> | null, now: number): "fresh" | "stale" | "missing" {
  if (stamped === null) return "missing";
  return stamped.draw(now, ({ state }, reading) =>
    state === "missing" ? "missing" : reading.state === "stale" ? "stale" : "fresh",
  );
}
