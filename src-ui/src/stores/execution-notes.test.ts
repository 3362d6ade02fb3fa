import { expect, test } from "vitest";
import { levelOfNote } from "./execution-notes";

test.each([
  ["unlocked", "good"],
  ["protected", "good"],
  ["locked", "bad"],
  ["stopped", "bad"],
  ["raised", "bad"],
  ["naked", "warn"],
  ["a kind that came later", "warn"],
] as const)("a note that says %s is %s", (kind, level) => {
  expect(levelOfNote(kind)).toBe(level);
});
