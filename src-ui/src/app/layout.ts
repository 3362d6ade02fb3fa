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
  readonly height?: number;
}

const VENUES = ["hyperliquid", "binance-spot"] as const;

/** A dozen symbols with their header. */
const WATCH_HEIGHT = 352;

function right(of: string): Placed["beside"] {
  return { of, direction: "right" };
}

function below(of: string): Placed["beside"] {
  return { of, direction: "below" };
}

/** Fills every column at the usual screen sizes; wide screens give the middle to depth over time. */
export function defaultPanels(width: number, height: number): readonly Placed[] {
  const side = Math.round(Math.min(420, Math.max(348, width * 0.2)));
  const watch: Placed = { id: "watchlist", panel: "watchlist", width: side };
  const feeds: Placed = {
    id: "feeds",
    panel: "feeds",
    beside: below("watchlist"),
    height: Math.max(height * 0.45, height - WATCH_HEIGHT),
  };
  const [first, second] = VENUES;
  if (width < 1800) {
    const column = (width - side) / 4;
    return [
      watch,
      { id: "ladder-1", panel: "ladder", source: first, beside: right("watchlist"), width: column },
      { id: "ladder-2", panel: "ladder", source: second, beside: right("ladder-1"), width: column },
      { id: "tape-1", panel: "tape", source: first, beside: right("ladder-2"), width: column },
      { id: "tape-2", panel: "tape", source: second, beside: right("tape-1"), width: column },
      feeds,
    ];
  }
  const column = Math.min(400, width * 0.165);
  const middle = width - side - 2 * column;
  return [
    watch,
    { id: "depth-1", panel: "depth", source: first, beside: right("watchlist"), width: middle },
    { id: "ladder-1", panel: "ladder", source: first, beside: right("depth-1"), width: column },
    { id: "ladder-2", panel: "ladder", source: second, beside: right("ladder-1"), width: column },
    feeds,
    { id: "depth-2", panel: "depth", source: second, beside: below("depth-1") },
    { id: "tape-1", panel: "tape", source: first, beside: below("ladder-1"), height: height * 0.27 },
    { id: "tape-2", panel: "tape", source: second, beside: below("ladder-2"), height: height * 0.27 },
  ];
}

export function applyDefault(api: DockviewApi): void {
  api.clear();
  const panels = defaultPanels(api.width, api.height);
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
