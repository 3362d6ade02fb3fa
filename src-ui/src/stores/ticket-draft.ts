import type { Side, TicketKind, TwapBy } from "~/transport/trading-types";

export type SizeUnit = "coin" | "usd" | "risk";

/** A ticket as it is typed: texts, until it is built. */
export interface Draft {
  readonly side: Side;
  readonly kind: TicketKind;
  readonly unit: SizeUnit;
  readonly amount: string;
  readonly px: string;
  readonly trigger: string;
  readonly reduceOnly: boolean;
  /** Empty: the account's limit. */
  readonly slippage: string;
  readonly bracket: boolean;
  readonly takeProfit: string;
  readonly stopLoss: string;
  readonly scaleOrders: string;
  readonly scaleFrom: string;
  readonly scaleTo: string;
  readonly twapMinutes: string;
  readonly twapRandomize: boolean;
  readonly twapBy: TwapBy;
  /** Whose limits it counts against. */
  readonly strategy: string;
}

export const EMPTY_DRAFT: Draft = {
  side: "buy",
  kind: "limit",
  unit: "coin",
  amount: "",
  px: "",
  trigger: "",
  reduceOnly: false,
  slippage: "",
  bracket: false,
  takeProfit: "",
  stopLoss: "",
  scaleOrders: "5",
  scaleFrom: "",
  scaleTo: "",
  twapMinutes: "30",
  twapRandomize: false,
  twapBy: "here",
  strategy: "manual",
};

export const KIND_NAMES: Readonly<Record<TicketKind, string>> = {
  market: "Market",
  limit: "Limit",
  post_only: "Post only",
  ioc: "IOC",
  stop_market: "Stop market",
  stop_limit: "Stop limit",
  take_market: "Take market",
  take_limit: "Take limit",
  scale: "Scale",
  twap: "TWAP",
};

/** A kind within a sentence; a server may have kinds of its own. */
export function kindWords(kind: string): string {
  const known = (KIND_NAMES as Readonly<Record<string, string>>)[kind];
  if (known === undefined) return kind.replaceAll("_", " ");
  return known === known.toUpperCase() ? known : known.toLowerCase();
}

/** The same where five stand beside each other. */
export const KIND_SHORT: Readonly<Record<TicketKind, string>> = {
  ...KIND_NAMES,
  post_only: "Post",
  stop_market: "Stop",
  stop_limit: "Stop lim",
  take_market: "Take",
  take_limit: "Take lim",
};

interface Has {
  readonly px: boolean;
  readonly trigger: boolean;
  readonly bracket: boolean;
  readonly slippage: boolean;
}

/** Which entries belong to a draft: a plan's slices may have exits, other TWAPs' not. */
export function hasOf({ kind, twapBy }: Pick<Draft, "kind" | "twapBy">): Has {
  const has = KIND_HAS[kind];
  return kind === "twap" && twapBy === "plan" ? { ...has, bracket: true } : has;
}

/** Which entries belong to a kind. */
export const KIND_HAS: Readonly<Record<TicketKind, Has>> = {
  market: { px: false, trigger: false, bracket: true, slippage: true },
  limit: { px: true, trigger: false, bracket: true, slippage: false },
  post_only: { px: true, trigger: false, bracket: true, slippage: false },
  ioc: { px: true, trigger: false, bracket: true, slippage: false },
  stop_market: { px: false, trigger: true, bracket: false, slippage: false },
  stop_limit: { px: true, trigger: true, bracket: false, slippage: false },
  take_market: { px: false, trigger: true, bracket: false, slippage: false },
  take_limit: { px: true, trigger: true, bracket: false, slippage: false },
  scale: { px: false, trigger: false, bracket: false, slippage: false },
  twap: { px: false, trigger: false, bracket: false, slippage: false },
};
