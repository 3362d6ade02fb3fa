import type { AccountState, OrderState, OrderView, Ticket } from "~/transport/trading-types";
import { kindWords } from "./ticket-draft";

/** A fact in the reader's words: what is so, why, and what to do. */
export interface Words {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

const TRY_LATER = "It is tried again by itself; try again when the account is fresh.";

/** Refusals by code. Where a word is empty, the server's own stands there: only it knows the figures. */
const WORDS: Readonly<Record<string, readonly [string, string, string]>> = {
  trading_absent: ["Trading is not available at this server.", "", "Market data work without it."],
  team_request_refused: [
    "Orders of a team server are given in its own page.",
    "This app takes orders for its own account alone.",
    "Open the address of the server in a browser.",
  ],
  agent_required: [
    "No agent signs for this account.",
    "Orders are signed by an agent key that the account's wallet has approved.",
    "Open the account (a), tab Agents: make one and approve it with the wallet.",
  ],
  grant_required: [
    "You may not trade this account.",
    "Its owner or an administrator gives that right.",
    "Ask the owner of the account, or an administrator.",
  ],
  session_required: [
    "Log in to trade.",
    "Orders belong to a user.",
    "Open the account (a) and log in with a wallet.",
  ],
  session_expired: [
    "The session has expired.",
    "Sessions end after a time.",
    "Log in again: open the account (a).",
  ],
  session_revoked: [
    "The session was revoked.",
    "It was ended elsewhere.",
    "Log in again: open the account (a).",
  ],
  role_required: [
    "Your role does not trade.",
    "Trading is for traders and administrators.",
    "Ask an administrator of this server.",
  ],
  csrf_required: [
    "The page is older than the session.",
    "You logged in anew in another tab.",
    "Reload the page.",
  ],
  risk_refused: ["The risk check refused it.", "", "Change the order as the limit allows. Nothing was sent."],
  idempotency_conflict: [
    "The key was used for another order.",
    "One key stands for one order.",
    "Review the ticket anew. Nothing was sent.",
  ],
  idempotency_key_invalid: ["The key was not taken.", "", "Review the ticket anew. Nothing was sent."],
  kill_switch_on: [
    "The kill switch is on.",
    "Nothing that adds risk is sent until it is released.",
    "Release it in the top bar when you are sure.",
  ],
  desk_kill_switch_on: [
    "The desk's kill switch is on.",
    "Nothing that adds risk is sent for any account until it is released.",
    "Whoever manages risk releases it in the top bar.",
  ],
  lease_lapsed: [
    "A lease has lapsed.",
    "Nobody renewed it in time: orders that add risk were cancelled, protective stops stay.",
    "Look at the account, then renew the lease in the panel Limits.",
  ],
  modify_crosses: [
    "It would match at once.",
    "The venue lets a changed order only rest.",
    "Take a price on this side of the book, or cancel it and send a new one. The order stands as it was.",
  ],
  order_not_resting: [
    "The order cannot be changed.",
    "It does not rest at the venue: it has ended, or is on its way.",
    "Look at the list of orders.",
  ],
  twap_minutes: ["The TWAP's length is not taken.", "", "Take minutes within the bounds that are named."],
  too_many_twaps: ["Too many TWAPs run.", "", "End one of them first. Nothing was sent."],
  too_many_strategies: ["Too many strategies are named.", "", "Take a name that is there already."],
  limits_nothing_proposed: [
    "No change waits there.",
    "It was agreed to, or taken back.",
    "The limits are read anew.",
  ],
  limits_negative: ["A limit cannot be negative.", "", "Correct it, then propose it again."],
  limits_too_many_symbols: ["Too many symbols are listed.", "", "List fewer, or none for all of them."],
  record_too_long: ["That is more than the audit log takes.", "", "List fewer symbols."],
  lease_held: [
    "Somebody else holds that lease.",
    "Whoever holds it, or manages risk, makes it longer or ends it.",
    "Ask them.",
  ],
  schedule_too_soon: [
    "The time is too near.",
    "The venue takes 5 s ahead at the least.",
    "Take a later time.",
  ],
  schedule_spent: [
    "The venue has done it ten times today.",
    "It takes no more before the next UTC day.",
    "Take a lease instead: this server enforces it.",
  ],
  venue_schedule_volume: [
    "The venue refuses timers to this account.",
    "",
    "Take a lease instead: this server enforces it.",
  ],
  limits_second_person_needed: [
    "Another person has to agree.",
    "Nobody agrees to what was asked for under the same name.",
    "Ask somebody else who manages risk.",
  ],
  nothing_to_accept: [
    "There is nothing to take over.",
    "The books tie to the venue.",
    "The account is read anew.",
  ],
  paper_unavailable: ["Paper accounts are not there yet.", "", "Try again in a moment."],
  trading_locked: ["Trading is locked.", "", TRY_LATER],
  audit_stopped: [
    "The audit log cannot be written.",
    "No order is sent that could not be proved afterwards.",
    "Tell the operator: the disk of the server is full or has failed.",
  ],
  relay_busy: [
    "Too many orders wait.",
    "The relay takes no more at once. Nothing was sent.",
    "Try again in a moment.",
  ],
  trading_stopping: ["The server is stopping.", "Nothing was sent.", "Try again when it is back."],
  exit_side: [
    "Target or stop is on the wrong side.",
    "",
    "Put the target beyond the entry, the stop before it.",
  ],
  audit_proof_broken: [
    "The proof does not hold.",
    "",
    "Keep the order\u2019s name and tell the operator: the log was changed or is damaged.",
  ],
  order_unknown: ["The server does not know this order.", "", "The list is read anew."],
  bad_request: ["The server did not take the entry.", "", "Correct it, then review again. Nothing was sent."],
  unknown_symbol: ["This market cannot be traded here.", "", "Choose another symbol."],
  price_tick: ["The price is not on the market's tick.", "", "Take the price that is named."],
  size_lot: ["The size is not on the market's lot.", "", "Take the size that is named."],
  min_notional: ["The order is too small.", "", "Take at least the size that is named."],
  reduce_only_no_position: [
    "There is nothing to reduce.",
    "The order is reduce-only, and the account has no position there.",
    "Take off reduce-only to open one.",
  ],
  reduce_only_would_increase: [
    "It would add to the position.",
    "The order is reduce-only and on the side of the position.",
    "Take the other side, or take off reduce-only.",
  ],
  market_stale: [
    "The market's figures are too old.",
    "Nothing is sent on a price that nobody vouches for.",
    "Wait until the price is fresh again.",
  ],
  unreachable: ["The server does not answer.", "It is down, or this computer has no connection.", TRY_LATER],
  malformed_answer: [
    "The answer could not be read.",
    "Server and page may be of different versions.",
    "Reload the page.",
  ],
};

export function tradingWords(error: { readonly code: string; readonly message: string }): Words {
  const found = WORDS[error.code];
  const said = `${sentence(error.message)}`;
  if (found !== undefined) return { what: found[0], why: found[1] || said, next: found[2] };
  const risk = error.code.startsWith("risk_");
  return {
    what: risk ? "The risk check refused it." : "The server refused.",
    why: said,
    next: risk ? "Change the order as the limit allows. Nothing was sent." : "Nothing was sent.",
  };
}

export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** `Buy 0.01 BTC limit 97000`, as it is sent. */
export function orderWords({
  side,
  size,
  symbol,
  kind,
  px,
  trigger_px: trigger,
  scale,
  twap,
  reduce_only: reduces,
  strategy,
}: Ticket): string {
  return [
    side === "buy" ? "Buy" : "Sell",
    size,
    symbol,
    kindWords(kind),
    px === undefined ? "" : `at ${px}`,
    trigger === undefined ? "" : `when ${trigger}`,
    scale === undefined ? "" : `in ${scale.orders} from ${scale.from} to ${scale.to}`,
    twap === undefined ? "" : twapWords(twap),
    reduces ? "reduce-only" : "",
    strategy === undefined ? "" : `as ${strategy}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function twapWords({ minutes, by }: NonNullable<Ticket["twap"]>): string {
  if (by === "plan") return "by the engine\u2019s plan";
  return `over ${minutes} min${by === "venue" ? " by the venue" : ""}`;
}

export const STATE_NAMES: Readonly<Record<OrderState, string>> = {
  created: "created",
  risk_passed: "checked",
  intent_logged: "logged",
  sent: "sent",
  unknown: "UNKNOWN",
  acked: "resting",
  partially_filled: "part filled",
  filled: "filled",
  cancelling: "cancelling",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
};

export const LEG_NAMES: Readonly<Record<OrderView["leg"], string>> = {
  single: "",
  entry: "entry",
  take_profit: "target",
  stop_loss: "stop",
  scale: "scale",
  slice: "slice",
};

/** The mark that an account's rows bear; empty for a live one. */
export function practiceOf(
  state: Pick<AccountState, "mode" | "paper"> | null,
): "paper" | "simulated" | "replay" | "" {
  if (state === null) return "";
  // Paper money on a simulated market is both: the window's own mark says the second.
  if (state.paper) return "paper";
  if (state.mode === "replay") return "replay";
  return state.mode === "simulated" ? "simulated" : "";
}
