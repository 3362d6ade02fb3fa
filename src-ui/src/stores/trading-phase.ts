import type { TradingAccount } from "~/transport/trading-types";
import type { ApiError } from "~/transport/types";

/** `absent`: this server has no trading; `barred`: it has, and not for this user as things are. */
export type TradingPhase = "asking" | "absent" | "barred" | "here";

/** Cold facts for React; figures are read from the state each frame. */
export interface TradingSnapshot {
  readonly phase: TradingPhase;
  readonly error: ApiError | null;
  readonly accounts: readonly TradingAccount[];
  /** The address of the chosen one; null while there is none. */
  readonly account: string | null;
  /** The server has paper accounts, whoever asks. */
  readonly paperOffered: boolean;
}

/** Before the first answer. */
export const NOTHING: TradingSnapshot = {
  phase: "asking",
  error: null,
  accounts: [],
  account: null,
  paperOffered: false,
};

/** Codes of servers that have no trading. */
export const ABSENT: readonly string[] = [
  "trading_absent",
  "team_request_refused",
  "http_404",
  "http_405",
  "not_found",
  "unknown_type",
  "malformed_answer",
];
