import { type ReactNode, useRef } from "react";
import { usePaint } from "./paint";
import { setText } from "./set-text";

interface LiveTextProps {
  /** Words, ages and counts; market numbers belong in a `Figure`. */
  readonly read: (now: number) => string;
  readonly state?: (now: number) => string;
  readonly everyMs?: number;
  readonly className?: string;
  readonly testId?: string;
  /** Says the text as a tooltip too, where there may be no room for it. */
  readonly titled?: boolean;
  /** What it says to whoever looks closer, where that is more than the text. */
  readonly title?: (now: number) => string;
}

export function LiveText({
  read,
  state,
  everyMs = 0,
  className,
  testId,
  titled,
  title,
}: LiveTextProps): ReactNode {
  const element = useRef<HTMLSpanElement>(null);
  const held = useRef({ text: "", state: "" });
  usePaint((now) => {
    if (element.current === null) return;
    const text = read(now);
    if (text !== held.current.text) {
      held.current.text = text;
      setText(element.current, text);
      if (titled === true) element.current.title = text;
    }
    const more = title?.(now);
    if (more !== undefined && more !== element.current.title) element.current.title = more;
    const next = state?.(now) ?? "";
    if (next !== held.current.state) {
      held.current.state = next;
      element.current.dataset["state"] = next;
    }
  }, everyMs);
  return <span ref={element} className={className} data-testid={testId} />;
}
