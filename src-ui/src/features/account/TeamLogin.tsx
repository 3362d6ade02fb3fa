import { type ReactNode, useState } from "react";
import type { AuthDesk } from "~/stores/auth-desk";
import { asApiError } from "~/transport/decode";
import type { TeamPort } from "~/transport/team-types";
import type { ApiError } from "~/transport/types";
import { Address } from "./Address";
import { Refusal } from "./Refusal";
import { useTeam } from "./Team";
import { useAuth } from "./useDesk";
import { Welcome } from "./Welcome";

type Way = "browser" | "key" | "address";

const DOING: Readonly<Record<Way, string>> = {
  browser: "Go on in the browser: its page shows the server\u2019s message, and your wallet signs it.",
  key: "The server checks this computer\u2019s signature.",
  address: "The keychain is asked for the key.",
};

interface TeamLoginProps {
  readonly desk: AuthDesk;
  readonly team: TeamPort;
}

/** The way in for the app: a wallet in the system's browser, or a key of this computer. */
export function TeamLogin({ desk, team }: TeamLoginProps): ReactNode {
  const { state } = useAuth(desk);
  const shell = useTeam(team);
  const [way, setWay] = useState<Way | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [key, setKey] = useState<string | null>(null);
  const go = (by: Way, work: () => Promise<void>): void => {
    setWay(by);
    setFailure(null);
    work()
      .catch((error: unknown) => setFailure(asApiError(error)))
      .finally(() => setWay(null));
  };
  const logIn = (by: Way, signIn: () => Promise<void>): void =>
    go(by, () => signIn().then(() => desk.refresh()));
  // Another window, or this one before it was reloaded, may have begun it.
  const doing = way ?? (shell?.signingIn === true ? "browser" : null);
  return (
    <section className="login" aria-label="Log in">
      <Welcome desk={desk} failed={failure !== null}>
        A message of the server is signed: it moves nothing and costs nothing.
      </Welcome>
      {doing === null ? (
        <div className="login-wallets">
          <button
            type="button"
            className="primary"
            onClick={() => logIn("browser", () => team.signInByBrowser())}
          >
            Log in with a wallet in the browser
          </button>
          <button type="button" className="secondary" onClick={() => logIn("key", () => team.signInByKey())}>
            Log in with this computer&rsquo;s key
          </button>
        </div>
      ) : (
        <div className="login-step" role="status" data-testid="login-step">
          <p>{DOING[doing]}</p>
          {doing === "browser" ? (
            <p className="account-actions">
              <button type="button" className="secondary" onClick={() => void team.cancelSignIn()}>
                Cancel
              </button>
            </p>
          ) : null}
        </div>
      )}
      {failure === null ? null : <Refusal error={failure} />}
      <dl className="account-facts">
        <div>
          <dt>Server</dt>
          <dd>{state?.domain ?? "\u2014"}</dd>
        </div>
        <div>
          <dt>This computer</dt>
          <dd>
            {key === null ? (
              <button
                type="button"
                className="secondary"
                disabled={doing !== null}
                onClick={() => go("address", () => team.key().then(setKey))}
              >
                Show its address
              </button>
            ) : (
              <Address address={key} whole />
            )}
            <p className="hint">
              The key lives in the keychain and is shown nowhere. An administrator adds its address as a user.
            </p>
          </dd>
        </div>
      </dl>
    </section>
  );
}
