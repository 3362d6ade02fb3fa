import type { DockviewApi, SerializedDockview } from "dockview-react";
import { isPanelName, type PanelName, PANELS } from "./panels";

const KEY = "hypersentry.layout";
export const LAYOUT_VERSION = 1;

interface Placed {
  readonly id: string;
  readonly panel: PanelName;
  readonly source?: string;
  readonly beside?: { readonly of: string; readonly direction: "right" | "below" };
  readonly width?: number;
}

/** Both venues side by side, the feeds under the symbols: every column is filled at the usual screen heights. */
export function defaultPanels(width: number): readonly Placed[] {
  const side = Math.round(Math.min(420, Math.max(336, width * 0.22)));
  const column = (width - side) / 4;
  const beside = (of: string): Placed["beside"] => ({ of, direction: "right" });
  return [
    { id: "watchlist", panel: "watchlist", width: side },
    {
      id: "ladder-1",
      panel: "ladder",
      source: "hyperliquid",
      beside: beside("watchlist"),
      width: column,
    },
    {
      id: "ladder-2",
      panel: "ladder",
      source: "binance-spot",
      beside: beside("ladder-1"),
      width: column,
    },
    { id: "tape-1", panel: "tape", source: "hyperliquid", beside: beside("ladder-2"), width: column },
    { id: "tape-2", panel: "tape", source: "binance-spot", beside: beside("tape-1"), width: column },
    { id: "feeds", panel: "feeds", beside: { of: "watchlist", direction: "below" } },
  ];
}

export function applyDefault(api: DockviewApi): void {
  api.clear();
  const panels = defaultPanels(api.width);
  for (const { id, panel, source, beside } of panels)
    api.addPanel({
      id,
      component: panel,
      title: PANELS[panel].title,
      params: source === undefined ? {} : { source },
      renderer: "onlyWhenVisible",
      minimumWidth: 180,
      minimumHeight: 120,
      ...(beside === undefined
        ? {}
        : { position: { referencePanel: beside.of, direction: beside.direction } }),
    });
  for (const { id, width } of panels) if (width !== undefined) api.getPanel(id)?.api.setSize({ width });
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
  if (!isObject(saved) || saved["version"] !== LAYOUT_VERSION || !isObject(saved["layout"])) return null;
  const { grid, panels } = saved["layout"];
  if (!isObject(grid) || !isObject(panels)) return null;
  for (const [id, panel] of Object.entries(panels))
    if (!isObject(panel) || panel["id"] !== id || !isPanelName(panel["contentComponent"])) return null;
  const known = new Set(Object.keys(panels));
  const seen = new Set<string>();
  if (known.size === 0 || !groupsAreSound(grid["root"], known, seen)) return null;
  return saved["layout"] as unknown as SerializedDockview;
}

export function loadLayout(api: DockviewApi): void {
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
  applyDefault(api);
}

export function saveLayout(api: DockviewApi): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: LAYOUT_VERSION, layout: api.toJSON() }));
  } catch {
    // Without storage the arrangement lasts as long as the window.
  }
}
