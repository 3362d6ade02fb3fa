import { parseDecimal } from "~/shared/decimal";
import { asObject } from "./decode";
import type { LedgerView } from "./ledger-types";
import { count } from "./order-decode";

export function asLedger(value: unknown): LedgerView | null {
  const body = asObject(value);
  return body === null
    ? null
    : {
        sinceMs: count(body["since_ms"]),
        cashUsd: parseDecimal(body["cash_usd"]),
        realisedUsd: parseDecimal(body["realised_usd"]),
        feesUsd: parseDecimal(body["fees_usd"]),
        fundingUsd: parseDecimal(body["funding_usd"]),
        transfersUsd: parseDecimal(body["transfers_usd"]),
        equityUsd: parseDecimal(body["equity_usd"]),
        offUsd: parseDecimal(body["off_usd"]),
      };
}
