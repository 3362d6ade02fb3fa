import type { ApiError, LinkState, ListedSymbol, Mode, Transport } from "~/transport/types";
import { OwnAgents } from "./own-agents";

export interface Counters {
  readonly gaps: number;
  readonly resyncs: number;
  readonly malformed: number;
  readonly unexpected: number;
}

/** Cold facts for React; hot figures are read from the views each frame. */
export interface SessionSnapshot {
  readonly link: LinkState;
  readonly mode: Mode | null;
  readonly runId: string | null;
  readonly symbols: readonly ListedSymbol[] | null;
  readonly directoryError: ApiError | null;
  readonly coinErrors: Readonly<Record<string, ApiError>>;
  readonly sources: readonly string[];
  readonly kind: Transport["kind"];
  /** What chooses team servers; null in a browser. */
  readonly team: Transport["team"];
  /** The agents of this computer's user; null where agents are a server's. */
  readonly ownAgents: OwnAgents | null;
  /** The team server whose figures these are; null where it is the page's own server, or the app's engine. */
  readonly server: string | null;
}

type Carrier = Pick<Transport, "kind" | "agents" | "team" | "server">;

export function emptySnapshot({ kind, agents, team, server }: Carrier): SessionSnapshot {
  return {
    link: { phase: "connecting" },
    mode: null,
    runId: null,
    symbols: null,
    directoryError: null,
    coinErrors: {},
    sources: [],
    kind,
    team,
    ownAgents: agents === null ? null : new OwnAgents(agents),
    server,
  };
}
