import type { ReactNode } from "react";
import { ageText } from "~/shared/age";
import { digits } from "~/shared/decimal";
import { LiveText } from "~/shared/LiveText";
import { useSampled } from "~/shared/useSampled";
import { nakedEntries, nakedMs } from "~/stores/naked";
import { orderKey } from "~/stores/own-orders";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";

/** Over everything: what was filled and stands without the stop that was asked for. */
export function NakedAlert(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OfAccount desk={trading} />;
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const keys = useSampled(() => nakedEntries(desk).map(orderKey).join(), 100);
  if (keys === "") return null;
  return (
    <div className="naked-alert" role="alert" data-testid="naked-alert">
      {keys.split(",").map((key) => {
        const view = desk.orders.get(key)?.view;
        return view === undefined ? null : (
          <p key={key}>
            <strong>NO STOP</strong>{" "}
            {`${view.side === "buy" ? "Long" : "Short"} ${digits(view.filled)} ${view.symbol} is open, and its stop is not at the venue yet.`}{" "}
            <span aria-hidden="true">
              <LiveText
                everyMs={100}
                read={(now) => ageText(nakedMs(desk, desk.orders.get(key)?.view ?? view, now))}
              />
            </span>
          </p>
        );
      })}
    </div>
  );
}
