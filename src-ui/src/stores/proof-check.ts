import type { Proof, ProofRecord, ProvenRecord } from "~/transport/proof-types";
import { fromBase64, fromHex, readRecord, toHex } from "./proof-bytes";

type Bytes = Uint8Array<ArrayBuffer>;

export interface RecordCheck {
  /** SHA-256 of the record's bytes, to which the next record links. */
  readonly hash: string;
  /** Its bytes say what stands here, and their path leads to the checkpoint's root. */
  readonly holds: boolean;
}

export interface ProofCheck {
  readonly records: ReadonlyMap<number, RecordCheck>;
  /** Root of the tree, hexadecimal, as the checkpoint has it; null where it cannot be read. */
  readonly root: string | null;
  /** Name and number of the key whose signature stands below the checkpoint. */
  readonly signer: string | null;
  /** `unchecked`: this browser checks no signatures of this kind. */
  readonly signature: "good" | "bad" | "absent" | "unchecked";
}

const NOTE =
  /^((?<name>[^\n]+)\n(?<size>0|[1-9]\d*)\n(?<root>[^\n]+)\n)\n(?<signatures>(?:\u2014 [^\n]+\n)+)$/;

/**
 * Checks a proof in this window: each record's path to the root, and the log's signature over the root. The key is the server's word; who has
 * kept one elsewhere compares it, or uses the commands that are named beside it. Null where the browser computes no hashes: it does so for
 * pages over https and of this computer alone.
 */
export async function checkProof(
  proof: Proof,
  crypto: Crypto = globalThis.crypto,
): Promise<ProofCheck | null> {
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return null;
  const hash = async (...parts: Bytes[]): Promise<Bytes> =>
    new Uint8Array(await subtle.digest("SHA-256", joined(parts)));
  const note = NOTE.exec(proof.checkpoint)?.groups ?? null;
  const root = note === null ? null : fromBase64(note["root"] ?? "");
  const size = note === null ? 0n : BigInt(note["size"] ?? "0");
  const records = new Map<number, RecordCheck>();
  for (const shown of proof.records) {
    const proven = proof.proven.find(({ index }) => index === shown.index);
    const bytes = proven === undefined ? null : fromHex(proven.record);
    if (proven === undefined || bytes === null) continue;
    const leads = root !== null && toHex(root) === (await rootOf(proven, bytes, size, hash));
    records.set(shown.index, { hash: toHex(await hash(bytes)), holds: leads && says(bytes, shown) });
  }
  const signer = note === null ? null : signatureOf(note, proof.key);
  return {
    records,
    root: root === null ? null : toHex(root),
    signer: signer?.key ?? null,
    signature: signer === null ? "absent" : await signed(proof, signer, subtle),
  };
}

function joined(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What is shown is what the bytes say. */
function says(bytes: Bytes, { index, atMs, what, step, from, to, details }: ProofRecord): boolean {
  const read = readRecord(bytes);
  if (read === null || read.index !== index || read.atMs !== atMs || read.what !== what) return false;
  return read.step === step && read.from === from && read.to === to && read.details === details;
}

/** The root that a path leads to, by RFC 9162, 2.1.3.2; null where it is longer or shorter than the tree is high. */
async function rootOf(
  { index, path }: ProvenRecord,
  record: Bytes,
  size: bigint,
  hash: (...parts: Bytes[]) => Promise<Bytes>,
): Promise<string | null> {
  const [leaf, inner] = [Uint8Array.of(0), Uint8Array.of(1)];
  let [at, last] = [BigInt(index), size - 1n];
  if (at > last) return null;
  let node = await hash(leaf, record);
  for (const text of path) {
    const beside = fromHex(text);
    if (beside === null || last === 0n) return null;
    if (at % 2n === 1n || at === last) {
      node = await hash(inner, beside, node);
      while (at !== 0n && at % 2n === 0n) [at, last] = [at / 2n, last / 2n];
    } else node = await hash(inner, node, beside);
    [at, last] = [at / 2n, last / 2n];
  }
  return last === 0n ? toHex(node) : null;
}

interface Signer {
  readonly key: string;
  readonly text: string;
  readonly signature: Bytes;
}

/** The signature line of the log's own key; witnesses' lines may stand beside it. */
function signatureOf(note: Readonly<Record<string, string | undefined>>, key: string): Signer | null {
  const { name = "", size = "", root = "", signatures = "" } = note;
  const [, id] = key.split("+", 2);
  for (const line of signatures.split("\n")) {
    const [, whose, data] = line.split(" ");
    const bytes = whose === name && data !== undefined ? fromBase64(data) : null;
    if (bytes === null || bytes.length !== 68) continue;
    const found = toHex(bytes.subarray(0, 4));
    if (id !== undefined && id !== found) continue;
    return { key: `${name}+${found}`, text: `${name}\n${size}\n${root}\n`, signature: bytes.slice(4) };
  }
  return null;
}

async function signed(
  { key }: Proof,
  { text, signature }: Signer,
  subtle: SubtleCrypto,
): Promise<ProofCheck["signature"]> {
  // The key's base64 may have a plus of its own.
  const data = fromBase64(key.split("+").slice(2).join("+"));
  if (data === null || data.length !== 33 || data[0] !== 1) return "unchecked";
  try {
    const held = await subtle.importKey("raw", data.slice(1), { name: "Ed25519" }, false, ["verify"]);
    const fits = await subtle.verify({ name: "Ed25519" }, held, signature, new TextEncoder().encode(text));
    return fits ? "good" : "bad";
  } catch {
    return "unchecked";
  }
}
