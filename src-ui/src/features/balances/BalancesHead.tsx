import type { ReactNode } from "react";
import { PanelAge } from "~/shared/PanelAge";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession, useSessionPart } from "~/stores/react";

export function BalancesHead(): ReactNode {
  const { trading } = useSession();
  const link = useSessionPart((snapshot) => snapshot.link);
  const practice = usePractice(trading);
  return (
    <div className="head">
      <PracticeMark practice={practice} />
      <span className="spring" />
      <PanelAge read={() => trading?.state?.equityUsd ?? null} link={link} testId="age-balances" />
    </div>
  );
}
