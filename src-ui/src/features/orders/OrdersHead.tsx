import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { PanelAge } from "~/shared/PanelAge";
import { PracticeMark } from "~/shared/Standing";
import { usePractice, useSession, useSessionPart } from "~/stores/react";
import { useOrdersView } from "./view";

const LISTS = ["open", "ended"] as const;

export function OrdersHead(): ReactNode {
  const { trading } = useSession();
  const link = useSessionPart((snapshot) => snapshot.link);
  const practice = usePractice(trading);
  const { list, show } = useOrdersView();
  return (
    <div className="head">
      <span className="switch" role="group" aria-label="Orders">
        {LISTS.map((name) => (
          <button key={name} type="button" aria-pressed={name === list} onClick={() => show(name)}>
            {name}
          </button>
        ))}
      </span>
      <PracticeMark practice={practice} />
      <LiveText
        className="hint head-name head-count"
        everyMs={250}
        testId="orders-count"
        read={() => {
          const open = trading?.orders.open ?? [];
          const unknown = open.filter(({ view }) => view.state === "unknown").length;
          return `${open.length} open${unknown === 0 ? "" : `, ${unknown} unknown`}`;
        }}
      />
      <span className="spring" />
      <PanelAge read={() => trading?.state?.positions ?? null} link={link} testId="age-orders" />
    </div>
  );
}
