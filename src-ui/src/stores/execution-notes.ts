import { inUnits } from "./trader-units";
import { hasWords, sentence, tradingWords } from "./trading-words";
import { asNumber, asText, type Json } from "./json";

/** Notes that are held; the oldest makes room. */
const NOTES_KEPT = 100;

/** What the relay says beside the orders themselves: refusals, locks, the kill switch. */
export interface ExecutionNote {
  readonly kind: string;
  readonly code: string;
  readonly text: string;
  readonly cloid: string | null;
  readonly atMs: number;
}

const GOOD: ReadonlySet<string> = new Set(["released", "renewed", "unlocked", "protected", "drill"]);
const BAD: ReadonlySet<string> = new Set(["raised", "killed", "locked", "stopped"]);

/** A TWAP that ended as it was meant to. */
const NOTHING_LEFT = /; 0 were not sent$|, 0 were not$/;

/** How loud a note is. What is well again needs no code that somebody would look up. */
export function levelOfNote({ kind, code, text }: ExecutionNote): "good" | "warn" | "bad" {
  if (GOOD.has(kind) || (code === "twap_ended" && NOTHING_LEFT.test(text))) return "good";
  return BAD.has(kind) ? "bad" : "warn";
}

/** A note as it is read: a refusal in our words, anything else in the relay's, which names what it is about. */
export function noteWords({ kind, code, text }: ExecutionNote): string {
  if (kind !== "refused" || !hasWords(code))
    return sentence(inUnits(text.replace(NOTHING_LEFT, "; nothing of it is left")));
  const { what, why, next } = tradingWords({ code, message: inUnits(text) });
  return `${what} ${why} ${next}`;
}

export class ExecutionNotes {
  #notes: readonly ExecutionNote[] = [];
  revision = 0;

  take(data: Json): void {
    const kind = asText(data["kind"]);
    const atMs = asNumber(data["now_ms"]);
    if (kind === null || atMs === null) return;
    const code = asText(data["code"]) ?? kind;
    const note = { kind, code, atMs, text: asText(data["text"]) ?? code, cloid: asText(data["cloid"]) };
    this.#notes = [note, ...this.#notes].slice(0, NOTES_KEPT);
    this.revision += 1;
  }

  clear(): void {
    this.#notes = [];
    this.revision += 1;
  }

  get newest(): readonly ExecutionNote[] {
    return this.#notes;
  }
}
