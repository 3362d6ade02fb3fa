import { createContext, useContext, useSyncExternalStore } from "react";
import type { Session } from "./session";
import type { SessionSnapshot } from "./session-snapshot";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("no session above this component");
  return session;
}

export function useSessionSnapshot(): SessionSnapshot {
  const session = useSession();
  return useSyncExternalStore(session.subscribeToChanges, session.getSnapshot);
}

/** Re-renders only when the chosen part changes; the part must be a primitive or keep its identity. */
export function useSessionPart<T>(choose: (snapshot: SessionSnapshot) => T): T {
  const session = useSession();
  return useSyncExternalStore(session.subscribeToChanges, () => choose(session.getSnapshot()));
}
