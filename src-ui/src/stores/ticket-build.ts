import { type Decimal, digits, round } from "~/shared/decimal";
import type { Ticket } from "~/transport/trading-types";
import { type Draft, hasOf } from "./ticket-draft";
import {
  cut,
  type Grid,
  isPositive,
  less,
  middleOf,
  readAmount,
  sizeOfRisk,
  sizeOfUsd,
  snapPrice,
} from "./ticket-size";
import { bpsText, wholeHundredths } from "./trader-units";

/** What must be known to make a ticket of a draft. */
export interface TicketFacts {
  readonly account: string;
  readonly symbol: string;
  /** Null while the market's steps are not known. */
  readonly grid: Grid | null;
  /** Null while there is no fresh middle. */
  readonly mid: Decimal | null;
  /** Null while there is no fresh equity. */
  readonly equity: Decimal | null;
  readonly mostSlippageBps: number | null;
}

export type Field =
  | "amount"
  | "px"
  | "trigger"
  | "takeProfit"
  | "stopLoss"
  | "slippage"
  | "scaleOrders"
  | "scaleFrom"
  | "scaleTo"
  | "twapMinutes"
  | "strategy";

export interface Problem {
  readonly field: Field;
  readonly text: string;
  /** Nothing was entered yet: it is missing rather than wrong. */
  readonly missing: boolean;
}

export interface Built {
  /** Null while something is missing or wrong. */
  readonly ticket: Ticket | null;
  readonly problems: readonly Problem[];
  /** Base units on the lot; null while they are not known. */
  readonly size: Decimal | null;
  /** What is sent in the place of what was typed, by entry. */
  readonly sent: Readonly<Partial<Record<Field, Decimal>>>;
}

/** A scale has at most so many orders. */
const MOST_SCALE_ORDERS = 20;
/** Minutes that a TWAP may last, by who slices it. */
const TWAP_MINUTES = { here: [1, 1440], venue: [5, 10_080] } as const;

const NO_COMMA = "A number with a point for decimals, such as 1250.5";

class Reader {
  readonly problems: Problem[] = [];
  readonly sent: Partial<Record<Field, Decimal>> = {};

  constructor(
    private readonly draft: Draft,
    private readonly grid: Grid | null,
  ) {}

  say(field: Field, text: string, missing = false): null {
    this.problems.push({ field, text, missing });
    return null;
  }

  price(field: "px" | "trigger" | "takeProfit" | "stopLoss" | "scaleFrom" | "scaleTo"): Decimal | null {
    const typed = this.draft[field];
    if (typed.trim() === "") return this.say(field, "A price is missing", true);
    const value = readAmount(typed);
    if (!isPositive(value)) return this.say(field, NO_COMMA);
    if (this.grid === null) return value;
    const snapped = snapPrice(value, this.grid);
    if (!isPositive(snapped)) return this.say(field, "Smaller than the smallest price");
    this.sent[field] = snapped;
    return snapped;
  }

  count(field: "scaleOrders" | "twapMinutes", least: number, most: number): number | null {
    const typed = this.draft[field].trim();
    const value = /^\d{1,6}$/.test(typed) ? Number(typed) : Number.NaN;
    if (value >= least && value <= most) return value;
    return this.say(field, `A whole number from ${least} to ${most}`, typed === "");
  }

  /** Typed in percent, sent in basis points. */
  slippage(most: number): number | null {
    const value = readAmount(this.draft.slippage.trim());
    const bps = value === null ? null : wholeHundredths(value);
    if (bps !== null && bps >= 1 && bps <= most) return bps;
    return this.say("slippage", `Percent, from 0.01 to ${bpsText(String(most)).replace(" %", "")}`);
  }
}

/** The ticket that a draft means, or what keeps it from being one. No arithmetic here is in floating point. */
export function build(draft: Draft, facts: TicketFacts): Built {
  const reader = new Reader(draft, facts.grid);
  const has = hasOf(draft);
  const px = has.px ? reader.price("px") : null;
  const trigger = has.trigger ? reader.price("trigger") : null;
  const scale = draft.kind === "scale" ? readScale(reader) : null;
  const twap = draft.kind === "twap" ? readTwap(reader, draft) : null;
  const most = facts.mostSlippageBps ?? 10_000;
  const slippage = has.slippage && draft.slippage.trim() !== "" ? reader.slippage(most) : null;
  const bracket = has.bracket && draft.bracket;
  const takeProfit = bracket && draft.takeProfit.trim() !== "" ? reader.price("takeProfit") : null;
  const stopLoss = bracket && draft.stopLoss.trim() !== "" ? reader.price("stopLoss") : null;
  const entry = px ?? trigger ?? scale?.middle ?? facts.mid;
  if (bracket && takeProfit === null && stopLoss === null && reader.problems.length === 0)
    reader.say("takeProfit", "A bracket needs a target, a stop or both", true);
  if (bracket && draft.reduceOnly)
    reader.say("takeProfit", "A bracket belongs to an order that opens: take off reduce-only");
  checkSides(reader, draft, entry, trigger, facts.mid, takeProfit, stopLoss);
  const strategy = draft.strategy.trim();
  if (!STRATEGY.test(strategy)) reader.say("strategy", "1 to 32 of a-z, 0-9, _ and -", strategy === "");
  const size = readSize(reader, draft, facts, entry, stopLoss);
  const { problems, sent } = reader;
  if (problems.length > 0 || size === null) return { ticket: null, problems, size, sent };
  const ticket: Ticket = {
    account: facts.account,
    symbol: facts.symbol,
    side: draft.side,
    kind: draft.kind,
    size: digits(size),
    reduce_only: draft.reduceOnly,
    ...(px === null ? {} : { px: digits(px) }),
    ...(trigger === null ? {} : { trigger_px: digits(trigger) }),
    ...(slippage === null ? {} : { slippage_bps: slippage }),
    ...(takeProfit === null ? {} : { take_profit: digits(takeProfit) }),
    ...(stopLoss === null ? {} : { stop_loss: digits(stopLoss) }),
    ...(scale === null
      ? {}
      : { scale: { orders: scale.orders, from: digits(scale.from), to: digits(scale.to) } }),
    ...(twap === null ? {} : { twap }),
    ...(strategy === MANUAL ? {} : { strategy }),
  };
  return { ticket, problems, size, sent };
}

/** What an order counts as that nobody gave another name. */
const MANUAL = "manual";
const STRATEGY = /^[a-z0-9_-]{1,32}$/;

/** How long it takes and who slices it; a plan says that itself. */
function readTwap(reader: Reader, { twapRandomize, twapBy }: Draft): NonNullable<Ticket["twap"]> | null {
  if (twapBy === "plan") return { by: twapBy };
  const [least, longest] = TWAP_MINUTES[twapBy];
  const minutes = reader.count("twapMinutes", least, longest);
  if (minutes === null) return null;
  const twap = { minutes, randomize: twapRandomize };
  return twapBy === "venue" ? { ...twap, by: twapBy } : twap;
}

interface Scale {
  readonly orders: number;
  readonly from: Decimal;
  readonly to: Decimal;
  readonly middle: Decimal;
}

function readScale(reader: Reader): Scale | null {
  const orders = reader.count("scaleOrders", 2, MOST_SCALE_ORDERS);
  const from = reader.price("scaleFrom");
  const to = reader.price("scaleTo");
  if (orders === null || from === null || to === null) return null;
  if (!less(from, to) && !less(to, from)) return reader.say("scaleTo", "The two ends are the same price");
  return { orders, from, to, middle: middleOf(from, to) };
}

/** A stop on the wrong side would act at once, a target on the wrong side too. */
function checkSides(
  reader: Reader,
  { side, kind }: Draft,
  entry: Decimal | null,
  trigger: Decimal | null,
  mid: Decimal | null,
  takeProfit: Decimal | null,
  stopLoss: Decimal | null,
): void {
  const buy = side === "buy";
  if (entry !== null && takeProfit !== null && less(takeProfit, entry) === buy)
    reader.say("takeProfit", `A target of a ${side} is ${buy ? "above" : "below"} the entry`);
  if (entry !== null && stopLoss !== null && less(entry, stopLoss) === buy)
    reader.say("stopLoss", `A stop of a ${side} is ${buy ? "below" : "above"} the entry`);
  if (trigger === null || mid === null) return;
  const stop = kind === "stop_market" || kind === "stop_limit";
  const above = buy === stop;
  if (above ? less(trigger, mid) : less(mid, trigger))
    reader.say(
      "trigger",
      `It would act at once: a ${side} ${stop ? "stop" : "take"} is ${above ? "above" : "below"} the market`,
    );
}

function readSize(
  reader: Reader,
  draft: Draft,
  { grid, mid, equity }: TicketFacts,
  entry: Decimal | null,
  stopLoss: Decimal | null,
): Decimal | null {
  const typed = draft.amount;
  if (typed.trim() === "") return reader.say("amount", "A size is missing", true);
  const amount = readAmount(typed);
  if (!isPositive(amount)) return reader.say("amount", NO_COMMA);
  if (grid === null) return reader.say("amount", "The steps of this market are not known yet", true);
  const lot = grid.szDecimals;
  let size: Decimal | null = null;
  if (draft.unit === "coin") size = cut(amount, lot);
  else if (entry === null)
    return reader.say(
      "amount",
      mid === null ? "No fresh price to convert with" : "A price is needed first",
      true,
    );
  else if (draft.unit === "usd") size = sizeOfUsd(amount, entry, lot);
  else {
    if (equity === null) return reader.say("amount", "No fresh equity to take a share of", true);
    if (!less(amount, round(HUNDRED, 0))) return reader.say("amount", "Less than 100 % of the equity");
    if (stopLoss === null) return reader.say("amount", "Sizing by risk needs a stop loss in a bracket", true);
    size = sizeOfRisk(equity, amount, entry, stopLoss, lot);
  }
  if (!isPositive(size)) return reader.say("amount", "Smaller than the smallest lot");
  reader.sent.amount = size;
  return size;
}

const HUNDRED = readAmount("100") as Decimal;
