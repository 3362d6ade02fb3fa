import { useSampled } from "./useSampled";

/** The wall clock in UTC ms, as often as it is worth drawing for; for spans, never for the age of a market's number. */
export function useNow(everyMs = 1000): number {
  return useSampled(() => Math.floor(Date.now() / everyMs) * everyMs, everyMs);
}
