import { asObject } from "./decode";
import { count, type Json, list, text, whole } from "./order-decode";
import type { Proof, ProofRecord, ProvenRecord } from "./proof-types";

/** Records of one order that are read; an order has a few dozen. */
const MOST_RECORDS = 2000;
/** A tree of all the records that fit into 64 bits is no higher. */
const MOST_HASHES = 64;

function asRecord(value: unknown): ProofRecord | null {
  const body = asObject(value);
  const index = whole(body?.["index"]);
  const atMs = count(body?.["at_ms"]);
  const what = text(body?.["what"]);
  if (body === null || index === null || atMs === null || what === null) return null;
  return { index, atMs, what, ...who(body), details: detailsOf(body["details"]) };
}

function who(body: Json): Pick<ProofRecord, "from" | "to" | "step" | "user" | "session" | "request"> {
  return {
    from: text(body["from"]),
    to: text(body["to"]),
    step: text(body["step"]),
    user: text(body["user"]),
    session: text(body["session"]),
    request: text(body["request"]),
  };
}

function asProven(value: unknown): ProvenRecord | null {
  const body = asObject(value);
  const index = whole(body?.["index"]);
  const record = text(body?.["record"]);
  const path = list(body?.["path"], MOST_HASHES, text);
  return index === null || record === null || path === null ? null : { index, record, path };
}

function detailsOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function asProof(value: unknown): Proof | null {
  const body = asObject(value);
  const records = list(body?.["records"], MOST_RECORDS, asRecord);
  const checkpoint = text(body?.["checkpoint"]);
  const size = whole(body?.["size"]);
  if (records === null || checkpoint === null || size === null) return null;
  const proven = list(asObject(body?.["proof"])?.["records"], MOST_RECORDS, asProven) ?? [];
  const key = text(body?.["key"]) ?? "";
  return { records, checkpoint, size, key, proven, text: detailsOf(body?.["proof"]) };
}
