import { expect, openTerminal, recordTexts, test } from "./gateway";

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
  await expect(age).toHaveText(/^STALE \d/, { timeout: BOOK_LIMIT_MS + 10_000 });
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
  // Counted in frames and not in milliseconds: how long a frame takes is the machine's affair.
  const { early, frames } = await page.evaluate((limit) => {
    const age = document.querySelector('[data-testid="age-ladder-hyperliquid"]');
    let past = 0;
    return new Promise<{ early: number; frames: number }>((resolve) => {
      const look = (): void => {
        const { provedAt } = window as unknown as { provedAt: number };
        const over = performance.now() - provedAt - limit;
        if (over > 0) past += 1;
        if (age?.textContent?.startsWith("STALE")) resolve({ early: -over, frames: past });
        else requestAnimationFrame(look);
      };
      look();
    });
  }, BOOK_LIMIT_MS);
  expect(early).toBeLessThan(2);
  // A frame to notice it, the frame of the one who looks, and one that may lie between the two readers of the message.
  expect(frames).toBeLessThanOrEqual(3);
});

test("keeps the last values when the server dies, says so, and comes back", async ({ page, startMock }) => {
  const mock = await startMock();
  const { port } = mock;
  await openTerminal(page, mock.url);
  // Held for less than the limit, then stale.
  const ages = await recordTexts(page, "age-ladder-hyperliquid");
  await mock.stop();
  await expect(page.getByTestId("link")).toContainText("Disconnected at");
  await expect(page.getByTestId("link")).toContainText(/Reconnecting in \d+ s/);
  await expect(page.getByText("DISCONNECTED", { exact: true })).toBeVisible();
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  await expect(page.getByTestId("venue-hyperliquid")).toContainText("no status");
  await expect(page.getByTestId("age-ladder-hyperliquid")).toHaveText(/^STALE \d/, { timeout: 15_000 });
  expect(await ages()).toContainEqual(expect.stringMatching(/^held \d\d:\d\d:\d\d$/));
  await expect(page.getByTestId("last-price")).toHaveAttribute("data-state", "stale");
  const attempt = page.waitForEvent("websocket");
  await page.getByRole("button", { name: "Retry now" }).click();
  await attempt;
  await startMock({ port, runId: "01JD3ZNEXT" });
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open", { timeout: 20_000 });
  await expect(page.getByTestId("age-ladder-hyperliquid")).not.toHaveText(/STALE|waiting/);
});

test("subscribes again once after a gap", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  const before = mock.subscriptions.length;
  mock.skip = 1;
  await expect(page.getByTestId("resyncs")).toHaveText("resyncs 1");
  // Long enough for a second one, had the first not mended it.
  const sent = mock.sent;
  await expect.poll(() => mock.sent - sent, { timeout: 15_000 }).toBeGreaterThan(150);
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
