import { type Answer, answer, type Json, refuse } from "./answers";
import type { MockExchange } from "./exchange";

interface Mode {
  margin: "cross" | "isolated";
  leverage: number;
}

/** What no position can do without, of its value: so much less than all of its margin may be lost. */
const MAINTAINED = 0.01;

/** Leverage of each market, and the margin that isolated positions have beside what their leverage asks for. */
export class MockMargins {
  readonly modes = new Map<string, Mode>();
  readonly added = new Map<string, number>();
  /** Markets that take isolated margin alone. */
  readonly onlyIsolated = new Set<string>();
  maxLeverage = 40;
  /** The venue takes so long to show that it was done. */
  delayMs = 0;
  /** The venue does not do the next one, in these words. */
  refusal: string | null = null;
  readonly requests: Json[] = [];
  readonly #done = new Map<string, { readonly body: string; readonly told: Answer }>();

  constructor(private readonly exchange: MockExchange) {}

  mode(symbol: string): Mode {
    const margin = this.onlyIsolated.has(symbol) ? "isolated" : "cross";
    return this.modes.get(symbol) ?? { margin, leverage: 20 };
  }

  market(symbol: string): Json {
    return {
      symbol,
      ...this.mode(symbol),
      max_leverage: this.maxLeverage,
      only_isolated: this.onlyIsolated.has(symbol),
    };
  }

  used(symbol: string, usd: number): number {
    return usd / this.mode(symbol).leverage + (this.added.get(symbol) ?? 0);
  }

  /** Where what is held, or would be, is liquidated: its own margin is lost there, or what the account has in all. */
  liquidation(symbol: string, entry: number, size: number): number {
    const usd = Math.abs(size) * entry;
    const backing = this.mode(symbol).margin === "isolated" ? this.used(symbol, usd) : usd * 0.48;
    return Math.max(0, entry - (Math.sign(size) * (backing - usd * MAINTAINED)) / Math.abs(size));
  }

  /** Null: the answer is lost on its way. */
  async serve(name: string, body: Json, lost: boolean): Promise<Answer | null> {
    this.requests.push(body);
    const key = String(body["key"]);
    const text = JSON.stringify({ name, ...body });
    const kept = this.#done.get(key);
    if (kept !== undefined) return kept.body === text ? kept.told : refuse("idempotency_conflict");
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    const told = this.#act(name, body);
    this.#done.set(key, { body: text, told });
    return lost ? null : told;
  }

  #act(name: string, body: Json): Answer {
    const symbol = String(body["symbol"]);
    const held = this.exchange.positions.has(symbol);
    const { refusal } = this;
    this.refusal = null;
    if (refusal !== null) return refuse("setting_not_taken", refusal);
    if (name === "margin") {
      if (!held || this.mode(symbol).margin !== "isolated") return refuse("margin_not_isolated");
      this.added.set(symbol, (this.added.get(symbol) ?? 0) + Number(body["usd"]));
      return answer(this.market(symbol));
    }
    const mode = { margin: body["margin"], leverage: body["leverage"] } as Mode;
    if (mode.leverage < 1 || mode.leverage > this.maxLeverage) return refuse("leverage_bounds");
    if (mode.margin === "cross" && this.onlyIsolated.has(symbol)) return refuse("only_isolated");
    if (held && mode.margin !== this.mode(symbol).margin) return refuse("margin_kind_held");
    this.modes.set(symbol, mode);
    return answer(this.market(symbol));
  }
}
