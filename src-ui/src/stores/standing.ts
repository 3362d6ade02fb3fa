import type { AccountState } from "~/transport/trading-types";
import type { TradingSnapshot } from "./trading-phase";
import { sentence, tradingWords, type Words } from "./trading-words";

export interface Standing extends Words {
  /** `good`: orders are taken. `warn`: they are not, or not as usual. `bad`: somebody has to do something. */
  readonly level: "good" | "warn" | "bad";
  readonly code: string;
  /** Orders that only take risk away are taken all the same. */
  readonly reduces: boolean;
}

const READY: Standing = { level: "good", reduces: true, code: "ready", what: "Ready.", why: "", next: "" };

/** What keeps risk from being added, and not from being taken away. */
const REDUCES: ReadonlySet<string> = new Set([
  "kill_switch_on",
  "desk_kill_switch_on",
  "lease_lapsed",
  "account_stale",
]);

/** Whether orders are taken, and if not, why and what to do; from what is known, never from hope. */
export function standingOf(
  { phase, error, accounts, account }: TradingSnapshot,
  state: AccountState | null,
  stale: boolean,
  linked: boolean,
): Standing {
  const of = (level: Standing["level"], code: string, words: Words): Standing => ({
    level,
    code,
    reduces: REDUCES.has(code),
    ...words,
  });
  if (phase === "absent" && error?.code === "team_request_refused")
    return of("warn", error.code, tradingWords(error));
  if (phase === "absent")
    return of("warn", error?.code ?? "trading_absent", {
      what: "Trading is not available at this server.",
      why: error?.code === "trading_absent" ? sentence(error.message) : "It has no order relay.",
      next: "Market data work without it.",
    });
  if (phase === "barred")
    return error === null
      ? of("bad", "no_account", {
          what: "You have no account here.",
          why: "No account may be viewed or traded by this login.",
          next: "Ask an administrator for a grant, or log in with the wallet of the account.",
        })
      : of("bad", error.code, tradingWords(error));
  if (!linked)
    return of("warn", "disconnected", {
      what: "Disconnected.",
      why: "What stands here is from before; open orders go on at the venue without this window.",
      next: "It reconnects by itself. Retry now is in the status bar.",
    });
  if (state === null)
    return of("warn", error?.code ?? "asking", {
      what: "Waiting for the account.",
      why: error === null ? "It has been asked for." : sentence(error.message),
      next: "It is asked for again by itself.",
    });
  if (state.deskKilled)
    return of("bad", "desk_kill_switch_on", tradingWords({ code: "desk_kill_switch_on", message: "" }));
  if (state.killed) return of("bad", "kill_switch_on", tradingWords({ code: "kill_switch_on", message: "" }));
  const mayTrade = accounts.find((item) => item.account === account)?.mayTrade ?? false;
  if (!mayTrade) return of("warn", "grant_required", tradingWords({ code: "grant_required", message: "" }));
  if (state.leases.some(({ lapsed, scope }) => lapsed && scope !== "strategy"))
    return of("bad", "lease_lapsed", tradingWords({ code: "lease_lapsed", message: "" }));
  const lock = state.locks[0];
  if (!state.ready && lock !== undefined) {
    const words = tradingWords({ code: lock.code, message: lock.text });
    const standing = of("bad", lock.code, words);
    // Once it was found to match in this run, what only reduces is taken by the venue's word on the position.
    if (lock.code !== "trading_locked" || state.reconciledMs === null) return standing;
    return { ...standing, reduces: true, next: `Orders that only reduce are taken. ${words.next}` };
  }
  if (!state.ready && state.agent === null)
    return of("bad", "agent_required", tradingWords({ code: "agent_required", message: "" }));
  if (!state.ready)
    return of("warn", "not_ready", {
      what: "Not ready yet.",
      why: "The account is being reconciled with the venue.",
      next: "Trading opens by itself when both agree.",
    });
  if (stale)
    return of("warn", "account_stale", {
      what: "The account's figures are stale.",
      why: "Nothing was heard of it for longer than its limit.",
      next: "Look at the venue before you act; it is asked for again by itself.",
    });
  return READY;
}
