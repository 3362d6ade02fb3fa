import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

const utf8 = new TextEncoder();

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/^0x/, ""), "hex"));
}

export function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

/** EIP-55: the case of a digit is a check of the others. */
export function checksummed(address: string): string {
  const plain = address.toLowerCase().replace(/^0x/, "");
  const digest = Buffer.from(keccak_256(utf8.encode(plain))).toString("hex");
  return `0x${[...plain].map((digit, at) => (Number.parseInt(digest[at] ?? "0", 16) >= 8 ? digit.toUpperCase() : digit)).join("")}`;
}

function addressOfPoint(uncompressed: Uint8Array): string {
  return checksummed(Buffer.from(keccak_256(uncompressed.slice(1)).slice(12)).toString("hex"));
}

export function addressOfKey(secret: Uint8Array): string {
  return addressOfPoint(secp256k1.getPublicKey(secret, false));
}

/** EIP-191, version 0x45: what `personal_sign` hashes. */
export function personalDigest(message: Uint8Array): Uint8Array {
  const head = utf8.encode(`\u0019Ethereum Signed Message:\n${message.length}`);
  return keccak_256(Buffer.concat([head, message]));
}

/** r, s and v in 65 bytes, as wallets give them. */
export function signDigest(digest: Uint8Array, secret: Uint8Array): string {
  const signed = secp256k1.sign(digest, secret, { prehash: false, format: "recovered" });
  return hexOf(Buffer.concat([signed.slice(1), Uint8Array.of(27 + (signed[0] ?? 0))]));
}

/** The address whose key made the signature; null where there is none. */
export function signerOf(digest: Uint8Array, signature: string): string | null {
  const bytes = bytesOf(signature);
  const v = bytes[64];
  if (bytes.length !== 65 || (v !== 27 && v !== 28)) return null;
  try {
    const recovered = Buffer.concat([Uint8Array.of(v - 27), bytes.slice(0, 64)]);
    const key = secp256k1.recoverPublicKey(recovered, digest, { prehash: false });
    return addressOfPoint(secp256k1.Point.fromBytes(key).toBytes(false));
  } catch {
    return null;
  }
}

interface Field {
  readonly name: string;
  readonly type: string;
}

/** An EIP-712 document, as `eth_signTypedData_v4` takes it. */
export interface TypedData {
  readonly types: Readonly<Record<string, readonly Field[]>>;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

function word(type: string, value: unknown): Uint8Array {
  if (type === "string") return keccak_256(utf8.encode(String(value)));
  if (type === "bytes") return keccak_256(bytesOf(String(value)));
  if (type === "bool") return bytesOf((value === true ? "1" : "0").padStart(64, "0"));
  if (/^bytes\d+$/.test(type)) return bytesOf(String(value).replace(/^0x/, "").padEnd(64, "0"));
  if (type === "address") return bytesOf(String(value).replace(/^0x/, "").padStart(64, "0"));
  if (/^uint\d*$/.test(type))
    return bytesOf(
      BigInt(value as string | number)
        .toString(16)
        .padStart(64, "0"),
    );
  throw new Error(`no document of the mock has a field of type ${type}`);
}

/** Documents here have flat structs: no field is a struct or a list. */
function structHash(data: TypedData, name: string, value: Readonly<Record<string, unknown>>): Uint8Array {
  const fields = data.types[name] ?? [];
  const kind = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})`;
  return keccak_256(
    Buffer.concat([
      keccak_256(utf8.encode(kind)),
      ...fields.map(({ name: own, type }) => word(type, value[own])),
    ]),
  );
}

export function typedDigest(data: TypedData): Uint8Array {
  return keccak_256(
    Buffer.concat([
      Uint8Array.of(0x19, 0x01),
      structHash(data, "EIP712Domain", data.domain),
      structHash(data, data.primaryType, data.message),
    ]),
  );
}
