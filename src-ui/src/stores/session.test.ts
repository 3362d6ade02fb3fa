import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeTransport } from "~/transport/fake";
import { ApiError, type Envelope } from "~/transport/types";
import { Session } from "./session";
import { MOST_WATCHED } from "./watched";

const STAMP = { as_of: 1, proved_at: 1, age_limit_ms: 4000, state: "fresh" };

function update(version: number, kind: "snapshot" | "delta", runId = "R1"): Envelope {
  return {
    event_type: "agg_update",
    symbol: "BTC",
    ts_ms: 1,
    source: "hyperliquid",
    seq: version,
    data: {
      kind,
      version,
      base_version: version - 1,
      now_ms: 1,
      price: { ...STAMP, v: String(version) },
      ...(kind === "snapshot" ? { run_id: runId, mode: "simulated" } : {}),
    },
  };
}

function status(seq: number, runId = "R1"): Envelope {
  return {
    event_type: "venue_status",
    symbol: "*",
    ts_ms: 1,
    source: "hyperliquid",
    seq,
    data: { now_ms: 1, run_id: runId, mode: "simulated", connection: "live", gaps: seq, streams: [] },
  };
}

describe("a session", () => {
  let now = 0;
  let transport: FakeTransport;
  let session: Session;

  beforeEach(() => {
    vi.useFakeTimers();
    now = 0;
    transport = new FakeTransport();
    session = new Session(transport, "BTC", () => now);
    session.start();
  });
  afterEach(() => vi.useRealTimers());

  it("watches the chosen symbol first and then the listed ones up to the limit", async () => {
    transport.directory = {
      ...transport.directory,
      symbols: Array.from({ length: 80 }, (_, index) => ({
        symbol: `S${index}`,
        sources: ["hyperliquid"],
        delisted: [],
        followed: true,
      })),
    };
    transport.state({ phase: "open", since: 0 });
    await vi.advanceTimersByTimeAsync(50);
    expect(transport.asked[0]).toBe("+BTC");
    expect(transport.asked.length).toBe(MOST_WATCHED);
    session.activate("S79");
    expect(transport.asked.slice(-2)).toEqual([`-S${MOST_WATCHED - 2}`, "+S79"]);
  });

  it("subscribes again once after a gap and counts it", () => {
    transport.events([update(1, "snapshot"), update(3, "delta"), update(4, "delta")]);
    expect(session.counters).toMatchObject({ gaps: 1, resyncs: 1 });
    expect(transport.asked).toEqual(["+BTC", "-BTC", "+BTC"]);
  });

  it("does not subscribe in a loop against a server that stays wrong", () => {
    for (let round = 0; round < 5; round += 1)
      transport.events([update(round * 10 + 1, "snapshot"), update(round * 10 + 5, "delta")]);
    expect(session.counters.gaps).toBe(5);
    expect(session.counters.resyncs).toBe(1);
  });

  it("forgets everything when another run begins", () => {
    transport.events([update(9, "snapshot"), status(50)]);
    transport.events([status(1, "R2")]);
    expect(session.view("hyperliquid", "BTC")?.figure("price")).toBeNull();
    expect(session.venue("hyperliquid")?.seq).toBe(1);
    expect(session.getSnapshot().runId).toBe("R2");
  });

  it("keeps the values but builds on none of them while the link is away", () => {
    transport.events([update(1, "snapshot")]);
    transport.state({ phase: "closed", reason: "gone", at: 0, retryAt: null });
    const view = session.view("hyperliquid", "BTC");
    expect(view?.figure("price")).not.toBeNull();
    transport.events([update(2, "delta")]);
    expect(view?.figure("price")?.draw(0, (value) => value)).toBe("1");
    expect(session.counters.gaps).toBe(0);
  });

  it("ignores an older status and events of unwatched symbols", () => {
    transport.events([status(5), status(4), { ...update(1, "snapshot"), symbol: "OTHER" }]);
    expect(session.venue("hyperliquid")?.seq).toBe(5);
    expect(session.view("hyperliquid", "OTHER")).toBeNull();
  });

  it("keeps the error of a symbol until it is chosen again", () => {
    transport.error(new ApiError("unknown_symbol", "NOPE is not listed", false, "NOPE"));
    expect(session.getSnapshot().coinErrors["NOPE"]?.code).toBe("unknown_symbol");
    session.activate("NOPE");
    expect(session.getSnapshot().coinErrors["NOPE"]).toBeUndefined();
  });
});
