import type { ReactNode } from "react";
import { spanText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { useSession } from "~/stores/react";

/** In the status bar while the server gives orders by itself; nothing while it does not. */
export function AutoMark(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : (
    <LiveText
      className="status-auto"
      everyMs={250}
      testId="auto-mark"
      read={(now) => {
        const auto = trading.state?.auto ?? null;
        if (auto === null || !auto.on) return "";
        const core = trading.coreNow(now);
        const left =
          auto.untilMs === null || core === null ? "" : ` ${spanText(Math.max(0, auto.untilMs - core))}`;
        return `AUTO ON${left}`;
      }}
    />
  );
}
