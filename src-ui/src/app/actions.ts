import { ACCOUNT_KEYS } from "~/features/account/AccountMark";
import { forEachChart } from "~/features/chart/registry";
import { FILTER_ID } from "~/features/cockpit/Opportunities";
import { KILL_KEY } from "~/features/kill/KillSwitch";
import { askCancelAll, cancelSelected, changeSelected } from "~/features/orders/cancel";
import { beginMargin, beginOrder } from "~/features/ticket/keys";
import { PICKER_ID } from "~/features/watchlist/Watchlist";
import { INTERVALS } from "~/stores/candles";
import { offersPaper } from "~/stores/paper-offer";
import type { Session } from "~/stores/session";
import { type Settings, STUDIES, type Study, useSettings } from "~/stores/settings";
import { sourcesOf } from "~/stores/sources";
import { useUi } from "~/stores/ui";
import { type Action, has } from "./action";
import {
  closeActivePanel,
  focusPanel,
  openPanel,
  resetLayout,
  reveal,
  switchVenue,
} from "./workspace-handle";

function choose<K extends keyof Settings>(name: K, a: Settings[K], b: Settings[K]): void {
  const { set } = useSettings.getState();
  set({ [name]: useSettings.getState()[name] === a ? b : a });
}

function focusPicker(): void {
  const cockpit = useUi.getState().view === "cockpit";
  document.getElementById(cockpit ? FILTER_ID : PICKER_ID)?.focus();
}

/** Moves through the listed symbols in their order, around the ends. */
function stepSymbol(session: Session, step: 1 | -1): void {
  const symbols = session.getSnapshot().symbols ?? [];
  const { symbol, set } = useSettings.getState();
  const at = symbols.findIndex((item) => item.symbol === symbol);
  const next = symbols[(at + step + symbols.length) % symbols.length];
  if (next) set({ symbol: next.symbol });
}

function stepInterval(step: 1 | -1): void {
  const { interval, set } = useSettings.getState();
  const next = INTERVALS[INTERVALS.indexOf(interval) + step];
  if (next !== undefined) set({ interval: next });
}

function toggleStudy(study: Study): void {
  const { studies, set } = useSettings.getState();
  set({ studies: STUDIES.filter((item) => (item === study) !== studies.includes(item)) });
}

const STUDY_KEYS: readonly (readonly [Study, string, string])[] = [
  ["volume", "i v", "volume"],
  ["ema", "i e", "the moving average"],
  ["vwap", "i w", "VWAP"],
  ["bollinger", "i b", "Bollinger bands"],
  ["rsi", "i r", "RSI"],
  ["liquidations", "i l", "liquidations"],
];

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
      if (useUi.getState().view === "cockpit") useUi.getState().openCockpitTab("opportunities");
      else reveal("watchlist");
      focusPicker();
      // A panel that was hidden is mounted only now.
      requestAnimationFrame(() => requestAnimationFrame(focusPicker));
    },
  },
  {
    id: "view.terminal",
    title: "Go to the terminal",
    keys: "g t",
    run: () => useUi.getState().go("terminal"),
  },
  {
    id: "view.cockpit",
    title: "Go to the decision cockpit",
    keys: "g a",
    run: () => useUi.getState().go("cockpit"),
  },
  {
    id: "why",
    title: "Lay open why: the chosen symbol's conviction",
    keys: "w",
    run: () => {
      const { why, openWhy, closeWhy } = useUi.getState();
      if (why === null) openWhy("conviction");
      else closeWhy();
    },
  },
  {
    id: "account",
    title: "Account, sessions, agents, connection",
    keys: ACCOUNT_KEYS,
    run: () => {
      const { account, openAccount, closeAccount } = useUi.getState();
      if (account === null) openAccount("account");
      else closeAccount();
    },
  },
  {
    id: "order.buy",
    title: "Ticket: buy",
    keys: "b",
    run: (session) => {
      reveal("ticket");
      beginOrder(session, "buy");
    },
  },
  {
    id: "order.sell",
    title: "Ticket: sell",
    keys: "s",
    run: (session) => {
      reveal("ticket");
      beginOrder(session, "sell");
    },
  },
  {
    id: "order.margin",
    title: "Ticket: leverage and margin",
    keys: "l",
    run: () => {
      reveal("ticket");
      beginMargin();
    },
  },
  {
    id: "order.cancel",
    title: "Cancel the selected order",
    keys: "x",
    run: (session) => cancelSelected(session.trading),
  },
  {
    id: "order.change",
    title: "Change the selected order: price, trigger, size",
    keys: "o",
    run: (session) => changeSelected(session.trading),
  },
  {
    id: "order.cancelAll",
    title: "Cancel all orders",
    keys: "Shift+x",
    run: (session) => {
      reveal("orders");
      askCancelAll(session.trading);
    },
  },
  {
    id: "kill",
    title: "Kill switch: open it, and hold the key for a second to kill",
    keys: KILL_KEY,
    run: () => useUi.getState().showKill(true),
  },
  { id: "symbol.next", title: "Next symbol", keys: ".", run: (session) => stepSymbol(session, 1) },
  { id: "symbol.previous", title: "Previous symbol", keys: ",", run: (session) => stepSymbol(session, -1) },
  { id: "interval.shorter", title: "Shorter candles", keys: "[", run: () => stepInterval(-1) },
  { id: "interval.longer", title: "Longer candles", keys: "]", run: () => stepInterval(1) },
  {
    id: "chart.newest",
    title: "Chart: newest candle",
    keys: "e",
    run: () => forEachChart((c) => c.showNewest()),
  },
  { id: "chart.in", title: "Chart: fewer candles", keys: "=", run: () => forEachChart((c) => c.zoom(0.7)) },
  { id: "chart.out", title: "Chart: more candles", keys: "-", run: () => forEachChart((c) => c.zoom(1.4)) },
  ...STUDY_KEYS.map(([study, keys, name]) => ({
    id: `study.${study}`,
    title: `Chart: show or hide ${name}`,
    keys,
    run: () => toggleStudy(study),
  })),
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
  { id: "panel.chart", title: "Add a chart", keys: "n c", run: () => openPanel("chart") },
  { id: "panel.cvd", title: "Add volume delta", keys: "n v", run: () => openPanel("cvd") },
  {
    id: "panel.interest",
    title: "Add open interest and funding",
    keys: "n o",
    run: () => openPanel("interest"),
  },
  { id: "panel.liquidations", title: "Add liquidations", keys: "n l", run: () => openPanel("liquidations") },
  { id: "panel.basis", title: "Add basis", keys: "n a", run: () => openPanel("basis") },
  { id: "panel.conviction", title: "Add the conviction", keys: "n k", run: () => openPanel("conviction") },
  { id: "panel.health", title: "Add venue health", keys: "n h", run: () => openPanel("health") },
  { id: "panel.depth", title: "Add depth over time", keys: "n d", run: () => openPanel("depth") },
  { id: "panel.feeds", title: "Add the feeds", keys: "n f", run: () => openPanel("feeds") },
  { id: "panel.ticket", title: "Add the order ticket", keys: "n i", run: () => openPanel("ticket") },
  { id: "panel.positions", title: "Add positions", keys: "n p", run: () => openPanel("positions") },
  { id: "panel.orders", title: "Add orders", keys: "n g", run: () => openPanel("orders") },
  { id: "panel.fills", title: "Add fills", keys: "n m", run: () => openPanel("fills") },
  { id: "panel.balances", title: "Add balances and limits", keys: "n e", run: () => openPanel("balances") },
  {
    id: "panel.limits",
    title: "Limits, leases, scheduled cancel",
    keys: "g l",
    run: () => reveal("limits"),
    offered: has("desk"),
  },
  {
    id: "panel.auto",
    title: "Autonomous orders",
    keys: "g o",
    run: () => reveal("auto"),
    offered: has("auto"),
  },
  {
    id: "paper.open",
    title: "Open a paper account",
    keys: "g p",
    run: () => useUi.getState().showPaper(true),
    offered: offersPaper,
  },
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
