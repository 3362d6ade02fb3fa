/** A condition of an order by itself: whether it holds, what was found and what is needed. */
export interface AutoGate {
  readonly gate: string;
  readonly holds: boolean;
  readonly found: string;
  readonly needed: string;
}

export interface AutoOutcome {
  readonly atMs: number;
  /** What came of the last evaluation, in the server's word. */
  readonly outcome: string;
  readonly code: string | null;
  readonly text: string;
  readonly cloid: string | null;
}

export interface AutoSymbol {
  readonly symbol: string;
  readonly gates: readonly AutoGate[];
  /** When it may act again; null where nothing holds it back in time. */
  readonly nextMs: number | null;
  readonly last: AutoOutcome | null;
}

/** Orders that the server gives by itself for one account: what for, how far, and until when. */
export interface AutoView {
  readonly account: string;
  readonly on: boolean;
  readonly by: string | null;
  readonly untilMs: number | null;
  readonly symbols: readonly string[];
  readonly sizeUsd: string | null;
  readonly streak: number | null;
  readonly cooldownMs: number | null;
  readonly mostOpen: number | null;
  /** Trades that are open. */
  readonly open: number | null;
  readonly text: string;
  /** Why it ended the last time; null where it never did. */
  readonly ended: { readonly code: string; readonly text: string } | null;
  /** Whether a trained model must stand behind the probabilities. */
  readonly modelRequired: boolean;
  readonly states: readonly AutoSymbol[];
}

/** What is asked for; off needs no more than the account. */
export interface AutoWish {
  readonly account: string;
  readonly on: boolean;
  readonly minutes?: number;
  readonly symbols?: readonly string[];
  readonly size_usd?: string;
  readonly acknowledge?: boolean;
  /** Only in practice it need not be. */
  readonly model_required?: boolean;
}
