import { expect, test } from "vitest";
import { type ExecutionNote, levelOfNote, noteWords } from "./execution-notes";

const note = (part: Partial<ExecutionNote>): ExecutionNote => ({
  kind: "raised",
  code: "x",
  text: "x",
  cloid: null,
  atMs: 0,
  ...part,
});

test.each([
  ["unlocked", "good"],
  ["protected", "good"],
  ["locked", "bad"],
  ["stopped", "bad"],
  ["raised", "bad"],
  ["naked", "warn"],
  ["a kind that came later", "warn"],
] as const)("a note that says %s is %s", (kind, level) => {
  expect(levelOfNote(note({ kind }))).toBe(level);
});

test("a TWAP that ended as it was meant to is no alarm, and says so", () => {
  const text = "a TWAP in BTC has ended: it came to its end; 0 were not sent";
  expect(levelOfNote(note({ code: "twap_ended", text }))).toBe("good");
  expect(noteWords(note({ code: "twap_ended", text }))).toBe(
    "A TWAP in BTC has ended: it came to its end; nothing of it is left.",
  );
  const cut = "a TWAP in BTC has ended: the kill switch; 0.036 were not sent";
  expect(levelOfNote(note({ code: "twap_ended", text: cut }))).toBe("bad");
  expect(noteWords(note({ code: "twap_ended", text: cut }))).toContain("0.036 were not sent");
  const venue = "the venue's TWAP in BTC has ended: it was filled; 0.04 were filled, 0 were not";
  expect(levelOfNote(note({ code: "twap_ended", text: venue }))).toBe("good");
});

test("a refusal is said in our words, anything else in the relay's with a trader's units", () => {
  const refused = note({ kind: "refused", code: "min_notional", text: "the least is 0.0002" });
  expect(noteWords(refused)).toBe(
    "The order is too small. The least is 0.0002. Take at least the size that is named.",
  );
  expect(noteWords(note({ text: "BTC was not closed: 486505 USD found" }))).toBe(
    "BTC was not closed: $486\u202f505 found.",
  );
});
