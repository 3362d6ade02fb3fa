import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import type { Preview, Ticket } from "~/transport/trading-types";
import { TicketDesk } from "./ticket-desk";
import type { TradingDesk } from "./trading-desk";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A desk whose server answers a preview when it is told to. */
function made() {
  const asked: { readonly ticket: Ticket; readonly answer: () => void }[] = [];
  const port = {
    preview: (ticket: Ticket) =>
      new Promise<Preview>((resolve) => {
        asked.push({ ticket, answer: () => resolve({ nowMs: 0 } as unknown as Preview) });
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
