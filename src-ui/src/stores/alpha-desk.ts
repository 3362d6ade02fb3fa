import { clock } from "~/shared/clock";
import { type Stamp, Stamped } from "~/shared/stamped";
import type { Envelope, Transport } from "~/transport/types";
import { asPlan, asRisk, type PlanView, type RiskView } from "./account-views";
import { AlphaAnswers } from "./alpha-answers";
import { asConviction, type Conviction } from "./conviction";
import { asGovernance, type Governance } from "./governance";
import { asNumber } from "./json";
import { ScoreHistory } from "./score-history";
import { refreshed, smooth, type Smoothed } from "./smoothing";

/** A symbol is judged at least each full second; after three that brought nothing its conviction is stale. */
export const CONVICTION_LIMIT_MS = 3000;
/** Told on change and at least each 10 s. */
export const GOVERNANCE_LIMIT_MS = 25_000;
/** An account's view is told anew while it stands; then it is as old as this at most. */
export const ACCOUNT_LIMIT_MS = 15_000;

/** Symbols whose conviction is held; more than a client may watch. */
const SYMBOLS_KEPT = 128;
/** Symbols whose history is held; the one that was opened longest ago makes room. */
const HISTORIES_KEPT = 8;

/** A conviction as it was told, and what the screen shows of its score. */
export interface Judged {
  readonly conviction: Conviction;
  readonly smoothed: Smoothed;
}

interface Held {
  readonly seq: number;
  readonly stamped: Stamped<Judged>;
  readonly smoothed: Smoothed;
}

/** What the conviction engine says: its events by symbol, and its answers to questions. */
export class AlphaDesk {
  readonly #held = new Map<string, Held>();
  readonly #histories = new Map<string, ScoreHistory>();
  readonly #risks = new Map<string, Stamped<RiskView>>();
  readonly #governance = new Map<string, Stamped<Governance>>();
  readonly #plans = new Map<string, Stamped<PlanView>>();
  readonly answers: AlphaAnswers;
  /** Grows with each event taken. */
  revision = 0;

  constructor(
    private readonly transport: Pick<Transport, "alpha">,
    private readonly linked: () => boolean,
    private readonly now: () => number = () => clock.now(),
  ) {
    this.answers = new AlphaAnswers(transport, linked);
  }

  judged(symbol: string): Stamped<Judged> | null {
    const held = this.#held.get(symbol);
    if (held === undefined) return null;
    const smoothed = refreshed(held.smoothed, this.now());
    if (smoothed === held.smoothed) return held.stamped;
    const stamped = held.stamped.map(({ conviction }) => ({ conviction, smoothed }));
    this.#held.set(symbol, { ...held, smoothed, stamped });
    return stamped;
  }

  governance(symbol: string): Stamped<Governance> | null {
    return this.#governance.get(symbol) ?? null;
  }

  risk(symbol: string): Stamped<RiskView> | null {
    return this.#risks.get(symbol) ?? null;
  }

  plan(symbol: string): Stamped<PlanView> | null {
    return this.#plans.get(symbol) ?? null;
  }

  /** Symbols that have a conviction. */
  get symbols(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** The score over time of a symbol; the first call begins it and asks for what was before. */
  history(symbol: string): ScoreHistory {
    let history = this.#histories.get(symbol);
    if (history === undefined) {
      history = new ScoreHistory();
      this.#askHistory(symbol, history);
    }
    this.#histories.delete(symbol);
    this.#histories.set(symbol, history);
    const oldest = this.#histories.keys().next().value;
    if (this.#histories.size > HISTORIES_KEPT && oldest !== undefined) this.#histories.delete(oldest);
    return history;
  }

  /** The link is there again: what was missed meanwhile is asked for. */
  askAll(): void {
    for (const [symbol, history] of this.#histories) this.#askHistory(symbol, history);
  }

  #askHistory(symbol: string, history: ScoreHistory): void {
    if (!this.linked()) return;
    this.transport.alpha({ kind: "history", symbol }).then(
      ({ rows }) => {
        if (this.#histories.get(symbol) === history && Array.isArray(rows)) history.merge(rows);
      },
      // Without it the line begins with what is seen from now on.
      () => undefined,
    );
  }

  /** Whether the event was one of the engine's. */
  take(envelope: Envelope, arrivedAt: number): boolean {
    switch (envelope.event_type) {
      case "alpha_conviction":
        this.#conviction(envelope, arrivedAt);
        break;
      case "gov_update":
        put(this.#governance, envelope, asGovernance(envelope.data), arrivedAt, GOVERNANCE_LIMIT_MS);
        break;
      case "risk_update":
        put(this.#risks, envelope, asRisk(envelope.data), arrivedAt, ACCOUNT_LIMIT_MS);
        break;
      case "exec_plan":
        put(this.#plans, envelope, asPlan(envelope.data), arrivedAt, ACCOUNT_LIMIT_MS);
        break;
      default:
        return false;
    }
    this.revision += 1;
    return true;
  }

  /** What an earlier run said is void. */
  clear(): void {
    this.#held.clear();
    this.#histories.clear();
    this.#risks.clear();
    this.#plans.clear();
    this.answers.clear();
    this.#governance.clear();
  }

  #conviction({ symbol, seq, data }: Envelope, arrivedAt: number): void {
    const held = this.#held.get(symbol);
    if (held !== undefined && seq <= held.seq) return;
    const conviction = asConviction(data, arrivedAt);
    if (conviction === null) return;
    const { score, bias, nowMs, signalMs } = conviction;
    const stamp: Stamp = {
      asOf: signalMs === null || signalMs <= 0 ? nowMs : signalMs,
      provedAt: nowMs,
      limitMs: CONVICTION_LIMIT_MS,
      coreNow: nowMs,
      arrivedAt,
    };
    if (held === undefined && this.#held.size >= SYMBOLS_KEPT) return;
    const smoothed = smooth(held?.smoothed ?? null, { score, bias, at: arrivedAt });
    this.#held.set(symbol, { seq, smoothed, stamped: Stamped.of("alpha", { conviction, smoothed }, stamp) });
    this.#histories.get(symbol)?.take(conviction);
  }
}

/** `cleared` ends the view: nothing stands in its place. */
function put<T>(
  into: Map<string, Stamped<T>>,
  { symbol, source, data, ts_ms }: Envelope,
  view: T | null,
  arrivedAt: number,
  limitMs: number,
): void {
  if (view === null || data["state"] === "cleared") {
    into.delete(symbol);
    return;
  }
  if (!into.has(symbol) && into.size >= SYMBOLS_KEPT) return;
  const coreNow = asNumber(data["now_ms"]) ?? ts_ms;
  into.set(
    symbol,
    Stamped.of(source, view, {
      asOf: coreNow,
      provedAt: coreNow,
      limitMs,
      coreNow,
      arrivedAt,
    }),
  );
}
