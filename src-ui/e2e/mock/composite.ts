import type { MockFeed, RunFacts } from "./feed";
import { PERPS } from "./flow";

type Json = Record<string, unknown>;

const CVD_WEIGHTS: Readonly<Record<string, string>> = { "binance-spot": "0.6", coinbase: "0.4" };
const OI_WEIGHTS: Readonly<Record<string, string>> = { hyperliquid: "0.4", "binance-usdm": "0.6" };

/** What is combined from the feeds of one symbol. */
export class MockComposite {
  #version = 0;

  constructor(
    readonly symbol: string,
    private readonly feeds: readonly MockFeed[],
    private readonly run: RunFacts,
  ) {}

  update(snapshot: boolean): Json {
    const now = Date.now();
    if (!snapshot) this.#version += 1;
    const spots = this.feeds.filter(({ source }) => source in CVD_WEIGHTS);
    const perps = this.feeds.filter(({ source }) => source in OI_WEIGHTS && PERPS.has(source));
    const cvd = (windowMs: number): Json => {
      const sum = spots.reduce(
        (all, { flow, source }) => all + flow.sum(windowMs, now) * Number(CVD_WEIGHTS[source]),
        0,
      );
      const [first] = spots;
      const stamp = first?.stamped("trades", now, { v: sum.toFixed(2) }) ?? {
        state: "missing",
        age_limit_ms: 5000,
      };
      return {
        window_ms: windowMs,
        coverage: first?.flow.coverage ?? { verified: 0, unverified: 0, missing: 1 },
        ...stamp,
      };
    };
    const total = perps.reduce(
      (sum, { flow, source }) => sum + flow.interestUsd() * Number(OI_WEIGHTS[source]),
      0,
    );
    const [perp] = perps;
    return {
      event_type: "agg_update",
      symbol: this.symbol,
      ts_ms: now,
      source: "composite",
      seq: this.#version,
      data: {
        version: this.#version,
        now_ms: now,
        ...(snapshot
          ? { kind: "snapshot", run_id: this.run.runId, mode: this.run.mode }
          : { kind: "delta", base_version: this.#version - 1 }),
        cvd_spot_1m: cvd(60_000),
        cvd_spot_5m: cvd(300_000),
        cvd_source: spots.map(({ source, flow, stamped }) => ({
          source,
          weight: CVD_WEIGHTS[source],
          coverage: flow.coverage,
          ...stamped("trades", now, { v: flow.sum(300_000, now).toFixed(2) }),
        })),
        oi_total: perp?.stamped("context", now, { v: total.toFixed(2) }) ?? { state: "missing" },
        oi_source: perps.map(({ source, flow, stamped }) => ({
          source,
          weight: OI_WEIGHTS[source],
          ...stamped("context", now, { v: flow.interestUsd().toFixed(2) }),
        })),
      },
    };
  }
}
