import type { HttpAuth } from "./auth-http";
import { Trading, type TradeRequest, type TradeType } from "./trading";
import type { TradingPort } from "./trading-port";

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
  modify: "trading/modify",
  end_twap: "trading/end-twap",
  schedule_cancel: "trading/schedule-cancel",
  leverage: "trading/leverage",
  margin: "trading/margin",
  accept: "trading/accept",
  open_paper: "trading/paper/open",
  set_limits: "risk/limits",
  agree_limits: "risk/limits/agree",
  withdraw_limits: "risk/limits/withdraw",
  kill_desk: "risk/kill",
  lease: "risk/lease",
  set_auto: "trading/auto",
  trigger_auto: "alpha/autonomous/trigger",
};

function ask(http: Http, { type, ...body }: TradeRequest): Promise<unknown> {
  const path = POSTED[type];
  if (path !== undefined) return http.send("POST", path, body);
  const account = encodeURIComponent(String(body["account"] ?? ""));
  if (type === "accounts") return http.send("GET", "trading/accounts");
  if (type === "limits") return http.send("GET", "risk/limits");
  if (type === "auto") return http.send("GET", `trading/auto?account=${account}`);
  if (type === "account") return http.send("GET", `trading/account?account=${account}`);
  return http.send("GET", `audit/order/${encodeURIComponent(String(body["cloid"]))}?account=${account}`);
}

/** Trading over a gateway's HTTP, as the user who is logged in there. */
export function httpTrading(http: Http): TradingPort {
  return new Trading((request) => ask(http, request));
}
