import { clock } from "~/shared/clock";
import { type Decimal, digits, fromUnits } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asApiError } from "~/transport/decode";
import type { MarketMargin } from "~/transport/margin-types";
import type { Preview, Side, Ticket } from "~/transport/trading-types";
import type { ApiError } from "~/transport/types";
import { type Draft, EMPTY_DRAFT } from "./ticket-draft";
import { build, type Built, type TicketFacts } from "./ticket-build";
import { freshKey, type Intent } from "./intents";
import { orderWords } from "./trading-words";
import type { TradingDesk } from "./trading-desk";

/** Typing rests so long before the server is asked. */
const DEBOUNCE_MS = 250;
/** A preview that is looked at is asked for again so often: the market moves on. */
const AGAIN_MS = 2000;
/** One-click stays armed so long; each order sent in it begins the time anew. */
export const ARMED_MS = 60_000;

export interface TicketSnapshot {
  readonly draft: Draft;
  /** Frozen as it was reviewed: this and nothing else is sent. */
  readonly review: { readonly ticket: Ticket; readonly key: string } | null;
  readonly preview: Stamped<Preview> | null;
  /** The preview is of the draft as it was before the last key. */
  readonly previewBehind: boolean;
  readonly previewError: ApiError | null;
  /** Leverage and kind of margin of the market, by the newest answer; that of a server which cannot set them has none. */
  readonly market: Stamped<MarketMargin | null> | null;
  /** Monotonic time at which one-click ends; null while orders are confirmed. */
  readonly armedUntil: number | null;
  /** The intent that was sent last. */
  readonly lastKey: string | null;
}

/** After two questions without an answer a preview is stale. */
const PREVIEW_LIMIT_MS = 5000;
/** How the market is margined is asked for so often while nothing is typed that could be previewed. */
const MARKET_EVERY_MS = 10_000;
const MARKET_LIMIT_MS = 30_000;

/** The order ticket: a draft, what the server says of it, and the way to an order. */
export class TicketDesk {
  readonly #listeners = new Set<() => void>();
  #snapshot: TicketSnapshot = {
    draft: EMPTY_DRAFT,
    review: null,
    preview: null,
    previewBehind: false,
    previewError: null,
    market: null,
    armedUntil: null,
    lastKey: null,
  };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armTimer: ReturnType<typeof setTimeout> | undefined;
  #question = 0;
  #lookers = 0;
  /** The market's margin was changed since it was told. */
  #renewed = false;

  constructor(
    private readonly trading: TradingDesk,
    /** What is known of the market and the account at a moment; null while there is no account. */
    private readonly facts: (now: number) => TicketFacts | null,
    private readonly now: () => number = () => clock.now(),
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): TicketSnapshot => this.#snapshot;

  /** What came of the intent that was sent last. */
  get last(): Intent | null {
    const { lastKey } = this.#snapshot;
    return lastKey === null ? null : this.trading.intents.get(lastKey);
  }

  /** Previews are asked for while somebody looks at the ticket. */
  look(): () => void {
    this.#lookers += 1;
    this.#plan(0);
    return () => {
      this.#lookers -= 1;
      if (this.#lookers <= 0) {
        clearTimeout(this.#timer);
        this.disarm();
      }
    };
  }

  edit(part: Partial<Draft>): void {
    const draft = { ...this.#snapshot.draft, ...part };
    this.#change({ draft, review: null, previewBehind: this.#snapshot.preview !== null });
    this.#plan(DEBOUNCE_MS);
  }

  /** Another market or account: prices of the one before mean nothing there. */
  reset(): void {
    const { side, kind, unit, strategy } = this.#snapshot.draft;
    this.#change({
      draft: { ...EMPTY_DRAFT, side, kind, unit, strategy },
      review: null,
      preview: null,
      previewBehind: false,
      previewError: null,
      market: null,
    });
    this.disarm();
    this.#plan(0);
  }

  build(now: number = this.now()): Built | null {
    const facts = this.facts(now);
    return facts === null ? null : build(this.#snapshot.draft, facts);
  }

  /** Where an order at the market would enter; null while that is not known. */
  entry(): Decimal | null {
    return this.facts(this.now())?.mid ?? null;
  }

  /** What the preview rests on is another now: it is asked for at once. */
  renew(): void {
    this.#change({ previewBehind: this.#snapshot.preview !== null });
    this.#renewed = true;
    this.#plan(0);
  }

  setSide(side: Side): void {
    if (side !== this.#snapshot.draft.side) this.edit({ side });
  }

  /** A price was picked in the book or the chart. */
  pick(px: Decimal): void {
    const { kind } = this.#snapshot.draft;
    if (kind === "stop_market" || kind === "take_market" || kind === "stop_limit" || kind === "take_limit")
      this.edit({ trigger: digits(px) });
    else if (kind === "market" || kind === "twap" || kind === "scale")
      this.edit({ kind: "limit", px: digits(px) });
    else this.edit({ px: digits(px) });
  }

  /** One step towards the order: review, then send; armed, it sends at once. */
  advance(): void {
    const { review, armedUntil } = this.#snapshot;
    if (this.trading.intents.sending) return;
    if (review !== null) {
      void this.#send(review.ticket, review.key);
      return;
    }
    const ticket = this.build()?.ticket ?? null;
    if (ticket === null) return;
    if (armedUntil !== null && this.now() < armedUntil) void this.#send(ticket, freshKey());
    else this.#change({ review: { ticket, key: freshKey() } });
  }

  /** Back from the review to the draft. */
  withdraw(): void {
    if (this.#snapshot.review !== null) this.#change({ review: null });
  }

  arm(): void {
    this.#change({ armedUntil: this.now() + ARMED_MS, review: null });
    clearTimeout(this.#armTimer);
    this.#armTimer = setTimeout(() => this.disarm(), ARMED_MS);
  }

  disarm(): void {
    clearTimeout(this.#armTimer);
    if (this.#snapshot.armedUntil !== null) this.#change({ armedUntil: null });
  }

  async #send(ticket: Ticket, key: string): Promise<void> {
    const wish = this.trading.wish.order(ticket, orderWords(ticket), key);
    const armed = this.#snapshot.armedUntil !== null;
    this.#change({ lastKey: key });
    const phase = await this.trading.run(wish);
    if (armed && this.#snapshot.armedUntil !== null) this.arm();
    if (this.#snapshot.review?.key !== key && !armed) return;
    // A refused ticket stays to be corrected; a key that may have been used is never used for another ticket.
    if (phase === "taken" && !armed)
      this.#change({ review: null, draft: { ...this.#snapshot.draft, amount: "" } });
    else this.#change({ review: null });
    this.#plan(0);
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#lookers <= 0) return;
    this.#timer = setTimeout(() => void this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    const question = (this.#question += 1);
    const renewed = this.#renewed;
    this.#renewed = false;
    const { draft } = this.#snapshot;
    // What was typed since is asked for next, and this answer is not about it.
    const behind = (): boolean => draft !== this.#snapshot.draft || this.#renewed;
    const ticket = this.#snapshot.review?.ticket ?? this.build()?.ticket ?? null;
    if (ticket === null || document.hidden) {
      if (ticket === null && this.#snapshot.preview !== null)
        this.#change({ preview: null, previewBehind: false, previewError: null });
      if (ticket === null && !document.hidden) await this.#askMarket(renewed);
      if (question === this.#question) this.#plan(behind() ? DEBOUNCE_MS : AGAIN_MS);
      return;
    }
    try {
      const preview = await this.trading.port.preview(ticket);
      const stamped = this.#stamped(preview, preview, PREVIEW_LIMIT_MS);
      if (question === this.#question)
        this.#change({ preview: stamped, previewBehind: behind(), previewError: null });
      this.#takeMarket(preview, ticket);
    } catch (error) {
      if (question === this.#question)
        this.#change({ preview: null, previewBehind: false, previewError: asApiError(error) });
    }
    // An answer that comes after a further key must not put off the question about it.
    if (question === this.#question) this.#plan(behind() ? DEBOUNCE_MS : AGAIN_MS);
  }

  /** A preview of the smallest order says how the market is margined; it is shown to nobody. */
  async #askMarket(renewed: boolean): Promise<void> {
    const facts = this.facts(this.now());
    const age = this.#snapshot.market?.read(this.now()).ageMs ?? Number.POSITIVE_INFINITY;
    if (facts === null || facts.grid === null || (age < MARKET_EVERY_MS && !renewed)) return;
    const { account, symbol } = facts;
    const size = digits(fromUnits(1n, facts.grid.szDecimals));
    const least: Ticket = { account, symbol, side: "buy", kind: "market", size, reduce_only: false };
    try {
      this.#takeMarket(await this.trading.port.preview(least), least);
    } catch {
      // What is held grows old, and says so.
    }
  }

  #takeMarket(preview: Preview, { account, symbol }: Ticket): void {
    const { market } = preview;
    const facts = this.facts(this.now());
    // The market or the account may be another by now.
    if (market !== null && market.symbol !== symbol) return;
    if (facts === null || facts.symbol !== symbol || facts.account !== account) return;
    this.#change({ market: this.#stamped(preview, market, MARKET_LIMIT_MS) });
  }

  #stamped<T>({ nowMs }: Preview, value: T, limitMs: number): Stamped<T> {
    const stamp = { asOf: nowMs, provedAt: nowMs, coreNow: nowMs, arrivedAt: this.now(), limitMs };
    return Stamped.of("execution", value, stamp);
  }

  #change(part: Partial<TicketSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
