import { expect, test } from "vitest";
import { refusalParts, refusalText } from "./refusal-words";

const of = (code: string, text: string, found: string | null = null, allowed: string | null = null) =>
  refusalParts({ code, text, found, allowed });

test("says in a trader's units what was found and what is allowed, and keeps code and words for the title", () => {
  const refusal = of(
    "risk_order_size",
    "size of the order: 498850 USD found, 25000 USD allowed",
    "498850 USD",
    "25000 USD",
  );
  expect(refusalText(refusal)).toBe("The order is too large: $498\u202f850 (limit $25\u202f000)");
  expect(refusal.next).toBe("Take a smaller size.");
  expect(refusal.title).toBe("size of the order: 498850 USD found, 25000 USD allowed\nrisk_order_size");
});

test.each([
  ["risk_slippage", "42 bps", "30 bps", "It would slip too far from the middle: 0.42 % (limit 0.3 %)"],
  ["risk_leverage", "433 %", "300 %", "The account would be leveraged too much: 4.33\u00d7 (limit 3\u00d7)"],
  [
    "risk_concentration",
    "12500 bps",
    "10000 bps",
    "Too large a share of the equity would be in this market: 125 % (limit 100 %)",
  ],
  ["risk_order_rate", "30 in 60 s", "30", "Too many orders in a minute: 30 in the last minute (limit 30)"],
  [
    "risk_clock_uncertain",
    "within 1200 ms",
    "within 1000 ms",
    "The venue\u2019s clock is not known well enough to sign: \u00b11\u202f200 ms (limit \u00b11\u202f000 ms)",
  ],
  [
    "risk_depth",
    "1.2 within 97500",
    "5",
    "The book is too thin for the size at that price: 1.2 within 97500, of 5 asked for",
  ],
  [
    "risk_stop_useless",
    "99000",
    "between 51000 and 97000",
    "The stop would not protect: it is on the wrong side, or beyond liquidation: 99000, and not between 51000 and 97000",
  ],
  ["risk_stop_missing", "no stop", "a stop", "The order has no stop, and this account needs one"],
  [
    "risk_stale_input",
    "mid stale",
    "a fresh figure",
    "A figure that the check needs is too old or missing: mid stale",
  ],
])("%s is read in the units of its kind", (code, found, allowed, words) => {
  expect(refusalText(of(code, `x: ${found} found, ${allowed} allowed`, found, allowed))).toBe(words);
});

test("names whose limit it is, and nothing that nobody told", () => {
  const text = "exposure of all markets, of the desk: more found, 3000000 USD allowed";
  expect(of("risk_gross_exposure", text, null, "3000000 USD").figures).toBe(
    "desk limit $3\u202f000\u202f000",
  );
  expect(of("kill_switch_on", "what may be done, of the desk: x found, y allowed", "x", "y").figures).toBe(
    "by the desk\u2019s limits",
  );
});

test("says the venue's rules in words, and the server's sentence where it alone knows the figures", () => {
  const refusal = of("size_lot", "the size is not on the lot: 0.0123 is");
  expect(refusalText(refusal)).toBe(
    "The size is not on the market\u2019s lot: The size is not on the lot: 0.0123 is.",
  );
});

test("falls back on what the server says of a code that is not known", () => {
  expect(refusalText(of("new_check", "it rains.", "12 mm", "3 mm"))).toBe("It rains: 12 mm (allowed: 3 mm)");
  expect(of("new_check", "the market is stale")).toMatchObject({ what: "The market is stale", figures: "" });
});
