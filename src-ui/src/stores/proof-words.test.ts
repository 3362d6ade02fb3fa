import { describe, expect, it } from "vitest";
import { asProof } from "~/transport/proof-decode";
import type { ProofRecord } from "~/transport/proof-types";
import { proofTitle, rawRecord, recordLine, recordWords } from "./proof-words";
import answer from "./proof.fixture.json";

const record = (part: Partial<ProofRecord>): ProofRecord => ({
  index: 7,
  atMs: 0,
  what: "noted",
  from: null,
  to: null,
  step: null,
  user: "user_1",
  session: null,
  request: null,
  details: "",
  ...part,
});

const said = (details: object, what = "noted") =>
  recordWords(record({ what, details: JSON.stringify({ account: "0xa", ...details }) }));

describe("the records of an order that was refused", () => {
  const proof = asProof(answer);
  if (proof === null) throw new Error("not a proof");
  it("are lines that a trader reads", () => {
    expect(proofTitle(proof.records)).toBe("Buy 0.01 BTC at 97\u202f347, post-only");
    expect(proof.records.map((item) => recordLine(item).split("\t")[2])).toEqual([
      "Asked for",
      "Written down before it was sent (checked \u2192 logged) Buy 0.01 BTC at 97\u202f347, post-only",
      "Sent to the venue (logged \u2192 sent)",
      "Signed for the venue agent 0x21f4\u20266678, digest 2cc3af1cfc16\u2026, number 1795967923267",
      "The venue refused it: post-only, and it would have traded at once \u201cbadAloPxRejected\u201d",
      "The venue refused it (sent \u2192 rejected)",
      "Over: rejected 0 filled",
      "The venue refused it: post-only, and it would have traded at once \u201cPost only order would have immediately matched, bbo was 97027.0@97030.0.\u201d",
    ]);
  });
  it("are never raw JSON, which stands behind them whole", () => {
    for (const item of proof.records) {
      const { what, change, detail } = recordWords(item);
      expect(`${what}${change}${detail}`).not.toMatch(/[{}"]/);
      const raw = rawRecord(item);
      expect(raw).toContain(item.details === "" ? '"details": ""' : `"details": ${item.details}\n`);
      expect(JSON.parse(raw)).toMatchObject({ index: item.index, what: item.what, session: item.session });
    }
  });
});

describe("a record", () => {
  const intent = (terms: object, part: object = {}) =>
    said(
      {
        line: "relay",
        relay: {
          record: "intent",
          intent: { symbol: "BTC", side: "sell", size: "0.5", reduce_only: true, terms, ...part },
        },
      },
      "step",
    ).detail;
  it("says what each kind of order was", () => {
    expect(intent({ terms: "limit", px: "97000", tif: "ioc" }, { reduce_only: false, side: "buy" })).toBe(
      "Buy 0.5 BTC at once, at worst 97\u202f000",
    );
    expect(intent({ terms: "trigger", trigger: "94050", px: "84645", market: true, aim: "stop" })).toBe(
      "Sell 0.5 BTC stop when 94\u202f050, then at the market, at worst 84\u202f645, reduce-only",
    );
    expect(intent({ terms: "trigger", trigger: "99000", px: "98900", market: false, aim: "take" })).toBe(
      "Sell 0.5 BTC target when 99\u202f000, then at 98\u202f900, reduce-only",
    );
  });
  it("says what is remembered beside the steps", () => {
    expect(said({ line: "relay", relay: { record: "cancel_intent" } }).what).toBe("A cancel was asked for");
    expect(said({ line: "relay", relay: { record: "bracket", taken: true } }).what).toBe(
      "Its stop was taken away for good",
    );
    expect(said({ line: "told", code: "bracket_protected", text: "without a stop for 27 ms" })).toMatchObject(
      {
        what: "Noted",
        detail: "Without a stop for 27 ms.",
      },
    );
    expect(said({ line: "something_new" })).toMatchObject({ what: "Something new", detail: "" });
    expect(said({ line: "label", strategy: "breakout" }).detail).toBe("strategy breakout");
  });
  it("says what does not fit, and what goes over several records", () => {
    expect(recordWords(record({ what: "contradiction", from: "filled", step: "cancel" }))).toEqual({
      what: "The venue said what does not fit: cancelled at the venue",
      change: "filled",
      detail: "",
    });
    expect(recordWords(record({ details: 'part 2 of 5:{"acc' })).detail).toBe("part 2 of 5 of one entry");
  });
});
