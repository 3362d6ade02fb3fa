import type { PanelName } from "./panels";

/** A panel and where it begins. */
export interface Placed {
  readonly id: string;
  readonly panel: PanelName;
  readonly source?: string;
  readonly beside?: { readonly of: string; readonly direction: "left" | "right" | "below" | "within" };
  readonly width?: number;
  readonly height?: number;
  /** A tab behind the one that it is within. */
  readonly behind?: boolean;
}

/** Five rows, the facts and the way to the reasons. */
export const CONVICTION_HEIGHT = 220;

export const VENUES = ["hyperliquid", "binance-spot"] as const;

export function right(of: string): Placed["beside"] {
  return { of, direction: "right" };
}

export function below(of: string): Placed["beside"] {
  return { of, direction: "below" };
}

export function tab(of: string, panel: PanelName): Placed {
  return { id: panel, panel, beside: { of, direction: "within" }, behind: true };
}
