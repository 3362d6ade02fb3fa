import { type Answer, answer, type Json, refuse } from "./answers";
import { accountState } from "./trade-views";
import type { MockTrading } from "./trading";

/** The venue cancels everything of the account at a time. */
export function schedule(account: MockTrading, body: Json): Answer {
  const at = body["at_ms"];
  if (typeof at === "number" && at < Date.now() + 4000)
    return refuse("bad_request", "a scheduled cancel is at least 5 s ahead");
  account.scheduledMs = typeof at === "number" ? at : null;
  account.word();
  return answer({ at_ms: account.scheduledMs, triggers_left: 9 });
}

/** The books begin anew from what the venue says. */
export function accept(account: MockTrading): Answer {
  if (account.offUsd === "0.00") return refuse("nothing_to_accept");
  account.offUsd = "0.00";
  account.word();
  return answer(accountState(account));
}
