import { describe, expect, it } from "vitest";
import { FakeTransport } from "~/transport/fake";
import type { Envelope } from "~/transport/types";
import { AlphaDesk, CONVICTION_LIMIT_MS } from "./alpha-desk";
import { freshText, knownRegime } from "./alpha-words";
import { COMPONENTS } from "./conviction";
import { REFRESH_MS } from "./smoothing";

type Json = Record<string, unknown>;

function part(name: string, over: Json = {}): Json {
  return {
    name,
    weight: 0.2,
    score: 0.5,
    contribution: 0.1,
    ready: true,
    state: "fresh",
    as_of: 900,
    proved_at: 950,
    age_limit_ms: 5000,
    sources: ["hyperliquid"],
    ...over,
  };
}

function conviction(seq: number, over: Json = {}, symbol = "ETH"): Envelope {
  const data = {
    now_ms: 1000 + seq * 200,
    run_id: "R1",
    mode: "simulated",
    signal_ms: 990,
    score: 70,
    bias: "LONG",
    confidence: 0.4,
    regime: "short_cover",
    components: COMPONENTS.map((name) => part(name)),
    steps: { normalised: 0.5, decay: 1 },
    ...over,
  };
  return { event_type: "alpha_conviction", symbol, ts_ms: data.now_ms as number, source: "alpha", seq, data };
}

function desk(now = () => 0): AlphaDesk {
  return new AlphaDesk(new FakeTransport(), () => true, now);
}

describe("a conviction", () => {
  it("carries its age, and is stale after three seconds without another", () => {
    const alpha = desk();
    alpha.take(conviction(1), 5000);
    const judged = alpha.judged("ETH");
    expect(judged?.read(5000).state).toBe("fresh");
    expect(judged?.read(5000 + CONVICTION_LIMIT_MS).state).toBe("aging");
    expect(judged?.read(5001 + CONVICTION_LIMIT_MS).state).toBe("stale");
  });
  it("that is older than the one held is left out", () => {
    const alpha = desk();
    alpha.take(conviction(7), 0);
    alpha.take(conviction(6, { score: 10, bias: "SHORT" }), 1);
    expect(alpha.judged("ETH")?.draw(0, (value) => value.conviction.score)).toBe(70);
  });
  it("without a score or a bias is none", () => {
    const alpha = desk();
    alpha.take(conviction(1, { score: null }), 0);
    alpha.take(conviction(2, { bias: "UP" }), 0);
    expect(alpha.judged("ETH")).toBeNull();
  });
  it("knows no value of a component that is missing or has no history yet", () => {
    const alpha = desk();
    const components = [
      part("regime", { ready: false, score: 0, contribution: 0 }),
      part("footprint", { state: "stale", score: 0, contribution: 0 }),
      part("volatility"),
      part("funding", { state: "missing", score: 0, contribution: 0 }),
    ];
    alpha.take(conviction(1, { components }), 0);
    const read = alpha.judged("ETH")?.draw(0, (value) => value.conviction);
    expect(read?.components.map(({ contribution }) => contribution)).toEqual([null, 0, 0.1, null, null]);
    expect(read && freshText(read)).toBe("1 STALE, 2 missing, 1 warming up");
    expect(read && knownRegime(read)).toBeNull();
  });
  it("of another symbol leaves this one alone", () => {
    const alpha = desk();
    alpha.take(conviction(1), 0);
    alpha.take(conviction(1, { score: 20, bias: "SHORT" }, "BTC"), 0);
    expect(alpha.judged("ETH")?.draw(0, ({ smoothed }) => smoothed.score)).toBe(70);
    expect(alpha.symbols).toEqual(["ETH", "BTC"]);
  });
});

describe("what is shown of a score", () => {
  it("is smoothed, with the raw one beside it", () => {
    const alpha = desk();
    alpha.take(conviction(1), 0);
    alpha.take(conviction(2, { score: 71 }), 200);
    const shown = alpha
      .judged("ETH")
      ?.draw(0, ({ smoothed, conviction: { score } }) => [smoothed.score, score]);
    expect(shown).toEqual([70, 71]);
  });
  it("is the raw one once ten seconds brought nothing", () => {
    let now = 200;
    const alpha = desk(() => now);
    alpha.take(conviction(1), 0);
    alpha.take(conviction(2, { score: 44, bias: "SHORT" }), 200);
    expect(alpha.judged("ETH")?.draw(0, ({ smoothed }) => smoothed.bias)).toBe("LONG");
    now = REFRESH_MS;
    expect(alpha.judged("ETH")?.draw(0, ({ smoothed }) => [smoothed.score, smoothed.bias])).toEqual([
      44,
      "SHORT",
    ]);
  });
});

describe("an account's view", () => {
  const plan = (seq: number, data: Json): Envelope => ({
    event_type: "exec_plan",
    symbol: "ETH",
    ts_ms: 1000,
    source: "alpha",
    seq,
    data: { now_ms: 1000, direction: "BUY", slices: [], refusals: [], ...data },
  });
  it("stands until it is cleared", () => {
    const alpha = desk();
    alpha.take(plan(1, { state: "ready", total_usd: "808.5" }), 0);
    expect(alpha.plan("ETH")?.draw(0, ({ state }) => state)).toBe("ready");
    alpha.take(plan(2, { state: "cleared" }), 10);
    expect(alpha.plan("ETH")).toBeNull();
  });
  it("may come again after it was cleared, and is never held by an older one", () => {
    const alpha = desk();
    alpha.take(plan(1, { state: "ready" }), 0);
    alpha.take(plan(2, { state: "cleared" }), 1);
    alpha.take(plan(3, { state: "refused", refusals: [{ code: "no_book", text: "no book" }] }), 2);
    expect(alpha.plan("ETH")?.draw(0, ({ refusals }) => refusals)).toEqual([
      { code: "no_book", text: "no book" },
    ]);
  });
});

describe("the score over time", () => {
  it("joins what the server remembers with what is seen, second by second", async () => {
    const transport = new FakeTransport();
    transport.alphaAnswers.set("history", {
      rows: [
        { ts_ms: 8000, score: 40, decay: 1, contributions: [-0.2, 0, 0, 0, 0] },
        { ts_ms: 9000, score: 45, decay: 0.5, contributions: [-0.1, 0, 0, 0, 0] },
        { ts_ms: "x", score: 1 },
      ],
    });
    const alpha = new AlphaDesk(
      transport,
      () => true,
      () => 0,
    );
    const history = alpha.history("ETH");
    alpha.take(conviction(40, { now_ms: 9000, score: 66 }), 0);
    await Promise.resolve();
    expect([7, 8, 9, 10].map((second) => history.at(second)?.score ?? null)).toEqual([null, 40, 66, null]);
    expect(history.at(8)?.decay).toBe(1);
    expect(transport.asked).toEqual(["alpha history ETH"]);
  });
  it("is void with a new run", () => {
    const alpha = desk();
    alpha.history("ETH");
    alpha.take(conviction(1), 0);
    alpha.clear();
    expect(alpha.judged("ETH")).toBeNull();
    expect(alpha.history("ETH").newest).toBe(-1);
  });
});
