import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { PanelAge } from "~/shared/PanelAge";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession, useSessionPart } from "~/stores/react";

export function LimitsHead(): ReactNode {
  const { trading } = useSession();
  const practice = usePractice(trading);
  const link = useSessionPart((snapshot) => snapshot.link);
  return (
    <div className="head">
      <PracticeMark practice={practice} />
      <LiveText
        className="hint"
        everyMs={500}
        testId="limits-waiting"
        read={() => {
          const scopes = trading?.risk.polled.getSnapshot().value?.scopes ?? [];
          const count = scopes.filter(({ waiting }) => waiting !== null).length;
          return count === 0 ? "" : `${count} ${count === 1 ? "change waits" : "changes wait"} for agreement`;
        }}
      />
      <span className="spring" />
      <PanelAge
        read={() =>
          trading?.risk.polled
            .getSnapshot()
            .value?.scopes.map(({ standing }) => standing?.grossUsd ?? null)
            .find((stamped) => stamped !== null) ?? null
        }
        link={link}
        testId="age-limits"
      />
    </div>
  );
}
