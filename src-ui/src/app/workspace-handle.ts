import type { DockviewApi } from "dockview-react";
import { useUi } from "~/stores/ui";
import { applyDefault, makeRoom, saveLayout } from "./layout";
import { type PanelName, PANELS } from "./panels";

let dock: DockviewApi | null = null;
/** There is an account whose panels belong into a workspace that begins anew. */
let trading = false;
/** Panels of which the server has nothing. */
let lacking: readonly PanelName[] = [];
const OFFERED = "hypersentry.trading-offered";
/** A panel that was asked for while another view had the window. */
let awaited: PanelName | null = null;

export function setWorkspace(api: DockviewApi | null): void {
  dock = api;
  if (trading) offerTrading();
  if (api === null || awaited === null) return;
  const panel = awaited;
  awaited = null;
  openPanel(panel);
}

/** Whether the panels of an account were brought into this browser's workspace before. */
export function tradingOffered(): boolean {
  try {
    return localStorage.getItem(OFFERED) !== null;
  } catch {
    return false;
  }
}

/** An account is there. The first time its panels are brought in; whoever closes them afterwards meant it. */
export function offerTrading(without: readonly PanelName[] = lacking): void {
  trading = true;
  lacking = without;
  if (dock === null || tradingOffered()) return;
  makeRoom(dock, lacking);
  saveLayout(dock);
  try {
    localStorage.setItem(OFFERED, "1");
  } catch {
    // Without storage they are brought in again with the next window.
  }
}

export function resetLayout(): void {
  if (dock === null) return;
  applyDefault(dock, trading, lacking);
  saveLayout(dock);
}

/** Brings a panel of this kind forward, docked or as a tab, adding one if none is left. */
export function reveal(panel: PanelName): void {
  useUi.getState().openTab(panel);
  const shown = dock?.panels.find((item) => item.api.component === panel);
  if (shown) shown.api.setActive();
  else openPanel(panel);
}

/** Adds a panel of this kind to the right edge and brings it forward. */
export function openPanel(panel: PanelName): void {
  if (dock === null) {
    if (useUi.getState().view === "terminal") return;
    awaited = panel;
    useUi.getState().go("terminal");
    return;
  }
  let number = 1;
  while (dock.getPanel(`${panel}-${number}`) !== undefined) number += 1;
  dock.addPanel({
    id: `${panel}-${number}`,
    component: panel,
    title: PANELS[panel].title,
    params: {},
    renderer: "onlyWhenVisible",
    minimumWidth: 180,
    minimumHeight: 120,
    position: { direction: "right" },
  });
}

export function closeActivePanel(): void {
  if (dock !== null && dock.panels.length > 1) dock.activePanel?.api.close();
}

export function focusPanel(step: 1 | -1): void {
  const panels = dock?.panels ?? [];
  const at = panels.findIndex((panel) => panel === dock?.activePanel);
  panels[(at + step + panels.length) % panels.length]?.api.setActive();
}

/** Shows the next of the given venues in the active panel. */
export function switchVenue(sources: readonly string[]): void {
  const panel = dock?.activePanel;
  if (!panel || sources.length === 0) return;
  const source: unknown = panel.params?.["source"];
  const at = sources.findIndex((item) => item === source);
  panel.api.updateParameters({ source: sources[(at + 1) % sources.length] });
}
