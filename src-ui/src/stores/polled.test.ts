import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "~/transport/types";
import { Polled } from "./polled";

describe("an answer that is asked for anew", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is asked for while somebody listens, and not otherwise", async () => {
    let asked = 0;
    const polled = new Polled(() => Promise.resolve((asked += 1)), 1000);
    await polled.refresh();
    expect(asked).toBe(0);
    const leave = polled.subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(2500);
    expect(asked).toBe(3);
    expect(polled.getSnapshot().value).toBe(3);
    leave();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(3);
  });
  it("keeps what it has when the server does not answer", async () => {
    let down = false;
    const polled = new Polled(
      () => (down ? Promise.reject(new ApiError("unreachable", "no", true)) : Promise.resolve(7)),
      1000,
    );
    polled.subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    down = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(polled.getSnapshot()).toMatchObject({ value: 7, absent: false, error: { code: "unreachable" } });
  });
  it.each(["not_found", "http_404", "trading_absent", "unknown_type"])(
    "is absent by %s, and asked for no more",
    async (code) => {
      let asked = 0;
      const polled = new Polled(() => {
        asked += 1;
        return Promise.reject(new ApiError(code, "no", false));
      }, 1000);
      polled.subscribe(() => undefined);
      await vi.advanceTimersByTimeAsync(5000);
      expect(polled.getSnapshot()).toMatchObject({ value: null, absent: true });
      expect(asked).toBe(1);
    },
  );
  it("does not take an answer that was asked for before what was put", async () => {
    let give: (value: number) => void = () => undefined;
    const polled = new Polled(() => new Promise<number>((resolve) => (give = resolve)), 1000);
    polled.subscribe(() => undefined);
    polled.put(2);
    give(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(polled.getSnapshot().value).toBe(2);
  });
});
