import type { AccountState, OrderState, OrderView, Ticket } from "~/transport/trading-types";
import { kindWords } from "./ticket-draft";
import { numberText } from "./trader-units";
import type { Entry } from "./words-entry";
import { RELAY_WORDS } from "./words-relay";
import { RISK_WORDS } from "./words-risk";
import { TICKET_WORDS } from "./words-ticket";
import { CANCEL_WORDS, VENUE_WORDS } from "./words-venue";

/** A fact in the reader's words: what is so, why, and what to do. */
export interface Words {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

/** With what was said by whoever refused, word for word, where the sentences above leave it out. */
export interface RefusalWords extends Words {
  readonly said: string | null;
}

/** Refusals by code. Where a word is empty, the server's own stands there: only it knows the figures. */
const WORDS: Readonly<Record<string, Entry>> = { ...RELAY_WORDS, ...TICKET_WORDS, ...VENUE_WORDS };

const NOTHING_SENT = "Nothing was sent.";

/** Whether a code has words of its own; a test asks it of every code that a server can send. */
export function hasWords(code: string): boolean {
  return code in WORDS || code in RISK_WORDS;
}

export function tradingWords({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): RefusalWords {
  const own = sentence(message);
  // Of what it cancels by itself the venue says why in one word.
  const found = (code === "venue_cancelled" ? CANCEL_WORDS[message] : undefined) ?? WORDS[code];
  if (found !== undefined) {
    const [what, why, next] = found;
    return { what, why: why || own, next, said: why === "" || !says(message, code) ? null : message };
  }
  const risk = RISK_WORDS[code];
  if (risk !== undefined)
    return { what: `${risk.what}.`, why: own, next: `${risk.next} ${NOTHING_SENT}`, said: null };
  const refuses = code.startsWith("risk_");
  return {
    what: refuses ? "The risk check refused it." : "The server refused.",
    why: own,
    next: refuses ? `Change the order as the limit allows. ${NOTHING_SENT}` : NOTHING_SENT,
    said: null,
  };
}

/** A server that has nothing to say repeats the code. */
function says(message: string, code: string): boolean {
  return message.trim() !== "" && message !== code;
}

/** Behind the state of an order, which says already that it was refused or cancelled. */
export function briefReason({ code, text }: { readonly code: string; readonly text: string }): string {
  const { what } = tradingWords({ code, message: text });
  return what.replace(/^The venue (?:refused|cancelled) it: /, "");
}

/** Everything that is known of a reason, for whoever looks closer: the sentences, the words as they came, the code. */
export function reasonTitle({ code, text }: { readonly code: string; readonly text: string }): string {
  const { what, why, next, said } = tradingWords({ code, message: text });
  const whose = code.startsWith("venue_") ? "The venue\u2019s words" : "The server\u2019s words";
  return [`${what} ${why} ${next}`, ...(said === null ? [] : [`${whose}: ${said}`]), `Code: ${code}`].join(
    "\n",
  );
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
    px === undefined ? "" : `at ${numberText(px)}`,
    trigger === undefined ? "" : `when ${numberText(trigger)}`,
    scale === undefined ? "" : `in ${scale.orders} from ${numberText(scale.from)} to ${numberText(scale.to)}`,
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
