export const MARGIN_KINDS = ["cross", "isolated"] as const;
/** Whose margin backs a position: the account's with its other positions, or its own alone. */
export type MarginKind = (typeof MARGIN_KINDS)[number];

/** How a market is margined for an account. */
export interface MarketMargin {
  readonly symbol: string;
  /** Null where the venue has not said. */
  readonly margin: MarginKind | null;
  readonly leverage: number | null;
  readonly maxLeverage: number;
  /** Positions in it have a margin of their own, always. */
  readonly onlyIsolated: boolean;
}

/** The same key with the same body is done once, however often it is sent. */
interface OfMarket {
  readonly account: string;
  readonly key: string;
  readonly symbol: string;
}

export interface LeverageWish extends OfMarket {
  readonly leverage: number;
  readonly margin: MarginKind;
}

export interface MarginWish extends OfMarket {
  /** Dollars, negative to take away. */
  readonly usd: string;
}
