import { type KeyboardEvent, type ReactNode, Suspense, useState } from "react";
import { Notice } from "~/shared/Notice";
import { Painted } from "~/shared/paint";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { PanelBoundary } from "./PanelBoundary";
import { isPanelName, type PanelName, PANELS } from "./panels";

const ORDER: readonly PanelName[] = [
  "chart",
  "conviction",
  "ladder",
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
  const chosen: PanelName = isPanelName(tab) ? tab : "ladder";
  const [sources, setSources] = useState<Partial<Record<PanelName, string>>>({});
  const { Body, Head, title } = PANELS[chosen];
  const props = {
    symbol,
    source: sources[chosen] ?? null,
    choose: (source: string) => setSources({ ...sources, [chosen]: source }),
  };
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = ORDER[(ORDER.indexOf(chosen) + step + ORDER.length) % ORDER.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    openTab(next);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div className="tabs">
      <div className="tabs-strip" role="tablist" aria-label="Panels" onKeyDown={onKey}>
        {ORDER.map((name) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === chosen}
            aria-controls="tab-panel"
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => openTab(name)}
          >
            {PANELS[name].title}
          </button>
        ))}
      </div>
      <div className="tabs-head">
        <Painted>
          <Head {...props} />
        </Painted>
      </div>
      <div id="tab-panel" className="tabs-body" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
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
