/** When a value was last news and when its feed was last proved alive, with the means to age it locally. */
export interface Stamp {
  readonly asOf: number;
  readonly provedAt: number;
  readonly limitMs: number;
  /** `now_ms` of the message that brought the stamp. */
  readonly coreNow: number;
  /** Monotonic time at which that message arrived. */
  readonly arrivedAt: number;
}

/** The limit of what is over and does not age: a fill, an order that has ended. */
export const FINAL_MS = Number.MAX_SAFE_INTEGER;

type Freshness = "fresh" | "aging" | "stale";

export interface Reading {
  readonly state: Freshness;
  /** Age of the last proof of life. */
  readonly ageMs: number;
  /** Age of the newest event. */
  readonly eventAgeMs: number;
  readonly limitMs: number;
  readonly asOf: number;
  /** How much of the second half of the limit has passed, 0 to 1. */
  readonly worn: number;
}

function ageOf(stamp: Stamp, now: number): number {
  return Math.max(0, stamp.coreNow - stamp.provedAt) + Math.max(0, now - stamp.arrivedAt);
}

export function readingOf(stamp: Stamp, now: number): Reading {
  const ageMs = ageOf(stamp, now);
  const { limitMs } = stamp;
  const stale = ageMs > limitMs;
  const worn = stale ? 1 : Math.max(0, ageMs / limitMs - 0.5) * 2;
  return {
    state: stale ? "stale" : worn > 0 ? "aging" : "fresh",
    ageMs,
    eventAgeMs: Math.max(0, stamp.coreNow - stamp.asOf) + Math.max(0, now - stamp.arrivedAt),
    limitMs,
    asOf: stamp.asOf,
    worn,
  };
}

/** The one that has used up more of its limit. */
export function worseOf(a: Reading, b: Reading): Reading {
  return a.ageMs * b.limitMs > b.ageMs * a.limitMs ? a : b;
}

/** A derived value is as stale as its worst input, judged by that input's own limit. */
function worstReading(stamps: readonly Stamp[], now: number): Reading {
  let worst: Reading | null = null;
  let asOf = Infinity;
  for (const stamp of stamps) {
    const reading = readingOf(stamp, now);
    if (stamp.asOf < asOf) asOf = stamp.asOf;
    worst = worst === null ? reading : worseOf(reading, worst);
  }
  if (worst === null) throw new Error("a stamped value needs at least one stamp");
  return worst.asOf === asOf ? worst : { ...worst, asOf };
}

/** A value that can only be seen together with its age. */
export class Stamped<T> {
  readonly #value: T;

  private constructor(
    readonly source: string,
    value: T,
    readonly stamps: readonly Stamp[],
  ) {
    this.#value = value;
  }

  static of<T>(source: string, value: T, stamp: Stamp): Stamped<T> {
    return new Stamped(source, value, [stamp]);
  }

  /** What happened at a time and stays as it is. */
  static final<T>(source: string, value: T, atMs: number): Stamped<T> {
    const stamp = { asOf: atMs, provedAt: atMs, coreNow: atMs, arrivedAt: 0, limitMs: FINAL_MS };
    return new Stamped(source, value, [stamp]);
  }

  read(now: number): Reading {
    const [only, ...more] = this.stamps;
    return only !== undefined && more.length === 0 ? readingOf(only, now) : worstReading(this.stamps, now);
  }

  map<U>(change: (value: T) => U): Stamped<U> {
    return new Stamped(this.source, change(this.#value), this.stamps);
  }

  restamped(stamp: Stamp): Stamped<T> {
    return new Stamped(this.source, this.#value, [stamp]);
  }

  with<U, R>(other: Stamped<U>, join: (a: T, b: U) => R): Stamped<R> {
    const source = other.source === this.source ? this.source : `${this.source}, ${other.source}`;
    return new Stamped(source, join(this.#value, other.#value), [...this.stamps, ...other.stamps]);
  }

  draw<R>(now: number, pen: (value: T, reading: Reading) => R): R {
    return pen(this.#value, this.read(now));
  }
}

/** Remembers a derived value by the identity of its inputs, so that asking every frame costs nothing. */
export function derived<A, B, R>(
  join: (a: A, b: B) => R | null,
): (a: Stamped<A> | null, b: Stamped<B> | null) => Stamped<R> | null {
  let lastA: Stamped<A> | null = null;
  let lastB: Stamped<B> | null = null;
  let last: Stamped<R> | null = null;
  return (a, b) => {
    if (a === null || b === null) return null;
    if (a !== lastA || b !== lastB) {
      lastA = a;
      lastB = b;
      const joined = a.with(b, join);
      last = joined.draw(0, (value) => value === null) ? null : (joined as Stamped<R>);
    }
    return last;
  };
}

export function projected<A, R>(change: (value: A) => R | null): (a: Stamped<A> | null) => Stamped<R> | null {
  let lastA: Stamped<A> | null = null;
  let last: Stamped<R> | null = null;
  return (a) => {
    if (a === null) return null;
    if (a !== lastA) {
      lastA = a;
      const mapped = a.map(change);
      last = mapped.draw(0, (value) => value === null) ? null : (mapped as Stamped<R>);
    }
    return last;
  };
}
