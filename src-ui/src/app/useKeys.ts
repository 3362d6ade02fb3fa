import { useEffect } from "react";
import { isTyping, Keymap, strokeOf } from "~/shared/keymap";
import { useSession } from "~/stores/react";
import type { Session } from "~/stores/session";
import { useUi } from "~/stores/ui";
import { isOffered } from "./action";
import { ACTIONS } from "./actions";

/** Closes or disarms what is open; whether there was anything. */
function dismiss({ ticket }: Session): boolean {
  const { why, closeWhy, account, closeAccount, proof, closeProof, kill, showKill } = useUi.getState();
  const { change, closeChange, paper, showPaper } = useUi.getState();
  const held = ticket?.getSnapshot();
  const waits = held != null && (held.armedUntil !== null || held.review !== null);
  ticket?.disarm();
  ticket?.withdraw();
  closeWhy();
  closeAccount();
  closeProof();
  showKill(false);
  closeChange();
  showPaper(false);
  return waits || kill || paper || change !== null || why !== null || account !== null || proof !== null;
}

export function useKeys(): void {
  const session = useSession();
  useEffect(() => {
    const keymap = new Keymap(ACTIONS.flatMap(({ id, keys }) => (keys === undefined ? [] : [{ id, keys }])));
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const stroke = strokeOf(event);
      const reserved = stroke.startsWith("Mod+");
      if (!reserved && (isTyping(event.target) || useUi.getState().overlay !== null)) return;
      if (stroke === "Escape" && dismiss(session)) return;
      const id = keymap.press(stroke, event.timeStamp);
      const action = ACTIONS.find((item) => item.id === id);
      if (action === undefined || !isOffered(action, session)) return;
      event.preventDefault();
      action.run(session);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [session]);
}
