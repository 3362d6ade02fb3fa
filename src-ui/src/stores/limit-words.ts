import { digits, parseDecimal } from "~/shared/decimal";
import { limitUsd } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import type { LimitsWire, Scope, ScopeName } from "~/transport/risk-types";
import { shortAddress } from "./account-text";
import { readAmount } from "./ticket-size";

/** A limit as it is read and typed, by the server's name of it. */
export interface LimitField {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  /** Money and the like may have decimals; counts may not. */
  readonly whole: boolean;
}

export const LIMIT_FIELDS: readonly LimitField[] = [
  { name: "order_usd", label: "One order", unit: "USD", whole: false },
  { name: "symbol_usd", label: "One symbol", unit: "USD", whole: false },
  { name: "gross_usd", label: "All positions together", unit: "USD", whole: false },
  { name: "daily_loss_usd", label: "Loss of a day", unit: "USD", whole: false },
  { name: "leverage_percent", label: "Leverage", unit: "% of equity", whole: true },
  { name: "concentration_bps", label: "Share of one symbol", unit: "bps", whole: true },
  { name: "collar_bps", label: "Price from the middle", unit: "bps", whole: true },
  { name: "slippage_bps", label: "Slippage", unit: "bps", whole: true },
  { name: "orders_per_minute", label: "Orders a minute", unit: "", whole: true },
  { name: "orders_per_day", label: "Orders a day", unit: "", whole: true },
  { name: "clock_bound_ms", label: "Clock known within", unit: "ms", whole: true },
];

export function fieldLabel(name: string): string {
  const found = LIMIT_FIELDS.find((field) => field.name === name)?.label;
  if (found !== undefined) return found.toLowerCase();
  return name === "symbols" ? "the list of symbols" : name.replaceAll("_", " ");
}

/** As the server spells it; empty where there is no such limit. */
export function wireText(limits: LimitsWire, { name }: LimitField): string {
  const value = limits[name];
  const decimal = parseDecimal(value);
  if (decimal !== null) return digits(decimal);
  return typeof value === "number" ? String(value) : "";
}

export function limitText(limits: LimitsWire, field: LimitField): string {
  const text = wireText(limits, field);
  if (text === "") return "none";
  const money = field.unit === "USD" ? parseDecimal(text) : null;
  if (money !== null) return tipFigure(limitUsd(money));
  return field.unit === "" ? text : `${text} ${field.unit}`;
}

export interface LimitsDraft {
  readonly texts: Readonly<Record<string, string>>;
  readonly stopRequired: boolean;
  /** Empty: all of them. */
  readonly symbols: string;
}

export function limitsDraft(limits: LimitsWire): LimitsDraft {
  const { symbols } = limits;
  return {
    texts: Object.fromEntries(LIMIT_FIELDS.map((field) => [field.name, wireText(limits, field)])),
    stopRequired: limits["stop_required"] === true,
    symbols: Array.isArray(symbols) ? symbols.join(", ") : "",
  };
}

export interface BuiltLimits {
  /** Null while something is wrong, or nothing is changed. */
  readonly wire: LimitsWire | null;
  readonly problems: Readonly<Record<string, string>>;
  readonly changed: readonly string[];
}

/** What the draft asks for: what it does not name goes back as it came. */
export function buildLimits(draft: LimitsDraft, held: LimitsWire): BuiltLimits {
  const problems: Record<string, string> = {};
  const next: Record<string, unknown> = { ...held };
  const changed: string[] = [];
  for (const field of LIMIT_FIELDS) {
    const typed = (draft.texts[field.name] ?? "").trim();
    if (typed === wireText(held, field)) continue;
    const value = readAmount(typed);
    if (value === null || (field.whole && !/^\d{1,9}$/.test(digits(value)))) {
      problems[field.name] = field.whole ? "A whole number" : "A number with a point for decimals";
      continue;
    }
    // Counts are numbers and money is a text, as they came.
    next[field.name] = field.whole ? Number(digits(value)) : digits(value);
    changed.push(field.name);
  }
  const names = draft.symbols
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const symbols = names.length === 0 ? null : names;
  if (JSON.stringify(symbols) !== JSON.stringify(held["symbols"] ?? null)) {
    next["symbols"] = symbols;
    changed.push("symbols");
  }
  if (draft.stopRequired !== (held["stop_required"] === true)) {
    next["stop_required"] = draft.stopRequired;
    changed.push("stop_required");
  }
  const sound = Object.keys(problems).length === 0 && changed.length > 0;
  return { wire: sound ? next : null, problems, changed };
}

const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  desk: "The whole desk",
  account: "Account",
  strategy: "Strategy",
};

/** `The whole desk`, `Account 0x71C7…976F`, `Strategy breakout`. */
export function scopeWords({ scope, account, strategy }: ScopeName, named: string | null = null): string {
  if (scope === "desk") return SCOPE_WORDS.desk;
  if (scope === "account") return `${SCOPE_WORDS.account} ${named ?? shortAddress(account ?? "")}`;
  const of = account === undefined ? "" : ` of ${named ?? shortAddress(account)}`;
  return `${SCOPE_WORDS.strategy} ${strategy ?? ""}${of}`;
}
