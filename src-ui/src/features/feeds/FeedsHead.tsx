import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { useSession } from "~/stores/react";
import { countFresh } from "./rows";

export function FeedsHead(): ReactNode {
  const session = useSession();
  return (
    <div className="head">
      <span className="spring" />
      <LiveText
        className="panel-age"
        testId="feeds-summary"
        read={(now) => {
          const { fresh, all } = countFresh(session.venues, now);
          return all === 0 ? "waiting" : `${fresh} of ${all} streams fresh`;
        }}
        state={(now) => {
          const { fresh, all } = countFresh(session.venues, now);
          return fresh < all ? "stale" : "live";
        }}
      />
    </div>
  );
}
