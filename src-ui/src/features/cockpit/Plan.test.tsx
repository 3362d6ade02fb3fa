import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import { FakeTransport } from "~/transport/fake";
import { Plan } from "./Plan";

let transport: FakeTransport;
let session: Session;

beforeEach(() => {
  transport = new FakeTransport();
  session = new Session(transport, "BTC");
  session.start();
});
afterEach(() => {
  session.stop();
  cleanup();
});

function told(event_type: string, seq: number, data: Record<string, unknown>) {
  const now = 1_000_000;
  return {
    event_type,
    symbol: "BTC",
    ts_ms: now,
    source: "alpha",
    seq,
    data: { now_ms: now, run_id: "R1", mode: "simulated", ...data },
  };
}

const REFUSED = {
  state: "refused",
  direction: "LONG",
  size_usd: "0",
  refusals: [{ code: "untrained", text: "no trained model: nothing is sized" }],
  equity: { usd: "25000", as_of: 999_000, source: "stated" },
  stop_px: null,
  target_px: null,
  risk_share_of_equity: null,
  breakdown: { win_probability: null, reward_risk: 2.4, caps: [] },
};

const READY = {
  state: "ready",
  direction: "BUY",
  strategy: "hybrid",
  urgency: 0.42,
  total_usd: "997.5",
  slices: [
    { n: 1, order_type: "limit", tif: "ioc", px: "97412", sz: "0.00256", usd: "249.37", delay_ms: 0 },
    { n: 2, order_type: "limit", tif: "alo", px: "97411", sz: "0.00768", usd: "748.12", delay_ms: 1500 },
  ],
  slippage: { expected_bps: 1.2, depth_usd: "812000" },
  guard: { safe: true, checks: [{ name: "spread", ok: true, value: "0.4 bps", limit: "20 bps", text: "" }] },
  refusals: [],
};

function show(): void {
  render(
    <SessionContext value={session}>
      <Painted>
        <Plan symbol="BTC" source={null} choose={() => undefined} />
      </Painted>
    </SessionContext>,
  );
}

test("says that a server without accounts sizes nothing", () => {
  show();
  expect(screen.getByText("Nothing is sized here")).toBeTruthy();
});

test("takes what the owner states of the account, and refuses what is no amount", async () => {
  const stated: (string | null)[] = [];
  transport.account = {
    equityUsd: () => Promise.resolve("25000"),
    stateEquityUsd: (amount) => {
      stated.push(amount);
      return Promise.resolve();
    },
  };
  session.stop();
  session = new Session(transport, "BTC");
  session.start();
  show();
  expect(screen.getByText(/No view, no plan/)).toBeTruthy();
  const input = screen.getByLabelText<HTMLInputElement>("Equity, USD");
  await vi.waitFor(() => expect(input.value).toBe("25000"));
  for (const typed of ["1e9", "12 500.5", ""]) {
    fireEvent.change(input, { target: { value: typed } });
    fireEvent.click(screen.getByRole("button", { name: "State" }));
  }
  expect(stated).toEqual(["12500.5", null]);
  await vi.waitFor(() => expect(screen.getByText("Nothing stated: nothing is sized")).toBeTruthy());
});

test("says why nothing is sized, and keeps what is not known an em dash", async () => {
  transport.events([told("risk_update", 1, REFUSED)], performance.now());
  show();
  expect(screen.getByText("no trained model: nothing is sized")).toBeTruthy();
  await vi.waitFor(() => expect(screen.getByTestId("risk-state").textContent).toBe("refused LONG"));
  const row = (name: string): string => screen.getByText(name).parentElement?.textContent ?? "";
  await vi.waitFor(() => expect(row("Equity")).toBe("Equity$25\u2009000.00"));
  expect(row("Stop")).toBe("Stop\u2014");
  expect(row("win probability")).toBe("win probability\u2014");
  await vi.waitFor(() => expect(row("reward risk")).toBe("reward risk2.400"));
});

test("shows each slice of a plan, and takes it away when it is cleared", async () => {
  transport.events([told("exec_plan", 1, READY)], performance.now());
  show();
  await vi.waitFor(() => expect(screen.getByTestId("plan-state").textContent).toBe("ready BUY hybrid"));
  const rows = screen.getByRole("table", { name: "Slices" }).querySelectorAll("tbody tr");
  await vi.waitFor(() =>
    expect([...(rows[1]?.children ?? [])].map(({ textContent }) => textContent)).toEqual([
      "2",
      "limit alo",
      "97\u2009411",
      "0.00768",
      "$748.12",
      "1.5 s",
    ]),
  );
  transport.events([told("exec_plan", 2, { state: "cleared", direction: "BUY" })], performance.now());
  await vi.waitFor(() => expect(screen.queryByRole("table", { name: "Slices" })).toBeNull());
});
