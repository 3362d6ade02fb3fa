import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Backoff } from "./backoff";
import { GatewayTransport } from "./gateway";
import type { Envelope, LinkState, TransportListener } from "./types";

class ScriptedSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  readonly sent: { type: string; id?: number; coin?: string; channels?: string[] }[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
  }

  accept(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  say(message: unknown): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  drop(code: number): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }

  asked(): string[] {
    return this.sent.filter(({ coin }) => coin !== undefined).map(({ type, coin }) => `${type} ${coin}`);
  }
}

describe("the gateway transport", () => {
  const sockets: ScriptedSocket[] = [];
  const urls: string[] = [];
  const states: LinkState[] = [];
  const events: Envelope[] = [];
  const errors: string[] = [];
  const journals: string[] = [];
  let malformed = 0;
  let transport: GatewayTransport;

  const listener: TransportListener = {
    onEvents: (batch) => void events.push(...batch),
    onSubscribed: () => undefined,
    onState: (state) => void states.push(state),
    onError: (error) => void errors.push(`${error.code} ${error.coin}`),
    onMalformed: () => (malformed += 1),
    onRoundTrip: () => undefined,
    onReadiness: ({ journal }) => void journals.push(journal),
  };
  const last = (): ScriptedSocket => sockets.at(-1) as ScriptedSocket;

  beforeEach(() => {
    vi.useFakeTimers();
    for (const list of [sockets, urls, states, events, errors, journals]) list.length = 0;
    malformed = 0;
    transport = new GatewayTransport(new URL("https://desk.example/terminal/"), (url) => {
      urls.push(url.href);
      sockets.push(new ScriptedSocket());
      return last() as unknown as WebSocket;
    });
    transport.open(listener);
  });
  afterEach(() => {
    transport.close();
    vi.useRealTimers();
  });

  it("connects beside the page, encrypted as the page is", () => {
    expect(urls).toEqual(["wss://desk.example/terminal/ws"]);
  });

  it("subscribes once it is open, and again after each reconnection", async () => {
    transport.subscribe("BTC");
    expect(last().asked()).toEqual([]);
    last().accept();
    transport.subscribe("ETH");
    transport.unsubscribe("BTC");
    expect(last().asked()).toEqual(["subscribe BTC", "subscribe ETH", "unsubscribe BTC"]);
    last().drop(1006);
    expect(states.at(-1)).toMatchObject({ phase: "closed", reason: "the gateway does not answer" });
    await vi.advanceTimersByTimeAsync(600);
    last().accept();
    expect(sockets.length).toBe(2);
    expect(last().asked()).toEqual(["subscribe ETH"]);
  });

  it("takes a server that says nothing for lost", async () => {
    last().accept();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(states.some(({ phase }) => phase === "closed")).toBe(true);
  });

  it("ties an error to the symbol that was asked for", () => {
    last().accept();
    transport.subscribe("NOPE");
    const id = last().sent.at(-1)?.id;
    last().say({ type: "error", code: "unknown_symbol", detail: "x", retryable: false, id });
    expect(errors).toEqual(["unknown_symbol NOPE"]);
  });

  it("shows the market of a server that knows no convictions, and asks a next one for them again", async () => {
    const channels = (): unknown[] => last().sent.flatMap((item) => (item.channels ? [item.channels] : []));
    const refuse = (): void => {
      const id = last().sent.at(-1)?.id;
      last().say({ type: "error", code: "unknown_channel", detail: "x", retryable: false, id });
    };
    transport.subscribe("BTC");
    last().accept();
    const id = last().sent.find(({ coin }) => coin === "BTC")?.id;
    last().say({ type: "error", code: "unknown_channel", detail: "x", retryable: false, id });
    expect(errors).toEqual([]);
    expect(channels()).toEqual([["public.market", "public.alpha"], ["public.market"]]);
    refuse();
    expect(errors).toEqual(["unknown_channel BTC"]);
    last().drop(1012);
    await vi.advanceTimersByTimeAsync(600);
    last().accept();
    expect(channels()).toEqual([["public.market", "public.alpha"]]);
  });

  it("passes events on and counts what is not the protocol", () => {
    last().accept();
    last().say({ event_type: "agg_update", symbol: "BTC", ts_ms: 1, source: "x", seq: 1, data: {} });
    for (const bad of ["{", "[]", "7", { event_type: "agg_update" }, { type: "unheard_of" }]) last().say(bad);
    expect([events.length, malformed]).toEqual([1, 5]);
  });

  it("asks how the engine is, and passes on each word of it", () => {
    last().accept();
    expect(last().sent.some(({ type }) => type === "status")).toBe(true);
    last().say({ type: "status", ready: true, reasons: [], journal: "healthy" });
    last().say({ type: "status", ready: true, reasons: ["disk full"], journal: "degraded" });
    last().say({ type: "status", ready: "yes" });
    expect(journals).toEqual(["healthy", "degraded"]);
    expect(malformed).toBe(1);
  });

  it("answers each request for candles by its id, and all of them when the connection goes", async () => {
    const request = { symbol: "BTC", source: "okx", interval: "1m", limit: 5 } as const;
    await expect(transport.candles(request)).rejects.toMatchObject({ code: "unreachable" });
    last().accept();
    const answers = ["a", "b", "c"].map(() => transport.candles(request));
    const settled = Promise.allSettled(answers);
    const ids = last().sent.flatMap(({ type, id }) => (type === "candles" ? [id] : []));
    last().say({ type: "error", id: ids[1], code: "unknown_symbol", detail: "x", retryable: false });
    last().say({ type: "candles", id: ids[0], candles: [1, 2], pending: true });
    last().drop(1006);
    expect(await settled).toMatchObject([
      { value: { rows: [1, 2], pending: true } },
      { reason: { code: "unknown_symbol" } },
      { reason: { code: "unreachable", retryable: true } },
    ]);
    expect(errors).toEqual([]);
  });

  it("says nothing after it was closed", () => {
    last().accept();
    transport.close();
    const before = states.length;
    last().drop(1006);
    expect(states.length).toBe(before);
  });

  it("says by code that a session is over, and comes back without it", () => {
    last().accept();
    last().dispatchEvent(Object.assign(new Event("close"), { code: 4001, reason: "session_revoked" }));
    expect(states.at(-1)).toMatchObject({
      phase: "closed",
      code: "session_revoked",
      reason: "the session was revoked",
    });
    vi.advanceTimersByTime(1000);
    expect(sockets.length).toBe(2);
  });

  it("makes no attempt while it is held, and one at once when it is opened anew", () => {
    last().drop(1006);
    transport.hold("nobody is logged in");
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBe(1);
    expect(states.at(-1)).toMatchObject({ phase: "closed", reason: "nobody is logged in", retryAt: null });
    transport.reopen();
    expect(sockets.length).toBe(2);
    last().accept();
    transport.reopen();
    expect(sockets.length).toBe(3);
  });
});

describe("the waits between attempts", () => {
  it("double up to a limit, within their jitter", () => {
    const low = new Backoff(500, 4000, () => 0);
    const high = new Backoff(500, 4000, () => 1);
    expect([low, high].map((backoff) => [1, 2, 3, 4, 5].map(() => backoff.next()))).toEqual([
      [250, 500, 1000, 2000, 2000],
      [500, 1000, 2000, 4000, 4000],
    ]);
    high.reset();
    expect(high.next()).toBe(500);
  });
});
