import type { ReactNode } from "react";
import { timeText } from "./age";
import { panelAge, panelState } from "./freshness";
import { LiveText } from "./LiveText";
import type { Stamped } from "./stamped";

interface PanelAgeProps {
  readonly read: () => Stamped<unknown> | null;
  readonly link: { readonly phase: string; readonly at?: number };
  readonly testId: string;
}

/** The right end of a panel's header: the age of what it shows, loud once it is too old. */
export function PanelAge({ read, link, testId }: PanelAgeProps): ReactNode {
  return (
    <LiveText
      className="panel-age"
      testId={testId}
      read={(now) => {
        const stamped = read();
        const held = link.phase === "closed" && link.at !== undefined && stamped !== null;
        return held && panelState(stamped, now) !== "stale"
          ? `held ${timeText(link.at)}`
          : panelAge(stamped, now);
      }}
      state={(now) => panelState(read(), now)}
    />
  );
}
