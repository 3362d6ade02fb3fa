/**
 * Milliseconds that never run backwards and keep counting while the computer sleeps. `performance.now()` stops during
 * suspend on some systems, which would show figures from before the sleep as fresh.
 */
export class MonotonicClock {
  #slept = 0;
  #lastMono: number;
  #lastWall: number;

  constructor(
    private readonly mono: () => number = () => performance.now(),
    private readonly wall: () => number = () => Date.now(),
  ) {
    this.#lastMono = mono();
    this.#lastWall = wall();
  }

  now(): number {
    const mono = this.mono();
    const wall = this.wall();
    const missed = wall - this.#lastWall - (mono - this.#lastMono);
    // A smaller difference is a clock adjustment; a forward step of the wall clock only makes figures look older.
    if (missed > 1000) this.#slept += missed;
    this.#lastMono = mono;
    this.#lastWall = wall;
    return mono + this.#slept;
  }
}

export const clock = new MonotonicClock();
