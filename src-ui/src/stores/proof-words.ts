import { asObject } from "~/transport/decode";
import type { ProofRecord } from "~/transport/proof-types";
import { ORDER_STATES } from "~/transport/trading-types";
import { dayText, timeText } from "~/shared/age";
import { shortAddress } from "./account-text";
import { inUnits, numberText } from "./trader-units";
import { hasWords, sentence, STATE_NAMES, tradingWords } from "./trading-words";

/** A record as a trader reads it. */
export interface RecordWords {
  readonly what: string;
  /** Where the order stood and stands, where that changed. */
  readonly change: string;
  readonly detail: string;
}

type Json = Readonly<Record<string, unknown>>;

const STEP_WORDS: Readonly<Record<string, string>> = {
  pass_risk: "The risk check passed it",
  fail_risk: "The risk check refused it",
  log_intent: "Written down before it was sent",
  fail_log: "It could not be written down",
  send: "Sent to the venue",
  not_send: "Not sent",
  recover: "Taken up after a restart",
  send_cancel: "The cancel was sent",
  lose_reply: "The venue\u2019s answer was lost",
  refuse: "The venue refused it",
  ack: "The venue took it",
  fill_part: "Filled in part",
  fill_all: "Filled whole",
  doubt_cancel: "The cancel is in doubt, the venue is asked",
  cancel: "Cancelled at the venue",
  prove_absent: "Proven never to have been at the venue",
};

const KIND_WORDS: Readonly<Record<string, string>> = {
  created: "Asked for",
  contradiction: "The venue said what does not fit",
  signed: "Signed for the venue",
  signing_refused: "The agent did not sign",
};

/** What is remembered beside the steps, by its line. */
const LINE_WORDS: Readonly<Record<string, string>> = {
  refused: "Refused",
  label: "Labelled",
  strategy: "The strategy\u2019s books",
  cancelled_all: "Part of a cancel of all orders",
  switch: "A kill switch",
  flat: "What the kill switch was to close is closed",
  lease: "A lease",
  lapsed: "A lease lapsed",
  auto: "Led to by trading by itself",
  twap_begun: "Its TWAP began",
  twap_ended: "Its TWAP ended",
  signed: "Signed for the venue",
};

export function recordWords(record: ProofRecord): RecordWords {
  const { what, step, from, to } = record;
  const details = asObject(parsed(record.details));
  const change = from === null && to === null ? "" : `${stateName(from)} \u2192 ${stateName(to)}`;
  const detail = details === null ? plain(record.details) : detailOf(details);
  if (what === "step") return { what: STEP_WORDS[step ?? ""] ?? spaced(step ?? what), change, detail };
  if (what === "contradiction")
    return {
      what: `${KIND_WORDS[what]}: ${(STEP_WORDS[step ?? ""] ?? spaced(step ?? "")).toLowerCase()}`,
      change: stateName(from),
      detail,
    };
  if (what === "noted" && details !== null) return { what: noted(details), change, detail };
  return { what: KIND_WORDS[what] ?? spaced(what), change, detail };
}

function noted(details: Json): string {
  const line = String(details["line"] ?? "");
  const relay = asObject(details["relay"]);
  if (line === "relay" && relay !== null) {
    const { record, on, taken } = relay;
    if (record === "intent") return "To be sent";
    if (record === "cancel_intent") return "A cancel was asked for";
    if (record === "ended") return `Over: ${stateName(String(relay["state"] ?? ""))}`;
    if (record === "kill") return `The kill switch was ${on === true ? "thrown" : "released"}`;
    if (record === "bracket")
      return taken === true ? "Its stop was taken away for good" : "Closed elsewhere in part";
    return spaced(String(record));
  }
  if (line === "told") {
    const code = String(details["code"] ?? "");
    const text = String(details["text"] ?? "");
    return hasWords(code) ? tradingWords({ code, message: text }).what.replace(/\.$/, "") : "Noted";
  }
  return LINE_WORDS[line] ?? (line === "" ? "Noted" : spaced(line));
}

function detailOf(details: Json): string {
  const relay = asObject(details["relay"]);
  const intent = asObject(relay?.["intent"]);
  if (intent !== null) return intentWords(intent);
  if (relay?.["record"] === "ended") return `${numberText(String(relay["filled"] ?? ""))} filled`;
  if (relay?.["record"] === "bracket" && relay["taken"] !== true) return `${String(relay["settled"])} of it`;
  const { line, code, text, agent, digest, nonce, strategy, conviction } = details;
  if (line === "signed" || digest !== undefined)
    return `agent ${shortAddress(String(agent ?? ""))}, digest ${String(digest ?? "").slice(0, 12)}\u2026, number ${String(nonce ?? "")}`;
  if (line === "told" || line === "refused") return toldWords(String(code ?? ""), String(text ?? ""));
  if (strategy !== undefined) return `strategy ${String(strategy)}`;
  return conviction === undefined ? "" : `conviction ${String(conviction)}`;
}

function toldWords(code: string, text: string): string {
  if (!hasWords(code)) return sentence(inUnits(text));
  const { said } = tradingWords({ code, message: text });
  return said === null ? "" : `\u201c${said}\u201d`;
}

/** `Buy 0.01 BTC at 97 347, post-only`. */
export function intentWords(intent: Json): string {
  const terms = asObject(intent["terms"]) ?? {};
  const { px, trigger, market, aim, tif } = terms;
  const price = numberText(String(px ?? ""));
  const how =
    terms["terms"] === "trigger"
      ? `${aim === "take" ? "target" : "stop"} when ${numberText(String(trigger ?? ""))}, then ${market === true ? `at the market, at worst ${price}` : `at ${price}`}`
      : tif === "ioc"
        ? `at once, at worst ${price}`
        : `at ${price}${tif === "post_only" ? ", post-only" : ""}`;
  const side = intent["side"] === "sell" ? "Sell" : "Buy";
  const reduces = intent["reduce_only"] === true ? ", reduce-only" : "";
  return `${side} ${String(intent["size"])} ${String(intent["symbol"])} ${how}${reduces}`;
}

/** What the order was, from the record that was written before it was sent; null before there is one. */
export function proofTitle(records: readonly ProofRecord[]): string | null {
  for (const { details } of records) {
    const intent = asObject(asObject(asObject(parsed(details))?.["relay"])?.["intent"]);
    if (intent !== null) return intentWords(intent);
  }
  return null;
}

/** The record as the server gave it. The details stand sign by sign as they were written: their nanoseconds are more than a number here holds. */
export function rawRecord({ details, ...rest }: ProofRecord): string {
  const written = asObject(parsed(details)) === null ? JSON.stringify(details) : details;
  return `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "details": ${written}\n}`;
}

/** One line for a mail or a ticket: number, time, what happened. */
export function recordLine(record: ProofRecord): string {
  const { what, change, detail } = recordWords(record);
  const parts = [what, change === "" ? "" : `(${change})`, detail].filter((part) => part !== "");
  return `${record.index}\t${dayText(record.atMs, "day")} ${timeText(record.atMs, 3)}\t${parts.join(" ")}`;
}

function parsed(details: string): unknown {
  try {
    return details === "" ? null : (JSON.parse(details) as unknown);
  } catch {
    return details;
  }
}

/** Long entries go over several records, whose shares are no text by themselves. */
function plain(details: string): string {
  const part = /^part (\d+) of (\d+):/.exec(details);
  return part === null ? details : `part ${part[1]} of ${part[2]} of one entry`;
}

function stateName(state: string | null): string {
  const known = ORDER_STATES.find((item) => item === state);
  return known === undefined ? (state ?? "\u2014") : STATE_NAMES[known];
}

function spaced(text: string): string {
  const words = text.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
