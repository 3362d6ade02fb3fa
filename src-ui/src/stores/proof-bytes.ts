import { ORDER_STATES } from "~/transport/trading-types";

/** A record as its bytes say it, by the format of docs/audit.md. */
export interface RecordBytes {
  readonly index: number;
  readonly atMs: number;
  readonly what: string;
  readonly step: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly order: string;
  readonly details: string;
}

/** "HSA" and the version. */
const MAGIC = 0x48534101;
const HEAD_BYTES = 4 + 8 + 8 + 32 + 4;
const IDS = ["request", "session", "user", "order", "trace"] as const;
/** By their numbers, from 1. */
const KINDS = ["created", "step", "contradiction", "signed", "signing_refused", "noted"] as const;
const STEPS = [
  "pass_risk",
  "fail_risk",
  "log_intent",
  "fail_log",
  "send",
  "not_send",
  "recover",
  "send_cancel",
  "lose_reply",
  "refuse",
  "ack",
  "fill_part",
  "fill_all",
  "doubt_cancel",
  "cancel",
  "prove_absent",
] as const;

/** Null where it is not a record to the last byte. */
export function readRecord(bytes: Uint8Array): RecordBytes | null {
  if (bytes.length < HEAD_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) return null;
  const what = KINDS[view.getUint8(52) - 1];
  if (what === undefined) return null;
  let at = HEAD_BYTES;
  const ids: Record<string, string> = {};
  for (const name of IDS) {
    const length = bytes[at] ?? bytes.length;
    if (at + 1 + length > bytes.length) return null;
    ids[name] = new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 4 > bytes.length || at + 4 + view.getUint32(at) !== bytes.length) return null;
  return {
    index: Number(view.getBigUint64(4)),
    // Whole milliseconds, as the server tells them; times before 1970 are none.
    atMs: Number(view.getBigInt64(12) / 1_000_000n),
    what,
    step: STEPS[view.getUint8(53) - 1] ?? null,
    from: ORDER_STATES[view.getUint8(54) - 1] ?? null,
    to: ORDER_STATES[view.getUint8(55) - 1] ?? null,
    order: ids["order"] ?? "",
    details: new TextDecoder().decode(bytes.subarray(at + 4)),
  };
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return null;
  return Uint8Array.from(atob(text), (sign) => sign.codePointAt(0) ?? 0);
}
