import { expect, openTerminal, test } from "./gateway";

const BOOK_LIMIT_MS = 4000;

test("marks a simulated market loudly, and a live one not at all", async ({ page, startMock }) => {
  const simulated = await startMock({ mode: "simulated" });
  await openTerminal(page, simulated.url);
  await expect(page.locator(".top").getByText("SIMULATED")).toBeVisible();
  await expect(page.locator(".head .mode-chip").first()).toHaveText("SIM");
  const live = await startMock({ mode: "live" });
  await openTerminal(page, live.url);
  await expect(page.locator(".mode-chip")).toHaveCount(0);
});

test("frames a replay", async ({ page, startMock }) => {
  const replay = await startMock({ mode: "replay" });
  await openTerminal(page, replay.url);
  await expect(page.locator(".top").getByText("REPLAY")).toBeVisible();
});

test("calls a book stale when its stream stops, and leaves the others fresh", async ({ page, startMock }) => {
  const mock = await startMock();
  await openTerminal(page, mock.url);
  await page.getByText("Feeds", { exact: true }).click();
  mock.feed("hyperliquid", "BTC").frozen.add("book");
  const age = page.getByTestId("age-ladder-hyperliquid");
  await expect(age).toHaveText(/^STALE \d/, { timeout: BOOK_LIMIT_MS + 2000 });
  await expect(page.getByTestId("ladder-hyperliquid-bid-0")).toContainText("stale");
  await expect(page.getByTestId("age-ladder-binance-spot")).not.toHaveText(/STALE/);
  await expect(page.getByTestId("last-price")).toHaveAttribute("data-state", /fresh|aging/);
  await expect(page.getByTestId("feeds-summary")).toHaveAttribute("data-state", "stale");
  mock.feed("hyperliquid", "BTC").frozen.clear();
  await expect(age).not.toHaveText(/STALE/);
});

test("turns stale within the limit and a frame, by its own clock", async ({ page, startMock }) => {
  const mock = await startMock();
  // Notes when the newest proof of the book reached the page, less the age that it had then.
  await page.addInitScript(() => {
    const Plain = window.WebSocket;
    window.WebSocket = class extends Plain {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener("message", (event) => {
          const { symbol, source, data } = JSON.parse(String(event.data));
          if (symbol === "BTC" && source === "hyperliquid" && data.book)
            Object.assign(window, { provedAt: performance.now() - (data.now_ms - data.book.proved_at) });
        });
      }
    };
  });
  await openTerminal(page, mock.url);
  mock.mute = true;
  const { lateness, frame } = await page.evaluate((limit) => {
    const age = document.querySelector('[data-testid="age-ladder-hyperliquid"]');
    let last = performance.now();
    return new Promise<{ lateness: number; frame: number }>((resolve) => {
      const look = (): void => {
        const now = performance.now();
        const { provedAt } = window as unknown as { provedAt: number };
        if (age?.textContent?.startsWith("STALE"))
          resolve({ lateness: now - provedAt - limit, frame: now - last });
        else requestAnimationFrame(look);
        last = now;
      };
      look();
    });
  }, BOOK_LIMIT_MS);
  expect(lateness).toBeGreaterThan(-2);
  // A frame to notice it, and the frame of the one who looks.
  expect(lateness).toBeLessThan(2 * Math.max(frame, 17) + 10);
});

test("keeps the last values when the server dies, says so, and comes back", async ({ page, startMock }) => {
  const mock = await startMock();
  const { port } = mock;
  await openTerminal(page, mock.url);
  await mock.stop();
  await expect(page.getByTestId("link")).toContainText("Disconnected at");
  await expect(page.getByTestId("link")).toContainText(/Reconnecting in \d+ s/);
  await expect(page.getByText("DISCONNECTED", { exact: true })).toBeVisible();
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  await expect(page.getByTestId("age-ladder-hyperliquid")).toHaveText(/^held \d\d:\d\d:\d\d$/);
  await expect(page.getByTestId("venue-hyperliquid")).toContainText("no status");
  await expect(page.getByTestId("age-ladder-hyperliquid")).toHaveText(/^STALE \d/, { timeout: 8000 });
  await expect(page.getByTestId("last-price")).toHaveAttribute("data-state", "stale");
  await startMock({ port, runId: "01JD3ZNEXT" });
  await page.getByRole("button", { name: "Retry now" }).click();
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open", { timeout: 15_000 });
  await expect(page.getByTestId("age-ladder-hyperliquid")).not.toHaveText(/STALE|waiting/);
});

test("subscribes again once after a gap", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  const before = mock.subscriptions.length;
  mock.skip = 1;
  await expect(page.getByTestId("resyncs")).toHaveText("resyncs 1");
  await page.waitForTimeout(1500);
  expect(mock.subscriptions.slice(before)).toEqual(["-BTC", "+BTC"]);
  await expect(page.getByTestId("age-ladder-hyperliquid")).not.toHaveText(/STALE/);
});

test("shows an em dash for a field that goes missing", async ({ page, startMock }) => {
  const mock = await startMock();
  await openTerminal(page, mock.url);
  mock.feed("hyperliquid", "BTC").missing.add("price");
  await expect(page.getByTestId("last-price")).toHaveText("\u2014");
  await expect(page.getByTestId("change-24h")).toHaveText("\u2014");
  mock.feed("hyperliquid", "BTC").missing.add("book");
  await expect(page.getByText("Waiting for the book of BTC")).toBeVisible();
});

test("says what it waits for before the first figures", async ({ page, startMock }) => {
  const mock = await startMock();
  mock.silentMarkets = true;
  await page.goto(mock.url);
  await expect(page.getByText("Waiting for the book of BTC").first()).toBeVisible();
  await expect(page.getByTestId("last-price")).toHaveText("\u2014");
});

test("shows the code of a symbol that the server does not know", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["ETH"] });
  await page.goto(mock.url);
  await expect(page.getByText("unknown_symbol").first()).toBeVisible();
});

test("tells of a venue that is down", async ({ page, startMock }) => {
  const mock = await startMock();
  await openTerminal(page, mock.url);
  mock.venue("binance-spot").lose();
  await expect(page.getByTestId("venue-binance-spot")).toContainText("reconnecting");
  await expect(page.getByTestId("connection-binance-spot")).toContainText("reconnecting");
  await expect(page.getByText("last loss: the venue closed the connection (1006)")).toBeVisible();
});
