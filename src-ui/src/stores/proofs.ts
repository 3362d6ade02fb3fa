import type { Stamp } from "~/shared/stamped";
import type { AccountState } from "~/transport/trading-types";

/** An account's own limit, where its positions carry none. */
const PROOF_LIMIT_MS = 10_000;

/** How fresh the account's own word is: open orders are as fresh as that. */
export function accountProof(state: AccountState, heardAt: number): Stamp {
  const stamp = state.positions?.stamps[0];
  if (stamp !== undefined) return stamp;
  const { nowMs } = state;
  return { asOf: nowMs, provedAt: nowMs, coreNow: nowMs, arrivedAt: heardAt, limitMs: PROOF_LIMIT_MS };
}

/** Of an order that an event tells of: proved by the event itself. */
export function eventStamp(nowMs: number, arrivedAt: number, proof: Stamp | null): Stamp {
  const limitMs = proof?.limitMs ?? PROOF_LIMIT_MS;
  return { asOf: nowMs, provedAt: nowMs, coreNow: nowMs, arrivedAt, limitMs };
}
