import { clock } from "~/shared/clock";
import { asAccountAnswer, asAccounts, asKill, asOrders, asPreview, asProof } from "./trading-decode";
import type { Proof } from "./proof-types";
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
  TradingPort,
} from "./trading-types";
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
  | "find";

export interface TradeRequest {
  readonly type: TradeType;
  readonly [field: string]: unknown;
}

/** Nothing is waited for longer; what was asked may have been done all the same. */
const ANSWER_LIMIT_MS = 15_000;

/** One meaning over any carrier: what goes out is spelled and what comes back is read here. */
export class Trading implements TradingPort {
  constructor(private readonly carry: (request: TradeRequest) => Promise<unknown>) {}

  accounts(): Promise<readonly TradingAccount[]> {
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

  kill(wish: KillWish): Promise<KillAnswer> {
    return this.#ask({ type: "kill", ...wish }, asKill);
  }

  proof(ask: Ask & { readonly cloid: string }): Promise<Proof> {
    return this.#ask({ type: "proof", ...ask }, asProof);
  }

  find(ask: Ask & Keyed): Promise<readonly OrderView[]> {
    return this.#ask({ type: "find", ...ask }, asOrders);
  }

  async #ask<T>(request: TradeRequest, read: (body: unknown) => T | null): Promise<T> {
    const found = read(await inTime(this.carry(request)));
    if (found === null)
      throw new ApiError("malformed_answer", "the answer to a trading request could not be read", true);
    return found;
  }
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ApiError("unreachable", "the server gave no answer in time", true)),
      ANSWER_LIMIT_MS,
    );
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
