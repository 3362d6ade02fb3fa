import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Painted } from "~/shared/paint";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import { FakeTransport } from "~/transport/fake";
import { Trading } from "~/transport/trading";
import { AccountList } from "./AccountList";

const OWN = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";
const PAPER = "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb";

let session: Session | null = null;
afterEach(() => {
  session?.stop();
  session = null;
  cleanup();
});

async function show(granted: Parameters<typeof AccountList>[0]["granted"]): Promise<Session> {
  const transport = new FakeTransport();
  transport.directory = { run_id: "R1", mode: "live", symbols: [] };
  transport.trading = new Trading(async ({ type, ...asked }) =>
    type === "accounts"
      ? {
          accounts: [
            { account: OWN.toLowerCase(), name: null, paper: false, may_trade: true },
            { account: PAPER, name: "first try", paper: true, may_trade: true },
          ],
          paper_offered: true,
        }
      : {
          account: (asked as { account?: string }).account,
          mode: "live",
          paper: false,
          ready: true,
          killed: false,
          now_ms: 10,
          orders: [],
          fills: [],
        },
  );
  const shown = new Session(transport, "BTC");
  session = shown;
  shown.start();
  await act(async () => {
    transport.state({ phase: "open", since: 0 });
    await shown.trading?.refresh();
  });
  await act(async () => {
    render(
      <SessionContext value={shown}>
        <Painted>
          <AccountList granted={granted} />
        </Painted>
      </SessionContext>,
    );
  });
  return shown;
}

test("lists the paper account beside what is granted, marked, and can be chosen", async () => {
  const shown = await show([{ account: OWN, grants: ["view", "trade"] }]);
  const own = within(screen.getByTestId("account-granted"));
  const paper = within(screen.getByTestId("account-paper"));
  expect(own.getByText("traded here")).toBeDefined();
  expect(own.getByText("view, trade")).toBeDefined();
  expect(paper.getByText("first try")).toBeDefined();
  expect(paper.getByText("PAPER")).toBeDefined();
  await act(async () => fireEvent.click(paper.getByText("Trade this one")));
  expect(shown.trading?.getSnapshot().account).toBe(PAPER);
  expect(paper.getByText("traded here")).toBeDefined();
  expect(own.getByText("Trade this one")).toBeDefined();
});

test("lists what this computer's own engine trades where nothing is granted by anybody", async () => {
  await show([]);
  expect(screen.getAllByTestId("account-granted")).toHaveLength(1);
  expect(screen.getAllByTestId("account-paper")).toHaveLength(1);
});
