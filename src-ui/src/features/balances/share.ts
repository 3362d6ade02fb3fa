import { type Decimal, divide, scaleBy } from "~/shared/decimal";
import { projected, type Stamped } from "~/shared/stamped";
import type { TradingDesk } from "~/stores/trading-desk";

/** How much of the daily loss limit is used, in percent, as old as the loss itself. */
export function shareOf(desk: TradingDesk): () => Stamped<Decimal> | null {
  const share = projected<Decimal, Decimal>((loss) => {
    const most = desk.state?.limits.dailyLossUsd ?? null;
    return most === null ? null : divide(scaleBy(loss, 100), most, 1);
  });
  return () => share(desk.state?.dayLossUsd ?? null);
}
