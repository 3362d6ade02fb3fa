import { add, type Decimal, digits, fromUnits, scaleBy } from "~/shared/decimal";
import type { Change } from "~/transport/trading-port";
import { type OrderView, type Ticket, TICKET_KINDS } from "~/transport/trading-types";
import { hasEnded } from "./own-orders";
import { remaining } from "./succession";
import { KIND_HAS, kindWords } from "./ticket-draft";
import { cut, type Grid, isPositive, less, readAmount, snapPrice, tickAt } from "./ticket-size";

/** What of an order may be another, as it is typed. */
export interface ChangeDraft {
  readonly px: string;
  readonly trigger: string;
  readonly size: string;
}

export type ChangeField = keyof ChangeDraft;

export interface BuiltChange {
  /** Null while something is wrong, or nothing is changed. */
  readonly change: Change | null;
  /** The order as it would be, for a preview; null while something is wrong. */
  readonly ticket: Ticket | null;
  readonly problems: Readonly<Partial<Record<ChangeField, string>>>;
  /** What is sent in the place of what was typed. */
  readonly sent: Readonly<Partial<Record<ChangeField, Decimal>>>;
}

function kindOf({ kind }: OrderView): Ticket["kind"] | null {
  return TICKET_KINDS.find((item) => item === kind) ?? null;
}

/** Whether the server changes orders, and this one waits where it can be changed. */
export function canChange(view: OrderView): boolean {
  const { changeable, cloid, foreign, state } = view;
  if (!changeable || cloid === null || foreign || hasEnded(state) || view.replacedBy !== null) return false;
  if (state !== "acked" && state !== "partially_filled") return false;
  return fieldsOf(view).length > 1;
}

/** Which of its figures can be changed. */
export function fieldsOf(view: OrderView): readonly ChangeField[] {
  const kind = kindOf(view);
  if (kind === null || kind === "market" || kind === "ioc") return ["size"];
  const has = KIND_HAS[kind];
  return [...(has.px ? (["px"] as const) : []), ...(has.trigger ? (["trigger"] as const) : []), "size"];
}

export function draftOf(view: OrderView, px: string | null): ChangeDraft {
  const fields = fieldsOf(view);
  const dropped = (held: Decimal | null): string => px ?? (held === null ? "" : digits(held));
  return {
    // A drop moves what the book shows: the trigger of a stop, the price of a limit.
    px: fields.includes("px")
      ? fields.includes("trigger")
        ? view.px === null
          ? ""
          : digits(view.px)
        : dropped(view.px)
      : "",
    trigger: fields.includes("trigger") ? dropped(view.triggerPx) : "",
    size: digits(remaining(view)),
  };
}

/** One step up or down on the market's grid; nothing where the text is no price. */
export function stepped(typed: string, grid: Grid | null, steps: number): string | null {
  const value = readAmount(typed);
  if (grid === null || !isPositive(value)) return null;
  const held = snapPrice(value, grid);
  const next = add(held, scaleBy(tickAt(held, grid), steps));
  return isPositive(next) ? digits(snapPrice(next, grid)) : null;
}

/** One lot more or less. */
export function steppedSize(typed: string, grid: Grid | null, steps: number): string | null {
  const value = readAmount(typed);
  if (grid === null || value === null) return null;
  const next = add(cut(value, grid.szDecimals), fromUnits(BigInt(steps), grid.szDecimals));
  return isPositive(next) ? digits(next) : null;
}

/** What the draft asks of the server, in exact decimals. */
export function buildChange(view: OrderView, draft: ChangeDraft, grid: Grid | null): BuiltChange {
  const fields = fieldsOf(view);
  const problems: Partial<Record<ChangeField, string>> = {};
  const sent: Partial<Record<ChangeField, Decimal>> = {};
  const read = (field: ChangeField): Decimal | null => {
    const value = readAmount(draft[field]);
    if (!isPositive(value)) {
      problems[field] = "A number with a point for decimals, such as 1250.5";
      return null;
    }
    if (grid === null) return value;
    const snapped = field === "size" ? cut(value, grid.szDecimals) : snapPrice(value, grid);
    if (!isPositive(snapped)) {
      problems[field] =
        field === "size" ? "Smaller than the smallest lot" : "Smaller than the smallest price";
      return null;
    }
    sent[field] = snapped;
    return snapped;
  };
  const px = fields.includes("px") ? read("px") : null;
  const trigger = fields.includes("trigger") ? read("trigger") : null;
  const size = read("size");
  const kind = kindOf(view);
  if (Object.keys(problems).length > 0 || size === null || view.cloid === null || kind === null)
    return { change: null, ticket: null, problems, sent };
  const changed: Change = {
    cloid: view.cloid,
    ...(differs(px, view.px) ? { px: digits(px as Decimal) } : {}),
    ...(differs(trigger, view.triggerPx) ? { trigger_px: digits(trigger as Decimal) } : {}),
    ...(differs(size, remaining(view)) ? { size: digits(size) } : {}),
  };
  const ticket: Ticket = {
    account: view.account,
    symbol: view.symbol,
    side: view.side,
    kind,
    size: digits(size),
    reduce_only: view.reduceOnly,
    ...(px === null ? {} : { px: digits(px) }),
    ...(trigger === null ? {} : { trigger_px: digits(trigger) }),
  };
  return { change: Object.keys(changed).length > 1 ? changed : null, ticket, problems, sent };
}

function differs(next: Decimal | null, held: Decimal | null): boolean {
  if (next === null) return false;
  return held === null || less(next, held) || less(held, next);
}

/** `Change buy 0.01 BTC limit from 96000 to 96010`. */
export function changeWords(view: OrderView, change: Change): string {
  const parts = [
    `Change ${view.side} ${digits(remaining(view))} ${view.symbol} ${kindWords(view.kind)}`,
    moved("price", view.px, change.px),
    moved("trigger", view.triggerPx, change.trigger_px),
    moved("size", remaining(view), change.size),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function moved(name: string, from: Decimal | null, to: string | undefined): string {
  if (to === undefined) return "";
  return from === null ? `${name} to ${to}` : `${name} from ${digits(from)} to ${to}`;
}
