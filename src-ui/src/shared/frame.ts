/**
 * The least time between two drawings of the same thing. The engine publishes each market 20 times a second, so nothing
 * waits in ordinary operation; a burst beyond that costs drawings that nobody could tell apart.
 */
export const REDRAW_MS = 25;

export type Paint = (now: number) => void;

interface Entry {
  readonly paint: Paint;
  readonly everyMs: number;
  due: number;
}

let started = 0;

/** Spreads painters that began together over their interval, so that no single frame carries them all. */
function stagger(): number {
  started += 1;
  return ((started * 0.618) % 1) * 0.9 + 0.1;
}

/** Painters of one panel; they rest while the panel is hidden. */
export class PaintScope {
  readonly #entries = new Set<Entry>();
  visible = true;

  constructor(private readonly onError: (error: unknown) => void) {}

  add(paint: Paint, everyMs = 0): () => void {
    const entry: Entry = { paint, everyMs, due: 0 };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  run(now: number): void {
    if (!this.visible) return;
    for (const entry of this.#entries) {
      if (now < entry.due) continue;
      if (entry.everyMs > 0) entry.due = now + entry.everyMs * (entry.due === 0 ? stagger() : 1);
      try {
        entry.paint(now);
      } catch (error) {
        // A painter that throws would throw again on each frame; the others must go on.
        this.#entries.delete(entry);
        this.onError(error);
      }
    }
  }
}

type Schedule = (callback: () => void) => void;

/** The window's only animation loop. */
export class FrameLoop {
  readonly #scopes = new Set<PaintScope>();
  readonly #intervals = new Float64Array(120);
  #count = 0;
  #last = 0;
  #running = false;

  constructor(
    private readonly now: () => number,
    private readonly schedule: Schedule = (callback) => requestAnimationFrame(callback),
  ) {}

  attach(scope: PaintScope): () => void {
    this.#scopes.add(scope);
    if (!this.#running) {
      this.#running = true;
      this.schedule(this.#frame);
    }
    return () => this.#scopes.delete(scope);
  }

  #frame = (): void => {
    if (this.#scopes.size === 0) {
      this.#running = false;
      this.#last = 0;
      return;
    }
    this.schedule(this.#frame);
    const now = this.now();
    if (this.#last > 0) this.#intervals[this.#count++ % this.#intervals.length] = now - this.#last;
    this.#last = now;
    for (const scope of this.#scopes) scope.run(now);
  };

  /** Frames a second over the last second or so; null until there are enough frames to tell. */
  fps(): number | null {
    const known = Math.min(this.#count, this.#intervals.length);
    if (known < 10) return null;
    let sum = 0;
    let used = 0;
    for (let back = 1; back <= known && sum < 1000; back += 1) {
      sum += this.#intervals[(this.#count - back) % this.#intervals.length] ?? 0;
      used += 1;
    }
    return sum === 0 ? null : (used * 1000) / sum;
  }
}
