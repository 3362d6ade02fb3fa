import type { Decimal } from "~/shared/decimal";
import type { Stamped } from "~/shared/stamped";
import type { LedgerView } from "./ledger-types";
import type { MarketMargin } from "./margin-types";
import type { AccountLimits, Lease } from "./risk-types";
import type { Mode } from "./types";

/** Orders and what follows from them, as the trading contract has them. Amounts are decimals, times UTC ms of the server's clock. */

export const SIDES = ["buy", "sell"] as const;
export type Side = (typeof SIDES)[number];

/** What a ticket may ask for. */
export const TICKET_KINDS = [
  "market",
  "limit",
  "post_only",
  "ioc",
  "stop_market",
  "stop_limit",
  "take_market",
  "take_limit",
  "scale",
  "twap",
] as const;
export type TicketKind = (typeof TICKET_KINDS)[number];

/** An order to be, in the spelling in which it is sent. Fields that do not belong to its kind are left out. */
export interface Ticket {
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: TicketKind;
  /** Base units. */
  readonly size: string;
  readonly px?: string;
  readonly trigger_px?: string;
  readonly reduce_only: boolean;
  readonly slippage_bps?: number;
  readonly take_profit?: string;
  readonly stop_loss?: string;
  readonly scale?: { readonly orders: number; readonly from: string; readonly to: string };
  /** `here`: this server slices it; `venue`: the venue does, and goes on without the server. */
  readonly twap?: { readonly minutes?: number; readonly randomize?: boolean; readonly by?: TwapBy };
  /** Whose limits it counts against; left out for `manual`. */
  readonly strategy?: string;
}

export const TWAP_BY = ["here", "venue", "plan"] as const;
export type TwapBy = (typeof TWAP_BY)[number];

/** The same key with the same body is one order, however often it is sent. */
export interface Keyed {
  readonly key: string;
}

export const LEGS = ["single", "entry", "take_profit", "stop_loss", "scale", "slice"] as const;
export type Leg = (typeof LEGS)[number];

export interface TradeRefusal {
  readonly code: string;
  readonly text: string;
  readonly found: string | null;
  readonly allowed: string | null;
}

/** An order as it would be sent. */
export interface PreviewOrder {
  readonly leg: Leg;
  readonly side: Side;
  readonly px: Decimal | null;
  readonly triggerPx: Decimal | null;
  readonly size: Decimal;
  readonly notionalUsd: Decimal | null;
  readonly reduceOnly: boolean;
  /** Of a plan: so long after the first one it is sent. */
  readonly afterMs: number | null;
}

export interface Preview {
  readonly orders: readonly PreviewOrder[];
  /** Null where no fresh middle is known. */
  readonly mid: Stamped<Decimal> | null;
  readonly averagePx: Decimal | null;
  readonly slippageBps: number | null;
  readonly feeUsd: Decimal | null;
  readonly feeBps: Decimal | null;
  readonly liquidationPx: Decimal | null;
  readonly marginUsd: Decimal | null;
  /** Null at a server that cannot set it. */
  readonly market: MarketMargin | null;
  readonly refusals: readonly TradeRefusal[];
  readonly nowMs: number;
}

export const ORDER_STATES = [
  "created",
  "risk_passed",
  "intent_logged",
  "sent",
  "unknown",
  "acked",
  "partially_filled",
  "filled",
  "cancelling",
  "cancelled",
  "rejected",
  "expired",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

export interface OrderView {
  readonly account: string;
  /** Null for an order at the venue that is not ours. */
  readonly cloid: string | null;
  readonly oid: number | null;
  /** The first cloid of those that were sent together. */
  readonly group: string | null;
  readonly leg: Leg;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: string;
  readonly px: Decimal | null;
  readonly triggerPx: Decimal | null;
  readonly size: Decimal;
  readonly filled: Decimal;
  readonly averagePx: Decimal | null;
  readonly reduceOnly: boolean;
  readonly strategy: string;
  readonly state: OrderState;
  readonly createdMs: number;
  readonly changedMs: number;
  /** The venue's time after which absence is proof; null unless unknown. */
  readonly unknownUntilMs: number | null;
  readonly why: { readonly code: string; readonly text: string } | null;
  readonly foreign: boolean;
  /** The order in whose place it stands, and the one that stands in its place. */
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /** The server changes orders; an older one does not. */
  readonly changeable: boolean;
  /** Of an entry with a stop: how long what was filled stood without it; null while nothing was filled. */
  readonly nakedMs: number | null;
  /** All that was filled stands behind a stop at the venue; null where it has none. */
  readonly guarded: boolean | null;
  readonly paper: boolean;
}

export interface FillView {
  readonly account: string;
  readonly tid: number;
  readonly cloid: string | null;
  readonly oid: number | null;
  readonly symbol: string;
  readonly side: Side;
  readonly px: Decimal;
  readonly size: Decimal;
  readonly feeUsd: Decimal | null;
  readonly closedPnlUsd: Decimal | null;
  readonly timeMs: number;
  readonly liquidity: "taker" | "maker" | null;
  readonly leg: Leg | null;
}

export interface PositionView {
  readonly symbol: string;
  /** Negative for a short. */
  readonly size: Decimal;
  readonly entryPx: Decimal | null;
  readonly markPx: Decimal | null;
  readonly valueUsd: Decimal | null;
  readonly unrealisedUsd: Decimal | null;
  readonly liquidationPx: Decimal | null;
  readonly leverage: number | null;
  readonly margin: string | null;
  readonly marginUsedUsd: Decimal | null;
  readonly fundingUsd: Decimal | null;
}

/** A TWAP that is being sliced. */
export interface TwapView {
  readonly key: string;
  readonly symbol: string;
  readonly side: Side;
  /** Base units that are not sent yet. */
  readonly left: Decimal;
  /** Null where the venue slices: it tells of none. */
  readonly slicesLeft: number | null;
  readonly nextMs: number | null;
  readonly by: TwapBy;
  /** `running`; of a venue's also `unknown` and `ending`. */
  readonly state: string;
  readonly size: Decimal | null;
  readonly filled: Decimal | null;
  readonly minutes: number | null;
}

export interface AccountState {
  readonly account: string;
  readonly mode: Mode;
  readonly paper: boolean;
  readonly venue: string;
  readonly runId: string;
  readonly nowMs: number;
  /** Orders are taken. */
  readonly ready: boolean;
  /** Why not, or what is degraded. */
  readonly locks: readonly TradeRefusal[];
  readonly killed: boolean;
  readonly agent: { readonly address: string; readonly expiresMs: number | null } | null;
  readonly equityUsd: Stamped<Decimal> | null;
  readonly withdrawableUsd: Stamped<Decimal> | null;
  readonly marginUsedUsd: Stamped<Decimal> | null;
  readonly dayLossUsd: Stamped<Decimal> | null;
  readonly positions: Stamped<readonly PositionView[]> | null;
  readonly reconciledMs: number | null;
  readonly findings: readonly TradeRefusal[];
  readonly limits: AccountLimits;
  readonly fees: { readonly takerBps: Decimal | null; readonly makerBps: Decimal | null };
  readonly stream: string;
  readonly twaps: readonly TwapView[];
  /** The whole desk is stopped. */
  readonly deskKilled: boolean;
  readonly leases: readonly Lease[];
  /** When the venue cancels everything by itself; null while it does not. */
  readonly scheduledCancelMs: number | null;
  readonly auto: { readonly on: boolean; readonly untilMs: number | null; readonly by: string | null } | null;
  /** How a paper account's fills are made; null for one whose orders reach a venue. */
  readonly assumptions: PaperAssumptions | null;
  readonly ledger: LedgerView | null;
  /** What this server has beside orders; an older one tells of none of it. */
  readonly has: {
    readonly desk: boolean;
    readonly leases: boolean;
    readonly schedule: boolean;
    readonly auto: boolean;
    readonly ledger: boolean;
  };
}

export interface PaperAssumptions {
  readonly latencyMs: number | null;
  readonly queue: string;
  readonly fills: string;
}

/** What a question for an account brings. */
export interface AccountAnswer {
  readonly state: AccountState;
  readonly orders: readonly OrderView[];
  readonly fills: readonly FillView[];
}

export interface TradingAccount {
  readonly account: string;
  readonly name: string | null;
  readonly paper: boolean;
  readonly mayTrade: boolean;
}

export interface KillAnswer {
  readonly on: boolean;
  readonly cancelled: number;
  readonly flattened: number;
  readonly drill: boolean;
}

export interface KillWish {
  readonly account: string;
  readonly on: boolean;
  readonly flatten: boolean;
  readonly drill: boolean;
}

export interface Ask {
  readonly account: string;
}
