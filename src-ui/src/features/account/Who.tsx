import { type ReactNode } from "react";
import { spanText, timeText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import type { AuthDesk } from "~/stores/auth-desk";
import { ROLE_NAMES } from "~/stores/account-text";
import type { AuthSession, AuthState } from "~/transport/auth-types";
import { useSessionPart } from "~/stores/react";
import { AccountList } from "./AccountList";
import { Address } from "./Address";
import { Grants } from "./Grants";
import { Refusal } from "./Refusal";
import { useAuth } from "./useDesk";

interface WhoProps {
  readonly desk: AuthDesk;
  readonly state: AuthState;
  readonly session: AuthSession;
}

/** Who is logged in, what the session is worth, and which accounts it reaches. */
export function Who({ desk, state, session }: WhoProps): ReactNode {
  const { failure } = useAuth(desk);
  const { user } = session;
  // The simulated venue's accounts are signed for by the server: nobody has to approve a key.
  const practice = useSessionPart(({ mode }) => mode === "simulated");
  return (
    <section aria-label="Your account">
      <dl className="account-facts">
        <div>
          <dt>User</dt>
          <dd>
            {user.name === null ? null : <strong>{user.name} </strong>}
            {user.address === null ? "no wallet" : <Address address={user.address} whole />}
          </dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd className="figures">{user.id}</dd>
        </div>
        <div>
          <dt>Role</dt>
          <dd data-testid="account-role">{ROLE_NAMES[user.role]}</dd>
        </div>
        <div>
          <dt>Session</dt>
          <dd data-testid="session-authenticated" data-state={state.sessionAuthenticated ? "good" : "bad"}>
            {state.sessionAuthenticated ? "authenticated" : "not authenticated"}
            <span className="hint">
              {" since "}
              {timeText(session.createdMs)}
              {", ends in "}
              <LiveText everyMs={1000} read={() => spanText(Math.max(0, session.expiresMs - Date.now()))} />
              {session.idleExpiresMs < session.expiresMs ? ", sooner when it is not used" : null}
            </span>
          </dd>
        </div>
        <div>
          <dt>Execution agent</dt>
          <dd data-testid="agent-ready" data-state={state.executionAgentReady ? "good" : "idle"}>
            {state.executionAgentReady ? "ready" : practice ? "not needed" : "not ready"}
            <span className="hint">
              {state.executionAgentReady
                ? " an approved key signs for an account"
                : practice
                  ? " this server signs for the accounts of its practice"
                  : " no approved key signs for an account of yours"}
            </span>
          </dd>
        </div>
      </dl>
      <AccountList granted={state.accounts} />
      {user.address === null || user.role === "admin" ? null : (
        <Grants desk={desk} users={null} own={user.address} />
      )}
      {failure === null ? null : <Refusal error={failure} />}
      <p className="account-actions">
        <button type="button" className="secondary" onClick={() => void desk.logout()}>
          Log out
        </button>
        <span className="hint">Ends this session alone; the market stays.</span>
      </p>
    </section>
  );
}
