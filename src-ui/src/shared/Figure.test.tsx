import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Decimal, parseDecimal, sortKey } from "./decimal";
import { Figure } from "./Figure";
import { price } from "./format";
import { FrameLoop, PaintScope, REDRAW_MS } from "./frame";
import { Painted } from "./paint";
import { type Stamp, Stamped } from "./stamped";

const decimal = (text: string): Decimal => parseDecimal(text) as Decimal;

describe("a figure", () => {
  let stamped: Stamped<Decimal> | null = null;
  let frames: FrameRequestCallback[] = [];
  let later = 0;
  const realNow = performance.now.bind(performance);
  const stampNow = (part: Partial<Stamp> = {}): Stamp => ({
    asOf: 0,
    provedAt: 0,
    limitMs: 3000,
    coreNow: 0,
    arrivedAt: performance.now(),
    ...part,
  });
  const frame = (): void =>
    act(() => {
      later += REDRAW_MS;
      const due = frames;
      frames = [];
      for (const callback of due) callback(0);
    });
  const draw = (): HTMLElement => {
    const { container } = render(
      <Painted>
        <Figure
          label="last"
          source="x"
          read={() => stamped}
          format={(value) => price(value, 1)}
          trace={sortKey}
        />
      </Painted>,
    );
    frame();
    return container.querySelector(".fig") as HTMLElement;
  };

  beforeEach(() => {
    vi.spyOn(performance, "now").mockImplementation(() => realNow() + later);
    vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
  });
  afterEach(() => {
    cleanup();
    // The loop stops in the frame after its last painter left.
    frame();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    stamped = null;
    frames = [];
  });

  it("is an em dash while the value is missing, never a zero", () => {
    const figure = draw();
    expect([figure.textContent, figure.dataset["state"]]).toEqual(["\u2014", "missing"]);
    stamped = Stamped.of("x", decimal("1"), stampNow());
    frame();
    expect(figure.textContent).toBe("1.0");
    stamped = null;
    frame();
    expect(figure.textContent).toBe("\u2014");
  });

  it("turns stale by itself, without a message", () => {
    stamped = Stamped.of("x", decimal("97437.5"), stampNow());
    const figure = draw();
    expect(figure.dataset["state"]).toBe("fresh");
    stamped = Stamped.of("x", decimal("97437.5"), stampNow({ arrivedAt: performance.now() - 3001 }));
    frame();
    expect(figure.dataset["state"]).toBe("stale");
  });

  it("sets apart the digits that changed", () => {
    stamped = Stamped.of("x", decimal("97437.5"), stampNow());
    const figure = draw();
    stamped = Stamped.of("x", decimal("97441.5"), stampNow());
    frame();
    expect(figure.querySelector(".fig-same")?.textContent).toBe("97\u20094");
    expect(figure.querySelector(".fig-changed")?.textContent).toBe("41.5");
    expect(figure.dataset["tone"]).toBe("up");
  });
});

describe("the frame loop", () => {
  it("rests hidden scopes, keeps to intervals, and survives a painter that throws", () => {
    let now = 0;
    const queue: (() => void)[] = [];
    const loop = new FrameLoop(
      () => now,
      (callback) => queue.push(callback),
    );
    const failures: unknown[] = [];
    const scope = new PaintScope((failure) => failures.push(failure));
    const painted: string[] = [];
    loop.attach(scope);
    scope.add(() => painted.push("each"));
    scope.add(() => painted.push("slow"), 100);
    scope.add(() => {
      throw new Error("broken");
    });
    const step = (ms: number): void => {
      now += ms;
      queue.shift()?.();
    };
    step(16);
    step(16);
    expect(painted).toEqual(["each", "slow", "each"]);
    expect(failures.length).toBe(1);
    scope.visible = false;
    step(200);
    expect(painted.length).toBe(3);
    scope.visible = true;
    step(16);
    expect(painted.slice(3)).toEqual(["each", "slow"]);
  });
});
