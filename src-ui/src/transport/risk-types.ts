import type { Decimal } from "~/shared/decimal";
import type { Stamped } from "~/shared/stamped";

/** What limits, leases and the kill switch of a desk may be about. */
export const SCOPES = ["desk", "account", "strategy"] as const;
export type Scope = (typeof SCOPES)[number];

/** Names one desk, account or strategy, in the spelling in which it is sent. */
export interface ScopeName {
  readonly scope: Scope;
  readonly account?: string;
  readonly strategy?: string;
}

/** Null: no such limit. */
export interface AccountLimits {
  readonly orderUsd: Decimal | null;
  readonly symbolUsd: Decimal | null;
  readonly grossUsd: Decimal | null;
  readonly collarBps: number | null;
  readonly slippageBps: number | null;
  readonly leveragePercent: number | null;
  readonly concentrationBps: number | null;
  readonly ordersPerMinute: number | null;
  readonly ordersPerDay: number | null;
  readonly dailyLossUsd: Decimal | null;
  /** Null where every symbol may be traded. */
  readonly symbols: readonly string[] | null;
}

/** Limits as the server spells them: what a page does not know goes back as it came. */
export type LimitsWire = Readonly<Record<string, unknown>>;

export interface ScopeLimits extends AccountLimits {
  readonly clockBoundMs: number | null;
  readonly stopRequired: boolean;
  readonly wire: LimitsWire;
}

/** What is used of the limits of a scope; null where it is not known, or not told. */
export interface RiskStanding {
  readonly grossUsd: Stamped<Decimal> | null;
  readonly dayLossUsd: Stamped<Decimal> | null;
  readonly ordersMinute: Stamped<Decimal> | null;
  readonly ordersDay: Stamped<Decimal> | null;
}

/** Limits that somebody asked for and somebody else has to agree to. */
export interface WaitingLimits {
  readonly by: string;
  readonly atMs: number;
  readonly limits: ScopeLimits;
  /** The server's names of what would be looser. */
  readonly loosens: readonly string[];
}

export interface ScopeEntry extends ScopeName {
  readonly limits: ScopeLimits;
  /** Null where it would tell of accounts that the user may not see. */
  readonly standing: RiskStanding | null;
  readonly waiting: WaitingLimits | null;
}

export interface RiskView {
  readonly scopes: readonly ScopeEntry[];
  /** Looser limits wait for a second person. */
  readonly secondPerson: boolean;
  readonly mayChange: boolean;
}

/** Somebody lives and looks; when it lapses, orders that add risk go and none are taken. */
export interface Lease extends ScopeName {
  readonly by: string;
  readonly seconds: number;
  readonly untilMs: number;
  readonly lapsed: boolean;
}

export interface DeskKillAnswer {
  readonly on: boolean;
  readonly drill: boolean;
  readonly accounts: readonly {
    readonly account: string;
    readonly cancelled: number;
    readonly flattened: number;
  }[];
}

export interface ScheduleAnswer {
  readonly atMs: number | null;
  /** How often the venue will do it again this UTC day. */
  readonly triggersLeft: number | null;
}
