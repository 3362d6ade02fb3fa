import { expect, test } from "vitest";
import { counted } from "./count";

test("one is not many, and none are", () => {
  expect([0, 1, 2].map((count) => counted(count, "order"))).toEqual(["0 orders", "1 order", "2 orders"]);
  expect(counted(2, "entry", "entries")).toBe("2 entries");
});
