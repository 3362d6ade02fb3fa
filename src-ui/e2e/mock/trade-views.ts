import type { Json } from "./answers";
import type { MockTrading } from "./trading";

export const LIMITS = {
  order_usd: "5000",
  symbol_usd: "20000",
  gross_usd: "50000",
  collar_bps: 100,
  slippage_bps: 30,
  leverage_percent: 300,
  concentration_bps: 10000,
  orders_per_minute: 30,
  orders_per_day: 500,
  daily_loss_usd: "500",
  symbols: null,
};

export function stamped(v: unknown, now: number): Json {
  return { v, as_of: now, proved_at: now, age_limit_ms: 10_000, state: "fresh" };
}

/** The account without its orders and fills. */
export function accountState(mock: MockTrading): Json {
  const now = Date.now();
  let unrealised = 0;
  let margin = 0;
  const positions = [...mock.exchange.positions].map(([symbol, { size, entry }]) => {
    const { bid, ask, px, sz } = mock.market(symbol);
    const mark = (bid + ask) / 2;
    unrealised += size * (mark - entry);
    const { leverage, margin: kind } = mock.margins.mode(symbol);
    const used = mock.margins.used(symbol, Math.abs(size) * mark);
    margin += used;
    return {
      symbol,
      size: size.toFixed(sz),
      entry_px: entry.toFixed(px),
      mark_px: mark.toFixed(px),
      value_usd: (Math.abs(size) * mark).toFixed(2),
      unrealised_usd: (size * (mark - entry)).toFixed(2),
      liquidation_px: mock.margins.liquidation(symbol, entry, size).toFixed(px),
      leverage,
      margin: kind,
      margin_used_usd: used.toFixed(2),
      funding_usd: "0.00",
    };
  });
  return {
    account: mock.account,
    mode: mock.run.mode,
    paper: mock.options.paper ?? false,
    venue: mock.options.venue ?? "hyperliquid",
    run_id: mock.run.runId,
    now_ms: now,
    ready: mock.locked === null && !mock.killed && !mock.risk.killed,
    locks: mock.locked === null ? [] : [mock.locked],
    killed: mock.killed,
    agent: mock.agent
      ? { address: "0x71C7656EC7ab88b098defB751B7401B5f6d8976F", expires_ms: now + 86_400_000 * 40 }
      : null,
    equity_usd: stamped((mock.exchange.cash + unrealised).toFixed(2), now),
    withdrawable_usd: stamped((mock.exchange.cash + unrealised - margin).toFixed(2), now),
    margin_used_usd: stamped(margin.toFixed(2), now),
    day_loss_usd: stamped(mock.exchange.lost.toFixed(2), now),
    positions: stamped(positions, now),
    reconciled_ms: now - 1200,
    findings:
      mock.offUsd === "0.00"
        ? []
        : [
            {
              code: "reconcile_equity_differs",
              text: `The venue's equity is ${mock.offUsd} USD off the books.`,
            },
          ],
    limits: LIMITS,
    fees: { taker_bps: "4.5", maker_bps: "1.5" },
    stream: "open",
    twaps: mock.twaps.rows,
    ...(mock.options.older === true ? {} : beside(mock)),
  };
}

/** What a server has beside orders. */
function beside(mock: MockTrading): Json {
  return {
    desk_killed: mock.risk.killed,
    ledger: {
      since_ms: mock.beganMs,
      cash_usd: mock.exchange.cash.toFixed(2),
      realised_usd: (-mock.exchange.lost).toFixed(2),
      fees_usd: "0.40",
      funding_usd: "0.00",
      transfers_usd: "0.00",
      equity_usd: mock.exchange.cash.toFixed(2),
      off_usd: mock.offUsd,
    },
    leases: mock.risk.leasesOf(mock.account),
    scheduled_cancel: mock.scheduledMs === null ? null : { at_ms: mock.scheduledMs },
    auto: mock.auto.brief(),
    paper_assumptions:
      mock.options.paper === true
        ? {
            latency_ms: 60,
            queue: "An order stands behind all that was there before it.",
            fills:
              "It fills by the venue\u2019s own trades and by the depth that is seen, never at the middle.",
          }
        : null,
  };
}

interface Leg {
  readonly leg: string;
  readonly side: string;
  readonly kind: string;
  readonly px: string | null;
  readonly trigger_px: string | null;
  readonly size: string;
  readonly reduce_only: boolean;
}

function legs(mock: MockTrading, body: Json): Leg[] {
  const side = String(body["side"]);
  const kind = String(body["kind"]);
  const size = String(body["size"]);
  const other = side === "buy" ? "sell" : "buy";
  const bracket = body["take_profit"] !== undefined || body["stop_loss"] !== undefined;
  const own = { side, kind, size, reduce_only: body["reduce_only"] === true };
  const { px: places, sz } = mock.market(String(body["symbol"]));
  if (kind === "scale") {
    const { orders, from, to } = body["scale"] as { orders: number; from: string; to: string };
    return Array.from({ length: orders }, (_, n) => ({
      ...own,
      kind: "limit",
      leg: "scale",
      trigger_px: null,
      size: (Number(size) / orders).toFixed(sz),
      px: (Number(from) + ((Number(to) - Number(from)) * n) / (orders - 1)).toFixed(places),
    }));
  }
  const entry: Leg = {
    ...own,
    leg: bracket ? "entry" : "single",
    px: (body["px"] as string | undefined) ?? null,
    trigger_px: (body["trigger_px"] as string | undefined) ?? null,
  };
  const guard = (leg: string, guardKind: string, trigger: unknown): Leg[] =>
    trigger === undefined
      ? []
      : [
          {
            leg,
            side: other,
            kind: guardKind,
            px: null,
            trigger_px: String(trigger),
            size,
            reduce_only: true,
          },
        ];
  return [
    entry,
    ...guard("take_profit", "take_market", body["take_profit"]),
    ...guard("stop_loss", "stop_market", body["stop_loss"]),
  ];
}

/** What would be sent and what it would cost, with the refusals of the risk check. */
export function preview(mock: MockTrading, body: Json): Json {
  const now = Date.now();
  const symbol = String(body["symbol"]);
  const { bid, ask, px } = mock.market(symbol);
  const mid = (bid + ask) / 2;
  const buy = body["side"] === "buy";
  const touch = buy ? ask : bid;
  const orders = legs(mock, body);
  const usd = Number(body["size"]) * Number(body["px"] ?? touch);
  const refusals: Json[] = [];
  if (usd > Number(LIMITS.order_usd))
    refusals.push({
      code: "risk_order_size",
      text: `size of the order: ${usd.toFixed(0)} USD found, ${LIMITS.order_usd} USD allowed`,
      found: `${usd.toFixed(0)} USD`,
      allowed: `${LIMITS.order_usd} USD`,
    });
  if (usd < 10)
    refusals.push({
      code: "min_notional",
      text: "Orders below $10 are not taken.",
      found: `$${usd.toFixed(2)}`,
      allowed: null,
    });
  const held = mock.exchange.positions.get(String(body["symbol"]))?.size ?? 0;
  if (body["reduce_only"] === true && (held === 0 || held > 0 === buy))
    refusals.push({
      code: held === 0 ? "reduce_only_no_position" : "reduce_only_would_increase",
      text: "Reduce-only, and nothing to reduce on this side.",
      found: null,
      allowed: null,
    });
  return {
    orders: orders.map((order) => ({
      ...order,
      notional_usd: (Number(order.size) * Number(order.px ?? touch)).toFixed(2),
    })),
    mid: stamped(mid.toFixed(px + 1), now),
    average_px: touch.toFixed(px),
    slippage_bps: Math.round((Math.abs(touch - mid) / mid) * 10_000),
    fee_usd: (usd * 0.00045).toFixed(2),
    fee_bps: "4.5",
    liquidation_px: mock.margins
      .liquidation(symbol, touch, Number(body["size"]) * (buy ? 1 : -1))
      .toFixed(px),
    margin_usd: (usd / mock.margins.mode(symbol).leverage).toFixed(2),
    ...(mock.options.older === true ? {} : { market: mock.margins.market(symbol) }),
    refusals,
    now_ms: now,
  };
}
