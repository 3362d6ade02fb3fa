import { type FunctionComponent, type ReactNode, useSyncExternalStore } from "react";
import { Change } from "~/features/cockpit/Change";
import { Gates } from "~/features/cockpit/Gates";
import { GovernanceHead, GovernancePanel } from "~/features/cockpit/Governance";
import { GatesAgeHead, GatesHead, OpportunitiesHead, PlanHead, WhyHead } from "~/features/cockpit/heads";
import { Near } from "~/features/cockpit/Near";
import { Opportunities } from "~/features/cockpit/Opportunities";
import { Plan } from "~/features/cockpit/Plan";
import { Score } from "~/features/cockpit/Score";
import { ScoreHead } from "~/features/cockpit/ScoreHead";
import { Why } from "~/features/cockpit/Why";
import { Painted } from "~/shared/paint";
import type { PanelProps } from "~/shared/panel";
import { TabStrip, tabId } from "~/shared/TabStrip";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { narrow, watchNarrow } from "./narrow";
import { PanelBoundary } from "./PanelBoundary";

interface Part {
  readonly title: string;
  readonly Body: FunctionComponent<PanelProps>;
  readonly Head: FunctionComponent<PanelProps>;
}

const PARTS = {
  opportunities: { title: "Opportunities", Body: Opportunities, Head: OpportunitiesHead },
  score: { title: "Conviction", Body: Score, Head: ScoreHead },
  why: { title: "Why", Body: Why, Head: WhyHead },
  near: { title: "Came near a trade", Body: Near, Head: GatesAgeHead },
  change: { title: "What would change it", Body: Change, Head: WhyHead },
  gates: { title: "Why it does not trade", Body: Gates, Head: GatesHead },
  plan: { title: "Plan and risk", Body: Plan, Head: PlanHead },
  governance: { title: "Governance and model", Body: GovernancePanel, Head: GovernanceHead },
} as const satisfies Record<string, Part>;

type PartName = keyof typeof PARTS;

const COLUMNS: readonly (readonly PartName[])[] = [
  ["opportunities", "near"],
  ["score", "why", "change"],
  ["gates", "plan", "governance"],
];

const ORDER = Object.keys(PARTS) as readonly PartName[];

/** The decision laid open: what could be done, why, what would change it, and why it is not done. */
export function Cockpit(): ReactNode {
  const symbol = useSettings((state) => state.symbol);
  const set = useSettings((state) => state.set);
  const slim = useSyncExternalStore(watchNarrow, narrow);
  const props: PanelProps = { symbol, source: null, choose: () => set({ symbol }) };
  return slim ? (
    <Slim {...props} />
  ) : (
    <div className="cockpit">
      {COLUMNS.map((column) => (
        <div key={column[0]} className={`cockpit-column column-${column[0]}`}>
          {column.map((name) => (
            <Section key={name} name={name} {...props} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Section({ name, ...props }: PanelProps & { readonly name: PartName }): ReactNode {
  const { title, Body, Head } = PARTS[name];
  return (
    <section className={`part part-${name}`} aria-label={title}>
      <header className="part-head">
        <h2>{title}</h2>
        <Painted>
          <Head {...props} />
        </Painted>
      </header>
      <div className="part-body">
        <PanelBoundary title={title}>
          <Painted>
            <Body {...props} />
          </Painted>
        </PanelBoundary>
      </div>
    </section>
  );
}

/** One column with tabs, for windows too narrow for three. */
function Slim(props: PanelProps): ReactNode {
  const tab = useUi((state) => state.cockpitTab);
  const openTab = useUi((state) => state.openCockpitTab);
  const chosen = ORDER.find((name) => name === tab) ?? "score";
  return (
    <div className="cockpit-slim">
      <TabStrip
        label="Cockpit"
        names={ORDER}
        chosen={chosen}
        title={(name) => PARTS[name].title}
        choose={openTab}
        prefix="part-tab"
        panel="part-panel"
      />
      <div
        id="part-panel"
        role="tabpanel"
        aria-labelledby={tabId("part-tab", chosen)}
        className="cockpit-slim-body"
      >
        <Section key={chosen} name={chosen} {...props} />
      </div>
    </div>
  );
}
