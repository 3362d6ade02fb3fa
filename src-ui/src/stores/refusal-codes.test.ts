import { describe, expect, it } from "vitest";
import { briefReason, hasWords, reasonTitle, tradingWords } from "./trading-words";
import { RISK_WORDS } from "./words-risk";
import { CANCEL_WORDS, VENUE_WORDS } from "./words-venue";

/** The sources that can refuse an order, as they stand: a code that is added there has words here, or this fails. */
const SOURCES = import.meta.glob<string>(
  [
    "../../../crates/{trading,execution,store,api}/src/**/*.rs",
    "../../../crates/venues/src/hyperliquid/{account,exchange}/**/*.rs",
    "!**/tests/**",
    "!**/*tests.rs",
  ],
  { query: "?raw", import: "default", eager: true },
);

function source(end: string): string {
  const [found] = Object.entries(SOURCES).filter(([path]) => path.endsWith(end));
  if (found === undefined) throw new Error(`${end} is not there`);
  return found[1];
}

function codesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, code]) => code ?? ""))];
}

const ANY_CODE = /"([a-z]+(?:_[a-z]+)+)"/g;

/** The bodies of `fn code`, in which each error names its code. */
function namedBy(end: string): string[] {
  const bodies = source(end).match(/fn code\([\s\S]*?\n {4}\}\n/g) ?? [];
  return codesIn(bodies.join("\n"), ANY_CODE);
}

/** Codes that are said where they arise. */
const SAID = /(?:TradeError::new|\bwhy|\brefused|SignRefused::new)\(\s*"([a-z]+(?:_[a-z]+)+)"/g;

/** What is under this path, as one text. */
function under(part: string): string {
  return Object.entries(SOURCES)
    .filter(([path]) => path.includes(part))
    .map(([, text]) => text)
    .join("\n");
}

const VENUE = codesIn(
  [
    source("exchange/reply/words.rs"),
    source("exchange/reply.rs"),
    source("account/orders.rs"),
    under("/trading/src/"),
  ].join("\n"),
  /"(venue_[a-z_]+)"/g,
);
const RISK = namedBy("execution/src/risk/refusal.rs");
const RELAY = [
  ...namedBy("execution/src/relay/words.rs"),
  ...namedBy("execution/src/keys.rs"),
  ...namedBy("execution/src/order/mod.rs"),
  ...namedBy("execution/src/risk/limits.rs"),
  ...namedBy("hyperliquid/exchange/check.rs"),
  ...namedBy("hyperliquid/exchange/nonce.rs"),
  ...namedBy("hyperliquid/exchange/values.rs"),
  ...namedBy("hyperliquid/exchange/posts.rs"),
  ...namedBy("hyperliquid/account/mod.rs"),
  ...namedBy("store/src/audit/error.rs"),
  // What an answer that proves nothing is called.
  ...codesIn(source("exchange/reply.rs"), /(?:unknown|unclear|=>)\(?\s*"([a-z]+(?:_[a-z]+)+)"/g),
];
const TRADING = codesIn(under("/trading/src/"), SAID);

/** Ends of trading by itself are told in the panel Auto with the engine's words, and are no refusals. */
const NO_REFUSAL: ReadonlySet<string> = new Set(["auto_replaced", "auto_restart", "auto_taken_back"]);

const ALL = [...new Set([...VENUE, ...RISK, ...RELAY, ...TRADING])]
  .filter((code) => !NO_REFUSAL.has(code))
  .toSorted();

describe("every code that can refuse an order", () => {
  it("is found in the sources", () => {
    // Fewer would mean that the sources are read no more.
    expect(VENUE.length).toBeGreaterThanOrEqual(28);
    expect(RISK.length).toBeGreaterThanOrEqual(20);
    expect(RELAY.length).toBeGreaterThanOrEqual(50);
    expect(TRADING.length).toBeGreaterThanOrEqual(25);
  });

  it.each(ALL)("has words: %s", (code) => {
    expect(hasWords(code)).toBe(true);
    const { what, why, next } = tradingWords({ code, message: "what was said" });
    for (const words of [what, why, next]) expect(words).toMatch(/^[A-Z].*\.$/);
    expect(what).not.toMatch(/_|\bbps\b|asset=/);
  });

  it("has no words for codes that nobody sends", () => {
    expect(Object.keys(VENUE_WORDS).filter((code) => !ALL.includes(code))).toEqual([]);
    expect(Object.keys(RISK_WORDS).filter((code) => !RISK.includes(code))).toEqual([]);
  });
});

describe("what the venue says", () => {
  it("is kept behind our sentence, word for word", () => {
    const message = "Insufficient margin to place order. asset=3";
    const { what, said } = tradingWords({ code: "venue_margin", message });
    expect(what).toBe("The venue refused it: there is not enough free margin.");
    expect(said).toBe(message);
    expect(reasonTitle({ code: "venue_margin", text: message })).toContain(
      `The venue\u2019s words: ${message}\nCode: venue_margin`,
    );
  });
  it("is not repeated where it is nothing but the code", () => {
    expect(tradingWords({ code: "venue_margin", message: "venue_margin" }).said).toBeNull();
  });
  it("says why it cancelled, by its own status", () => {
    expect(Object.keys(CANCEL_WORDS)).toHaveLength(9);
    for (const status of Object.keys(CANCEL_WORDS)) {
      const { what, said } = tradingWords({ code: "venue_cancelled", message: status });
      expect(what).not.toBe("The venue cancelled it.");
      expect(said).toBe(status);
    }
    expect(tradingWords({ code: "venue_cancelled", message: "newCanceled" }).what).toBe(
      "The venue cancelled it.",
    );
  });
  it("is brief behind the state of an order", () => {
    expect(briefReason({ code: "venue_cancelled", text: "marginCanceled" })).toBe(
      "there was not enough margin for it any more.",
    );
    expect(briefReason({ code: "venue_post_only", text: "Post only order" })).toBe(
      "post-only, and it would have traded at once.",
    );
  });
});
