import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { Json } from "./answers";
import type { MockOrder } from "./exchange";

const NAME = "hypersentry/orders";
/** Records of other orders that stand before it in the log. */
const BEFORE = 40;
const STATES = [
  "created",
  "risk_passed",
  "intent_logged",
  "sent",
  "unknown",
  "acked",
  "partially_filled",
  "filled",
  "cancelling",
  "cancelled",
  "rejected",
  "expired",
];
/** Numbers of steps, by the state that they lead to. */
const STEPS: Readonly<Record<string, readonly [number, string]>> = {
  risk_passed: [1, "pass_risk"],
  intent_logged: [3, "log_intent"],
  sent: [5, "send"],
  unknown: [9, "lose_reply"],
  rejected: [10, "refuse"],
  acked: [11, "ack"],
  partially_filled: [12, "fill_part"],
  filled: [13, "fill_all"],
  cancelling: [8, "send_cancel"],
  cancelled: [15, "cancel"],
};

const keys = generateKeyPairSync("ed25519");
const publicKey = Buffer.concat([
  Buffer.of(1),
  Buffer.from(keys.publicKey.export({ format: "jwk" }).x ?? "", "base64url"),
]);
const keyId = sha(Buffer.from(`${NAME}\n`), publicKey).subarray(0, 4);

function sha(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

interface Step {
  readonly at_ms: number;
  readonly from: string | null;
  readonly to: string;
}

/** The records of an order in a log that a key of this mock signs, by docs/audit.md. */
export function proofOf(order: MockOrder, steps: readonly Step[]): Json {
  const others = Array.from({ length: BEFORE }, (_, n) => Buffer.from(`another record ${n}`));
  const shown = steps.map((step, n) => shownOf(order, step, BEFORE + n));
  const records = [...others, ...shown.map((record) => bytesOf(order, record))];
  const leaves = records.map((record) => sha(Buffer.of(0), record));
  const head = `${NAME}\n${records.length}\n${rootOf(leaves).toString("base64")}\n`;
  const signature = Buffer.concat([keyId, sign(null, Buffer.from(head), keys.privateKey)]);
  const checkpoint = `${head}\n\u2014 ${NAME} ${signature.toString("base64")}\n`;
  const proven = shown.map(({ index }) => ({
    index,
    record: records[index]?.toString("hex"),
    path: pathOf(leaves, index).map((hash) => hash.toString("hex")),
  }));
  return {
    records: shown,
    checkpoint,
    size: records.length,
    key: `${NAME}+${keyId.toString("hex")}+${publicKey.toString("base64")}`,
    proof: { checkpoint, records: proven },
  };
}

function shownOf(order: MockOrder, { at_ms, from, to }: Step, index: number) {
  const [, step] = STEPS[to] ?? [0, null];
  const logged = to === "intent_logged";
  return {
    index,
    at_ms,
    what: from === null ? "created" : "step",
    from,
    step: from === null ? null : step,
    to: from === null ? null : to,
    user: "u1",
    session: "s1",
    request: "r1",
    details: logged ? JSON.stringify(intentOf(order)) : "",
  };
}

function intentOf({ account, cloid, symbol, side, size, px, reduce_only }: MockOrder): Json {
  const terms = { terms: "limit", px, tif: "gtc" };
  const intent = { cloid, symbol, side, size, reduce_only, terms };
  return { account, line: "relay", relay: { record: "intent", intent } };
}

function bytesOf({ cloid }: MockOrder, record: ReturnType<typeof shownOf>): Buffer {
  const head = Buffer.alloc(56);
  head.writeUInt32BE(0x48534101, 0);
  head.writeBigUInt64BE(BigInt(record.index), 4);
  head.writeBigInt64BE(BigInt(record.at_ms) * 1_000_000n, 12);
  const state = (name: string | null): number => (name === null ? 0 : STATES.indexOf(name) + 1);
  head.set(
    [record.what === "created" ? 1 : 2, record.step === null ? 0 : (STEPS[record.to ?? ""]?.[0] ?? 0)],
    52,
  );
  head.set([state(record.from), state(record.to)], 54);
  const ids = [record.request, record.session, record.user, cloid, cloid].map((id) =>
    Buffer.concat([Buffer.of(id.length), Buffer.from(id)]),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(record.details));
  return Buffer.concat([head, ...ids, length, Buffer.from(record.details)]);
}

/** The largest power of two below a number of leaves. */
function split(count: number): number {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const half = split(leaves.length);
  return sha(Buffer.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

function pathOf(leaves: readonly Buffer[], index: number): readonly Buffer[] {
  if (leaves.length === 1) return [];
  const half = split(leaves.length);
  return index < half
    ? [...pathOf(leaves.slice(0, half), index), rootOf(leaves.slice(half))]
    : [...pathOf(leaves.slice(half), index - half), rootOf(leaves.slice(0, half))];
}
