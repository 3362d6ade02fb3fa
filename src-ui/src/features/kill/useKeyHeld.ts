import { useEffect, useState } from "react";
import { isTyping, strokeOf } from "~/shared/keymap";
import { useUi } from "~/stores/ui";
import { KILL_KEY } from "./KillSwitch";

/** Whether the key is held down, outside of entries. */
export function useKeyHeld(): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (strokeOf(event) !== KILL_KEY || event.repeat) return;
      if (!isTyping(event.target) && useUi.getState().overlay === null) setHeld(true);
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === KILL_KEY) setHeld(false);
    };
    const end = (): void => setHeld(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", end);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", end);
    };
  }, []);
  return held;
}
