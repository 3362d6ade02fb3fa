import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FakeTransport } from "~/transport/fake";
import { ApiError } from "~/transport/types";
import { CandleDesk, SERIES_KEPT } from "./candle-desk";
import { CANDLES_KEPT, CandleSeries } from "./candles";

const MINUTE = 60_000;

function row(minute: number, close = "2"): Record<string, unknown> {
  return {
    open_ms: minute * MINUTE,
    o: "1",
    h: "9",
    l: "1",
    c: close,
    volume_base: "3",
    closed: true,
    coverage: { verified: 1, unverified: 0, missing: 0 },
  };
}

describe("a series of candles", () => {
  it("keeps one for each time, in order, the last word winning", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 9 })), { maxLength: 80 }),
        (steps) => {
          const series = new CandleSeries("hyperliquid", "1m");
          const reference = new Map<number, string>();
          for (const [minute, close] of steps) {
            series.merge([row(minute, String(close))]);
            reference.set(minute * MINUTE, String(close));
          }
          expect(series.rows.map((item) => [item.openMs, item.c as unknown])).toEqual(
            [...reference].toSorted(([a], [b]) => a - b),
          );
        },
      ),
    );
  });
  it("says when more than its newest candle changed", () => {
    const series = new CandleSeries("hyperliquid", "1m");
    series.merge([row(1), row(2)]);
    const at = series.reshaped;
    series.merge([row(2, "5")]);
    series.merge([row(3)]);
    expect(series.reshaped).toBe(at);
    series.merge([row(5)]);
    expect(series.reshaped).toBe(at + 1);
    series.merge([row(4)]);
    expect(series.reshaped).toBe(at + 2);
  });
  it("keeps the newest up to its bound and counts what it cannot read", () => {
    const series = new CandleSeries("hyperliquid", "1m");
    series.merge(Array.from({ length: CANDLES_KEPT + 40 }, (_, minute) => row(minute)));
    series.merge([{ ...row(1), coverage: undefined }, "no candle"]);
    expect(series.rows.length).toBe(CANDLES_KEPT);
    expect(series.rows[0]?.openMs).toBe(40 * MINUTE);
    expect(series.refused).toBe(2);
  });
});

describe("the desk of candles", () => {
  const update = (kind: "snapshot" | "delta", minute: number) => ({
    event_type: "agg_update",
    symbol: "BTC",
    ts_ms: 1,
    source: "hyperliquid",
    seq: 1,
    data: {
      kind,
      now_ms: 100,
      candles: [
        { interval: "1m", v: [row(minute)], as_of: 90, proved_at: 95, age_limit_ms: 5000, state: "fresh" },
      ],
    },
  });

  it("asks once for a history and joins the updates to it", async () => {
    const transport = new FakeTransport();
    transport.candleAnswer = { rows: [row(1), row(2)], pending: false };
    const desk = new CandleDesk(transport, () => true);
    const series = desk.open("hyperliquid", "BTC", "1m");
    expect(desk.open("hyperliquid", "BTC", "1m")).toBe(series);
    await vi.waitFor(() => expect(desk.history("hyperliquid", "BTC", "1m").phase).toBe("here"));
    desk.take(update("delta", 3), 7);
    expect(series.rows.map((item) => item.openMs / MINUTE)).toEqual([1, 2, 3]);
    expect(series.stamped?.read(7).ageMs).toBe(5);
    expect(transport.asked).toEqual(["candles hyperliquid BTC 1m"]);
  });
  it("asks again after a snapshot: something was missed before it", () => {
    const transport = new FakeTransport();
    const desk = new CandleDesk(transport, () => true);
    desk.open("hyperliquid", "BTC", "1m");
    desk.take(update("snapshot", 3), 0);
    expect(transport.asked.length).toBe(2);
  });
  it("keeps no candles that no chart looks at", () => {
    const desk = new CandleDesk(new FakeTransport(), () => true);
    desk.take(update("delta", 3), 0);
    expect(desk.open("hyperliquid", "BTC", "1m").rows).toEqual([]);
  });
  it("says why there is no history", async () => {
    const transport = new FakeTransport();
    transport.candleAnswer = new ApiError("unknown_symbol", "no", false);
    const desk = new CandleDesk(transport, () => true);
    desk.open("hyperliquid", "BTC", "1m");
    await vi.waitFor(() =>
      expect(desk.history("hyperliquid", "BTC", "1m")).toMatchObject({
        phase: "failed",
        error: { code: "unknown_symbol" },
      }),
    );
  });
  it("keeps a bounded number of series, those looked at last", () => {
    const transport = new FakeTransport();
    const desk = new CandleDesk(transport, () => true);
    const first = desk.open("hyperliquid", "S0", "1m");
    for (let index = 1; index <= SERIES_KEPT; index += 1) desk.open("hyperliquid", `S${index}`, "1m");
    expect(desk.open("hyperliquid", "S0", "1m")).not.toBe(first);
  });
});
