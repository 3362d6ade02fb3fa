import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { PanelAge } from "~/shared/PanelAge";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession, useSessionPart } from "~/stores/react";

export function PositionsHead(): ReactNode {
  const { trading } = useSession();
  const link = useSessionPart((snapshot) => snapshot.link);
  const practice = usePractice(trading);
  return (
    <div className="head">
      <LiveText
        className="hint head-count"
        everyMs={250}
        testId="positions-count"
        read={() => {
          const count = trading?.state?.positions?.draw(0, (rows) => rows.length);
          return count === undefined ? "" : `${count} open`;
        }}
      />
      <PracticeMark practice={practice} />
      <span className="spring" />
      <PanelAge read={() => trading?.state?.positions ?? null} link={link} testId="age-positions" />
    </div>
  );
}
