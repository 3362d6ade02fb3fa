import { type ReactNode, useState, useSyncExternalStore } from "react";
import type { AuthDesk, LoginStep } from "~/stores/auth-desk";
import { type Wallet, WalletFinder } from "~/transport/wallet";
import { Refusal } from "./Refusal";
import { useAuth } from "./useDesk";
import { Welcome } from "./Welcome";

const STEPS: Readonly<Record<LoginStep, string>> = {
  account: "Allow an account for this page in the wallet.",
  network: "The wallet is asked for its network.",
  message: "The server makes the message.",
  signature: "Read the message in the wallet and sign it.",
  answer: "The server checks the signature.",
};

/** One for the window: wallets announce themselves once and are remembered. */
const finder = new WalletFinder();

export function useWallets(): readonly Wallet[] {
  return useSyncExternalStore(finder.subscribe, () => finder.wallets);
}

/** The way in: one button for each wallet, and what stands in the way. */
export function Login({ desk }: { readonly desk: AuthDesk }): ReactNode {
  const { state, step, failure } = useAuth(desk);
  const wallets = useWallets();
  const [used, setUsed] = useState<Wallet | null>(null);
  const begin = (wallet: Wallet): void => {
    setUsed(wallet);
    void desk.login(wallet);
  };
  const chains = state?.chains ?? [];
  return (
    <section className="login" aria-label="Log in">
      <Welcome desk={desk} failed={failure !== null}>
        You sign a message with your wallet: it moves nothing and costs nothing.
      </Welcome>
      {step === null ? (
        <div className="login-wallets">
          {wallets.map((wallet) => (
            <button key={wallet.id} type="button" className="primary" onClick={() => begin(wallet)}>
              {wallet.icon === null ? null : <img src={wallet.icon} alt="" width={16} height={16} />}
              {`Log in with ${wallet.name}`}
            </button>
          ))}
        </div>
      ) : (
        <p className="login-step" role="status" data-testid="login-step">
          <strong>{used?.name ?? "Wallet"}</strong> {STEPS[step]}
        </p>
      )}
      {failure === null ? null : (
        <Refusal error={failure}>
          {failure.code === "chain_not_allowed" && used !== null ? (
            <div className="login-wallets">
              {chains.map(({ id, name }) => (
                <button
                  key={id}
                  type="button"
                  className="secondary"
                  onClick={() => void desk.switchAndLogin(used, id)}
                >
                  {`Switch to ${name} and log in`}
                </button>
              ))}
            </div>
          ) : null}
        </Refusal>
      )}
      {wallets.length > 0 || step !== null ? null : (
        <Refusal error={{ code: "no_wallet", message: "no wallet announced itself" }}>
          <button type="button" className="secondary" onClick={() => finder.look()}>
            Look again
          </button>
        </Refusal>
      )}
      <dl className="account-facts">
        <div>
          <dt>Server</dt>
          <dd>{state?.domain ?? location.host}</dd>
        </div>
        <div>
          <dt>Networks</dt>
          <dd>{chains.length === 0 ? "any" : chains.map(({ name }) => name).join(", ")}</dd>
        </div>
      </dl>
    </section>
  );
}
