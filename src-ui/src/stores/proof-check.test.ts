import { describe, expect, it } from "vitest";
import { asProof } from "~/transport/proof-decode";
import type { Proof } from "~/transport/proof-types";
import { checkProof } from "./proof-check";
// As a server answered it for an order that the simulated venue refused; `tools/verify_audit.py proof` takes it too.
import answer from "./proof.fixture.json";

function told(): Proof {
  const proof = asProof(answer);
  if (proof === null) throw new Error("not a proof");
  return proof;
}

async function checked(proof: Proof) {
  const check = await checkProof(proof);
  if (check === null) throw new Error("this runtime computes no hashes");
  return { ...check, holds: [...check.records.values()].map(({ holds }) => holds) };
}

const swapped = <T extends object>(items: readonly T[], at: number, part: Partial<T>): T[] =>
  items.map((item, index) => (index === at ? { ...item, ...part } : item));

/** Another last digit. */
const spoilt = (hex: string): string => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");

describe("a proof that a server gave", () => {
  it("leads from every record to the signed root", async () => {
    const { holds, signature, signer, root, records } = await checked(told());
    expect(holds).toEqual(told().records.map(() => true));
    expect(signature).toBe("good");
    expect(signer).toBe("hypersentry/orders+a175ab91");
    expect(root).toMatch(/^[0-9a-f]{64}$/);
    expect(records.get(25)?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("does not hold where what is shown is not what was written", async () => {
    const proof = told();
    const details = proof.records[1]?.details.replace("97347", "97348") ?? "";
    const { holds } = await checked({ ...proof, records: swapped(proof.records, 1, { details }) });
    expect(holds.indexOf(false)).toBe(1);
    expect(holds.filter((held) => !held)).toHaveLength(1);
    for (const part of [{ atMs: 1 }, { what: "noted" }, { to: "filled" }, { step: "fill_all" }]) {
      const other = await checked({ ...proof, records: swapped(proof.records, 2, part) });
      expect(other.holds[2]).toBe(false);
    }
  });

  it("does not hold where a record, its path or its place was changed", async () => {
    const proof = told();
    const [first] = proof.proven;
    if (first === undefined) throw new Error("no records");
    for (const part of [
      { record: spoilt(first.record) },
      { path: first.path.map((hash, at) => (at === 2 ? spoilt(hash) : hash)) },
      { path: first.path.slice(1) },
      { path: [...first.path, first.path[0] ?? ""] },
    ]) {
      const { holds } = await checked({ ...proof, proven: swapped(proof.proven, 0, part) });
      expect(holds[0]).toBe(false);
      expect(holds.slice(1)).not.toContain(false);
    }
  });

  it("does not hold at another checkpoint, and says so of its signature", async () => {
    const proof = told();
    const [name = "", size = "", root = "", ...rest] = proof.checkpoint.split("\n");
    const other = [name, size, `${root.startsWith("A") ? "B" : "A"}${root.slice(1)}`, ...rest].join("\n");
    const { holds, signature } = await checked({ ...proof, checkpoint: other });
    expect(holds).not.toContain(true);
    expect(signature).toBe("bad");
  });

  it("has no signature where none of the log's key stands there", async () => {
    const proof = told();
    const key = proof.key.replace("+a175ab91+", "+00000000+");
    expect((await checked({ ...proof, key })).signature).toBe("absent");
    const bare = `${proof.checkpoint.split("\n\n")[0]}\n`;
    const { signature, signer, root } = await checked({ ...proof, checkpoint: bare });
    expect([signature, signer, root]).toEqual(["absent", null, null]);
  });

  it("is unchecked where no key is told, or the browser checks none", async () => {
    expect((await checked({ ...told(), key: "" })).signature).toBe("unchecked");
    const bare = { subtle: undefined } as unknown as Crypto;
    expect(await checkProof(told(), bare)).toBeNull();
  });
});
