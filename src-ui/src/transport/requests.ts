import { asCandles } from "./decode";
import type { AlphaAnswer, AlphaQuestion, CandleAnswer, CandleRequest } from "./types";

type Message = Readonly<Record<string, unknown>>;

/** The channel that every server has. */
export const MARKET = "public.market";

/** The channels that the terminal follows of each symbol. */
export const CHANNELS: readonly string[] = [MARKET, "public.alpha"];

/** What the account of a desktop is told; a server has none. */
const PRIVATE: readonly string[] = ["private.execution", "private.account"];

/** The request for them. */
export const FOLLOW_PRIVATE = { type: "subscribe_private", channels: PRIVATE } as const;

/** A request as the protocol spells it, and how its answer is read; the same for both carriers. */
export interface Request<T> {
  readonly message: Message;
  readonly read: (answer: Message) => T | null;
}

export function candleRequest(request: CandleRequest): Request<CandleAnswer> {
  return {
    message: { type: "candles", ...request },
    read: (answer) => (answer["type"] === "candles" ? asCandles(answer) : null),
  };
}

export function alphaRequest(question: AlphaQuestion): Request<AlphaAnswer> {
  const { kind, ...rest } = question;
  const type = `alpha_${kind}`;
  return { message: { type, ...rest }, read: (answer) => (answer["type"] === type ? answer : null) };
}
