import type { MockFeed, RunFacts } from "./feed";

type Json = Record<string, unknown>;

/** A venue's connection as its status tells it. */
export class MockVenue {
  down = false;
  /** No request is made before, UTC ms. */
  cooldownUntil: number | null = null;
  reconnects = 0;
  gaps = 0;
  /** What is measured of it when its clock does not fit; null while it does. */
  latency: number | null = null;
  #seq = 0;
  #since = Date.now();

  constructor(
    readonly source: string,
    private readonly feeds: readonly MockFeed[],
    private readonly run: RunFacts,
  ) {}

  lose(): void {
    this.down = true;
    this.reconnects += 1;
    this.#since = Date.now();
  }

  comeBack(): void {
    this.down = false;
    this.#since = Date.now();
  }

  status(): Json {
    const now = Date.now();
    this.#seq += 1;
    const { down, source } = this;
    const latency = this.latency ?? 18 + source.length * 2 + (now % 7) / 3;
    const cooling = this.cooldownUntil !== null && this.cooldownUntil > now;
    const data = {
      ts_source: "receive",
      now_ms: now,
      run_id: this.run.runId,
      mode: this.run.mode,
      connection: down ? "reconnecting" : "live",
      since_ms: this.#since,
      reconnects: this.reconnects,
      reason: this.reconnects > 0 ? "the venue closed the connection (1006)" : null,
      rtt_ms: down ? null : 1.4 + (now % 10) / 10,
      frames: this.#seq * 431,
      gaps: this.gaps,
      duplicates: 30,
      refused: source === "hyperliquid" ? { crossed_book: 1 } : {},
      refused_by: source === "hyperliquid" ? [{ symbol: "SOL", code: "crossed_book", count: 1 }] : [],
      latency_ms: down ? null : latency,
      clock: {
        offset_ms: 1.2 - source.length / 4,
        bound_ms: 2.5 + source.length / 5,
        as_of: now - 400,
        steps: 0,
      },
      budget: [
        { class: "books", used: cooling ? 1200 : 140, limit: 1200, window_ms: 60_000 },
        { class: "metadata", used: 40, limit: 400, window_ms: 60_000 },
        { class: "subscriptions", used: this.feeds.length * 5, limit: 1000 },
      ],
      cooldown_until_ms: this.cooldownUntil,
      skipped: {},
      streams: this.feeds.flatMap((feed) => feed.streams()),
    };
    return { event_type: "venue_status", symbol: "*", ts_ms: now, source, seq: this.#seq, data };
  }
}
