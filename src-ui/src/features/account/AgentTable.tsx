import type { ReactNode } from "react";
import { dayText, spanText } from "~/shared/age";
import { TableHead } from "~/shared/TableHead";
import { useNow } from "~/shared/useNow";
import { expiryWarning } from "~/stores/account-text";
import type { AgentCheck, AgentRow } from "~/transport/auth-types";
import { Address } from "./Address";

function dateText(ms: number): string {
  return `${dayText(ms, "day")} ${dayText(ms, "year")}`;
}

/** What the venue said of an agent, in a sentence. */
export function checkText(name: string, { listed, validUntilMs }: AgentCheck): string {
  const until = validUntilMs === null ? "" : ` until ${dateText(validUntilMs)}`;
  return listed ? `The venue lists ${name}${until}.` : `The venue does not list ${name}.`;
}

/** One thing that can be done with an agent. */
export interface AgentAct {
  readonly label: string;
  readonly title?: string;
  readonly danger?: boolean;
  readonly run: () => void;
}

interface AgentTableProps {
  /** Null before the first answer. */
  readonly agents: readonly AgentRow[] | null;
  readonly busy: boolean;
  /** What can be done with a live one. */
  readonly acts: (agent: AgentRow) => readonly AgentAct[];
}

/** The keys that may sign orders for an account, and how long they hold. */
export function AgentTable({ agents, busy, acts }: AgentTableProps): ReactNode {
  const now = useNow();
  if (agents === null || agents.length === 0)
    return <p>{agents === null ? "Waiting for the list of agents." : "There is no agent yet."}</p>;
  return (
    <table className="account-table acts" data-testid="agents">
      <TableHead columns={["Agent", "Account", "State", "Ends", "Do"]} />
      <tbody>
        {agents.map((agent) => {
          const { id, name, account, address, permissions, expiresMs } = agent;
          const live = agent.state === "approved" || agent.state === "pending";
          const warning = live ? expiryWarning(expiresMs, now) : "none";
          return (
            <tr key={id} data-testid={`agent-${name}`}>
              <td title={`${address}, may ${permissions.join(", ")}`}>
                {agent.network === "mainnet" ? name : `${name} (${agent.network})`}
              </td>
              <td>
                <Address address={account} />
              </td>
              <td title={agent.replaces === null ? undefined : "In another agent's place"}>{agent.state}</td>
              <td className="figures" data-warning={warning} title={new Date(expiresMs).toISOString()}>
                {live
                  ? `${warning === "none" ? "" : "\u26a0 "}in ${spanText(Math.max(0, expiresMs - now))}`
                  : dateText(expiresMs)}
              </td>
              <td className="account-buttons">
                {(live ? acts(agent) : []).map(({ label, title, danger, run }) => (
                  <button
                    key={label}
                    type="button"
                    className={danger === true ? "danger" : "secondary"}
                    title={title}
                    disabled={busy}
                    onClick={run}
                  >
                    {label}
                  </button>
                ))}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
