import type { Said } from "~/shared/useAct";
import { asApiError } from "~/transport/decode";
import { isLost } from "./intents";
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
  return { level: "bad", text: `${what} ${why} ${next}`, code: error.code };
}
