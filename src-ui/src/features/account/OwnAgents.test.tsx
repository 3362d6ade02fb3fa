import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import { useUi } from "~/stores/ui";
import type { AgentPort, OwnAgentList } from "~/transport/agent-types";
import type { AgentRow } from "~/transport/auth-types";
import { FakeTransport } from "~/transport/fake";
import { ApiError } from "~/transport/types";
import { AccountDrawer } from "./AccountDrawer";
import { AccountMark } from "./AccountMark";

const ACCOUNT = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";
const OWN = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const DAY = 86_400_000;
const NONE: OwnAgentList = {
  agents: [],
  network: "mainnet",
  forTheRun: false,
  ready: false,
  approving: false,
  keychain: null,
};

function row(part: Partial<AgentRow> = {}): AgentRow {
  return {
    id: "agent_1",
    account: ACCOUNT,
    address: "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb",
    name: "bot",
    network: "mainnet",
    permissions: ["order", "cancel", "modify"],
    state: "approved",
    createdMs: Date.now(),
    expiresMs: Date.now() + 30 * DAY,
    warning: null,
    replaces: null,
    typedData: null,
    ...part,
  };
}

let list: OwnAgentList;
let transport: FakeTransport;
let session: Session | null = null;

function portOf(part: Partial<AgentPort> = {}): AgentPort {
  const done = () => Promise.resolve();
  return {
    list: () => Promise.resolve(list),
    wallet: () => Promise.resolve(OWN),
    create: ({ account, name }) => Promise.resolve(row({ account, name, state: "pending" })),
    rotate: () => Promise.resolve(row({ state: "pending" })),
    approveInBrowser: done,
    approveByKey: done,
    cancelApproval: done,
    check: () => Promise.resolve({ listed: true, validUntilMs: null, signs: true }),
    revoke: done,
    ...part,
  };
}

beforeEach(() => {
  list = NONE;
  transport = new FakeTransport();
});
afterEach(() => {
  session?.stop();
  session = null;
  cleanup();
  useUi.getState().closeAccount();
});

async function show(port: AgentPort): Promise<void> {
  transport.agents = port;
  transport.team = {} as FakeTransport["team"];
  session = new Session(transport, "BTC");
  session.start();
  const shown = session;
  await act(async () => {
    render(
      <SessionContext value={shown}>
        <Painted>
          <AccountMark />
          <AccountDrawer tab="agents" />
        </Painted>
      </SessionContext>,
    );
  });
}

const press = (name: string | RegExp): Promise<void> =>
  act(async () => {
    fireEvent.click(screen.getByRole("button", { name }));
  });

test("makes an agent of an account that the user names, and asks its wallet in the browser", async () => {
  const create = vi.fn(portOf().create);
  const approveInBrowser = vi.fn(() => Promise.resolve());
  await show(portOf({ create, approveInBrowser }));
  expect(screen.getAllByRole("tab").map((tab) => tab.textContent)).toEqual([
    "Agents",
    "Team server",
    "Connection",
  ]);
  expect(screen.getByTestId("team-button").textContent).toBe("own engine");
  await act(async () => {
    fireEvent.change(screen.getByRole("textbox", { name: "Account" }), { target: { value: ` ${ACCOUNT} ` } });
    fireEvent.submit(screen.getByRole("form", { name: "New agent" }));
  });
  expect(create).toHaveBeenCalledWith({ account: ACCOUNT, name: "terminal", validDays: 90 });
  expect(approveInBrowser).toHaveBeenCalledWith("agent_1");
});

test("this computer's key is an account's wallet, and signs without a browser", async () => {
  const create = vi.fn(portOf().create);
  const approveByKey = vi.fn(() => Promise.resolve());
  const approveInBrowser = vi.fn(() => Promise.resolve());
  await show(portOf({ create, approveByKey, approveInBrowser }));
  await press(/this computer.s key/);
  expect(create).toHaveBeenCalledWith({ account: OWN, name: "terminal", validDays: 90 });
  expect(approveByKey).toHaveBeenCalledWith("agent_1");
  expect(approveInBrowser).not.toHaveBeenCalled();
});

test("an approval waits for the browser, can be called off, and says how it ended", async () => {
  list = { ...NONE, agents: [row({ state: "pending" })] };
  let fail: (error: ApiError) => void = () => undefined;
  const approveInBrowser = () => new Promise<void>((_, reject) => (fail = reject));
  const cancelApproval = vi.fn(() => {
    fail(new ApiError("approval_cancelled", "it was called off", false));
    return Promise.resolve();
  });
  await show(portOf({ approveInBrowser, cancelApproval }));
  await press("Sign in browser");
  expect(screen.getByTestId("agent-step").textContent).toContain("Go on in the browser");
  await press("Cancel");
  expect(cancelApproval).toHaveBeenCalledTimes(1);
  expect(screen.getByTestId("refusal").dataset["code"]).toBe("approval_cancelled");
  expect(screen.getByTestId("refusal").textContent).toContain("the agent waits");
});

test("shows state, end and warning, in the drawer and in the bar, and ends an agent", async () => {
  const near = row({ expiresMs: Date.now() + 2.5 * DAY, warning: 3 });
  list = { ...NONE, ready: true, agents: [near, row({ id: "agent_2", name: "old", state: "revoked" })] };
  const revoke = vi.fn(() => {
    list = { ...NONE, agents: [row({ state: "revoked" })] };
    return Promise.resolve();
  });
  await show(portOf({ revoke }));
  expect(screen.getByTestId("agent-bot").textContent).toContain("approved");
  expect(screen.getByTestId("agent-bot").querySelector("[data-warning=near]")).not.toBeNull();
  expect(screen.getByTestId("agent-old").querySelectorAll(".account-buttons button")).toHaveLength(0);
  expect(screen.getByTestId("agent-mark").dataset["warning"]).toBe("near");
  expect(screen.getByTestId("agent-mark").dataset["state"]).toBe("good");
  await press("Check");
  expect(screen.getByText("The venue lists bot. This computer can sign with its key.")).toBeTruthy();
  await press("Revoke");
  expect(revoke).toHaveBeenCalledWith("agent_1");
  expect(screen.getByTestId("agent-mark").textContent).toBe("no agent");
});

test("says why no key can be kept, and what to do", async () => {
  const refusal = new ApiError("keystore_unavailable", "agent keys are kept in the keychain alone", true);
  await show(portOf({ create: () => Promise.reject(refusal) }));
  await press(/this computer.s key/);
  expect(screen.getByTestId("refusal").dataset["code"]).toBe("keystore_unavailable");
  expect(screen.getByTestId("refusal").textContent).toContain("Agent keys are kept in the keychain alone.");
  expect(screen.getByTestId("refusal").textContent).toContain("unlock or start this computer's keychain");
});

test("a recording has no venue to approve at, and practice says what its agents are worth", async () => {
  list = { ...NONE, network: null };
  await show(portOf());
  expect(screen.getByTestId("agents-replay")).toBeTruthy();
  expect(screen.queryByRole("form", { name: "New agent" })).toBeNull();
  session?.stop();
  cleanup();
  list = { ...NONE, network: "testnet", forTheRun: true };
  await show(portOf());
  expect(screen.getByTestId("agents-place").textContent).toContain("end with the run");
});
