import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import type { MarketMargin } from "~/transport/margin-types";
import type { Preview, Ticket } from "~/transport/trading-types";
import { TicketDesk } from "./ticket-desk";
import type { TradingDesk } from "./trading-desk";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A desk whose server answers a preview when it is told to. */
function made(market: MarketMargin | null = null) {
  const asked: { readonly ticket: Ticket; readonly answer: () => void }[] = [];
  const port = {
    preview: (ticket: Ticket) =>
      new Promise<Preview>((resolve) => {
        asked.push({ ticket, answer: () => resolve({ nowMs: 0, market } as unknown as Preview) });
      }),
  };
  const trading = { port, intents: { sending: false, get: () => null } } as unknown as TradingDesk;
  const facts = {
    account: "0xa",
    symbol: "BTC",
    grid: { pxDecimals: 0, szDecimals: 5, significant: null },
    mid: null,
    equity: null,
    mostSlippageBps: 30,
  };
  const desk = new TicketDesk(
    trading,
    () => ({ ...facts, mid: parseDecimal("97000") }),
    () => 0,
  );
  const stop = desk.look();
  return { desk, asked, stop };
}

const settle = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("a preview is of the ticket as it stands, or says that it is behind", async () => {
  const { desk, asked, stop } = made();
  desk.edit({ kind: "market", unit: "coin", amount: "0.01" });
  expect(desk.getSnapshot().previewBehind).toBe(false);
  await settle(300);
  asked.at(-1)?.answer();
  await settle(0);
  expect(desk.getSnapshot()).toMatchObject({ previewBehind: false });
  expect(desk.getSnapshot().preview).not.toBeNull();
  desk.edit({ amount: "5" });
  expect(desk.getSnapshot().previewBehind).toBe(true);
  await settle(300);
  // Typed again while the answer is on its way: it is not about what stands there now.
  desk.edit({ amount: "50" });
  asked.at(-1)?.answer();
  await settle(0);
  expect(desk.getSnapshot().previewBehind).toBe(true);
  await settle(300);
  asked.at(-1)?.answer();
  await settle(0);
  expect(asked.at(-1)?.ticket.size).toBe("50");
  expect(desk.getSnapshot().previewBehind).toBe(false);
  stop();
});

test("how the market is margined is asked for while nothing is typed, and shown with no preview", async () => {
  const { desk, asked, stop } = made({ symbol: "BTC", leverage: 20 } as MarketMargin);
  await settle(0);
  expect(asked.at(-1)?.ticket).toMatchObject({ symbol: "BTC", kind: "market", size: "0.00001" });
  asked.at(-1)?.answer();
  await settle(0);
  expect(desk.getSnapshot().market?.draw(0, (market) => market?.leverage)).toBe(20);
  expect(desk.getSnapshot().preview).toBeNull();
  // What was told a moment ago is not asked for again; what was changed since is.
  const before = asked.length;
  await settle(4000);
  expect(asked).toHaveLength(before);
  desk.renew();
  await settle(0);
  expect(asked).toHaveLength(before + 1);
  stop();
});

test("margin of another market than the ticket's is not taken", async () => {
  const { desk, asked, stop } = made({ symbol: "ETH" } as MarketMargin);
  await settle(0);
  asked.at(-1)?.answer();
  await settle(0);
  expect(desk.getSnapshot().market).toBeNull();
  stop();
});

test("a preview is asked for at once when the margin was changed, and is behind until then", async () => {
  const { desk, asked, stop } = made();
  desk.edit({ kind: "market", unit: "coin", amount: "0.01" });
  await settle(300);
  asked.at(-1)?.answer();
  await settle(0);
  const before = asked.length;
  desk.renew();
  expect(desk.getSnapshot().previewBehind).toBe(true);
  await settle(0);
  expect(asked).toHaveLength(before + 1);
  asked.at(-1)?.answer();
  await settle(0);
  expect(desk.getSnapshot().previewBehind).toBe(false);
  stop();
});
