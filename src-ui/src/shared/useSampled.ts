import { useRef, useState } from "react";
import { usePaint } from "./paint";

/** A primitive read from hot state a few times a second; renders only when it changes. */
export function useSampled<T extends string | number | boolean | null>(read: () => T, everyMs = 100): T {
  const [value, setValue] = useState(read);
  const held = useRef(value);
  const current = read();
  usePaint(() => {
    const next = read();
    if (next === held.current) return;
    held.current = next;
    setValue(next);
  }, everyMs);
  // A render for another reason must not show the value from before it.
  return current;
}
