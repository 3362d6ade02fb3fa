import { type ReactNode, useState } from "react";
import type { AuthDesk } from "~/stores/auth-desk";
import { useSessionPart } from "~/stores/react";
import type { AgentRow, AuthState } from "~/transport/auth-types";
import { ApiError } from "~/transport/types";
import { addressOf, signTyped, type Wallet } from "~/transport/wallet";
import { AgentForm } from "./AgentForm";
import { type AgentAct, AgentTable, checkText } from "./AgentTable";
import { useWallets } from "./Login";
import { Refusal } from "./Refusal";
import { useAuth, useDoing, useRows } from "./useDesk";

/** Documents of one visit that wait for a signature; the server gives each but once. */
const MOST_PAPERS = 16;

/** The account's own wallet has to sign: another account of it would be refused by the venue. */
async function sign(wallet: Wallet, account: string, typed: string): Promise<string> {
  const address = await addressOf(wallet);
  if (address.toLowerCase() !== account.toLowerCase())
    throw new ApiError("address_mismatch", `the wallet is on ${address}, the agent is for ${account}`, true);
  return signTyped(wallet, address, typed);
}

/** The keys that may sign orders for an account at this server, their making and ending. */
export function Agents({ desk, state }: { readonly desk: AuthDesk; readonly state: AuthState }): ReactNode {
  const { agents } = useAuth(desk);
  const wallets = useWallets();
  const [papers, setPapers] = useState<ReadonlyMap<string, string>>(new Map());
  const { failure, reload } = useRows<AgentRow>(desk, async () => {
    await desk.readAgents();
    return [];
  });
  const [checked, setChecked] = useState("");
  const doing = useDoing(desk, () => {
    reload();
    void desk.refresh();
  });
  const mode = useSessionPart((snapshot) => snapshot.mode);
  const wallet = desk.wallet ?? wallets[0] ?? null;
  /** A window of the app has no wallet: agents are made where one is. */
  const server = useSessionPart((snapshot) => snapshot.server);
  const approve = async (agent: string, account: string, typed: string): Promise<void> => {
    if (wallet === null) throw new ApiError("no_wallet", "no wallet announced itself", true);
    await desk.port.approveAgent(agent, await sign(wallet, account, typed));
    setPapers((held) => new Map([...held].filter(([id]) => id !== agent)));
  };
  const made = async (making: Promise<AgentRow>): Promise<void> => {
    const { id, account, typedData } = await making;
    if (typedData === null) return;
    setPapers((held) => new Map([...held, [id, typedData] as const].slice(-MOST_PAPERS)));
    await approve(id, account, typedData);
  };
  const acts = ({ id, name, account, state: phase }: AgentRow): readonly AgentAct[] => {
    const paper = phase === "pending" ? papers.get(id) : undefined;
    const signing: AgentAct[] =
      paper === undefined
        ? []
        : [{ label: "Sign", run: () => doing.run(id, () => approve(id, account, paper)) }];
    const renew: AgentAct = {
      label: "Renew",
      title: "A new key takes its place once it is approved",
      run: () => doing.run(id, () => made(desk.port.rotateAgent(id))),
    };
    return [
      ...signing,
      {
        label: "Check",
        title: "Ask the venue whether it knows this agent",
        run: () => doing.run(id, async () => setChecked(checkText(name, await desk.port.checkAgent(id)))),
      },
      ...(server !== null || paper !== undefined ? [] : [renew]),
      { label: "Revoke", danger: true, run: () => doing.run(id, () => desk.port.revokeAgent(id)) },
    ];
  };
  return (
    <section aria-label="Agent credentials">
      <p className="hint">
        An agent is a key that the server keeps sealed and shows to nobody. It signs orders for one account,
        cannot withdraw, and works once the account&rsquo;s own wallet has approved it.
      </p>
      <AgentTable agents={agents} busy={doing.busy !== null} acts={acts} />
      {server !== null ? (
        <p className="hint" data-testid="agents-elsewhere">
          An agent is approved by the account&rsquo;s wallet, and wallets live in browsers. Open {server} in
          one to make or renew an agent.
        </p>
      ) : mode === "live" ? (
        <AgentForm
          accounts={state.accounts
            .filter(({ grants }) => grants.includes("trade"))
            .map(({ account }) => account)}
          busy={doing.busy !== null}
          create={(wish) => doing.run("create", () => made(desk.port.createAgent(wish)))}
        />
      ) : (
        <p className="hint" data-testid="agents-practice">
          An agent is approved at the real venue. This server plays a{" "}
          {mode === "replay" ? "recorded" : "simulated"} market, so none is made here.
        </p>
      )}
      {doing.busy === null ? null : (
        <p className="login-step" role="status">
          Confirm in the wallet where it asks.
        </p>
      )}
      {checked === "" ? null : <p role="status">{checked}</p>}
      {doing.failure === null ? null : <Refusal error={doing.failure} />}
      {failure === null ? null : <Refusal error={failure} />}
    </section>
  );
}
