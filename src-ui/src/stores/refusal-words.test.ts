import { expect, test } from "vitest";
import { refusalParts } from "./refusal-words";

const of = (text: string, found: string | null, allowed: string | null) =>
  refusalParts({ code: "risk_order_size", text, found, allowed });

test("says the figures once, also where the sentence has them", () => {
  expect(of("size of the order: 498850 USD found, 25000 USD allowed", "498850 USD", "25000 USD")).toEqual({
    what: "Size of the order",
    figures: "498850 USD (allowed: 25000 USD)",
  });
  expect(of("the size is not on the lot: 0.0123 is", "0.0123", null)).toEqual({
    what: "The size is not on the lot: 0.0123 is",
    figures: "",
  });
});

test("adds what the sentence leaves out, and nothing that nobody told", () => {
  expect(of("it slips too far.", "42 bps", "30 bps")).toEqual({
    what: "It slips too far",
    figures: "42 bps (allowed: 30 bps)",
  });
  expect(of("exposure of the desk", null, "3000000 USD").figures).toBe("(allowed: 3000000 USD)");
  expect(of("the market is stale", null, null)).toEqual({ what: "The market is stale", figures: "" });
});
