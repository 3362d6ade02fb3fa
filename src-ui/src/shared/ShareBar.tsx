import { type ReactNode, useRef } from "react";
import { usePaint } from "./paint";

interface ShareBarProps {
  readonly label: string;
  /** 0 to 1, more where a limit is passed; null draws the empty track. */
  readonly read: (now: number) => number | null;
  /** Where it is near the limit, and past it. */
  readonly levels?: { readonly warn: number; readonly bad: number };
}

/** How much of something is used or done. The figure beside it says the value; this is for the eye. */
export function ShareBar({ label, read, levels }: ShareBarProps): ReactNode {
  const bar = useRef<HTMLElement>(null);
  const held = useRef("");
  usePaint((now) => {
    const element = bar.current;
    if (element === null) return;
    const share = read(now);
    const size = share === null ? 0 : Math.round(Math.max(0, Math.min(1, share)) * 500) / 500;
    const level =
      share === null || levels === undefined
        ? "plain"
        : share >= levels.bad
          ? "bad"
          : share >= levels.warn
            ? "warn"
            : "good";
    const key = `${size} ${level} ${share === null}`;
    if (key === held.current) return;
    held.current = key;
    element.style.transform = `scaleX(${size})`;
    element.dataset["level"] = level;
    const track = element.parentElement;
    if (track === null) return;
    if (share === null) track.removeAttribute("aria-valuenow");
    else track.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }, 100);
  return (
    <span
      className="share-bar"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      <i ref={bar} />
    </span>
  );
}
