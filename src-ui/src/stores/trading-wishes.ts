import type { Change, TradingPort } from "~/transport/trading-port";
import type { Ticket } from "~/transport/trading-types";
import type { Wish } from "./intents";

/** What a user may want of an account, each with a key of its own from the moment it was wanted. */
export function wishes(
  port: TradingPort,
  freshKey: () => string,
  /** Whether a TWAP of this key is among those that run. */
  runs: (key: string) => boolean,
) {
  const keyed = (
    account: string,
    symbol: string,
    what: string,
    send: (key: string) => ReturnType<Wish["send"]>,
    key = freshKey(),
    done?: string,
  ): Wish => ({
    key,
    what,
    account,
    symbol,
    send: () => send(key),
    find: () => port.find({ account, key }),
    ...(done === undefined ? {} : { done }),
  });
  return {
    /** `key`: the one that the ticket was reviewed under. */
    order: (ticket: Ticket, what: string, key: string): Wish => ({
      ...keyed(ticket.account, ticket.symbol, what, () => port.order({ ...ticket, key }), key),
      // The venue makes the orders of its TWAP: an answer has none.
      ...(ticket.twap?.by === "venue"
        ? { done: "Taken: the venue slices it. It stands above the open orders.", runs: () => runs(key) }
        : {}),
    }),
    modify: (account: string, symbol: string, change: Change, what: string): Wish =>
      keyed(account, symbol, what, (key) => port.modify({ account, key, ...change })),
    endTwap: (account: string, symbol: string, twap: string, what: string): Wish =>
      keyed(
        account,
        symbol,
        what,
        (key) => port.endTwap({ account, key, twap }).then(() => []),
        freshKey(),
        "It has ended: nothing more of it is sent. What was filled stays.",
      ),
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
