import { create } from "zustand";
import { setUtc } from "~/shared/age";
import { setThousandsMark, type ThousandsMark } from "~/shared/format";
import type { CandleInterval } from "~/transport/types";

/** What a chart draws beside its candles. */
export const STUDIES = ["volume", "ema", "vwap", "bollinger", "rsi", "liquidations"] as const;

export type Study = (typeof STUDIES)[number];

export interface Settings {
  readonly theme: "dark" | "light";
  readonly palette: "green-red" | "blue-orange";
  readonly density: "normal" | "compact";
  readonly thousands: ThousandsMark;
  readonly utc: boolean;
  readonly symbol: string;
  readonly interval: CandleInterval;
  readonly studies: readonly Study[];
}

const CHOICES = {
  theme: ["dark", "light"],
  palette: ["green-red", "blue-orange"],
  density: ["normal", "compact"],
  thousands: ["thin", "comma", "none"],
  interval: ["1m", "5m", "15m", "1h", "4h", "1d"],
} as const;

const KEY = "hypersentry.settings.v1";

export const DEFAULTS: Settings = {
  theme: "dark",
  palette: "green-red",
  density: "normal",
  thousands: "thin",
  utc: false,
  symbol: "BTC",
  interval: "1m",
  studies: ["volume", "ema", "vwap", "liquidations"],
};

function oneOf<T extends string>(choices: readonly T[], value: unknown, fallback: T): T {
  return choices.find((choice) => choice === value) ?? fallback;
}

/** A symbol's name as somebody wrote it; null for what cannot be one. */
export function readSymbol(text: unknown): string | null {
  return typeof text === "string" && /^[A-Za-z0-9._:-]{1,32}$/.test(text) ? text : null;
}

/** Settings written by another version, or by hand, keep what is valid and lose the rest. */
export function readSettings(text: string | null): Settings {
  let stored: Partial<Record<keyof Settings, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    if (typeof parsed === "object" && parsed !== null) stored = parsed;
  } catch {
    stored = {};
  }
  return {
    theme: oneOf(CHOICES.theme, stored.theme, DEFAULTS.theme),
    palette: oneOf(CHOICES.palette, stored.palette, DEFAULTS.palette),
    density: oneOf(CHOICES.density, stored.density, DEFAULTS.density),
    thousands: oneOf(CHOICES.thousands, stored.thousands, DEFAULTS.thousands),
    utc: stored.utc === true,
    symbol: readSymbol(stored.symbol) ?? DEFAULTS.symbol,
    interval: oneOf(CHOICES.interval, stored.interval, DEFAULTS.interval),
    studies: Array.isArray(stored.studies)
      ? STUDIES.filter((study) => (stored.studies as unknown[]).includes(study))
      : DEFAULTS.studies,
  };
}

interface SettingsStore extends Settings {
  set(part: Partial<Settings>): void;
}

function load(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const useSettings = create<SettingsStore>((set) => ({
  ...readSettings(load()),
  set: (part) => set(part),
}));

function apply({ thousands, utc }: Settings): void {
  setThousandsMark(thousands);
  setUtc(utc);
}

apply(useSettings.getState());
useSettings.subscribe((state) => {
  apply(state);
  const { set: _set, ...settings } = state;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A full or forbidden storage costs the memory of a choice, not the choice.
  }
});
