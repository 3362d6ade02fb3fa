import type { ReactNode } from "react";
import { timeText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession } from "~/stores/react";

export function FillsHead(): ReactNode {
  const { trading } = useSession();
  const practice = usePractice(trading);
  return (
    <div className="head">
      <PracticeMark practice={practice} />
      <span className="spring" />
      <LiveText
        className="hint"
        everyMs={250}
        read={() => {
          const newest = trading?.fills.newest[0];
          return newest === undefined ? "" : `last at ${timeText(newest.view.timeMs)}`;
        }}
      />
    </div>
  );
}
