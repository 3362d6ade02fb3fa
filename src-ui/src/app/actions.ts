import { PICKER_ID } from "~/features/watchlist/Watchlist";
import type { Keys } from "~/shared/keymap";
import { type Session } from "~/stores/session";
import { type Settings, useSettings } from "~/stores/settings";
import { sourcesOf } from "~/stores/sources";
import { useUi } from "~/stores/ui";
import {
  closeActivePanel,
  focusPanel,
  openPanel,
  resetLayout,
  reveal,
  switchVenue,
} from "./workspace-handle";

export interface Action {
  readonly id: string;
  readonly title: string;
  readonly keys?: Keys;
  readonly run: (session: Session) => void;
}

function choose<K extends keyof Settings>(name: K, a: Settings[K], b: Settings[K]): void {
  const { set } = useSettings.getState();
  set({ [name]: useSettings.getState()[name] === a ? b : a });
}

function focusPicker(): void {
  document.getElementById(PICKER_ID)?.focus();
}

/** Moves through the listed symbols in their order, around the ends. */
function stepSymbol(session: Session, step: 1 | -1): void {
  const symbols = session.getSnapshot().symbols ?? [];
  const { symbol, set } = useSettings.getState();
  const at = symbols.findIndex((item) => item.symbol === symbol);
  const next = symbols[(at + step + symbols.length) % symbols.length];
  if (next) set({ symbol: next.symbol });
}

export const PICK_SYMBOL = "symbol.pick";

export const ACTIONS: readonly Action[] = [
  {
    id: "palette",
    title: "Open the command palette",
    keys: "Mod+k",
    run: () => useUi.getState().show("palette"),
  },
  { id: "keys", title: "Show all keys", keys: "?", run: () => useUi.getState().show("keys") },
  {
    id: PICK_SYMBOL,
    title: "Choose a symbol",
    keys: "/",
    run: () => {
      reveal("watchlist");
      focusPicker();
      // A panel that was hidden is mounted only now.
      requestAnimationFrame(() => requestAnimationFrame(focusPicker));
    },
  },
  { id: "symbol.next", title: "Next symbol", keys: "]", run: (session) => stepSymbol(session, 1) },
  { id: "symbol.previous", title: "Previous symbol", keys: "[", run: (session) => stepSymbol(session, -1) },
  {
    id: "venue.next",
    title: "Show the next venue in the active panel",
    keys: "v",
    run: (session) => switchVenue(sourcesOf(session.getSnapshot(), useSettings.getState().symbol)),
  },
  { id: "panel.next", title: "Go to the next panel", keys: "p", run: () => focusPanel(1) },
  { id: "panel.previous", title: "Go to the previous panel", keys: "Shift+p", run: () => focusPanel(-1) },
  { id: "panel.ladder", title: "Add an order book", keys: "n b", run: () => openPanel("ladder") },
  { id: "panel.tape", title: "Add a trade tape", keys: "n t", run: () => openPanel("tape") },
  { id: "panel.depth", title: "Add depth over time", keys: "n d", run: () => openPanel("depth") },
  { id: "panel.feeds", title: "Add the feeds", keys: "n f", run: () => openPanel("feeds") },
  { id: "panel.watchlist", title: "Add a watch list", keys: "n w", run: () => openPanel("watchlist") },
  { id: "panel.close", title: "Close the active panel", keys: "n x", run: closeActivePanel },
  { id: "layout.reset", title: "Reset the layout", keys: "n r", run: resetLayout },
  {
    id: "theme",
    title: "Switch between dark and light",
    keys: "t",
    run: () => choose("theme", "dark", "light"),
  },
  {
    id: "palette.colours",
    title: "Switch between green/red and blue/orange",
    keys: "c",
    run: () => choose("palette", "green-red", "blue-orange"),
  },
  {
    id: "density",
    title: "Switch between normal and compact rows",
    keys: "d",
    run: () => choose("density", "normal", "compact"),
  },
  {
    id: "clock",
    title: "Switch between local time and UTC",
    keys: "u",
    run: () => choose("utc", false, true),
  },
  {
    id: "thousands",
    title: "Change the thousands mark",
    keys: "m",
    run: () => {
      const { thousands, set } = useSettings.getState();
      set({ thousands: thousands === "thin" ? "comma" : thousands === "comma" ? "none" : "thin" });
    },
  },
  { id: "retry", title: "Reconnect now", keys: "r", run: (session) => session.retry() },
];
