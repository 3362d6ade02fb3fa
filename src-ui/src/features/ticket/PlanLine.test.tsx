import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import type { Draft } from "~/stores/ticket-draft";
import type { TicketDesk } from "~/stores/ticket-desk";
import { FakeTransport } from "~/transport/fake";
import { PlanLine } from "./PlanLine";

let transport: FakeTransport;
let session: Session;
let edits: Partial<Draft>[];

beforeEach(() => {
  edits = [];
  transport = new FakeTransport();
  session = new Session(transport, "BTC");
  session.start();
  const ticket = { edit: (part: Partial<Draft>) => edits.push(part) } as unknown as TicketDesk;
  render(
    <SessionContext value={session}>
      <Painted>
        <PlanLine ticket={ticket} symbol="BTC" />
      </Painted>
    </SessionContext>,
  );
});
afterEach(() => {
  session.stop();
  cleanup();
});

function tell(type: string, data: Record<string, unknown>, arrivedAt = performance.now()): void {
  const now = 1_000_000;
  const body = { now_ms: now, run_id: "R1", mode: "simulated", ...data };
  transport.events(
    [{ event_type: type, symbol: "BTC", ts_ms: now, source: "alpha", seq: 1, data: body }],
    arrivedAt,
  );
}

const READY = {
  state: "ready",
  direction: "BUY",
  strategy: "passive",
  slices: [{ n: 1, order_type: "limit", tif: "alo", px: "97411", sz: "0.0083", delay_ms: 0 }],
};

test("offers the engine's plan with its age, and fills it in without sending anything", async () => {
  expect(screen.queryByTestId("ticket-plan")).toBeNull();
  tell("risk_update", { state: "sized", direction: "LONG", stop_px: "96940", target_px: "98610" });
  tell("exec_plan", READY);
  const button = await screen.findByRole("button", { name: "Fill in" });
  await vi.waitFor(() => expect(screen.getByText(/passive, 1 slice, engine, \d\.\d s ago/)).toBeTruthy());
  expect(screen.getByTestId("plan-words").textContent).toBe(
    "Plan: buy 0.0083 at 97411, stop 96940, target 98610",
  );
  fireEvent.click(button);
  expect(edits).toEqual([
    expect.objectContaining({ kind: "twap", twapBy: "plan", amount: "0.0083", bracket: true }),
  ]);
  tell("exec_plan", { state: "cleared", direction: "BUY" });
  await vi.waitFor(() => expect(screen.queryByTestId("ticket-plan")).toBeNull());
});

test("fills in nothing from a plan that is too old", async () => {
  tell("exec_plan", READY, performance.now() - 60_000);
  const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Fill in" });
  expect(button.disabled).toBe(true);
  await vi.waitFor(() => expect(screen.getByTestId("plan-words").dataset["state"]).toBe("stale"));
});
