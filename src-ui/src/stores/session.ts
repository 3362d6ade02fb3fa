import { clock } from "~/shared/clock";
import { asMode } from "~/transport/decode";
import type {
  ApiError,
  Envelope,
  LinkState,
  Mode,
  Subscribed,
  SymbolDirectory,
  Transport,
  TransportListener,
} from "~/transport/types";
import { MarketView } from "./market-view";
import type { Counters, SessionSnapshot } from "./session-snapshot";
import { readVenueStatus, type VenueStatus } from "./venue-view";

/** The protocol's limit for one client. */
export const MOST_WATCHED = 64;

const RESYNC_PAUSE_MS = 2000;
const DIRECTORY_RETRY_MS = 3000;

export class Session implements TransportListener {
  readonly #views = new Map<string, Map<string, MarketView>>();
  readonly #venues = new Map<string, VenueStatus>();
  readonly #watched = new Set<string>();
  readonly #resyncedAt = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #snapshot: SessionSnapshot;
  #directoryTimer: ReturnType<typeof setTimeout> | undefined;
  #active: string;
  #started = false;
  counters: Counters = { gaps: 0, resyncs: 0, malformed: 0, unexpected: 0 };
  roundTripMs: number | null = null;
  /** Grows with each change of any view or venue. */
  revision = 0;
  events = 0;

  constructor(
    private readonly transport: Transport,
    active: string,
    private readonly now: () => number = () => clock.now(),
  ) {
    this.#active = active;
    this.#snapshot = {
      link: { phase: "connecting" },
      mode: null,
      runId: null,
      symbols: null,
      directoryError: null,
      coinErrors: {},
      sources: [],
      kind: transport.kind,
    };
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#watch(this.#active);
    this.transport.open(this);
  }

  stop(): void {
    clearTimeout(this.#directoryTimer);
    this.transport.close();
  }

  retry(): void {
    this.transport.retry();
  }

  view(source: string, symbol: string): MarketView | null {
    return this.#views.get(symbol)?.get(source) ?? null;
  }

  venue(source: string): VenueStatus | null {
    return this.#venues.get(source) ?? null;
  }

  get venues(): readonly VenueStatus[] {
    return [...this.#venues.values()];
  }

  get linked(): boolean {
    return this.#snapshot.link.phase === "open";
  }

  isWatched(symbol: string): boolean {
    return this.#watched.has(symbol);
  }

  /** Makes sure that the chosen symbol is among the watched ones, whatever the limit. */
  activate(symbol: string): void {
    this.#active = symbol;
    if (this.#snapshot.coinErrors[symbol] !== undefined) this.#forgetError(symbol);
    this.#watch(symbol);
  }

  subscribeToChanges = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): SessionSnapshot => this.#snapshot;

  onEvents(batch: readonly Envelope[], arrivedAt: number): void {
    for (const envelope of batch) {
      this.events += 1;
      if (envelope.event_type === "agg_update") this.#onMarket(envelope, arrivedAt);
      else if (envelope.event_type === "venue_status") this.#onVenue(envelope, arrivedAt);
      else this.#count("unexpected");
    }
    this.revision += 1;
  }

  onSubscribed(answer: Subscribed): void {
    this.#onRun(answer.run_id, answer.mode);
    this.#addSources(answer.sources);
    if (this.#snapshot.coinErrors[answer.coin] !== undefined) this.#forgetError(answer.coin);
  }

  onState(link: LinkState): void {
    if (link.phase === "open") void this.#readDirectory();
    else {
      clearTimeout(this.#directoryTimer);
      this.roundTripMs = null;
    }
    // Nothing says what was missed while the link was away, so only a snapshot may be built upon.
    if (link.phase === "closed") for (const view of this.#allViews()) view.version = null;
    this.#change({ link });
  }

  onError(error: ApiError): void {
    if (error.coin === null) this.#count("unexpected");
    else this.#change({ coinErrors: { ...this.#snapshot.coinErrors, [error.coin]: error } });
  }

  onMalformed(): void {
    this.#count("malformed");
  }

  onRoundTrip(ms: number): void {
    this.roundTripMs = ms;
  }

  #onMarket(envelope: Envelope, arrivedAt: number): void {
    const { symbol, source, data } = envelope;
    if (!this.#watched.has(symbol)) return;
    if (typeof data["run_id"] === "string") this.#onRun(data["run_id"], asMode(data["mode"]));
    const outcome = this.#viewFor(source, symbol).apply(envelope, arrivedAt);
    if (outcome === "gap") {
      this.#count("gaps");
      this.#resync(symbol);
    }
  }

  #onVenue(envelope: Envelope, arrivedAt: number): void {
    const { data, source, seq } = envelope;
    if (typeof data["run_id"] === "string") this.#onRun(data["run_id"], asMode(data["mode"]));
    const held = this.#venues.get(source);
    if (held !== undefined && seq <= held.seq) return;
    this.#venues.set(source, readVenueStatus(envelope, arrivedAt));
    this.#addSources([source]);
  }

  /** A new run starts every sequence again: what an earlier one said is void. */
  #onRun(runId: string, mode: Mode | null): void {
    const held = this.#snapshot;
    if (held.runId === runId && (mode === null || held.mode === mode)) return;
    if (held.runId !== null && held.runId !== runId) {
      for (const view of this.#allViews()) view.clear();
      this.#venues.clear();
      void this.#readDirectory();
    }
    this.#change({ runId, mode: mode ?? held.mode });
  }

  /** Once per gap, and never in a tight loop against a server that keeps sending wrong versions. */
  #resync(symbol: string): void {
    const last = this.#resyncedAt.get(symbol) ?? -Infinity;
    const wait = last + RESYNC_PAUSE_MS - this.now();
    if (wait > 0) {
      setTimeout(() => this.#resubscribe(symbol), wait);
      this.#resyncedAt.set(symbol, last + RESYNC_PAUSE_MS);
    } else this.#resubscribe(symbol);
  }

  #resubscribe(symbol: string): void {
    if (!this.#watched.has(symbol)) return;
    this.#resyncedAt.set(symbol, this.now());
    this.#count("resyncs");
    this.transport.unsubscribe(symbol);
    this.transport.subscribe(symbol);
  }

  async #readDirectory(): Promise<void> {
    clearTimeout(this.#directoryTimer);
    try {
      this.#takeDirectory(await this.transport.symbols());
    } catch (error) {
      this.#change({ directoryError: error as ApiError });
      this.#directoryTimer = setTimeout(() => void this.#readDirectory(), DIRECTORY_RETRY_MS);
    }
  }

  #takeDirectory(directory: SymbolDirectory): void {
    this.#onRun(directory.run_id, directory.mode);
    this.#change({ symbols: directory.symbols, directoryError: null });
    for (const { symbol, sources } of directory.symbols) {
      this.#addSources(sources);
      if (this.#watched.size < MOST_WATCHED) this.#watch(symbol);
    }
  }

  #watch(symbol: string): void {
    if (this.#watched.has(symbol)) return;
    if (this.#watched.size >= MOST_WATCHED) this.#unwatchOne();
    this.#watched.add(symbol);
    this.transport.subscribe(symbol);
  }

  #unwatchOne(): void {
    for (const symbol of [...this.#watched].toReversed()) {
      if (symbol === this.#active) continue;
      this.#watched.delete(symbol);
      this.#views.delete(symbol);
      this.transport.unsubscribe(symbol);
      return;
    }
  }

  #viewFor(source: string, symbol: string): MarketView {
    let bySource = this.#views.get(symbol);
    if (bySource === undefined) this.#views.set(symbol, (bySource = new Map()));
    let view = bySource.get(source);
    if (view === undefined) {
      bySource.set(source, (view = new MarketView(source, symbol)));
      this.#addSources([source]);
    }
    return view;
  }

  *#allViews(): Iterable<MarketView> {
    for (const bySource of this.#views.values()) yield* bySource.values();
  }

  #addSources(sources: readonly string[]): void {
    const fresh = sources.filter((source) => !this.#snapshot.sources.includes(source));
    if (fresh.length > 0) this.#change({ sources: [...this.#snapshot.sources, ...fresh] });
  }

  #forgetError(coin: string): void {
    const { [coin]: _gone, ...coinErrors } = this.#snapshot.coinErrors;
    this.#change({ coinErrors });
  }

  #count(name: keyof Counters): void {
    this.counters = { ...this.counters, [name]: this.counters[name] + 1 };
  }

  #change(part: Partial<SessionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
