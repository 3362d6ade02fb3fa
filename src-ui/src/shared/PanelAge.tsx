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
  const held = (now: number): boolean => {
    const stamped = read();
    return link.phase === "closed" && stamped !== null && panelState(stamped, now) !== "stale";
  };
  return (
    <LiveText
      className="panel-age"
      testId={testId}
      read={(now) =>
        held(now) && link.at !== undefined ? `held ${timeText(link.at)}` : panelAge(read(), now)
      }
      state={(now) => (held(now) ? "held" : panelState(read(), now))}
    />
  );
}
