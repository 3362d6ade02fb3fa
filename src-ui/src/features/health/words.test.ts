import { describe, expect, it } from "vitest";
import { cooldownMs, readVenueStatus, type VenueStatus } from "~/stores/venue-view";
import { budgetText, clockText, cooldownText, loadOf, millisecondsText, refusedText } from "./words";

function status(data: Record<string, unknown>, before?: VenueStatus, nowMs = 10_000): VenueStatus {
  const body = { now_ms: nowMs, connection: "live", since_ms: 0, streams: [], ...data };
  return readVenueStatus(
    { event_type: "venue_status", symbol: "*", ts_ms: nowMs, source: "okx", seq: 1, data: body },
    0,
    before,
  );
}

describe("a venue's clock", () => {
  it("is told with its bound", () => {
    const clock = { offset_ms: -1.24, bound_ms: 12.4, as_of: 1, steps: 2 };
    expect(clockText(status({ clock }))).toBe("\u22121.2 \u00b112 ms, 2 steps");
  });
  it("is unknown without one", () => {
    expect(clockText(status({ clock: { offset_ms: 3 } }))).toBe("\u2014");
    expect(millisecondsText(null)).toBe("\u2014");
  });
});

describe("a cooldown", () => {
  it("counts down by the server's clock, and ends", () => {
    const venue = status({ cooldown_until_ms: 13_400 });
    expect(cooldownText(venue, 0)).toBe("refused by the venue (429, 418): no request for 4 s");
    expect(cooldownMs(venue, 3000)).toBe(400);
    expect(cooldownText(venue, 3400)).toBe("");
    expect(cooldownText(status({}), 0)).toBe("");
  });
});

describe("a budget", () => {
  it("says how much of what is used", () => {
    expect(budgetText({ name: "books", used: 40, limit: 1200, windowMs: 60_000 })).toBe("40 of 1200 / 1 m");
    expect(budgetText({ name: "connections", used: 2, limit: 5, windowMs: null })).toBe("2 of 5");
  });
  it.each([
    [0, 100, "low"],
    [74, 100, "low"],
    [75, 100, "high"],
    [100, 100, "full"],
    [120, 100, "full"],
    [0, 0, "full"],
  ] as const)("of %i of %i is %s", (used, limit, load) => {
    expect(loadOf({ name: "x", used, limit, windowMs: null })).toBe(load);
  });
});

describe("refusals", () => {
  it("are told by reason, with the market that has most of them", () => {
    const refused = { crossed_book: 7, bad_price: 2 };
    const refused_by = [
      { symbol: "SOL", code: "crossed_book", count: 5 },
      { symbol: "*", code: "bad_price", count: 2 },
    ];
    expect(refusedText(status({ refused, refused_by }))).toBe("refused: crossed_book 7 (SOL 5), bad_price 2");
    expect(refusedText(status({}))).toBe("");
  });
});

describe("the frame rate", () => {
  it("needs two statuses, and smooths", () => {
    const first = status({ frames: 100 });
    const second = status({ frames: 600 }, first, 11_000);
    const third = status({ frames: 600 }, second, 12_000);
    expect([first.frameRate, second.frameRate, third.frameRate]).toEqual([null, 500, 350]);
    expect(status({ frames: 5 }, third, 13_000).frameRate).toBeNull();
  });
});
