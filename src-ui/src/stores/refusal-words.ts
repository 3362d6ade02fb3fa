import type { TradeRefusal } from "~/transport/trading-types";
import { checkFigure } from "./trader-units";
import { hasWords, tradingWords } from "./trading-words";
import { RISK_WORDS } from "./words-risk";

export interface RefusalParts {
  readonly what: string;
  /** What was found and what is allowed; empty where the sentence says it, or nobody does. */
  readonly figures: string;
  readonly next: string;
  /** The code, and the server's own words and units. */
  readonly title: string;
}

/** A refusal as a trader reads it: what refuses, the figures in dollars, percent, multiples and counts, and what to do. */
export function refusalParts(refusal: TradeRefusal): RefusalParts {
  const { code, text, found, allowed } = refusal;
  const title = `${text}\n${code}`;
  const risk = RISK_WORDS[code];
  if (risk !== undefined) return { ...risk, figures: riskFigures(refusal), title };
  if (hasWords(code)) {
    const { what, why, next } = tradingWords({ code, message: text });
    return { what: what.replace(/\.$/, ""), figures: why, next, title };
  }
  const parts = [found ?? "", allowed === null ? "" : `(allowed: ${allowed})`];
  const said = [found, allowed].every((part) => part === null || text.includes(part));
  const figures = said ? "" : parts.filter((part) => part !== "").join(" ");
  return { what: begun(text.replace(/\.$/, "")), figures, next: "", title };
}

/** `The order is too large: $5 000 (limit $1 000)`. */
export function refusalText({ what, figures }: RefusalParts): string {
  return figures === "" ? what : `${what}: ${figures}`;
}

/** What says nothing beside the sentence. */
const SILENT: ReadonlySet<string> = new Set([
  "kill_switch_on",
  "lease_lapsed",
  "risk_stop_missing",
  "risk_symbol_not_allowed",
]);

function riskFigures({ code, text, found, allowed }: TradeRefusal): string {
  const whose = /, of the (desk|strategy): /.exec(text)?.[1] ?? null;
  if (SILENT.has(code)) return whose === null ? "" : `by the ${whose}\u2019s limits`;
  const has = found === null ? "" : checkFigure(found);
  // Words and not a bound: what was found says it.
  if (code === "risk_stale_input" || code === "risk_not_reducing" || code === "risk_order_malformed")
    return has;
  if (allowed === null) return has;
  const most = checkFigure(allowed);
  if (code === "risk_depth") return `${has}, of ${most} asked for`;
  if (code === "risk_stop_useless") return `${has}, and not ${most}`;
  const limit = `${whose === null ? "" : `${whose} `}limit ${most}`;
  return has === "" ? limit : `${has} (${limit})`;
}

function begun(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
