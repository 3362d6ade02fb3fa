import type { DockviewApi, SerializedDockview } from "dockview-react";
import { below, CONVICTION_HEIGHT, type Placed, right, tab, VENUES } from "./layout-parts";
import { isPanelName, type PanelName, PANELS, TRADING_PANELS } from "./panels";
import { TICKET_WIDTH, tradingPanels } from "./layout-trading";

const KEY = "hypersentry.layout";
/**
 * 2 brought the chart, flow and venue panels, 3 the conviction, 4 the panels of an account, 5 its limits and its autonomous orders. What earlier ones saved loads as it is: no panel was
 * renamed or removed.
 */
export const LAYOUT_VERSION = 5;
const READABLE: readonly unknown[] = [1, 2, 3, 4, LAYOUT_VERSION];

/**
 * Watch list, conviction and liquidations; chart above flow; two books above their tapes or the venues. Wide screens give the venues a
 * column of their own and put depth beside the flow.
 */
export function defaultPanels(width: number, height: number): readonly Placed[] {
  const wide = width >= 1800;
  const narrow = width < 1200;
  const side = Math.round(wide ? 300 : narrow ? 226 : Math.max(244, Math.min(280, width * 0.19)));
  const column = Math.round(wide ? Math.min(360, width * 0.145) : narrow ? 216 : width * 0.182);
  const lower = Math.round(height * (wide ? 0.27 : 0.3));
  const middle = width - side - (wide ? 3 : 2) * column;
  const [first, second] = VENUES;
  const left: readonly Placed[] = [
    { id: "watchlist", panel: "watchlist", width: side, height: Math.round(height * (wide ? 0.36 : 0.47)) },
    { id: "chart-1", panel: "chart", source: first, beside: right("watchlist"), width: middle },
    { id: "ladder-1", panel: "ladder", source: first, beside: right("chart-1"), width: column },
    { id: "ladder-2", panel: "ladder", source: second, beside: right("ladder-1"), width: column },
  ];
  const venues: readonly Placed[] = wide
    ? [
        { id: "health", panel: "health", beside: right("ladder-2"), width: column },
        tab("health", "feeds"),
        { id: "tape-2", panel: "tape", source: second, beside: below("ladder-2"), height: lower },
      ]
    : [
        { id: "health", panel: "health", beside: below("ladder-2"), height: Math.round(height * 0.44) },
        tab("health", "feeds"),
      ];
  return [
    ...left,
    { id: "conviction", panel: "conviction", beside: below("watchlist"), height: CONVICTION_HEIGHT },
    // The last of a column takes what is left.
    { id: "liquidations", panel: "liquidations", beside: below("conviction") },
    { id: "cvd", panel: "cvd", beside: below("chart-1"), height: lower },
    tab("cvd", "interest"),
    tab("cvd", "basis"),
    { ...tab("cvd", "depth"), source: first },
    { id: "tape-1", panel: "tape", source: first, beside: below("ladder-1"), height: lower },
    ...venues,
  ];
}

export function applyDefault(
  api: DockviewApi,
  trading: boolean,
  /** Panels of which the server has nothing. */
  lacking: readonly PanelName[] = [],
): void {
  api.clear();
  const panels = (trading ? tradingPanels : defaultPanels)(api.width, api.height);
  place(
    api,
    panels.filter(({ panel }) => !lacking.includes(panel)),
  );
}

/** Brings the panels of an account into a workspace that has none: in their places where the rest is as it came, else at its edges. */
export function makeRoom(api: DockviewApi, lacking: readonly PanelName[]): void {
  const held = api.panels.map(({ id }) => id).toSorted();
  const usual = defaultPanels(api.width, api.height).map(({ id }) => id);
  if (held.join() === usual.toSorted().join()) {
    applyDefault(api, true, lacking);
    return;
  }
  if (api.panels.some((panel) => TRADING_PANELS.some((name) => panel.api.component === name))) return;
  const edge = (id: PanelName, direction: "right" | "below") =>
    api.addPanel({ ...shape(id, id), position: { direction } });
  edge("ticket", "right").api.setSize({ width: TICKET_WIDTH });
  edge("positions", "below").api.setSize({ height: Math.round(api.height * 0.24) });
  for (const id of (["orders", "fills", "balances", "limits", "auto"] as const).filter(
    (name) => !lacking.includes(name),
  ))
    api.addPanel({
      ...shape(id, id),
      inactive: true,
      position: { referencePanel: "positions", direction: "within" },
    });
}

/** Panels that need more than any other does: a price and a size are typed in one, four columns stand beside each other in two. */
const LEAST_WIDTH: Readonly<Partial<Record<PanelName, number>>> = {
  ticket: 252,
  watchlist: 206,
  conviction: 206,
};

function shape(id: string, panel: PanelName) {
  return {
    id,
    component: panel,
    title: PANELS[panel].title,
    renderer: "onlyWhenVisible",
    minimumWidth: LEAST_WIDTH[panel] ?? 180,
    minimumHeight: 120,
  } as const;
}

function place(api: DockviewApi, panels: readonly Placed[]): void {
  for (const { id, panel, source, beside, behind } of panels)
    api.addPanel({
      ...shape(id, panel),
      params: source === undefined ? {} : { source },
      inactive: behind === true,
      ...(beside === undefined
        ? {}
        : { position: { referencePanel: beside.of, direction: beside.direction } }),
    });
  // Each size is taken from the neighbours, so that the first ones hold only once the later ones do.
  for (let pass = 0; pass < 2; pass += 1)
    for (const { id, width, height } of panels) {
      if (width !== undefined) api.getPanel(id)?.api.setSize({ width });
      if (height !== undefined) api.getPanel(id)?.api.setSize({ height });
    }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function groupsAreSound(node: unknown, known: ReadonlySet<string>, seen: Set<string>): boolean {
  if (!isObject(node)) return false;
  if (node["type"] === "branch")
    return Array.isArray(node["data"]) && node["data"].every((child) => groupsAreSound(child, known, seen));
  const views = isObject(node["data"]) ? node["data"]["views"] : null;
  if (node["type"] !== "leaf" || !Array.isArray(views)) return false;
  for (const view of views) {
    if (typeof view !== "string" || !known.has(view) || seen.has(view)) return false;
    seen.add(view);
  }
  return true;
}

/** A saved layout, or null when it is of another version, damaged, or names a panel that does not exist. */
export function readLayout(text: string | null): SerializedDockview | null {
  let saved: unknown;
  try {
    saved = JSON.parse(text ?? "null");
  } catch {
    return null;
  }
  if (!isObject(saved) || !READABLE.includes(saved["version"]) || !isObject(saved["layout"])) return null;
  const { grid, panels } = saved["layout"];
  if (!isObject(grid) || !isObject(panels)) return null;
  for (const [id, panel] of Object.entries(panels))
    if (!isObject(panel) || panel["id"] !== id || !isPanelName(panel["contentComponent"])) return null;
  const known = new Set(Object.keys(panels));
  const seen = new Set<string>();
  if (known.size === 0 || !groupsAreSound(grid["root"], known, seen)) return null;
  return saved["layout"] as unknown as SerializedDockview;
}

export function loadLayout(api: DockviewApi, trading: boolean): void {
  let layout: SerializedDockview | null = null;
  try {
    layout = readLayout(localStorage.getItem(KEY));
  } catch {
    layout = null;
  }
  if (layout !== null) {
    try {
      api.fromJSON(layout);
      return;
    } catch {
      // What passed the checks and still does not load is worth no more than no layout.
    }
  }
  applyDefault(api, trading);
}

export function saveLayout(api: DockviewApi): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: LAYOUT_VERSION, layout: api.toJSON() }));
  } catch {
    // Without storage the arrangement lasts as long as the window.
  }
}
