import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OrderView } from "~/transport/trading-types";
import { ApiError } from "~/transport/types";
import { freshKey, Intents, isLost, type Wish } from "./intents";

const lost = () => Promise.reject(new ApiError("unreachable", "no answer", true));
const refused = (code: string) => () => Promise.reject(new ApiError(code, code, false));
const none = (): Promise<readonly OrderView[]> => Promise.resolve([]);

const one = (): Promise<readonly OrderView[]> =>
  Promise.resolve([{ account: "0xa", cloid: "0x1", state: "acked" } as unknown as OrderView]);

const wish = (part: Partial<Wish> = {}): Wish => ({
  key: "k1",
  what: "Buy",
  account: "0xa",
  symbol: "BTC",
  send: none,
  find: none,
  ...part,
});

describe("an intent", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const make = () => new Intents(() => undefined);

  it("without orders of its own is taken once the server shows it running", async () => {
    let running = false;
    const intents = make();
    await intents.run(wish({ send: lost, runs: () => running, done: "The venue slices it." }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(intents.get("k1")?.phase).toBe("unknown");
    running = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect(intents.get("k1")).toMatchObject({ phase: "taken", done: "The venue slices it." });
  });
  it("is taken or refused by what the server says", async () => {
    const intents = make();
    expect(await intents.run(wish())).toBe("taken");
    expect(await intents.run(wish({ key: "k2", send: refused("risk_refused") }))).toBe("refused");
    expect(intents.getSnapshot().map(({ key }) => key)).toEqual(["k2", "k1"]);
  });
  it("whose answer was lost is unknown and never refused, and is asked after without being sent again", async () => {
    const intents = make();
    const send = vi.fn(lost);
    const find = vi.fn(one);
    expect(await intents.run(wish({ send, find }))).toBe("unknown");
    expect(intents.get("k1")?.asksAt).not.toBeNull();
    await vi.advanceTimersByTimeAsync(1000);
    expect(intents.get("k1")?.phase).toBe("taken");
    expect(send).toHaveBeenCalledTimes(1);
    expect(find).toHaveBeenCalledTimes(1);
  });
  it("is asked after for as long as no answer comes", async () => {
    const intents = make();
    const find = vi.fn(lost);
    await intents.run(wish({ send: lost, find }));
    await vi.advanceTimersByTimeAsync(1000 + 3 * 3000);
    expect(find).toHaveBeenCalledTimes(4);
    expect(intents.get("k1")?.phase).toBe("unknown");
  });
  it("that the server has not seen may still arrive: it stays unknown and is asked after", async () => {
    const intents = make();
    const find = vi.fn(none);
    await intents.run(wish({ send: lost, find }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(intents.get("k1")).toMatchObject({ phase: "unknown", unseen: true });
    find.mockImplementation(one);
    await vi.advanceTimersByTimeAsync(3000);
    expect(intents.get("k1")?.phase).toBe("taken");
  });
  it("never arrived only where the server has closed its key", async () => {
    const intents = make();
    await intents.run(wish({ send: lost, find: refused("order_unknown") }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(intents.get("k1")?.phase).toBe("never");
  });
  it("stays unknown where the server cannot say, until it is sent again with its key", async () => {
    const intents = make();
    const send = vi.fn(lost);
    await intents.run(wish({ send, find: refused("http_404") }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(intents.get("k1")).toMatchObject({ phase: "unknown", asksAt: null });
    send.mockImplementation(none as never);
    await intents.again("k1");
    expect(intents.get("k1")?.phase).toBe("taken");
    expect(intents.getSnapshot()).toHaveLength(1);
  });
  it("that is open is never taken off the list, and the list is bounded", async () => {
    const intents = make();
    await intents.run(wish({ key: "open", send: lost, find: refused("http_404") }));
    for (let n = 0; n < 50; n += 1) await intents.run(wish({ key: `k${n}` }));
    intents.dismiss("open");
    expect(intents.get("open")?.phase).toBe("unknown");
    expect(intents.getSnapshot()).toHaveLength(20);
  });
});

describe("an error", () => {
  it.each(["unreachable", "http_500", "http_502", "http_504", "malformed_answer"])(
    "%s leaves open what happened",
    (code) => {
      expect(isLost(new ApiError(code, "", true))).toBe(true);
    },
  );
  it.each([
    "risk_refused",
    "bad_request",
    "http_404",
    "kill_switch_on",
    "relay_busy",
    "idempotency_conflict",
  ])("%s says that nothing did", (code) => {
    expect(isLost(new ApiError(code, "", false))).toBe(false);
  });
});

describe("a key", () => {
  it("is new each time and has the form of the contract", () => {
    const keys = new Set(Array.from({ length: 200 }, freshKey));
    expect(keys.size).toBe(200);
    for (const key of keys) expect(key).toMatch(/^ui-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
