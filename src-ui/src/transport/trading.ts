import { clock } from "~/shared/clock";
import { asAuto, asAutoSymbol } from "./auto-decode";
import type { AutoSymbol, AutoView, AutoWish } from "./auto-types";
import { asMarketMargin } from "./margin-decode";
import type { LeverageWish, MarginWish, MarketMargin } from "./margin-types";
import { asProof } from "./proof-decode";
import type { Proof } from "./proof-types";
import { asDeskKill, asDone, asLeases, asRiskView, asSchedule } from "./risk-decode";
import type { DeskKillAnswer, Lease, LimitsWire, RiskView, ScheduleAnswer, ScopeName } from "./risk-types";
import { asAccountAnswer, asAccounts, asKill, asOrders, asPreview, asTradingAccount } from "./trading-decode";
import type { AccountList, Change, TradingPort } from "./trading-port";
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
import { asObject } from "./decode";
import { text } from "./order-decode";
import { ApiError } from "./types";

export type TradeType =
  | "accounts"
  | "account"
  | "preview"
  | "order"
  | "cancel"
  | "cancel_all"
  | "close"
  | "reverse"
  | "kill"
  | "proof"
  | "find"
  | "modify"
  | "end_twap"
  | "schedule_cancel"
  | "leverage"
  | "margin"
  | "open_paper"
  | "accept"
  | "limits"
  | "set_limits"
  | "agree_limits"
  | "withdraw_limits"
  | "kill_desk"
  | "lease"
  | "auto"
  | "set_auto"
  | "trigger_auto";

export interface TradeRequest {
  readonly type: TradeType;
  readonly [field: string]: unknown;
}

/** Nothing is waited for longer; what was asked may have been done all the same. */
const ANSWER_LIMIT_MS = 15_000;
/** Where the venue's answer was lost, the server looks for a minute whether it was done. */
const PROOF_LIMIT_MS = 90_000;

/** One meaning over any carrier: what goes out is spelled and what comes back is read here. */
export class Trading implements TradingPort {
  constructor(private readonly carry: (request: TradeRequest) => Promise<unknown>) {}

  accounts(): Promise<AccountList> {
    return this.#ask({ type: "accounts" }, asAccounts);
  }

  account(ask: Ask): Promise<AccountAnswer> {
    return this.#ask({ type: "account", ...ask }, (body) => asAccountAnswer(body, clock.now()));
  }

  preview(ticket: Ticket): Promise<Preview> {
    return this.#ask({ type: "preview", ...ticket }, (body) => asPreview(body, clock.now()));
  }

  order(ticket: Ticket & Keyed): Promise<readonly OrderView[]> {
    return this.#ask({ type: "order", ...ticket }, asOrders);
  }

  cancel(ask: Ask & Keyed & { readonly cloid: string }): Promise<readonly OrderView[]> {
    return this.#ask({ type: "cancel", ...ask }, asOrders);
  }

  cancelAll(ask: Ask & Keyed & { readonly symbol?: string }): Promise<readonly OrderView[]> {
    return this.#ask({ type: "cancel_all", ...ask }, asOrders);
  }

  close(
    ask: Ask & Keyed & { readonly symbol: string; readonly share_percent: number },
  ): Promise<readonly OrderView[]> {
    return this.#ask({ type: "close", ...ask }, asOrders);
  }

  reverse(ask: Ask & Keyed & { readonly symbol: string }): Promise<readonly OrderView[]> {
    return this.#ask({ type: "reverse", ...ask }, asOrders);
  }

  leverage(wish: LeverageWish): Promise<MarketMargin> {
    return this.#ask({ type: "leverage", ...wish }, asMarketMargin, PROOF_LIMIT_MS);
  }

  margin(wish: MarginWish): Promise<MarketMargin> {
    return this.#ask({ type: "margin", ...wish }, asMarketMargin, PROOF_LIMIT_MS);
  }

  kill(wish: KillWish): Promise<KillAnswer> {
    return this.#ask({ type: "kill", ...wish }, asKill);
  }

  proof(ask: Ask & { readonly cloid: string }): Promise<Proof> {
    return this.#ask({ type: "proof", ...ask }, asProof);
  }

  find(ask: Ask & Keyed): Promise<readonly OrderView[]> {
    return this.#ask({ type: "find", ...ask }, asOrders);
  }

  modify(ask: Ask & Keyed & Change): Promise<readonly OrderView[]> {
    return this.#ask({ type: "modify", ...ask }, asOrders);
  }

  /** What is left of it, base units. */
  endTwap(ask: Ask & Keyed & { readonly twap: string }): Promise<string> {
    return this.#ask({ type: "end_twap", ...ask }, (body) => text(asObject(body)?.["left"]) ?? "");
  }

  scheduleCancel(ask: Ask & Keyed & { readonly at_ms: number | null }): Promise<ScheduleAnswer> {
    return this.#ask({ type: "schedule_cancel", ...ask }, asSchedule);
  }

  async accept(ask: Ask): Promise<void> {
    await this.#ask({ type: "accept", ...ask }, asDone);
  }

  openPaper(name: string | null): Promise<TradingAccount> {
    return this.#ask({ type: "open_paper", ...(name === null ? {} : { name }) }, asTradingAccount);
  }

  limits(coreNow: number): Promise<RiskView> {
    return this.#ask({ type: "limits" }, (body) => asRiskView(body, clock.now(), coreNow));
  }

  async setLimits(of: ScopeName, limits: LimitsWire): Promise<void> {
    await this.#ask({ type: "set_limits", ...of, limits }, asDone);
  }

  async agreeLimits(of: ScopeName): Promise<void> {
    await this.#ask({ type: "agree_limits", ...of }, asDone);
  }

  async withdrawLimits(of: ScopeName): Promise<void> {
    await this.#ask({ type: "withdraw_limits", ...of }, asDone);
  }

  killDesk(wish: Omit<KillWish, "account">): Promise<DeskKillAnswer> {
    return this.#ask({ type: "kill_desk", ...wish }, asDeskKill);
  }

  lease(of: ScopeName, seconds: number): Promise<readonly Lease[]> {
    return this.#ask({ type: "lease", ...of, seconds }, asLeases);
  }

  auto(ask: Ask): Promise<AutoView> {
    return this.#ask({ type: "auto", ...ask }, asAuto);
  }

  setAuto(wish: AutoWish & Keyed): Promise<AutoView> {
    return this.#ask({ type: "set_auto", ...wish }, asAuto);
  }

  triggerAuto(ask: Ask & { readonly symbol: string }): Promise<AutoSymbol> {
    return this.#ask({ type: "trigger_auto", ...ask }, asAutoSymbol);
  }

  async #ask<T>(
    request: TradeRequest,
    read: (body: unknown) => T | null,
    limitMs = ANSWER_LIMIT_MS,
  ): Promise<T> {
    const found = read(await inTime(this.carry(request), limitMs));
    if (found === null)
      throw new ApiError("malformed_answer", "the answer to a trading request could not be read", true);
    return found;
  }
}

function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ApiError("unreachable", "the server gave no answer in time", true)),
      limitMs,
    );
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
