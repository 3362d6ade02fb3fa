import type { ReactNode } from "react";
import { useSampled } from "~/shared/useSampled";
import { canChange } from "~/stores/change";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";
import type { OrderView } from "~/transport/trading-types";

/** An isolated position has a margin of its own, which can be moved. */
export function OwnMargin({
  desk,
  symbol,
  open,
}: {
  readonly desk: TradingDesk;
  readonly symbol: string;
  readonly open: () => void;
}): ReactNode {
  const own = useSampled(
    () =>
      desk.state?.positions?.draw(
        0,
        (rows) => rows.find((row) => row.symbol === symbol)?.margin === "isolated",
      ) ?? false,
    250,
  );
  return own ? (
    <button type="button" className="own-margin" aria-label={`Move margin of ${symbol}`} onClick={open}>
      Margin
    </button>
  ) : null;
}

/** The stop that protects the position, where there is one that can be moved. */
export function MoveStop({
  desk,
  symbol,
}: {
  readonly desk: TradingDesk;
  readonly symbol: string;
}): ReactNode {
  const openChange = useUi((state) => state.openChange);
  const key = useSampled(
    () => desk.orders.open.find(({ view }) => protects(view, symbol) && canChange(view))?.key ?? "",
    250,
  );
  return key === "" ? null : (
    <button type="button" aria-label={`Move the stop of ${symbol}`} onClick={() => openChange(key)}>
      Stop
    </button>
  );
}

function protects(view: OrderView, symbol: string): boolean {
  return view.symbol === symbol && view.reduceOnly && view.kind.startsWith("stop");
}
