import type { Said } from "~/shared/useAct";
import { asApiError } from "~/transport/decode";
import { asRefusals } from "~/transport/trading-decode";
import { isLost } from "./intents";
import { refusalParts, refusalText } from "./refusal-words";
import { tradingWords } from "./trading-words";

/** Why it was not done, or that nobody knows whether it was. */
export function failureWords(thrown: unknown): Said {
  const error = asApiError(thrown);
  if (isLost(error))
    return {
      level: "bad",
      text: "The answer was lost: it may have been done. What stands here is asked for again by itself.",
      code: null,
    };
  const { what, why, next } = tradingWords(error);
  const refusals = asRefusals(error.details["refusals"]).map(
    (refusal) => `${refusalText(refusalParts(refusal))}.`,
  );
  const reasons = refusals.length === 0 ? why : refusals.join(" ");
  return { level: "bad", text: `${what} ${reasons} ${next}`, code: error.code };
}
