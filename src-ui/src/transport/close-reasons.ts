/** The session behind the connection is over; the reason is one of the codes below. */
const SESSION_ENDED = 4001;

const REASONS: Readonly<Record<number, string>> = {
  1001: "the gateway is shutting down",
  1006: "the gateway does not answer",
  1009: "a message was too large",
  1011: "the gateway failed",
  1012: "the gateway is restarting",
  1013: "the gateway has too many clients",
};

const SESSION_ENDS: Readonly<Record<string, string>> = {
  session_expired: "the session has expired",
  session_revoked: "the session was revoked",
};

interface Ending {
  readonly reason: string;
  readonly code?: string;
}

/** Why a socket closed, in words, and by a code where the server gave one. */
export function endingOf(close: number, words: string): Ending {
  if (close === SESSION_ENDED) return { reason: SESSION_ENDS[words] ?? "the session is over", code: words };
  return { reason: words || (REASONS[close] ?? `the connection closed with code ${close}`) };
}
