import { type Decimal, isZero, parseDecimal, sortKey } from "~/shared/decimal";

export interface Level {
  readonly key: number;
  readonly px: Decimal;
  readonly sz: Decimal;
}

/** Levels beyond any venue's depth would mean that removals were lost; the book then keeps the best ones. */
const MOST_LEVELS = 2000;

export function asLevel(value: unknown): Level | null {
  if (!Array.isArray(value)) return null;
  const px = parseDecimal(value[0]);
  const sz = parseDecimal(value[1]);
  return px === null || sz === null ? null : { key: sortKey(px), px, sz };
}

/** One side of a book, best first. */
export class BookSide {
  #levels: Level[] = [];

  constructor(private readonly side: "bid" | "ask") {}

  get levels(): readonly Level[] {
    return this.#levels;
  }

  clear(): void {
    this.#levels = [];
  }

  /** Applies changed levels; size zero removes. Gives the number of entries that could not be read. */
  apply(changes: unknown): number {
    if (!Array.isArray(changes)) return 0;
    let refused = 0;
    for (const change of changes) {
      const level = asLevel(change);
      if (level === null) refused += 1;
      else this.#set(level);
    }
    if (this.#levels.length > MOST_LEVELS) this.#levels.length = MOST_LEVELS;
    return refused;
  }

  #set(level: Level): void {
    const levels = this.#levels;
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const key = levels[middle]?.key ?? 0;
      if (this.side === "bid" ? key > level.key : key < level.key) low = middle + 1;
      else high = middle;
    }
    const found = levels[low]?.key === level.key;
    if (isZero(level.sz)) {
      if (found) levels.splice(low, 1);
    } else levels.splice(low, found ? 1 : 0, level);
  }
}
