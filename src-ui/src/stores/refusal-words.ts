import type { TradeRefusal } from "~/transport/trading-types";

export interface RefusalParts {
  readonly what: string;
  /** What was found and what is allowed; empty where the sentence says it, or nobody does. */
  readonly figures: string;
}

/** A refusal as a reader wants it: what refuses, and once the figures, which a server may have put into the sentence too. */
export function refusalParts({ text, found, allowed }: TradeRefusal): RefusalParts {
  const tail = `: ${found} found, ${allowed} allowed`;
  if (found !== null && allowed !== null && text.endsWith(tail))
    return { what: begun(text.slice(0, -tail.length)), figures: `${found} (allowed: ${allowed})` };
  const said = [found, allowed].every((part) => part === null || text.includes(part));
  if (said) return { what: begun(text), figures: "" };
  const parts = [found ?? "", allowed === null ? "" : `(allowed: ${allowed})`];
  return { what: begun(text.replace(/\.$/, "")), figures: parts.filter((part) => part !== "").join(" ") };
}

function begun(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
