import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Envelope } from "~/transport/types";
import { MarketView } from "./market-view";
import { TRADES_KEPT } from "./trades";

type Row = [string, string];

const STAMP = { as_of: 100, proved_at: 100, age_limit_ms: 4000, state: "fresh" };

function envelope(kind: "snapshot" | "delta", version: number, fields: Record<string, unknown>): Envelope {
  return {
    event_type: "agg_update",
    symbol: "BTC",
    ts_ms: 100,
    source: "hyperliquid",
    seq: version,
    data: { kind, version, base_version: version - 1, now_ms: 100, run_id: "R", mode: "live", ...fields },
  };
}

function snapshot(version: number, fields: Record<string, unknown> = {}): Envelope {
  return envelope("snapshot", version, fields);
}

function delta(version: number, fields: Record<string, unknown> = {}): Envelope {
  return envelope("delta", version, fields);
}

function bookOf(view: MarketView): { bids: Row[]; asks: Row[] } | null {
  const rows = (levels: readonly { px: unknown; sz: unknown }[]): Row[] =>
    levels.map(({ px, sz }) => [px as string, sz as string]);
  return view.book?.draw(0, ({ bids, asks }) => ({ bids: rows(bids), asks: rows(asks) })) ?? null;
}

const price = fc.integer({ min: 1, max: 40 }).map((ticks) => (ticks / 2).toFixed(1));
const size = fc.integer({ min: 1, max: 99 }).map(String);
const rows = fc.uniqueArray(fc.tuple(price, size), { selector: ([px]) => px, maxLength: 20 });
const changes = fc.array(fc.tuple(price, fc.oneof(size, fc.constant("0"))), { maxLength: 12 });
const step = fc.record({
  snapshot: fc.boolean(),
  bids: changes,
  asks: changes,
  startBids: rows,
  startAsks: rows,
});

/** The protocol's book in its plainest form. */
class Reference {
  bids = new Map<string, string>();
  asks = new Map<string, string>();

  apply(side: "bids" | "asks", list: readonly (readonly [string, string])[]): void {
    for (const [px, sz] of list)
      if (sz === "0") this[side].delete(px);
      else this[side].set(px, sz);
  }

  rows(side: "bids" | "asks"): Row[] {
    const sign = side === "bids" ? -1 : 1;
    return [...this[side]].toSorted(([a], [b]) => sign * (Number(a) - Number(b)));
  }
}

describe("a book", () => {
  it("equals the reference after any sequence of snapshots and deltas", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const view = new MarketView("hyperliquid", "BTC");
        let reference = new Reference();
        let version = 0;
        steps.forEach((change, index) => {
          version += 1;
          if (index === 0 || change.snapshot) {
            reference = new Reference();
            reference.apply("bids", change.startBids);
            reference.apply("asks", change.startAsks);
            // A snapshot's version may jump: the deltas between were left out.
            version += 3;
            view.apply(
              snapshot(version, { book: { ...STAMP, bids: change.startBids, asks: change.startAsks } }),
              0,
            );
          } else {
            reference.apply("bids", change.bids);
            reference.apply("asks", change.asks);
            view.apply(delta(version, { book: { ...STAMP, bids: change.bids, asks: change.asks } }), 0);
          }
          expect(bookOf(view)).toEqual({ bids: reference.rows("bids"), asks: reference.rows("asks") });
          expect(view.version).toBe(version);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("takes different spellings of a price as one level", () => {
    const view = new MarketView("hyperliquid", "BTC");
    view.apply(snapshot(1, { book: { ...STAMP, bids: [["97437.0", "1"]], asks: [] } }), 0);
    view.apply(delta(2, { book: { ...STAMP, bids: [["97437", "2"]], asks: [] } }), 0);
    expect(bookOf(view)?.bids).toEqual([["97437", "2"]]);
    view.apply(delta(3, { book: { ...STAMP, bids: [["97437.00", "0.0"]], asks: [] } }), 0);
    expect(bookOf(view)?.bids).toEqual([]);
  });

  it("keeps the deep stamp until a message brings another", () => {
    const view = new MarketView("hyperliquid", "BTC");
    const deep = { from: 5, as_of: 40, proved_at: 40, age_limit_ms: 12_000, state: "fresh" };
    view.apply(snapshot(1, { book: { ...STAMP, bids: [["1", "1"]], asks: [], deep } }), 0);
    view.apply(delta(2, { book: { ...STAMP, bids: [["2", "1"]], asks: [] } }), 0);
    expect([view.deepFrom, view.deep?.read(0).ageMs]).toEqual([5, 60]);
    expect(view.deep?.draw(0, ({ bids }) => bids.length)).toBe(2);
    view.apply(delta(3, { book: { ...STAMP, bids: [], asks: [], deep: { from: 5, state: "missing" } } }), 0);
    expect(view.deep).toBeNull();
    expect(view.deepFrom).toBe(5);
  });
});

describe("a view", () => {
  it("waits for a snapshot before it takes a delta", () => {
    const view = new MarketView("hyperliquid", "BTC");
    expect(view.apply(delta(7, { price: { ...STAMP, v: "1" } }), 0)).toBe("awaiting");
    expect(view.figure("price")).toBeNull();
  });

  it("reports a gap once, keeps what it had, and goes on from the next snapshot", () => {
    const view = new MarketView("hyperliquid", "BTC");
    view.apply(snapshot(4, { price: { ...STAMP, v: "10" } }), 0);
    expect(view.apply(delta(6, { price: { ...STAMP, v: "12" } }), 0)).toBe("gap");
    expect(view.apply(delta(7, { price: { ...STAMP, v: "13" } }), 0)).toBe("awaiting");
    expect(view.figure("price")?.draw(0, (value) => value)).toBe("10");
    expect(view.apply(snapshot(9, { price: { ...STAMP, v: "14" } }), 0)).toBe("applied");
    expect(view.apply(delta(10, { price: { ...STAMP, v: "15" } }), 0)).toBe("applied");
    expect(view.figure("price")?.draw(0, (value) => value)).toBe("15");
  });

  it("clears a missing field and everything that a snapshot leaves out", () => {
    const view = new MarketView("hyperliquid", "BTC");
    const everything = {
      price: { ...STAMP, v: "10" },
      bbo: { ...STAMP, v: { bid: ["9", "1"], ask: null } },
      book: { ...STAMP, bids: [["9", "1"]], asks: [] },
      funding_rate: { ...STAMP, v: "0.0001", interval_h: 8 },
      trades: { ...STAMP, v: [{ id: "1", px: "10", sz: "1", side: "buy", ts_ms: 1 }], dropped: 0 },
    };
    view.apply(snapshot(1, everything), 0);
    const missing = { state: "missing" };
    view.apply(
      delta(2, { price: missing, bbo: missing, book: missing, funding_rate: missing, trades: missing }),
      0,
    );
    expect([view.figure("price"), view.quote, view.book, view.funding, view.trades]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    view.apply(delta(3, { book: { ...STAMP, bids: [["8", "1"]], asks: [] } }), 0);
    expect(bookOf(view)?.bids).toEqual([["8", "1"]]);
    view.apply(snapshot(4, { price: { ...STAMP, v: "11" } }), 0);
    expect([view.book, view.quote]).toEqual([null, null]);
  });

  it("leaves an untouched field with its own stamp", () => {
    const view = new MarketView("hyperliquid", "BTC");
    view.apply(snapshot(1, { price: { ...STAMP, v: "10" } }), 0);
    view.apply(delta(2, { book: { ...STAMP, bids: [], asks: [] } }), 5000);
    expect(view.figure("price")?.read(5000).state).toBe("stale");
    expect(view.book?.read(5000).state).toBe("fresh");
  });

  it("keeps no more than the newest trades", () => {
    const view = new MarketView("hyperliquid", "BTC");
    view.apply(snapshot(1, { trades: { ...STAMP, v: [], dropped: 0 } }), 0);
    const v = Array.from({ length: TRADES_KEPT + 20 }, (_, id) => ({
      id: String(id),
      px: "1",
      sz: "1",
      side: "sell",
      ts_ms: id,
    }));
    view.apply(delta(2, { trades: { ...STAMP, v, dropped: 4 } }), 0);
    view.trades?.draw(0, (ring) => {
      expect(ring.length).toBe(TRADES_KEPT);
      expect([ring.newest(0)?.id, ring.newest(TRADES_KEPT - 1)?.id, ring.newest(TRADES_KEPT)]).toEqual([
        "519",
        "20",
        undefined,
      ]);
      expect(ring.dropped).toBe(4);
    });
  });

  it("counts values that it cannot read and shows none of them", () => {
    const view = new MarketView("hyperliquid", "BTC");
    view.apply(
      snapshot(1, { price: { ...STAMP, v: 97.5 }, book: { ...STAMP, bids: [["x", "1"], "y"], asks: [] } }),
      0,
    );
    expect(view.figure("price")).toBeNull();
    expect(view.refusedValues).toBe(3);
  });
});
