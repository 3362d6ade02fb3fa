import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { LiveText } from "~/shared/LiveText";
import { useSession, useSessionPart } from "~/stores/react";
import { beginAnew } from "~/stores/ui";
import { asApiError } from "~/transport/decode";
import type { TeamPort, TeamState } from "~/transport/team-types";
import type { ApiError } from "~/transport/types";
import { linkText, tripText } from "./Connection";
import { Refusal } from "./Refusal";

/** How the app stands to team servers; null until it has said so. */
export function useTeam(team: TeamPort): TeamState | null {
  const [state, setState] = useState<TeamState | null>(null);
  useEffect(() => {
    let here = true;
    const read = (): void => {
      team.read().then(
        (found) => {
          if (here) setState(found);
        },
        () => undefined,
      );
    };
    read();
    const timer = setInterval(read, 2000);
    return () => {
      here = false;
      clearInterval(timer);
    };
  }, [team]);
  return state;
}

/** Which server the window is on, and the way to another. */
export function Team({ team }: { readonly team: TeamPort }): ReactNode {
  const server = useSessionPart((snapshot) => snapshot.server);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const change = (work: Promise<void>, then: "account" | "server"): void => {
    setBusy(true);
    setFailure(null);
    work.then(
      () => beginAnew(then),
      (error: unknown) => {
        setBusy(false);
        setFailure(asApiError(error));
      },
    );
  };
  return (
    <section aria-label="Team server">
      {server === null ? (
        <Connect busy={busy} connect={(address) => change(team.connect(address), "account")} />
      ) : (
        <Connected
          team={team}
          server={server}
          busy={busy}
          disconnect={() => change(team.disconnect(), "server")}
        />
      )}
      {failure === null ? null : <Refusal error={failure} />}
    </section>
  );
}

interface ConnectProps {
  readonly busy: boolean;
  readonly connect: (address: string) => void;
}

function Connect({ busy, connect }: ConnectProps): ReactNode {
  const [address, setAddress] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    connect(address);
  };
  return (
    <>
      <p>
        The engine of this app serves this window. A team server can take its place: then all figures, ages
        and marks are that server&rsquo;s, and the engine here goes on unseen.
      </p>
      <form className="account-form" aria-label="Connect to a team server" onSubmit={submit}>
        <label className="wide">
          Address
          <input
            required
            maxLength={300}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="https://desk.example"
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
        </label>
        <button type="submit" className="primary" disabled={busy}>
          {busy ? "Connecting" : "Connect"}
        </button>
      </form>
      <p className="hint">https or wss; http only to a server on this computer.</p>
    </>
  );
}

interface ConnectedProps {
  readonly team: TeamPort;
  readonly server: string;
  readonly busy: boolean;
  readonly disconnect: () => void;
}

function Connected({ team, server, busy, disconnect }: ConnectedProps): ReactNode {
  const session = useSession();
  const state = useTeam(team);
  return (
    <>
      <dl className="account-facts">
        <div>
          <dt>Server</dt>
          <dd data-testid="team-server">
            <strong>{server}</strong>
            <span className="hint"> all figures, ages and marks are this server&rsquo;s</span>
          </dd>
        </div>
        <div>
          <dt>Link</dt>
          <dd>
            <LiveText everyMs={500} testId="team-link" read={() => linkText(session)} />
          </dd>
        </div>
        <div>
          <dt>Round trip</dt>
          <dd>
            <LiveText everyMs={500} read={() => tripText(session)} />
          </dd>
        </div>
        <div>
          <dt>Session</dt>
          <dd data-testid="team-session" data-state={state?.signedIn === true ? "good" : "idle"}>
            {state === null ? "\u2014" : state.signedIn ? "logged in" : "not logged in"}
            <span className="hint">
              {state?.signedIn !== true
                ? " public data are shown, if the server shows any"
                : state.keychain === null
                  ? " kept in this computer\u2019s keychain"
                  : " until the app is closed"}
            </span>
          </dd>
        </div>
      </dl>
      {state === null || state.keychain === null ? null : <Refusal error={state.keychain} />}
      <p className="account-actions">
        <button type="button" className="secondary" disabled={busy} onClick={disconnect}>
          {busy ? "Disconnecting" : "Disconnect"}
        </button>
        <span className="hint">Ends the session there and goes back to the engine of this app.</span>
      </p>
    </>
  );
}
