import { type Decimal, digits, parseDecimal } from "~/shared/decimal";
import type { LimitsWire, Scope, ScopeName } from "~/transport/risk-types";
import { shortAddress } from "./account-text";
import { readAmount } from "./ticket-size";
import { bpsText, dollarsText, hundredths, numberText, timesText, wholeHundredths } from "./trader-units";

/** How a limit is read and typed. Rates are hundredths of it at the server: basis points, and percent of equity. */
type LimitUnit = "USD" | "%" | "\u00d7 equity" | "ms" | "";

/** A limit as it is read and typed, by the server's name of it. */
export interface LimitField {
  readonly name: string;
  readonly label: string;
  readonly unit: LimitUnit;
}

export const LIMIT_FIELDS: readonly LimitField[] = [
  { name: "order_usd", label: "One order", unit: "USD" },
  { name: "symbol_usd", label: "One symbol", unit: "USD" },
  { name: "gross_usd", label: "All positions together", unit: "USD" },
  { name: "daily_loss_usd", label: "Loss of a day", unit: "USD" },
  { name: "leverage_percent", label: "Leverage", unit: "\u00d7 equity" },
  { name: "concentration_bps", label: "Share of one symbol", unit: "%" },
  { name: "collar_bps", label: "Price from the middle", unit: "%" },
  { name: "slippage_bps", label: "Slippage", unit: "%" },
  { name: "orders_per_minute", label: "Orders a minute", unit: "" },
  { name: "orders_per_day", label: "Orders a day", unit: "" },
  { name: "clock_bound_ms", label: "Clock known within", unit: "ms" },
];

export function fieldLabel(name: string): string {
  const found = LIMIT_FIELDS.find((field) => field.name === name)?.label;
  if (found !== undefined) return found.toLowerCase();
  return name === "symbols" ? "the list of symbols" : name.replaceAll("_", " ");
}

/** As the server spells it; empty where there is no such limit. */
function wireText(limits: LimitsWire, { name }: LimitField): string {
  const value = limits[name];
  const decimal = parseDecimal(value);
  if (decimal !== null) return digits(decimal);
  return typeof value === "number" ? String(value) : "";
}

const isRate = ({ unit }: LimitField): boolean => unit === "%" || unit === "\u00d7 equity";

/** As it is typed; empty where there is no such limit. */
export function typedText(limits: LimitsWire, field: LimitField): string {
  const text = wireText(limits, field);
  if (!isRate(field)) return text;
  const value = hundredths(text);
  return value === null ? text : digits(value).replace(/\.?0+$/, "");
}

export function limitText(limits: LimitsWire, field: LimitField): string {
  const text = wireText(limits, field);
  if (text === "") return "none";
  if (field.unit === "USD") return dollarsText(text);
  if (field.unit === "%") return bpsText(text);
  if (field.unit === "\u00d7 equity") return timesText(text);
  return field.unit === "" ? numberText(text) : `${numberText(text)} ${field.unit}`;
}

/** The server's name and spelling of a limit, for whoever configures it. */
export function limitTitle(limits: LimitsWire, field: LimitField): string {
  return `${field.name}: ${wireText(limits, field) || "none"}`;
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
    texts: Object.fromEntries(LIMIT_FIELDS.map((field) => [field.name, typedText(limits, field)])),
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
  const wire: Record<string, unknown> = { ...held };
  const changed: string[] = [];
  for (const field of LIMIT_FIELDS) {
    const typed = (draft.texts[field.name] ?? "").trim();
    if (typed === typedText(held, field)) continue;
    const value = readAmount(typed);
    const next = value === null ? null : spelt(field, value);
    if (next === null) {
      problems[field.name] = PROBLEMS[field.unit];
      continue;
    }
    wire[field.name] = next;
    changed.push(field.name);
  }
  const names = draft.symbols
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const symbols = names.length === 0 ? null : names;
  if (JSON.stringify(symbols) !== JSON.stringify(held["symbols"] ?? null)) {
    wire["symbols"] = symbols;
    changed.push("symbols");
  }
  if (draft.stopRequired !== (held["stop_required"] === true)) {
    wire["stop_required"] = draft.stopRequired;
    changed.push("stop_required");
  }
  const sound = Object.keys(problems).length === 0 && changed.length > 0;
  return { wire: sound ? wire : null, problems, changed };
}

const PROBLEMS: Readonly<Record<LimitUnit, string>> = {
  USD: "A number with a point for decimals",
  "%": "A number with at most two decimals",
  "\u00d7 equity": "A number with at most two decimals",
  ms: "A whole number",
  "": "A whole number",
};

/** What was typed as the server spells it: counts are numbers and money is a text, as they came. */
function spelt(field: LimitField, value: Decimal): string | number | null {
  if (field.unit === "USD") return digits(value);
  if (isRate(field)) return wholeHundredths(value);
  return /^\d{1,9}$/.test(digits(value)) ? Number(digits(value)) : null;
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
