import type { ReactNode } from "react";
import { useSampled } from "~/shared/useSampled";
import { useSession, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";

export const KILL_KEY = "k";
/** The kill switch in the top bar; nothing where there is nothing to kill. */
export function KillSwitch(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OfAccount desk={trading} />;
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const open = useUi((state) => state.kill);
  const showKill = useUi((state) => state.showKill);
  const killed = useSampled(() => desk.state?.killed ?? false, 100);
  const all = useSampled(() => desk.state?.deskKilled ?? false, 100);
  if (phase !== "here" || account === null) return null;
  return (
    <div className="kill">
      <button
        type="button"
        className="kill-button"
        data-killed={killed || all}
        data-testid="kill-button"
        aria-expanded={open}
        title="Kill switch: hold k for a second, or open it"
        onClick={() => showKill(!open)}
      >
        {all ? "DESK KILLED" : killed ? "KILLED" : "Kill"}
      </button>
    </div>
  );
}
