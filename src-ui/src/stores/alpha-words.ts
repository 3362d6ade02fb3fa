import type { ComponentReading, Conviction } from "./conviction";
import type { Bias } from "./smoothing";

const REGIMES: Readonly<Record<string, string>> = {
  aggressive_long_build: "long build",
  short_cover: "short cover",
  aggressive_short_build: "short build",
  long_unwind: "long unwind",
  stable_accumulation: "accumulation",
  stable_distribution: "distribution",
  neutral: "neutral",
};

const MACRO: Readonly<Record<string, string>> = {
  normal_market: "normal market",
  trending_high_vol: "trending, high volatility",
  chop_low_vol: "chop, low volatility",
};

/** A name of the protocol as words. */
export function spaced(name: string): string {
  return name.replaceAll("_", " ");
}

export function regimeText(regime: string | null): string {
  return regime === null ? "\u2014" : (REGIMES[regime] ?? spaced(regime));
}

export function macroText(regime: string): string {
  return MACRO[regime] ?? spaced(regime);
}

export function toneOf(bias: Bias): "up" | "down" | "" {
  return bias === "LONG" ? "up" : bias === "SHORT" ? "down" : "";
}

/** How many of the five have a fresh feed and enough history to say something. */
export function readyCount({ components }: Conviction): number {
  return components.filter(({ state, ready }) => state === "fresh" && ready).length;
}

/** `5 of 5 fresh`, or what is wrong: `1 STALE, 2 warming up`. */
export function freshText(conviction: Conviction): string {
  const count = (wanted: (component: ComponentReading) => boolean): number =>
    conviction.components.filter(wanted).length;
  const parts = [
    [count(({ state }) => state === "stale"), "STALE"],
    [count(({ state }) => state === "missing"), "missing"],
    [count(({ state, ready }) => state === "fresh" && !ready), "warming up"],
  ] as const;
  const wrong = parts.filter(([found]) => found > 0).map(([found, word]) => `${found} ${word}`);
  return wrong.length === 0 ? `${readyCount(conviction)} of 5 fresh` : wrong.join(", ");
}

/** A class of price and open interest is known only while its component has something to say. */
export function knownRegime({ regime, components }: Conviction): string | null {
  const [component] = components;
  return component?.state === "fresh" && component.ready ? regime : null;
}
