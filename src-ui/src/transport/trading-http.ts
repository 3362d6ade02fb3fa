import type { HttpAuth } from "./auth-http";
import { Trading, type TradeRequest, type TradeType } from "./trading";
import type { TradingPort } from "./trading-types";

type Http = Pick<HttpAuth, "send">;

const POSTED: Readonly<Partial<Record<TradeType, string>>> = {
  preview: "trading/preview",
  order: "trading/order",
  cancel: "trading/cancel",
  cancel_all: "trading/cancel-all",
  close: "trading/close",
  reverse: "trading/reverse",
  kill: "trading/kill",
  find: "trading/find",
};

function ask(http: Http, { type, ...body }: TradeRequest): Promise<unknown> {
  const path = POSTED[type];
  if (path !== undefined) return http.send("POST", path, body);
  const account = encodeURIComponent(String(body["account"] ?? ""));
  if (type === "accounts") return http.send("GET", "trading/accounts");
  if (type === "account") return http.send("GET", `trading/account?account=${account}`);
  return http.send("GET", `audit/order/${encodeURIComponent(String(body["cloid"]))}?account=${account}`);
}

/** Trading over a gateway's HTTP, as the user who is logged in there. */
export function httpTrading(http: Http): TradingPort {
  return new Trading((request) => ask(http, request));
}
