import { useEffect } from "react";
import { isTyping, Keymap, strokeOf } from "~/shared/keymap";
import { useSession } from "~/stores/react";
import { useUi } from "~/stores/ui";
import { ACTIONS } from "./actions";

export function useKeys(): void {
  const session = useSession();
  useEffect(() => {
    const keymap = new Keymap(ACTIONS.flatMap(({ id, keys }) => (keys === undefined ? [] : [{ id, keys }])));
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const stroke = strokeOf(event);
      const reserved = stroke.startsWith("Mod+");
      if (!reserved && (isTyping(event.target) || useUi.getState().overlay !== null)) return;
      const { why, closeWhy, account, closeAccount } = useUi.getState();
      if (stroke === "Escape" && (why !== null || account !== null)) {
        closeWhy();
        closeAccount();
        return;
      }
      const id = keymap.press(stroke, event.timeStamp);
      const action = ACTIONS.find((item) => item.id === id);
      if (action === undefined) return;
      event.preventDefault();
      action.run(session);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [session]);
}
