import type { Keys } from "~/shared/keymap";
import type { Session } from "~/stores/session";

export interface Action {
  readonly id: string;
  readonly title: string;
  readonly keys?: Keys;
  readonly run: (session: Session) => void;
  /** Whether the server has what it is about; everywhere if left out. */
  readonly offered?: (session: Session) => boolean;
}

/** Of which a server may have nothing. */
export function has(what: "desk" | "auto"): (session: Session) => boolean {
  return ({ trading }) => trading?.state?.has[what] ?? false;
}

export function isOffered(action: Action, session: Session): boolean {
  return action.offered?.(session) ?? true;
}
