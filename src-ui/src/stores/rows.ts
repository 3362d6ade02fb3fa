import { digits } from "~/shared/decimal";
import { type PlotLine } from "~/shared/lines";
import { venueInk, venueShort } from "~/shared/venue";
import type { Component, PartField, Quality } from "./flow-view";
import type { SampledField } from "./samples";
import type { Session } from "./session";
import { COMPOSITE } from "./sources";

/** The lines of one figure of one symbol, the composite last so that it lies on top. */
export function sampledLines(
  session: Session,
  symbol: string,
  field: SampledField,
  sources: readonly string[],
  combined: string,
): readonly PlotLine[] {
  const lines: PlotLine[] = [];
  for (const source of [...sources, COMPOSITE]) {
    const samples = session.samples.ring(symbol, field, source);
    if (samples === null) continue;
    const strong = source === COMPOSITE;
    lines.push({ name: strong ? combined : venueShort(source), ink: venueInk(source), samples, strong });
  }
  return lines;
}

/** A venue's part in a composite; null when it has none. */
export function partOf(session: Session, symbol: string, field: PartField, source: string): Component | null {
  const parts = session.view(COMPOSITE, symbol)?.flow.parts(field) ?? [];
  return parts.find((part) => part.source === source) ?? null;
}

/** A weight is configuration and has no age. */
export function weightText(part: Component | null): string {
  if (part === null) return "";
  const text = digits(part.weight);
  return `\u00d7${text.includes(".") ? text.replace(/\.?0+$/, "") : text}`;
}

/** What is wrong with a market beside its age; empty when nothing is. */
export function qualityWords(quality: Quality | null): string {
  if (quality === null) return "";
  return [
    quality.degraded.length === 0 ? "" : `degraded: ${quality.degraded.join(", ")}`,
    quality.quarantined === 0 ? "" : `${quality.quarantined} held back`,
    quality.repairedFrom === null ? "" : `from ${quality.repairedFrom}`,
  ]
    .filter((part) => part !== "")
    .join(" \u00b7 ");
}
