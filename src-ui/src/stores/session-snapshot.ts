import type { ApiError, LinkState, ListedSymbol, Mode, Transport } from "~/transport/types";

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
  /** The team server whose figures these are; null where it is the page's own server, or the app's engine. */
  readonly server: string | null;
}

type Carrier = Pick<Transport, "kind" | "team" | "server">;

export function emptySnapshot({ kind, team, server }: Carrier): SessionSnapshot {
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
    server,
  };
}
