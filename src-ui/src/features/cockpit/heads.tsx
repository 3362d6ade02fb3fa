import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import { useSession, useSessionPart } from "~/stores/react";
import { sourceFor } from "~/stores/sources";
import { useGates, useWhy } from "./useAnswer";

export function OpportunitiesHead(): ReactNode {
  const session = useSession();
  return (
    <div className="head">
      <span className="spring" />
      <LiveText
        className="hint"
        everyMs={500}
        read={(now) => {
          const all = session.alpha.symbols;
          const stale = all.filter((name) => session.alpha.judged(name)?.read(now).state === "stale").length;
          return `${all.length} judged${stale === 0 ? "" : `, ${stale} STALE`}`;
        }}
      />
    </div>
  );
}

export function WhyHead({ symbol }: PanelProps): ReactNode {
  const { read } = useWhy(symbol);
  const link = useSessionPart((snapshot) => snapshot.link);
  return (
    <div className="head">
      <span className="spring" />
      <PanelAge read={read} link={link} testId="age-why" />
    </div>
  );
}

/** Says against which book a plan would be made, and how old it is. */
export function PlanHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const source = useSessionPart((snapshot) => sourceFor(snapshot, symbol, null));
  const link = useSessionPart((snapshot) => snapshot.link);
  const view = (): Stamped<unknown> | null => session.alpha.plan(symbol) ?? session.alpha.risk(symbol);
  const known = useSampled(() => view() !== null);
  return (
    <div className="head">
      <span className="spring" />
      <span className="hint">{venueName(source)}</span>
      {known ? <PanelAge read={view} link={link} testId="age-plan" /> : null}
    </div>
  );
}

export function GatesHead({ symbol }: PanelProps): ReactNode {
  const { read } = useGates(symbol);
  const link = useSessionPart((snapshot) => snapshot.link);
  return (
    <div className="head">
      <LiveText
        className="gates-count"
        everyMs={250}
        testId="gates-count"
        read={() =>
          read()?.draw(0, ({ gates, wouldTrade }) => {
            if (wouldTrade) return "every gate passes";
            const passed = gates.filter(({ state }) => state === "pass").length;
            return `${gates.length - passed} of ${gates.length} do not pass`;
          }) ?? ""
        }
      />
      <span className="spring" />
      <PanelAge read={read} link={link} testId="age-gates" />
    </div>
  );
}

/** The age of the answer alone. */
export function GatesAgeHead({ symbol }: PanelProps): ReactNode {
  const { read } = useGates(symbol);
  const link = useSessionPart((snapshot) => snapshot.link);
  return (
    <div className="head">
      <span className="spring" />
      <PanelAge read={read} link={link} testId="age-near" />
    </div>
  );
}
