import { type ReactNode, useRef } from "react";
import { usePaint } from "./paint";

export interface BarReading {
  /** -1 to 1, from the middle. */
  readonly value: number;
  readonly state: "fresh" | "stale" | "missing";
}

interface CentredBarProps {
  /** Null draws the empty track. */
  readonly read: (now: number) => BarReading | null;
}

/** A bar that grows from its middle to the side of its sign. The figure beside it says the value. */
export function CentredBar({ read }: CentredBarProps): ReactNode {
  const bar = useRef<HTMLElement>(null);
  const held = useRef("");
  usePaint((now) => {
    const element = bar.current;
    const reading = read(now);
    if (element === null) return;
    const value = reading === null ? 0 : Math.max(-1, Math.min(1, reading.value));
    const size = Math.round(Math.abs(value) * 500) / 1000;
    const key = `${size} ${value < 0} ${reading?.state}`;
    if (key === held.current) return;
    held.current = key;
    element.style.transform = `scaleX(${size})`;
    element.dataset["side"] = value < 0 ? "down" : "up";
    element.dataset["state"] = reading?.state ?? "missing";
  }, 50);
  return (
    <span className="cbar" aria-hidden="true">
      <i ref={bar} />
    </span>
  );
}
