import type { Decimal } from "~/shared/decimal";

/** The account's books since it was followed: what came and went, and whether that ties to the venue's equity. USD. */
export interface LedgerView {
  readonly sinceMs: number | null;
  readonly cashUsd: Decimal | null;
  readonly realisedUsd: Decimal | null;
  readonly feesUsd: Decimal | null;
  readonly fundingUsd: Decimal | null;
  readonly transfersUsd: Decimal | null;
  /** What the account is worth by the books; null while a price for it is missing. */
  readonly equityUsd: Decimal | null;
  /** What the venue's equity is off it; beyond a cent trading is locked. */
  readonly offUsd: Decimal | null;
}
