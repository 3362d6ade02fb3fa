import { describe, expect, it } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import { MarketView } from "~/stores/market-view";
import { COLUMNS_KEPT, DepthHistory } from "./history";
import { gridSteps, rangeOf, settle } from "./scale";

function viewAt(bid: string, ask: string, provedAt: number): MarketView {
  const view = new MarketView("hyperliquid", "BTC");
  view.apply(
    {
      event_type: "agg_update",
      symbol: "BTC",
      ts_ms: provedAt,
      source: "hyperliquid",
      seq: 1,
      data: {
        kind: "snapshot",
        version: 1,
        now_ms: provedAt,
        book: {
          bids: [[bid, "1"]],
          asks: [[ask, "2"]],
          as_of: provedAt,
          proved_at: provedAt,
          age_limit_ms: 4000,
          state: "fresh",
        },
      },
    },
    0,
  );
  expect(parseDecimal(bid)).not.toBeNull();
  return view;
}

describe("the history of depth", () => {
  it("takes one column an interval, none of a stale book, and no more than it keeps", () => {
    const history = new DepthHistory();
    const view = viewAt("10", "11", 0);
    history.record(view, 100);
    history.record(view, 900);
    history.record(view, 1100);
    history.record(view, 9000);
    expect(history.columns.map(({ at }) => at)).toEqual([0, 1000]);
    for (let second = 0; second < COLUMNS_KEPT + 50; second += 1) {
      const fresh = viewAt("10", "11", second * 1000);
      history.record(fresh, (second % 2) * 1000 + 100);
    }
    expect(history.columns.length).toBe(COLUMNS_KEPT);
  });
});

describe("the scale", () => {
  it("covers the best quotes in view and holds still while it fits", () => {
    const history = new DepthHistory();
    history.record(viewAt("10", "11", 0), 100);
    history.record(viewAt("12", "13", 0), 1100);
    const wish = rangeOf(history.columns);
    expect(wish).toEqual({ low: 10, high: 13 });
    const held = settle(null, { low: 10, high: 13 });
    expect(settle(held, { low: 10.2, high: 13.2 })).toBe(held);
    expect(settle(held, { low: 10, high: 20 })).not.toBe(held);
  });
  it("puts its lines on round prices", () => {
    expect(gridSteps({ low: 97_400.3, high: 97_410.1 }, 5)).toEqual([97_402, 97_404, 97_406, 97_408, 97_410]);
  });
});
