import type { AutoSymbol, AutoView, AutoWish } from "./auto-types";
import type { LeverageWish, MarginWish, MarketMargin } from "./margin-types";
import type { Proof } from "./proof-types";
import type { DeskKillAnswer, Lease, LimitsWire, RiskView, ScheduleAnswer, ScopeName } from "./risk-types";
import type {
  AccountAnswer,
  Ask,
  Keyed,
  KillAnswer,
  KillWish,
  OrderView,
  Preview,
  Ticket,
  TradingAccount,
} from "./trading-types";

export interface AccountList {
  readonly accounts: readonly TradingAccount[];
  /** Whoever may trade can open a paper account here; false at a server that does not tell. */
  readonly paperOffered: boolean;
}

/** What of an order is to be another; what is left out stays. */
export interface Change {
  readonly cloid: string;
  readonly px?: string;
  readonly trigger_px?: string;
  readonly size?: string;
}

/** Trading, where the server has it. Refusals are `ApiError`s with the server's code; everything else may have been taken. */
export interface TradingPort {
  accounts(): Promise<AccountList>;
  account(ask: Ask): Promise<AccountAnswer>;
  preview(ticket: Ticket): Promise<Preview>;
  order(ticket: Ticket & Keyed): Promise<readonly OrderView[]>;
  /** The order in another's place, and the one whose place it took. */
  modify(ask: Ask & Keyed & Change): Promise<readonly OrderView[]>;
  cancel(ask: Ask & Keyed & { readonly cloid: string }): Promise<readonly OrderView[]>;
  cancelAll(ask: Ask & Keyed & { readonly symbol?: string }): Promise<readonly OrderView[]>;
  close(
    ask: Ask & Keyed & { readonly symbol: string; readonly share_percent: number },
  ): Promise<readonly OrderView[]>;
  reverse(ask: Ask & Keyed & { readonly symbol: string }): Promise<readonly OrderView[]>;
  /** Ends one TWAP by its own key; what was sliced stays. */
  endTwap(ask: Ask & Keyed & { readonly twap: string }): Promise<string>;
  scheduleCancel(ask: Ask & Keyed & { readonly at_ms: number | null }): Promise<ScheduleAnswer>;
  /** Answers when the venue has set it, or shows that it has not. */
  leverage(wish: LeverageWish): Promise<MarketMargin>;
  /** Moves margin into an isolated position, or out of it. */
  margin(wish: MarginWish): Promise<MarketMargin>;
  kill(wish: KillWish): Promise<KillAnswer>;
  proof(ask: Ask & { readonly cloid: string }): Promise<Proof>;
  /**
   * What became of a key. `order_unknown`: it never arrived, and from now on it is refused, so that nothing can come of it later. A server
   * that does not know the question answers with another code.
   */
  find(ask: Ask & Keyed): Promise<readonly OrderView[]>;
  /** Takes the account as the venue tells it: books that do not tie begin anew from there. */
  accept(ask: Ask): Promise<void>;
  /** A new account with paper money. */
  openPaper(name: string | null): Promise<TradingAccount>;

  /** `coreNow`: the server's time, which the answer does not tell. */
  limits(coreNow: number): Promise<RiskView>;
  setLimits(of: ScopeName, limits: LimitsWire): Promise<void>;
  agreeLimits(of: ScopeName): Promise<void>;
  withdrawLimits(of: ScopeName): Promise<void>;
  killDesk(wish: Omit<KillWish, "account">): Promise<DeskKillAnswer>;
  /** Takes a lease or renews it; 0 seconds end it. */
  lease(of: ScopeName, seconds: number): Promise<readonly Lease[]>;

  auto(ask: Ask): Promise<AutoView>;
  setAuto(wish: AutoWish & Keyed): Promise<AutoView>;
  /** Judges one symbol anew, at once; it skips no gate. */
  triggerAuto(ask: Ask & { readonly symbol: string }): Promise<AutoSymbol>;
}
