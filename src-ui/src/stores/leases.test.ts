import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, ScopeName } from "~/transport/risk-types";
import { ApiError } from "~/transport/types";
import { LeaseKeeper } from "./leases";

const OF: ScopeName = { scope: "account", account: "0xA" };

function keeper(answer: (seconds: number) => Promise<readonly Lease[]> = () => Promise.resolve([])) {
  let now = 0;
  const asked: number[] = [];
  const made = new LeaseKeeper(
    {
      lease: (_of, seconds) => {
        asked.push(seconds);
        return answer(seconds);
      },
    },
    () => now,
  );
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    made.renew();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { made, asked, pass };
}

const lapsed: Lease = { ...OF, account: "0xa", by: "u1", seconds: 30, untilMs: 0, lapsed: true };

describe("a lease that a window keeps", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is renewed after a third of its time, and not before", async () => {
    const { made, asked, pass } = keeper();
    await made.take(OF, 30);
    await pass(9_000);
    expect(asked).toEqual([30]);
    await pass(1_500);
    expect(asked).toEqual([30, 30]);
    made.stop();
  });
  it("is not taken again by itself once the server says that it has lapsed", async () => {
    const { made, asked, pass } = keeper();
    await made.take(OF, 30);
    made.told([lapsed]);
    expect(made.keeps(OF)).toBe(false);
    await pass(60_000);
    expect(asked).toEqual([30]);
  });
  it("is not taken again by a window that slept through its time", async () => {
    const { made, asked, pass } = keeper();
    await made.take(OF, 30);
    await pass(40_000);
    expect(asked).toEqual([30]);
    expect(made.keeps(OF)).toBe(false);
  });
  it("is tried again where an answer was lost, and given up where it was refused", async () => {
    let error = new ApiError("unreachable", "no", true);
    let fails = false;
    const { made, asked, pass } = keeper(() => (fails ? Promise.reject(error) : Promise.resolve([])));
    await made.take(OF, 30);
    fails = true;
    await pass(10_000);
    expect(made.getSnapshot()[0]?.error?.code).toBe("unreachable");
    await pass(1_100);
    expect(asked).toHaveLength(3);
    error = new ApiError("role_required", "no", false);
    await pass(1_100);
    expect(made.keeps(OF)).toBe(false);
  });
  it("ends by a word to the server", async () => {
    const { made, asked } = keeper();
    await made.take(OF, 30);
    await made.end(OF);
    expect(asked).toEqual([30, 0]);
    expect(made.getSnapshot()).toEqual([]);
  });
});
