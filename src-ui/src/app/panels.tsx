import { type FunctionComponent, lazy } from "react";
import { Auto } from "~/features/auto/Auto";
import { AutoHead } from "~/features/auto/AutoHead";
import { Balances } from "~/features/balances/Balances";
import { BalancesHead } from "~/features/balances/BalancesHead";
import { BasisHead } from "~/features/basis/BasisHead";
import { ChartHead } from "~/features/chart/ChartHead";
import { ConvictionPanel } from "~/features/conviction/Conviction";
import { ConvictionHead } from "~/features/conviction/ConvictionHead";
import { CvdHead } from "~/features/cvd/CvdHead";
import { DepthMap } from "~/features/depthmap/DepthMap";
import { DepthMapHead } from "~/features/depthmap/DepthMapHead";
import { Feeds } from "~/features/feeds/Feeds";
import { FeedsHead } from "~/features/feeds/FeedsHead";
import { Fills } from "~/features/fills/Fills";
import { FillsHead } from "~/features/fills/FillsHead";
import { HealthHead } from "~/features/health/HealthHead";
import { InterestHead } from "~/features/interest/InterestHead";
import { Ladder } from "~/features/ladder/Ladder";
import { LadderHead } from "~/features/ladder/LadderHead";
import { Limits } from "~/features/limits/Limits";
import { LimitsHead } from "~/features/limits/LimitsHead";
import { LiquidationsHead } from "~/features/liquidations/LiquidationsHead";
import { Orders } from "~/features/orders/Orders";
import { OrdersHead } from "~/features/orders/OrdersHead";
import { Positions } from "~/features/positions/Positions";
import { PositionsHead } from "~/features/positions/PositionsHead";
import { Tape } from "~/features/tape/Tape";
import { TapeHead } from "~/features/tape/TapeHead";
import { Ticket } from "~/features/ticket/Ticket";
import { TicketHead } from "~/features/ticket/TicketHead";
import { Watchlist } from "~/features/watchlist/Watchlist";
import { WatchlistHead } from "~/features/watchlist/WatchlistHead";
import type { AccountState } from "~/transport/trading-types";
import type { PanelProps } from "~/shared/panel";

interface PanelKind {
  readonly title: string;
  readonly Body: FunctionComponent<PanelProps>;
  readonly Head: FunctionComponent<PanelProps>;
}

// What a first look can do without is read when it is opened; the chart's library alone outweighs the rest.
const Chart = lazy(() => import("~/features/chart/Chart").then(({ Chart: Body }) => ({ default: Body })));
const Cvd = lazy(() => import("~/features/cvd/Cvd").then(({ Cvd: Body }) => ({ default: Body })));
const Interest = lazy(() =>
  import("~/features/interest/Interest").then(({ Interest: Body }) => ({ default: Body })),
);
const Liquidations = lazy(() =>
  import("~/features/liquidations/Liquidations").then(({ Liquidations: Body }) => ({ default: Body })),
);
const Basis = lazy(() => import("~/features/basis/Basis").then(({ Basis: Body }) => ({ default: Body })));
const Health = lazy(() => import("~/features/health/Health").then(({ Health: Body }) => ({ default: Body })));

export const PANELS = {
  watchlist: { title: "Watch", Body: Watchlist, Head: WatchlistHead },
  conviction: { title: "Conviction", Body: ConvictionPanel, Head: ConvictionHead },
  chart: { title: "Chart", Body: Chart, Head: ChartHead },
  ladder: { title: "Book", Body: Ladder, Head: LadderHead },
  tape: { title: "Tape", Body: Tape, Head: TapeHead },
  cvd: { title: "CVD", Body: Cvd, Head: CvdHead },
  interest: { title: "OI + funding", Body: Interest, Head: InterestHead },
  liquidations: { title: "Liquidations", Body: Liquidations, Head: LiquidationsHead },
  basis: { title: "Basis", Body: Basis, Head: BasisHead },
  depth: { title: "Depth", Body: DepthMap, Head: DepthMapHead },
  health: { title: "Venues", Body: Health, Head: HealthHead },
  ticket: { title: "Ticket", Body: Ticket, Head: TicketHead },
  positions: { title: "Positions", Body: Positions, Head: PositionsHead },
  orders: { title: "Orders", Body: Orders, Head: OrdersHead },
  fills: { title: "Fills", Body: Fills, Head: FillsHead },
  balances: { title: "Balances", Body: Balances, Head: BalancesHead },
  limits: { title: "Limits", Body: Limits, Head: LimitsHead },
  auto: { title: "Auto", Body: Auto, Head: AutoHead },
  feeds: { title: "Feeds", Body: Feeds, Head: FeedsHead },
} as const satisfies Record<string, PanelKind>;

/** Panels of an account: of no use where nothing can be traded. */
export const TRADING_PANELS: readonly PanelName[] = [
  "ticket",
  "positions",
  "orders",
  "fills",
  "balances",
  "limits",
  "auto",
];

/** Panels of which this server has nothing, as an account there says. Without an account a first one is offered, by servers that have all. */
export function lackingPanels(state: AccountState | null): readonly PanelName[] {
  if (state === null) return [];
  return [...(state.has.desk ? [] : (["limits"] as const)), ...(state.has.auto ? [] : (["auto"] as const))];
}

export type PanelName = keyof typeof PANELS;

export function isPanelName(name: unknown): name is PanelName {
  return typeof name === "string" && Object.hasOwn(PANELS, name);
}
