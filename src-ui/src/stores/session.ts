import { clock } from "~/shared/clock";
import { asMode } from "~/transport/decode";
import type {
  ApiError,
  Envelope,
  LinkState,
  Mode,
  Readiness,
  Subscribed,
  SymbolDirectory,
  Transport,
  TransportListener,
} from "~/transport/types";
import { AlphaDesk } from "./alpha-desk";
import { AuthDesk } from "./auth-desk";
import { Cell } from "./cell";
import { CandleDesk } from "./candle-desk";
import { DirectoryReader } from "./directory";
import { LinkQuality } from "./link-quality";
import { LiquidationDesk } from "./liquidations";
import type { MarketView } from "./market-view";
import { ResyncPace } from "./resync";
import { SampleBook } from "./samples";
import { type Counters, emptySnapshot, type SessionSnapshot } from "./session-snapshot";
import { TicketDesk } from "./ticket-desk";
import { ticketFacts } from "./ticket-facts";
import type { TradingDesk } from "./trading-desk";
import { tradingOf } from "./trading-of";
import { VenueBook } from "./venue-book";
import type { VenueStatus } from "./venue-view";
import { ViewBook } from "./view-book";
import { WatchedSymbols } from "./watched";

export class Session implements TransportListener {
  readonly #views = new ViewBook();
  readonly #venues = new VenueBook();
  readonly #watched: WatchedSymbols;
  readonly #resyncs: ResyncPace;
  readonly #cell: Cell<SessionSnapshot>;
  readonly #directory: DirectoryReader;
  #endSampling: () => void = () => undefined;
  /** The chosen symbol. */
  active: string;
  #started = false;
  counters: Counters = { gaps: 0, resyncs: 0, malformed: 0, unexpected: 0 };
  roundTripMs: number | null = null;
  /** Grows with each change of any view or venue. */
  revision = 0;
  events = 0;
  readonly candles: CandleDesk;
  readonly alpha: AlphaDesk;
  readonly account: Transport["account"];
  /** Null where nobody logs in. */
  readonly auth: AuthDesk | null;
  /** Null where nothing can ever be traded. */
  readonly trading: TradingDesk | null;
  readonly ticket: TicketDesk | null;
  readonly quality = new LinkQuality();
  readonly liquidations = new LiquidationDesk();
  readonly samples = new SampleBook();
  /** How the engine is doing; null while nothing is known. */
  readiness: Readiness | null = null;

  constructor(
    private readonly transport: Transport,
    active: string,
    private readonly now: () => number = () => clock.now(),
  ) {
    this.active = active;
    this.#cell = new Cell(emptySnapshot(transport));
    this.#watched = new WatchedSymbols(
      (symbol) => transport.subscribe(symbol),
      (symbol) => {
        this.#views.drop(symbol);
        transport.unsubscribe(symbol);
      },
    );
    this.#resyncs = new ResyncPace(now, (symbol) => this.#resubscribe(symbol));
    this.#directory = new DirectoryReader(
      transport,
      (found) => this.#takeDirectory(found),
      (directoryError) => this.#cell.change({ directoryError }),
    );
    this.candles = new CandleDesk(transport, () => this.linked);
    this.account = transport.account;
    this.auth = transport.auth === null ? null : new AuthDesk(transport.auth, transport);
    this.alpha = new AlphaDesk(transport, () => this.linked);
    this.trading = tradingOf(transport, this.auth, () => this.linked);
    this.ticket = this.trading === null ? null : new TicketDesk(this.trading, ticketFacts(this));
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#watched.add(this.active, this.active);
    this.transport.open(this);
    this.auth?.start();
    this.trading?.start();
    this.#endSampling = this.samples.run(() => [this.active, this.#views.of(this.active)], this.now);
  }

  stop(): void {
    this.#endSampling();
    this.#directory.stop();
    this.auth?.stop();
    this.trading?.stop();
    this.transport.close();
  }

  retry(): void {
    this.transport.retry();
  }

  view(source: string, symbol: string): MarketView | null {
    return this.#views.get(source, symbol);
  }

  sourcesSeen(symbol: string): readonly string[] {
    return this.#views.of(symbol).map(({ source }) => source);
  }

  venue(source: string): VenueStatus | null {
    return this.#venues.get(source);
  }

  get venues(): readonly VenueStatus[] {
    return this.#venues.all;
  }

  get linked(): boolean {
    return this.#cell.get().link.phase === "open";
  }

  readonly isWatched = (symbol: string): boolean => this.#watched.has(symbol);

  /** Makes sure that the chosen symbol is among the watched ones, whatever the limit. */
  activate(symbol: string): void {
    if (symbol !== this.active) this.ticket?.reset();
    this.active = symbol;
    if (this.#cell.get().coinErrors[symbol] !== undefined) this.#forgetError(symbol);
    this.#watched.add(symbol, symbol);
  }

  subscribeToChanges = (listener: () => void): (() => void) => this.#cell.subscribe(listener);

  getSnapshot = (): SessionSnapshot => this.#cell.get();

  onEvents(batch: readonly Envelope[], arrivedAt: number): void {
    for (const envelope of batch) {
      this.events += 1;
      const runId = envelope.data["run_id"];
      if (typeof runId === "string") this.#onRun(runId, asMode(envelope.data["mode"]));
      if (envelope.event_type === "agg_update") this.#onMarket(envelope, arrivedAt);
      else if (envelope.event_type === "venue_status") {
        if (this.#venues.take(envelope, arrivedAt)) this.#addSources([envelope.source]);
      } else if (envelope.event_type === "liquidation_batch") {
        if (this.#watched.has(envelope.symbol)) this.liquidations.take(envelope, arrivedAt);
      } else if (this.trading?.take(envelope, arrivedAt) === true) continue;
      else if (envelope.source === "alpha" || envelope.source === "account")
        this.#onAlpha(envelope, arrivedAt);
      else this.#count("unexpected");
    }
    this.revision += 1;
  }

  onSubscribed(answer: Subscribed): void {
    this.#onRun(answer.run_id, answer.mode);
    this.#addSources(answer.sources);
    if (this.#cell.get().coinErrors[answer.coin] !== undefined) this.#forgetError(answer.coin);
  }

  onState(link: LinkState): void {
    if (link.phase === "open") {
      this.#directory.read();
    } else {
      this.#directory.stop();
      this.readiness = null;
      this.roundTripMs = null;
    }
    // Nothing says what was missed while the link was away, so only a snapshot may be built upon.
    if (link.phase === "closed") for (const view of this.#views.all()) view.version = null;
    this.#cell.change({ link });
    this.quality.onLink(link);
    this.auth?.onLink(link);
    this.trading?.onLink(link);
    if (link.phase !== "open") this.ticket?.disarm();
    if (link.phase === "open") {
      this.candles.askAll();
      this.alpha.askAll();
    }
  }

  onError(error: ApiError): void {
    if (error.coin === null) {
      if (this.auth?.noticed(error) !== true) this.#count("unexpected");
    } else this.#cell.change({ coinErrors: { ...this.#cell.get().coinErrors, [error.coin]: error } });
  }

  onReadiness(readiness: Readiness): void {
    this.readiness = readiness;
  }

  onMalformed(): void {
    this.#count("malformed");
  }

  onRoundTrip(ms: number): void {
    this.roundTripMs = ms;
    this.quality.onRoundTrip(ms);
  }

  #onMarket(envelope: Envelope, arrivedAt: number): void {
    const { symbol, source } = envelope;
    if (!this.#watched.has(symbol)) return;
    const outcome = this.#views.open(source, symbol, this.#met).apply(envelope, arrivedAt);
    if (outcome === "gap") {
      this.#count("gaps");
      this.#resyncs.after(symbol);
    }
    if (outcome === "applied") this.candles.take(envelope, arrivedAt);
  }

  #onAlpha(envelope: Envelope, arrivedAt: number): void {
    const { symbol } = envelope;
    if (symbol !== "*" && !this.#watched.has(symbol)) return;
    if (!this.alpha.take(envelope, arrivedAt)) this.#count("unexpected");
  }

  /** A new run starts every sequence again: what an earlier one said is void. */
  #onRun(runId: string, mode: Mode | null): void {
    const held = this.#cell.get();
    if (held.runId === runId && (mode === null || held.mode === mode)) return;
    if (held.runId !== null && held.runId !== runId) {
      for (const view of this.#views.all()) view.clear();
      this.#venues.clear();
      this.candles.clear();
      this.alpha.clear();
      this.liquidations.clear();
      this.samples.clear();
      this.trading?.clear();
      this.#directory.read();
    }
    this.#cell.change({ runId, mode: mode ?? held.mode });
  }

  #resubscribe(symbol: string): void {
    if (!this.#watched.has(symbol)) return;
    this.#count("resyncs");
    this.transport.unsubscribe(symbol);
    this.transport.subscribe(symbol);
  }

  #takeDirectory(directory: SymbolDirectory): void {
    this.#onRun(directory.run_id, directory.mode);
    this.#cell.change({ symbols: directory.symbols, directoryError: null });
    for (const { symbol, sources, followed } of directory.symbols) {
      this.#addSources(sources);
      if (followed && !this.#watched.full) this.#watched.add(symbol, this.active);
    }
  }

  #met = (source: string): void => this.#addSources([source]);

  #addSources(sources: readonly string[]): void {
    const { sources: held } = this.#cell.get();
    const fresh = sources.filter((source) => !held.includes(source));
    if (fresh.length > 0) this.#cell.change({ sources: [...held, ...fresh] });
  }

  #forgetError(coin: string): void {
    const { [coin]: _gone, ...coinErrors } = this.#cell.get().coinErrors;
    this.#cell.change({ coinErrors });
  }

  #count(name: keyof Counters): void {
    this.counters = { ...this.counters, [name]: this.counters[name] + 1 };
  }
}
