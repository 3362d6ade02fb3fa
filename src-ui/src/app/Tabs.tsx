import { type ReactNode, Suspense, useState } from "react";
import { Notice } from "~/shared/Notice";
import { Painted } from "~/shared/paint";
import { useSampled } from "~/shared/useSampled";
import { TabStrip, tabId } from "~/shared/TabStrip";
import { useSession } from "~/stores/react";
import { useTradingPanels } from "~/stores/react-desk";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { PanelBoundary } from "./PanelBoundary";
import { isPanelName, lackingPanels, type PanelName, PANELS, TRADING_PANELS } from "./panels";

const ORDER: readonly PanelName[] = [
  "chart",
  "conviction",
  "ladder",
  "ticket",
  "positions",
  "orders",
  "fills",
  "balances",
  "limits",
  "auto",
  "tape",
  "cvd",
  "interest",
  "liquidations",
  "basis",
  "depth",
  "watchlist",
  "health",
  "feeds",
];

/** One column with tabs, for windows too narrow to dock panels side by side. */
export function Tabs(): ReactNode {
  const symbol = useSettings((state) => state.symbol);
  const tab = useUi((state) => state.tab);
  const openTab = useUi((state) => state.openTab);
  const session = useSession();
  const trading = useTradingPanels();
  const lacking = useSampled(() => lackingPanels(session.trading?.state ?? null).join(), 500).split(",");
  const chosen: PanelName = isPanelName(tab) ? tab : "ladder";
  const [sources, setSources] = useState<Partial<Record<PanelName, string>>>({});
  const { Body, Head, title } = PANELS[chosen];
  const props = {
    symbol,
    source: sources[chosen] ?? null,
    choose: (source: string) => setSources({ ...sources, [chosen]: source }),
  };
  return (
    <div className="tabs">
      <TabStrip
        label="Panels"
        names={ORDER.filter(
          (name) =>
            name === chosen || (!lacking.includes(name) && (trading || !TRADING_PANELS.includes(name))),
        )}
        chosen={chosen}
        title={(name) => PANELS[name].title}
        choose={openTab}
        prefix="tab"
        panel="tab-panel"
      />
      <div className="tabs-head">
        <Painted>
          <Head {...props} />
        </Painted>
      </div>
      <div id="tab-panel" className="tabs-body" role="tabpanel" aria-labelledby={tabId("tab", chosen)}>
        <PanelBoundary key={chosen} title={title}>
          <Painted>
            <Suspense fallback={<Notice kind="waiting" title={`Opening ${title}`} />}>
              <Body {...props} />
            </Suspense>
          </Painted>
        </PanelBoundary>
      </div>
    </div>
  );
}
