import { counterfactual, gates, tree } from "./alpha-answers";
import type { RunFacts } from "./feed";
import { generator } from "./market";

export type Json = Record<string, unknown>;

export const NAMES = ["regime", "footprint", "volatility", "funding", "liquidation"] as const;
export const WEIGHTS: readonly number[] = [0.35, 0.25, 0.15, 0.15, 0.1];
const LIMITS: readonly number[] = [15_000, 5000, 3000, 60_000, 15_000];
const REGIMES = {
  LONG: "aggressive_long_build",
  SHORT: "aggressive_short_build",
  NEUTRAL: "neutral",
} as const;

/** Seconds of history that the server has of a symbol. */
const HISTORY_S = 900;

export type MockBias = keyof typeof REGIMES;

/** A component as the mock holds it. */
export interface MockComponent {
  readonly name: (typeof NAMES)[number];
  readonly weight: number;
  score: number;
  contribution: number;
  state: "fresh" | "stale" | "missing";
  asOf: number;
  provedAt: number;
  readonly limitMs: number;
}

/** One symbol's conviction: a view that a test sets, with a little noise around it. */
export class MockConviction {
  /** What the components lean to, -1 to 1, one a component. */
  lean: number[];
  readonly silent = new Map<number, "stale" | "missing">();
  /** No event at all: the engine is still. */
  still = false;
  trained = false;
  readonly components: MockComponent[];
  score = 50;
  bias: MockBias = "NEUTRAL";
  normalised = 0;
  decay = 1;
  confidence = 0;
  ticks = 0;
  /** Time of the newest input. */
  signalMs = Date.now();
  readonly rows: Json[] = [];
  #seq = 0;
  readonly #random: () => number;

  constructor(
    readonly symbol: string,
    private readonly run: RunFacts,
    seed: number,
  ) {
    this.#random = generator(seed);
    const side = this.#random() * 2 - 1;
    this.lean = NAMES.map((name) => (name === "volatility" ? 0 : side * 0.7 + (this.#random() - 0.5) * 0.5));
    const now = Date.now();
    this.components = NAMES.map((name, index) => ({
      name,
      weight: WEIGHTS[index] ?? 0,
      score: 0,
      contribution: 0,
      state: "fresh",
      asOf: now,
      provedAt: now,
      limitMs: LIMITS[index] ?? 3000,
    }));
    for (let second = HISTORY_S; second > 0; second -= 1) {
      this.#judge(now - second * 1000, Math.sin((HISTORY_S - second) / 140) * 0.6 + 0.55);
      this.#remember(now - second * 1000);
    }
  }

  /** Scores of a view: `swing` bends the lean for the history. */
  #judge(now: number, swing: number): void {
    this.normalised = 0;
    this.components.forEach((component, index) => {
      const silent = this.silent.get(index);
      component.state = silent ?? "fresh";
      if (silent === undefined) {
        component.asOf = now - Math.floor(this.#random() * 400);
        component.provedAt = now - Math.floor(this.#random() * 200);
      }
      const noise = index === 2 ? 0 : (this.#random() - 0.5) * 0.06;
      const lean = (this.lean[index] ?? 0) * swing + noise;
      component.score = silent === undefined ? Math.max(-1, Math.min(1, lean)) : 0;
      component.contribution = component.weight * component.score;
      this.normalised += component.contribution;
    });
    const age = Math.max(0, now - this.signalMs);
    this.decay = age <= 30_000 ? 1 : 0.5 ** ((age - 30_000) / 120_000);
    const strength = Math.sign(this.normalised) * Math.abs(this.normalised * this.decay) ** 0.7;
    this.score = Math.round((strength + 1) * 50);
    const bias = this.score >= 55 ? "LONG" : this.score <= 45 ? "SHORT" : "NEUTRAL";
    this.ticks = bias === this.bias ? this.ticks + 1 : 1;
    this.bias = bias;
    this.confidence = Math.abs(strength) * this.trust;
  }

  silence(name: (typeof NAMES)[number], state: "stale" | "missing"): void {
    this.silent.set(NAMES.indexOf(name), state);
  }

  /** All feeds speak again. */
  hear(): void {
    this.silent.clear();
  }

  get trust(): number {
    return this.components.reduce((sum, { weight, state }) => sum + (state === "fresh" ? weight : 0), 0);
  }

  #remember(now: number): void {
    this.rows.push({
      ts_ms: now,
      score: this.score,
      bias: this.bias,
      decay: this.decay,
      contributions: this.components.map(({ contribution }) => contribution),
    });
    if (this.rows.length > HISTORY_S) this.rows.shift();
  }

  event(): Json {
    const now = Date.now();
    if (this.silent.size < NAMES.length) this.signalMs = now - 40;
    this.#judge(now, 1);
    this.#remember(now);
    this.#seq += 1;
    return {
      event_type: "alpha_conviction",
      symbol: this.symbol,
      ts_ms: now,
      source: "alpha",
      seq: this.#seq,
      data: {
        ts_source: "receive",
        now_ms: now,
        run_id: this.run.runId,
        mode: this.run.mode,
        params: "9f2c41d07be5a813",
        signal_ms: this.signalMs,
        age_ms: now - this.signalMs,
        ...this.#view(),
      },
    };
  }

  #view(): Json {
    const { score, bias, confidence, trust } = this;
    const sigma = 0.0061;
    return {
      score,
      bias,
      strength: Math.sign(this.normalised) * Math.abs(this.normalised) ** 0.7,
      confidence,
      trust,
      rr_target: 2.4,
      regime: this.components[0]?.state === "fresh" ? REGIMES[bias] : "neutral",
      volatility_regime: "trending",
      sigma_1h: this.silent.get(2) === "missing" ? null : sigma,
      streak: { bias, ticks: this.ticks },
      average: { score, bias, confidence, readings: 10 },
      components: this.components.map(({ name, weight, ...rest }) => ({
        name,
        weight,
        score: rest.state === "missing" ? null : rest.score,
        contribution: rest.state === "missing" ? null : rest.contribution,
        state: rest.state,
        ...(rest.state === "missing"
          ? {}
          : { as_of: rest.asOf, proved_at: rest.provedAt, age_limit_ms: rest.limitMs }),
        sources: name === "footprint" ? ["hyperliquid"] : ["hyperliquid", "binance-usdm"],
      })),
      steps: {
        raw: this.normalised,
        normalised: this.normalised,
        decay: this.decay,
        decayed: this.normalised * this.decay,
        btc:
          this.symbol === "BTC"
            ? null
            : { score: 63, ts_ms: Date.now() - 200, coefficient: 0.85, influence: 0.04 },
        blended: this.normalised * this.decay,
        strength: this.normalised,
      },
      probability:
        this.silent.get(2) === "missing"
          ? null
          : {
              state: this.trained ? "trained" : "untrained",
              p_up: this.trained ? 0.41 : 0.31,
              p_down: this.trained ? 0.22 : 0.31,
              move: 0.01,
              horizon_ms: 3_600_000,
              model: this.trained ? "m-2026-11" : null,
            },
      explanation: this.components.map(
        ({ name, score: own, state }) => `${name}: ${state === "fresh" ? own.toFixed(2) : state}`,
      ),
      evidence: {},
    };
  }

  answer(kind: string): Json {
    const head = {
      run_id: this.run.runId,
      mode: this.run.mode,
      symbol: this.symbol,
      now_ms: Date.now(),
    };
    if (kind === "why") return { ...head, tree: tree(this), counterfactual: counterfactual(this) };
    if (kind === "gates") return { ...head, ...gates(this) };
    return { ...head, rows: [...this.rows] };
  }
}

/** The governance of one symbol. */
export class MockGovernance {
  trained = false;
  drifted = false;
  #seq = 0;

  constructor(
    readonly symbol: string,
    private readonly run: RunFacts,
  ) {}

  event(): Json {
    const now = Date.now();
    this.#seq += 1;
    const { trained } = this;
    return {
      event_type: "gov_update",
      symbol: this.symbol,
      ts_ms: now,
      source: "alpha",
      seq: this.#seq,
      data: {
        ts_source: "receive",
        now_ms: now,
        run_id: this.run.runId,
        mode: this.run.mode,
        macro_regime: "normal_market",
        since_ms: now - 5_400_000,
        vol_percentile: 0.42,
        model: {
          state: trained ? "trained" : "untrained",
          id: trained ? "m-2026-11" : null,
          trained_on: trained ? "simulated" : null,
          trained_at_ms: trained ? now - 86_400_000 : null,
          brier_skill: trained ? 0.034 : null,
          auc: trained ? 0.571 : null,
          ece: trained ? 0.018 : null,
          samples: trained ? 14_210 : null,
        },
        calibration: {
          status: trained ? "good" : "unknown",
          outcomes: trained ? 212 : 31,
          brier_skill: trained ? 0.029 : null,
        },
        drift: ["regime", "footprint", "funding"].map((feature) => ({
          feature,
          psi: feature === "regime" && this.drifted ? 0.31 : 0.06,
          threshold: 0.2,
          samples: 812,
          drifted: feature === "regime" && this.drifted,
        })),
        shadow: null,
      },
    };
  }
}
