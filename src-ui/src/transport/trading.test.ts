import { describe, expect, it, vi } from "vitest";
import { HttpAuth } from "./auth-http";
import { Trading } from "./trading";
import { httpTrading } from "./trading-http";

const TICKET = {
  account: "0xa",
  symbol: "BTC",
  side: "buy",
  kind: "market",
  size: "0.01",
  reduce_only: false,
} as const;

function gateway(answer: () => Response) {
  const asked: { method: string; path: string; body: unknown; csrf: string | null }[] = [];
  const auth = new HttpAuth(new URL("http://desk/"), (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (url.pathname === "/auth/state")
      return Promise.resolve(
        Response.json({
          mode: "gateway",
          login: "optional",
          session: {
            session_id: "s",
            csrf: "C",
            user: { id: "u", role: "trader" },
            created_ms: 1,
            expires_ms: 2,
          },
        }),
      );
    asked.push({
      method: init?.method ?? "GET",
      path: url.pathname + url.search,
      body: typeof init?.body === "string" ? JSON.parse(init.body) : null,
      csrf: headers.get("X-HyperSentry-CSRF"),
    });
    return Promise.resolve(answer());
  });
  return { auth, trading: httpTrading(auth), asked };
}

describe("trading over a gateway", () => {
  it("carries the session's token with each change, and the routes of the contract", async () => {
    const { auth, trading, asked } = gateway(() => Response.json({ orders: [] }));
    await auth.state();
    await trading.order({ ...TICKET, key: "k" });
    await trading.cancelAll({ account: "0xa", key: "k2" });
    await trading.close({ account: "0xa", key: "k3", symbol: "BTC", share_percent: 25 });
    await trading.find({ account: "0xa", key: "k" });
    expect(asked.map(({ method, path, csrf }) => `${method} ${path} ${csrf}`)).toEqual([
      "POST /trading/order C",
      "POST /trading/cancel-all C",
      "POST /trading/close C",
      "POST /trading/find C",
    ]);
    expect(asked[0]?.body).toEqual({ ...TICKET, key: "k" });
    expect(asked[2]?.body).toEqual({ account: "0xa", key: "k3", symbol: "BTC", share_percent: 25 });
  });
  it("reads by GET and sends no token with it", async () => {
    const { trading, asked } = gateway(() => Response.json({ accounts: [] }));
    await trading.accounts();
    await trading.account({ account: "0xa" }).catch(() => undefined);
    await trading.proof({ account: "0xa", cloid: "0xb" }).catch(() => undefined);
    expect(asked.map(({ method, path, csrf }) => `${method} ${path} ${csrf}`)).toEqual([
      "GET /trading/accounts null",
      "GET /trading/account?account=0xa null",
      "GET /audit/order/0xb?account=0xa null",
    ]);
  });
  it("gives a refusal with its details, and an answer that is none as such", async () => {
    const refusals = [{ code: "risk_order_usd", text: "too large" }];
    const refused = gateway(() =>
      Response.json(
        { code: "risk_refused", message: "no", retryable: false, details: { refusals } },
        { status: 409 },
      ),
    );
    await expect(refused.trading.order({ ...TICKET, key: "k" })).rejects.toMatchObject({
      code: "risk_refused",
      details: { refusals },
    });
    const broken = gateway(() => Response.json({ orders: [{}] }));
    await expect(broken.trading.order({ ...TICKET, key: "k" })).rejects.toMatchObject({
      code: "malformed_answer",
    });
    const proxy = gateway(() => new Response("<html>", { status: 502 }));
    await expect(proxy.trading.order({ ...TICKET, key: "k" })).rejects.toMatchObject({ code: "http_502" });
  });
});

describe("leverage and margin", () => {
  it("go to the routes of the contract, and come back as the market's margin", async () => {
    const told = { symbol: "BTC", margin: "isolated", leverage: 5, max_leverage: 40, only_isolated: false };
    const { trading, asked } = gateway(() => Response.json(told));
    const wish = { account: "0xa", key: "k", symbol: "BTC", leverage: 5, margin: "isolated" } as const;
    await expect(trading.leverage(wish)).resolves.toMatchObject({ margin: "isolated", maxLeverage: 40 });
    await trading.margin({ account: "0xa", key: "k2", symbol: "BTC", usd: "-12.5" });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /trading/leverage",
      "POST /trading/margin",
    ]);
    expect(asked[0]?.body).toEqual(wish);
    expect(asked[1]?.body).toEqual({ account: "0xa", key: "k2", symbol: "BTC", usd: "-12.5" });
  });
  it("are waited for as long as the server looks for a proof", async () => {
    vi.useFakeTimers();
    const trading = new Trading(() => new Promise(() => undefined));
    let ended: unknown = null;
    trading.margin({ account: "0xa", key: "k", symbol: "BTC", usd: "1" }).catch((error: unknown) => {
      ended = error;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toBeNull();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ended).toMatchObject({ code: "unreachable" });
    vi.useRealTimers();
  });
});

describe("an answer that does not come", () => {
  it("is given up after a time as lost, not as refused", async () => {
    vi.useFakeTimers();
    const trading = new Trading(() => new Promise(() => undefined));
    const answer = expect(trading.accounts()).rejects.toMatchObject({ code: "unreachable" });
    await vi.advanceTimersByTimeAsync(15_000);
    await answer;
    vi.useRealTimers();
  });
});
