import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { spanText } from "~/shared/age";
import { keysText } from "~/shared/keymap";
import { useNow } from "~/shared/useNow";
import { useSampled } from "~/shared/useSampled";
import type { AuthDesk } from "~/stores/auth-desk";
import { expiryWarning, ROLE_NAMES, shortAddress } from "~/stores/account-text";
import type { OwnAgents } from "~/stores/own-agents";
import { useSession, useSessionPart } from "~/stores/react";
import { useUi } from "~/stores/ui";
import type { AgentRow, AuthSession } from "~/transport/auth-types";
import { useAuth } from "./useDesk";

/** From here on the bar says how much of the session is left. */
const ENDING_MS = 600_000;

export const ACCOUNT_KEYS = "a";

/** Who is logged in, or the way in; nothing where the server knows no login. */
export function AccountMark(): ReactNode {
  const { auth } = useSession();
  const team = useSessionPart((snapshot) => snapshot.team);
  if (auth !== null) return <Mark desk={auth} />;
  return team === null ? null : <TeamMark />;
}

/** The engine of this app serves, and a team server may. */
function TeamMark(): ReactNode {
  const open = useUi((ui) => ui.openAccount);
  const shut = useUi((ui) => ui.account === null);
  const close = useUi((ui) => ui.closeAccount);
  const ownAgents = useSessionPart((snapshot) => snapshot.ownAgents);
  return (
    <button
      type="button"
      className="status-account"
      title={`Connect to a team server (${keysText(ACCOUNT_KEYS)})`}
      aria-expanded={!shut}
      data-testid="team-button"
      data-state="out"
      onClick={() => (shut ? open("server") : close())}
    >
      own engine
      {ownAgents === null ? null : <OwnReady own={ownAgents} />}
    </button>
  );
}

/** Said once there are agents: whoever has none need not know of them. */
function OwnReady({ own }: { readonly own: OwnAgents }): ReactNode {
  const { list } = useSyncExternalStore(own.subscribe, own.getSnapshot);
  return list === null || list.agents.length === 0 ? null : <Ready ready={list.ready} agents={list.agents} />;
}

function Mark({ desk }: { readonly desk: AuthDesk }): ReactNode {
  const { phase, state, step, ended, agents } = useAuth(desk);
  const open = useUi((ui) => ui.openAccount);
  const shut = useUi((ui) => ui.account === null);
  const close = useUi((ui) => ui.closeAccount);
  const session = state?.session ?? null;
  const barred = state !== null && state.login === "required" && session === null;
  useEffect(() => {
    // There is nothing else to see at this server.
    if (barred) useUi.getState().openAccount("account");
  }, [barred]);
  if (phase !== "here" || state === null) return null;
  return (
    <button
      type="button"
      className="status-account"
      title={`Account (${keysText(ACCOUNT_KEYS)})`}
      aria-expanded={!shut}
      data-testid="account-mark"
      data-state={session !== null ? "in" : ended !== null ? "ended" : "out"}
      onClick={() => (shut ? open("account") : close())}
    >
      {session === null ? (
        <span>
          {step === null ? null : "logging in"}
          {step !== null ? null : ended === null ? "Log in" : `${endText(ended.code)}: log in`}
        </span>
      ) : (
        <>
          <Named session={session} />
          <Ready ready={state.executionAgentReady} agents={agents} />
        </>
      )}
    </button>
  );
}

function endText(code: string): string {
  return code === "session_revoked" ? "session revoked" : "session expired";
}

function Named({ session }: { readonly session: AuthSession }): ReactNode {
  const { user } = session;
  const end = Math.min(session.expiresMs, session.idleExpiresMs);
  const left = useSampled(() => {
    const ms = end - Date.now();
    return ms > ENDING_MS ? "" : spanText(Math.max(0, ms));
  }, 1000);
  const role = ROLE_NAMES[user.role];
  const named = user.name === role ? null : user.name;
  const called = named ?? (user.address === null ? "no wallet" : shortAddress(user.address));
  return (
    <span title={user.address ?? undefined}>
      {`${role} ${called}`}
      {left === "" ? null : <em>{` ends in ${left}`}</em>}
    </span>
  );
}

/** The second fact beside the session: whether a key signs orders, and how long it will. */
function Ready({
  ready,
  agents,
}: {
  readonly ready: boolean;
  readonly agents: readonly AgentRow[] | null;
}): ReactNode {
  const now = useNow();
  const first = (agents ?? [])
    .filter(({ state }) => state === "approved")
    .toSorted((a, b) => a.expiresMs - b.expiresMs)[0];
  const warning = first === undefined ? "none" : expiryWarning(first.expiresMs, now);
  const left = first === undefined ? "" : ` ${spanText(Math.max(0, first.expiresMs - now))}`;
  const mode = useSessionPart((snapshot) => snapshot.mode);
  // The simulated venue's accounts are signed for by the server: nobody has to approve a key.
  const none = mode === "simulated" ? "practice agent" : "no agent";
  return (
    <span
      data-testid="agent-mark"
      data-warning={warning}
      data-state={ready || mode === "simulated" ? "good" : "idle"}
    >
      {ready ? `agent${left}` : none}
    </span>
  );
}
