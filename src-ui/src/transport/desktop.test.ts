import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DesktopTransport } from "./desktop";
import type { TransportListener } from "./types";

const envelope = (seq: number) => ({
  event_type: "agg_update",
  symbol: "BTC",
  ts_ms: 1,
  source: "hyperliquid",
  seq,
  data: {},
});
const subscribed = { type: "subscribed", coin: "BTC", run_id: "r", mode: "replay", sources: ["hyperliquid"] };

/** What the shell was asked, and the requests for frames that it has not answered yet. */
class Shell {
  readonly asked: string[] = [];
  readonly frames: { resolve: (frame: ArrayBuffer) => void; reject: (error: unknown) => void }[] = [];
  refuse: Record<string, unknown> = {};

  readonly texts: string[] = [];

  constructor() {
    mockIPC((command, args) => {
      this.asked.push(command);
      const { text } = (args ?? {}) as { text?: string };
      if (text !== undefined) this.texts.push(text);
      const refusal = this.refuse[command];
      if (refusal !== undefined) throw refusal;
      if (command === "open_session") return { session: "main-1", run_id: "r", mode: "replay" };
      if (command !== "next_frame") return null;
      return new Promise<ArrayBuffer>((resolve, reject) => this.frames.push({ resolve, reject }));
    });
  }

  answer(...messages: readonly unknown[]): void {
    const lines = messages.map((m) => (typeof m === "string" ? m : JSON.stringify(m)));
    this.frames.shift()?.resolve(new TextEncoder().encode(lines.join("\n")).buffer);
  }

  count(command: string): number {
    return this.asked.filter((name) => name === command).length;
  }
}

function listen() {
  const told: string[] = [];
  const listener: TransportListener = {
    onEvents: (batch) => void told.push(`events ${batch.map((e) => e.seq).join(" ")}`),
    onSubscribed: (answer) => void told.push(`subscribed ${answer.coin}`),
    onState: (state) => void told.push(state.phase),
    onError: (error) => void told.push(`error ${error.code} ${error.coin}`),
    onMalformed: () => void told.push("malformed"),
    onRoundTrip: (ms) => void told.push(`round trip ${ms >= 0}`),
    onReadiness: ({ journal }) => void told.push(`journal ${journal}`),
  };
  return { told, listener };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

let hidden = false;
beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});
afterEach(() => {
  clearMocks();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("answers and events are told in the order in which they came", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const transport = new DesktopTransport();
  transport.open(listener);
  transport.subscribe("BTC");
  await settle();
  expect(shell.count("subscribe")).toBe(1);
  shell.answer(envelope(1), subscribed, envelope(2), envelope(3), { type: "unsubscribed", coin: "ETH" });
  await settle();
  expect(told).toEqual(["connecting", "open", "events 1", "subscribed BTC", "events 2 3"]);
  shell.answer("{", { type: "surprise" });
  await settle();
  expect(told.slice(5)).toEqual(["malformed", "malformed"]);
  transport.close();
  expect(shell.count("close_session")).toBe(1);
});

test("one request for a frame is out at a time, and none while nobody looks", async () => {
  const shell = new Shell();
  const { listener } = listen();
  const transport = new DesktopTransport();
  transport.open(listener);
  await settle();
  expect(shell.count("next_frame")).toBe(1);
  shell.answer();
  await settle();
  expect(shell.count("next_frame")).toBe(2);
  hidden = true;
  shell.answer(envelope(1));
  await settle();
  expect(shell.count("next_frame")).toBe(2);
  hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
  expect(shell.count("next_frame")).toBe(3);
  expect(shell.frames).toHaveLength(1);
  transport.close();
});

test("a lost session is opened again with what was wanted", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const transport = new DesktopTransport();
  transport.open(listener);
  transport.subscribe("BTC");
  await settle();
  shell.frames.shift()?.reject({ code: "unknown_session", message: "closed", retryable: true, details: {} });
  await settle();
  expect(told.at(-1)).toBe("closed");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told.at(-1)).toBe("open");
  expect(shell.count("subscribe")).toBe(2);
  transport.close();
});

test("a refused symbol is an error of that symbol", async () => {
  const shell = new Shell();
  shell.refuse = { subscribe: { code: "unknown_symbol", message: "none", retryable: false, details: {} } };
  const { told, listener } = listen();
  const transport = new DesktopTransport();
  transport.open(listener);
  transport.subscribe("NOPE");
  await settle();
  expect(told.at(-1)).toBe("error unknown_symbol NOPE");
  transport.close();
});

test("candles are answered by their id in the frames, and the journal is heard of", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const transport = new DesktopTransport();
  transport.open(listener);
  await settle();
  const request = { symbol: "BTC", source: "okx", interval: "1m", limit: 5 } as const;
  const answers = Promise.allSettled([transport.candles(request), transport.candles(request)]);
  await settle();
  expect(shell.count("request")).toBe(4);
  shell.answer(
    { type: "candles", id: 1, candles: [7], pending: false },
    { type: "error", id: 2, code: "unknown_symbol", detail: "none", retryable: false },
    { type: "status", ready: true, reasons: [], journal: "degraded" },
  );
  await settle();
  expect(await answers).toMatchObject([
    { value: { rows: [7], pending: false } },
    { reason: { code: "unknown_symbol" } },
  ]);
  expect(told.at(-1)).toBe("journal degraded");
  transport.close();
});

test("a team server is asked how far away it is, and for nothing private", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const transport = new DesktopTransport("https://desk.example");
  expect(transport.server).toBe("https://desk.example");
  expect(transport.account).toBeNull();
  transport.open(listener);
  await settle();
  expect(shell.texts).toEqual(['{"type":"status"}']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(shell.texts.at(-1)).toBe('{"type":"ping"}');
  shell.answer({ type: "pong", now_ms: 1 });
  await settle();
  expect(told.at(-1)).toBe("round trip true");
  // Nobody takes the answers of a hidden window.
  hidden = true;
  const before = shell.texts.length;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(shell.texts).toHaveLength(before);
  transport.close();
});

test("a session that ends at the team server is told by its code, and the window goes on", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const ends: (string | undefined)[] = [];
  const onState: TransportListener["onState"] = (state) => {
    listener.onState(state);
    if (state.phase === "closed") ends.push(state.code);
  };
  const transport = new DesktopTransport("https://desk.example");
  transport.open({ ...listener, onState });
  await settle();
  const revoked = { code: "session_revoked", message: "it was revoked", retryable: true, details: {} };
  shell.frames.shift()?.reject(revoked);
  await settle();
  expect(ends).toEqual(["session_revoked"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(told.at(-1)).toBe("open");
  shell.answer({ type: "auth_failed", code: "session_revoked", detail: "it was revoked" });
  await settle();
  expect(told.at(-1)).toBe("error session_revoked null");
  transport.close();
});

test("after a login the session is opened anew, once", async () => {
  const shell = new Shell();
  const { told, listener } = listen();
  const transport = new DesktopTransport("https://desk.example");
  transport.open(listener);
  transport.reopen();
  await settle();
  await settle();
  expect(shell.count("open_session")).toBe(2);
  transport.reopen();
  await settle();
  expect(shell.count("open_session")).toBe(3);
  expect(shell.count("close_session")).toBe(2);
  transport.hold("this server shows nothing without a login");
  expect(told.at(-1)).toBe("closed");
  expect(shell.count("close_session")).toBe(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shell.count("open_session")).toBe(3);
  transport.close();
});
