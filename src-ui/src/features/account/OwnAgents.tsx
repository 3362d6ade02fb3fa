import { type ReactNode, useState, useSyncExternalStore } from "react";
import type { OwnAgents as Own } from "~/stores/own-agents";
import type { AgentRow, AgentWish } from "~/transport/auth-types";
import { AgentForm } from "./AgentForm";
import { type AgentAct, AgentTable, checkText } from "./AgentTable";
import { Refusal } from "./Refusal";
import { useDoing } from "./useDesk";

type Way = "browser" | "key";

const DOING: Readonly<Record<string, string>> = {
  browser: "Go on in the browser: its page shows the approval, and the account\u2019s wallet signs it.",
  key: "This computer\u2019s key signs the approval, and the venue is told.",
};

/** The agents of this computer's user: made here, approved by the account's wallet, kept in the keychain. */
export function OwnAgents({ own }: { readonly own: Own }): ReactNode {
  const { list, failure } = useSyncExternalStore(own.subscribe, own.getSnapshot);
  const { port } = own;
  const [said, setSaid] = useState("");
  const doing = useDoing(null, () => void own.refresh());
  // Another window, or this one before it was reloaded, may have begun it.
  const busy = doing.busy ?? (list?.approving === true ? "browser" : null);
  const approve = async (agent: string, way: Way): Promise<void> => {
    await own.refresh();
    await (way === "key" ? port.approveByKey(agent) : port.approveInBrowser(agent));
  };
  const make = async (making: Promise<AgentRow>, way: Way): Promise<void> => approve((await making).id, way);
  const byKey = async (wish: Omit<AgentWish, "account">): Promise<void> =>
    make(port.create({ ...wish, account: await port.wallet() }), "key");
  const check = async ({ id, name }: AgentRow): Promise<void> => {
    const found = await port.check(id);
    setSaid(
      `${checkText(name, found)} This computer ${found.signs ? "can sign with its key" : "cannot sign for it"}.`,
    );
  };
  const acts = (agent: AgentRow): readonly AgentAct[] => [
    ...(agent.state === "pending"
      ? [
          {
            label: "Sign in browser",
            title: "A page of this app opens in the browser, where the account's wallet signs",
            run: () => doing.run("browser", () => approve(agent.id, "browser")),
          },
          {
            label: "Sign by key",
            title: "For an account whose wallet is this computer's key",
            run: () => doing.run("key", () => approve(agent.id, "key")),
          },
        ]
      : [
          {
            label: "Renew",
            title: "A new key takes its place once it is approved",
            run: () => doing.run("renew", () => port.rotate(agent.id)),
          },
        ]),
    {
      label: "Check",
      title: "Ask the venue whether it knows this agent, and this computer whether it can sign",
      run: () => doing.run("check", () => check(agent)),
    },
    { label: "Revoke", danger: true, run: () => doing.run("revoke", () => port.revoke(agent.id)) },
  ];
  return (
    <section aria-label="Agent credentials">
      <p className="hint">
        An agent is a key that this app makes, keeps in {list?.forTheRun === true ? "memory" : "the keychain"}{" "}
        and shows to nobody. It signs orders for one account, cannot withdraw, and works once the
        account&rsquo;s own wallet has approved it.
      </p>
      <AgentTable agents={list?.agents ?? null} busy={busy !== null} acts={acts} />
      {list === null ? null : list.network === null ? (
        <p className="hint" data-testid="agents-replay">
          An agent is approved at the venue. A recording is played here, so none is made.
        </p>
      ) : (
        <>
          <AgentForm
            accounts={null}
            busy={busy !== null}
            create={(wish) => doing.run("browser", () => make(port.create(wish), "browser"))}
            byKey={(wish) => doing.run("key", () => byKey(wish))}
          />
          <p className="hint" data-testid="agents-place">
            {list.forTheRun
              ? "Practice: agents are approved at the simulated venue and end with the run. The first approval gives an account its practice money."
              : list.network === "mainnet"
                ? "Agents are approved at Hyperliquid."
                : "Agents are approved at Hyperliquid\u2019s testnet."}
          </p>
        </>
      )}
      {busy === null || DOING[busy] === undefined ? null : (
        <div className="login-step" role="status" data-testid="agent-step">
          <p>{DOING[busy]}</p>
          {busy === "browser" ? (
            <p className="account-actions">
              <button type="button" className="secondary" onClick={() => void port.cancelApproval()}>
                Cancel
              </button>
            </p>
          ) : null}
        </div>
      )}
      {said === "" ? null : <p role="status">{said}</p>}
      {doing.failure === null ? null : <Refusal error={doing.failure} />}
      {failure === null ? null : <Refusal error={failure} />}
      {list === null || list.keychain === null || doing.failure !== null ? null : (
        <Refusal error={list.keychain} />
      )}
    </section>
  );
}
