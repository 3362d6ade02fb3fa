import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession } from "~/stores/react";

export function AutoHead(): ReactNode {
  const { trading } = useSession();
  const practice = usePractice(trading);
  return (
    <div className="head">
      <PracticeMark practice={practice} />
      <span className="spring" />
      <LiveText
        className="auto-state"
        everyMs={250}
        state={() => (trading?.state?.auto?.on === true ? "on" : "off")}
        read={() => {
          const auto = trading?.state?.auto;
          return auto == null ? "" : auto.on ? "ON" : "off";
        }}
      />
    </div>
  );
}
