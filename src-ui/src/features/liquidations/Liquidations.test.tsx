import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import { FakeTransport } from "~/transport/fake";
import { Liquidations } from "./Liquidations";
import { newest } from "./merge";

const WHOLE = { verified: 1, unverified: 0, missing: 0 };

function batch(source: string, seq: number, reports: string, coverage = WHOLE) {
  const now = 1_000_000;
  return {
    event_type: "liquidation_batch",
    symbol: "BTC",
    ts_ms: now,
    source,
    seq,
    data: {
      now_ms: now,
      run_id: "R1",
      mode: "simulated",
      feed_coverage: reports,
      dropped: 0,
      rows: [
        {
          ts_ms: now + seq,
          liquidated: "long",
          px: "10",
          px_kind: "fill",
          sz: "2",
          notional_usd: "20",
        },
      ],
      sums: [{ window_ms: 300_000, long_usd: "184321.5", short_usd: "0", count: 1, coverage }],
      as_of: now,
      proved_at: now,
      age_limit_ms: 5000,
      state: "fresh",
    },
  };
}

let transport: FakeTransport;
let session: Session;

beforeEach(() => {
  // The test's document knows no fonts.
  Object.defineProperty(document, "fonts", { value: { ready: Promise.resolve() }, configurable: true });
  transport = new FakeTransport();
  session = new Session(transport, "BTC");
  session.start();
});
afterEach(() => {
  session.stop();
  cleanup();
});

function show(): void {
  render(
    <SessionContext value={session}>
      <Painted>
        <Liquidations symbol="BTC" source={null} choose={() => undefined} />
      </Painted>
    </SessionContext>,
  );
}

test("says what it waits for before a venue has reported", () => {
  show();
  expect(screen.getByRole("status").textContent).toContain("Waiting for liquidations of BTC");
});

test("tells a venue that samples apart from one that reports all, and adds nothing up", async () => {
  transport.events([batch("bybit", 1, "all"), batch("okx", 1, "sampled")], performance.now());
  show();
  const row = (source: string): string => screen.getByTestId(`liquidations-${source}`).textContent ?? "";
  await vi.waitFor(() => expect(row("bybit")).toContain("$184 k"));
  await vi.waitFor(() => expect(row("bybit")).toContain("all"));
  await vi.waitFor(() => expect(row("okx")).toContain("\u2265$184 k"));
  expect(row("okx")).toContain("sampled");
  expect(screen.queryByText(/total/i)).toBeNull();
});

test("states the share of the window that was seen, once it is not the whole", async () => {
  transport.events(
    [batch("bybit", 1, "all", { verified: 0, unverified: 0.5, missing: 0.5 })],
    performance.now(),
  );
  show();
  await vi.waitFor(() => expect(screen.getByTestId("liquidations-bybit").textContent).toContain("50 % unv."));
});

test("shows the newest of all venues first", () => {
  transport.events([batch("bybit", 1, "all"), batch("okx", 2, "all"), batch("bybit", 3, "all")]);
  const order = newest(session.liquidations.of("BTC"), 10).map(({ source, tsMs }) => [source, tsMs]);
  expect(order).toEqual([
    ["bybit", 1_000_003],
    ["okx", 1_000_002],
    ["bybit", 1_000_001],
  ]);
});
