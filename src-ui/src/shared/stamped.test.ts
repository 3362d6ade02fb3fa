import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MonotonicClock } from "./clock";
import { panelAge, panelState } from "./freshness";
import { derived, type Stamp, Stamped } from "./stamped";

const stamp = (part: Partial<Stamp> = {}): Stamp => ({
  asOf: 1000,
  provedAt: 1000,
  limitMs: 3000,
  coreNow: 1000,
  arrivedAt: 50,
  ...part,
});

describe("ages", () => {
  it("adds the age at the message to the time since it came", () => {
    const value = Stamped.of("x", 1, stamp({ provedAt: 900, asOf: 400 }));
    expect(value.read(250)).toMatchObject({ ageMs: 300, eventAgeMs: 800, state: "fresh" });
  });
  it("is stale if and only if the age passes the limit", () => {
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.nat(20_000),
        fc.integer({ min: 1, max: 20_000 }),
        (before, since, limitMs) => {
          const value = Stamped.of(
            "x",
            1,
            stamp({ coreNow: 50_000, provedAt: 50_000 - before, arrivedAt: 0, limitMs }),
          );
          expect(value.read(since).state === "stale").toBe(before + since > limitMs);
        },
      ),
    );
  });
  it("grows its bar over the second half of the limit", () => {
    const value = Stamped.of("x", 1, stamp());
    expect([50, 1550, 2300, 3050, 9000].map((now) => value.read(now).worn)).toEqual([0, 0, 0.5, 1, 1]);
    expect(value.read(2300).state).toBe("aging");
  });
  it("never has a negative age, whatever the clocks say", () => {
    const value = Stamped.of("x", 1, stamp({ provedAt: 5000 }));
    expect(value.read(0).ageMs).toBe(0);
  });
  it("judges a derived value by its worst input", () => {
    const join = derived((a: number, b: number) => a + b);
    const quick = Stamped.of("x", 1, stamp({ limitMs: 100 }));
    const slow = Stamped.of("y", 2, stamp({ limitMs: 60_000, asOf: 10 }));
    const sum = join(quick, slow);
    expect(sum?.read(151)).toMatchObject({ state: "stale", limitMs: 100, asOf: 10 });
    expect(sum?.source).toBe("x, y");
    expect(join(quick, slow)).toBe(sum);
    expect(join(quick, null)).toBeNull();
  });
});

describe("a panel's age", () => {
  it("tells quiet from stale", () => {
    const quiet = Stamped.of("x", 1, stamp({ coreNow: 20_000, asOf: 1000, provedAt: 20_000 }));
    expect([panelState(quiet, 50), panelAge(quiet, 50)]).toEqual(["quiet", "quiet 19 s"]);
    expect([panelState(quiet, 6250), panelAge(quiet, 6250)]).toEqual(["stale", "STALE 6.2 s"]);
    expect(panelAge(null, 0)).toBe("waiting");
  });
});

describe("the monotonic clock", () => {
  it("counts the time asleep and ignores small adjustments of the wall clock", () => {
    let mono = 0;
    let wall = 1_000_000;
    const clock = new MonotonicClock(
      () => mono,
      () => wall,
    );
    mono += 100;
    wall += 400;
    expect(clock.now()).toBe(100);
    mono += 100;
    wall += 60_100;
    expect(clock.now()).toBe(60_200);
    wall -= 50_000;
    mono += 100;
    expect(clock.now()).toBe(60_300);
  });
});
