import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { useSession } from "~/stores/react";
import { connectionState, cooldownMs } from "~/stores/venue-view";

export function HealthHead(): ReactNode {
  const session = useSession();
  const count = (now: number): { live: number; cooling: number; all: number } => {
    const { venues, linked } = session;
    return {
      live: venues.filter((venue) => connectionState(venue, linked, now) === "live").length,
      cooling: venues.filter((venue) => cooldownMs(venue, now) > 0).length,
      all: venues.length,
    };
  };
  return (
    <div className="head">
      <span className="spring" />
      <LiveText
        className="panel-age"
        testId="health-summary"
        everyMs={100}
        read={(now) => {
          const { live, cooling, all } = count(now);
          if (all === 0) return "waiting";
          return `${live} of ${all} live${cooling === 0 ? "" : `, ${cooling} cooling`}`;
        }}
        state={(now) => {
          const { live, cooling, all } = count(now);
          return live < all || cooling > 0 ? "stale" : "live";
        }}
      />
    </div>
  );
}
