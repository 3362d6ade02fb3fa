import type { Ticket, TradingPort } from "~/transport/trading-types";
import type { Wish } from "./intents";

/** What a user may want of an account, each with a key of its own from the moment it was wanted. */
export function wishes(port: TradingPort, freshKey: () => string) {
  const keyed = (
    account: string,
    symbol: string,
    what: string,
    send: (key: string) => ReturnType<Wish["send"]>,
    key = freshKey(),
  ): Wish => ({ key, what, symbol, send: () => send(key), find: () => port.find({ account, key }) });
  return {
    /** `key`: the one that the ticket was reviewed under. */
    order: (ticket: Ticket, what: string, key: string): Wish =>
      keyed(ticket.account, ticket.symbol, what, () => port.order({ ...ticket, key }), key),
    cancel: (account: string, symbol: string, cloid: string, what: string): Wish =>
      keyed(account, symbol, what, (key) => port.cancel({ account, key, cloid })),
    cancelAll: (account: string, what: string, symbol?: string): Wish =>
      keyed(account, symbol ?? "", what, (key) =>
        port.cancelAll(symbol === undefined ? { account, key } : { account, key, symbol }),
      ),
    close: (account: string, symbol: string, share: number, what: string): Wish =>
      keyed(account, symbol, what, (key) => port.close({ account, key, symbol, share_percent: share })),
    reverse: (account: string, symbol: string, what: string): Wish =>
      keyed(account, symbol, what, (key) => port.reverse({ account, key, symbol })),
  };
}
