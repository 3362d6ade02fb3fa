import {
  type DockviewApi,
  DockviewReact,
  type DockviewReadyEvent,
  type DockviewTheme,
  type IDockviewHeaderActionsProps,
  type IDockviewPanelHeaderProps,
  type IDockviewPanelProps,
} from "dockview-react";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { Notice } from "~/shared/Notice";
import { Painted } from "~/shared/paint";
import { useSession } from "~/stores/react";
import { useTradingPanels } from "~/stores/react-desk";
import { useSettings } from "~/stores/settings";
import { loadLayout, saveLayout } from "./layout";
import { isPanelName, lackingPanels, type PanelName, PANELS } from "./panels";
import { PanelBoundary } from "./PanelBoundary";
import { offerTrading, setWorkspace, tradingOffered } from "./workspace-handle";

interface PanelParams {
  readonly source?: string;
}

const THEME: DockviewTheme = {
  name: "hypersentry",
  className: "dock",
  gap: 1,
  dndOverlayMounting: "absolute",
  dndPanelOverlay: "group",
};

function DockedPanel({ api, params }: IDockviewPanelProps<PanelParams>): ReactNode {
  const symbol = useSettings((state) => state.symbol);
  const [visible, setVisible] = useState(api.isVisible);
  useEffect(() => {
    const subscription = api.onDidVisibilityChange((event) => setVisible(event.isVisible));
    return () => subscription.dispose();
  }, [api]);
  const name = api.component;
  if (!isPanelName(name)) return null;
  const { Body, title } = PANELS[name];
  return (
    <PanelBoundary title={title}>
      <Painted visible={visible}>
        <Suspense fallback={<Notice kind="waiting" title={`Opening ${title}`} />}>
          <Body
            symbol={symbol}
            source={params.source ?? null}
            choose={(source) => api.updateParameters({ source })}
          />
        </Suspense>
      </Painted>
    </PanelBoundary>
  );
}

function Tab({ api }: IDockviewPanelHeaderProps): ReactNode {
  return <span className="tab">{isPanelName(api.component) ? PANELS[api.component].title : ""}</span>;
}

function Head({ activePanel }: IDockviewHeaderActionsProps): ReactNode {
  const symbol = useSettings((state) => state.symbol);
  const [, render] = useState(0);
  useEffect(() => {
    const subscription = activePanel?.api.onDidParametersChange(() => render((count) => count + 1));
    return () => subscription?.dispose();
  }, [activePanel]);
  const name = activePanel?.api.component;
  if (activePanel === undefined || !isPanelName(name)) return null;
  const { Head: PanelHead } = PANELS[name];
  const source: unknown = activePanel.params?.["source"];
  return (
    <Painted>
      <PanelHead
        symbol={symbol}
        source={typeof source === "string" ? source : null}
        choose={(chosen) => activePanel.api.updateParameters({ source: chosen })}
      />
    </Painted>
  );
}

const COMPONENTS = Object.fromEntries(
  (Object.keys(PANELS) as PanelName[]).map((name) => [name, DockedPanel]),
);

export function Workspace(): ReactNode {
  const dock = useRef<DockviewApi | null>(null);
  const onReady = ({ api }: DockviewReadyEvent): void => {
    dock.current = api;
    loadLayout(api, tradingOffered());
    api.onDidLayoutChange(() => saveLayout(api));
    setWorkspace(api);
  };
  useEffect(() => () => setWorkspace(null), []);
  const session = useSession();
  const trading = useTradingPanels();
  useEffect(() => {
    if (trading) offerTrading(lackingPanels(session.trading?.state ?? null));
  }, [trading, session]);
  return (
    <DockviewReact
      components={COMPONENTS}
      defaultTabComponent={Tab}
      rightHeaderActionsComponent={Head}
      onReady={onReady}
      theme={THEME}
      defaultRenderer="onlyWhenVisible"
      disableFloatingGroups
    />
  );
}
