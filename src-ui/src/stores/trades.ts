import { type Decimal, parseDecimal } from "~/shared/decimal";
import { asObject } from "~/transport/decode";

export interface Trade {
  readonly id: string;
  readonly px: Decimal;
  readonly sz: Decimal;
  readonly side: "buy" | "sell";
  readonly tsMs: number;
}

function asTrade(value: unknown): Trade | null {
  const body = asObject(value);
  const px = parseDecimal(body?.["px"]);
  const sz = parseDecimal(body?.["sz"]);
  const side = body?.["side"];
  const tsMs = body?.["ts_ms"];
  if (px === null || sz === null || (side !== "buy" && side !== "sell") || typeof tsMs !== "number")
    return null;
  return { id: String(body?.["id"] ?? ""), px, sz, side, tsMs };
}

export const TRADES_KEPT = 500;

/** The newest trades; the oldest make room. */
export class TradeRing {
  readonly #slots: (Trade | undefined)[] = Array.from({ length: TRADES_KEPT });
  #next = 0;
  #count = 0;
  /** Trades that the server left out since the last snapshot. */
  dropped = 0;
  /** Trades ever taken since the last snapshot; tells whether anything is new. */
  total = 0;

  get length(): number {
    return this.#count;
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#next = 0;
    this.#count = 0;
    this.dropped = 0;
    this.total = 0;
  }

  push(values: unknown): number {
    if (!Array.isArray(values)) return 0;
    let refused = 0;
    for (const value of values) {
      const trade = asTrade(value);
      if (trade === null) {
        refused += 1;
        continue;
      }
      this.#slots[this.#next] = trade;
      this.#next = (this.#next + 1) % TRADES_KEPT;
      this.#count = Math.min(this.#count + 1, TRADES_KEPT);
      this.total += 1;
    }
    return refused;
  }

  /** 0 is the newest. */
  newest(index: number): Trade | undefined {
    if (index < 0 || index >= this.#count) return undefined;
    return this.#slots[(this.#next - 1 - index + 2 * TRADES_KEPT) % TRADES_KEPT];
  }
}
