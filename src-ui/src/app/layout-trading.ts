import { below, CONVICTION_HEIGHT, type Placed, right, tab, VENUES } from "./layout-parts";

/** Room for a label, an entry with seven digits and a switch beside each other. */
export const TICKET_WIDTH = 284;
/** The least of that, for a window in which the chart needs every pixel. */
const TICKET_NARROW = 260;

/**
 * The workspace of somebody who trades: the watch list and the chart over the account, then a book, then the ticket at full height. Wide
 * screens have the second venue's book too.
 */
export function tradingPanels(width: number, height: number): readonly Placed[] {
  const wide = width >= 1800;
  const narrow = width < 1200;
  const ticket = narrow ? TICKET_NARROW : TICKET_WIDTH;
  const ladder = narrow ? 200 : Math.round(Math.max(226, Math.min(270, width * 0.175)));
  const side = Math.round(wide ? 300 : Math.max(206, Math.min(264, width * 0.17)));
  const left = width - ticket - ladder * (wide ? 2 : 1);
  const lower = Math.round(Math.max(150, height * (wide ? 0.24 : 0.25)));
  const [first, second] = VENUES;
  const another: readonly Placed[] = wide
    ? [
        { id: "ladder-2", panel: "ladder", source: second, beside: right("ladder-1"), width: ladder },
        {
          id: "tape-2",
          panel: "tape",
          source: second,
          beside: below("ladder-2"),
          height: Math.round(height * 0.3),
        },
      ]
    : [];
  return [
    { id: "chart-1", panel: "chart", source: first },
    { id: "ladder-1", panel: "ladder", source: first, beside: right("chart-1"), width: ladder },
    ...another,
    {
      id: "ticket",
      panel: "ticket",
      beside: right(wide ? "ladder-2" : "ladder-1"),
      width: ticket,
    },
    { id: "positions", panel: "positions", beside: below("chart-1"), width: left, height: lower },
    tab("positions", "orders"),
    tab("positions", "fills"),
    tab("positions", "balances"),
    tab("positions", "limits"),
    tab("positions", "auto"),
    tab("positions", "health"),
    tab("positions", "feeds"),
    { id: "watchlist", panel: "watchlist", beside: { of: "chart-1", direction: "left" }, width: side },
    { id: "conviction", panel: "conviction", beside: below("watchlist"), height: CONVICTION_HEIGHT },
    { id: "cvd", panel: "cvd", beside: below("chart-1"), height: Math.round(height * 0.2) },
    tab("cvd", "interest"),
    tab("cvd", "liquidations"),
    tab("cvd", "basis"),
    { ...tab("cvd", "depth"), source: first },
    {
      id: "tape-1",
      panel: "tape",
      source: first,
      beside: below("ladder-1"),
      height: Math.round(height * 0.3),
    },
  ];
}
