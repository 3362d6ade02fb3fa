import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { AuthDesk } from "~/stores/auth-desk";
import { SessionContext } from "~/stores/react";
import { Session } from "~/stores/session";
import { useUi } from "~/stores/ui";
import type { AuthPort } from "~/transport/auth-types";
import { FakeTransport } from "~/transport/fake";
import type { TeamPort, TeamState } from "~/transport/team-types";
import { ApiError } from "~/transport/types";
import { AccountDrawer } from "./AccountDrawer";
import { TeamLogin } from "./TeamLogin";

const ALONE: TeamState = { server: null, signedIn: false, signingIn: false, keychain: null };

function teamOf(state: TeamState, part: Partial<TeamPort> = {}): TeamPort {
  const done = () => Promise.resolve();
  return {
    read: () => Promise.resolve(state),
    connect: done,
    disconnect: done,
    key: () => Promise.resolve("0x71C7656EC7ab88b098defB751B7401B5f6d8976F"),
    signInByKey: done,
    signInByBrowser: done,
    cancelSignIn: done,
    ...part,
  };
}

let transport: FakeTransport;
let session: Session | null = null;
let reload: ReturnType<typeof vi.fn>;

beforeEach(() => {
  transport = new FakeTransport();
  reload = vi.fn();
  vi.spyOn(location, "reload").mockImplementation(reload as () => void);
  sessionStorage.clear();
});
afterEach(() => {
  session?.stop();
  session = null;
  cleanup();
  vi.restoreAllMocks();
  useUi.getState().closeAccount();
});

async function show(tab: "server" | "account"): Promise<void> {
  session = new Session(transport, "BTC");
  session.start();
  const shown = session;
  await act(async () => {
    render(
      <SessionContext value={shown}>
        <Painted>
          <AccountDrawer tab={tab} />
        </Painted>
      </SessionContext>,
    );
  });
}

const submit = (address: string): Promise<void> =>
  act(async () => {
    fireEvent.change(screen.getByLabelText("Address"), { target: { value: address } });
    fireEvent.submit(screen.getByRole("form", { name: "Connect to a team server" }));
  });

test("connects to a server, and the window begins anew at its login", async () => {
  const connect = vi.fn(() => Promise.resolve());
  transport.team = teamOf(ALONE, { connect });
  await show("server");
  expect(screen.getAllByRole("tab").map((tab) => tab.textContent)).toEqual(["Team server", "Connection"]);
  await submit("https://desk.example");
  expect(connect).toHaveBeenCalledWith("https://desk.example");
  expect(reload).toHaveBeenCalledTimes(1);
  expect(sessionStorage.getItem("hypersentry.account")).toBe("account");
});

test("says why an address is not taken, and what to do", async () => {
  const refusal = new ApiError("team_address_insecure", "no", false);
  transport.team = teamOf(ALONE, { connect: () => Promise.reject(refusal) });
  await show("server");
  await submit("http://desk.example");
  expect(screen.getByTestId("refusal").dataset["code"]).toBe("team_address_insecure");
  expect(screen.getByTestId("refusal").textContent).toContain("Use the server's https address");
  expect(reload).not.toHaveBeenCalled();
  expect(screen.getByRole("button", { name: "Connect" })).toBeTruthy();
});

test("names the server, says that a session is not kept, and goes back", async () => {
  transport.server = "https://desk.example";
  const keychain = new ApiError("keychain_unavailable", "no such service", true);
  transport.team = teamOf({ server: transport.server, signedIn: true, signingIn: false, keychain });
  await show("server");
  expect(screen.getByTestId("team-server").textContent).toContain("https://desk.example");
  expect(screen.getByTestId("team-session").textContent).toContain("until the app is closed");
  expect(screen.getByTestId("refusal").textContent).toContain("No such service.");
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Disconnect" }));
  });
  expect(reload).toHaveBeenCalledTimes(1);
});

function deskOf(): { desk: AuthDesk; refreshed: ReturnType<typeof vi.fn> } {
  const refreshed = vi.fn(() => Promise.reject(new ApiError("unreachable", "no", true)));
  const port = { state: refreshed } as unknown as AuthPort;
  return { desk: new AuthDesk(port, transport), refreshed };
}

test("logs in with this computer's key, and shows the address alone", async () => {
  const { desk, refreshed } = deskOf();
  const signInByKey = vi.fn(() => Promise.resolve());
  const team = teamOf(ALONE, { signInByKey });
  await act(async () => {
    render(<TeamLogin desk={desk} team={team} />);
  });
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Show its address" }));
  });
  expect(screen.getByText("0x71C7656EC7ab88b098defB751B7401B5f6d8976F")).toBeTruthy();
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: /this computer.s key/ }));
  });
  expect(signInByKey).toHaveBeenCalledTimes(1);
  expect(refreshed).toHaveBeenCalledTimes(1);
});

test("waits for the browser, can be called off, and says how it ended", async () => {
  const { desk } = deskOf();
  let fail: (error: ApiError) => void = () => undefined;
  const cancelSignIn = vi.fn(() => {
    fail(new ApiError("sign_in_cancelled", "it was called off", false));
    return Promise.resolve();
  });
  const signInByBrowser = () => new Promise<void>((_, reject) => (fail = reject));
  const team = teamOf(ALONE, { signInByBrowser, cancelSignIn });
  await act(async () => {
    render(<TeamLogin desk={desk} team={team} />);
  });
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Log in with a wallet in the browser" }));
  });
  expect(screen.getByTestId("login-step").textContent).toContain("Go on in the browser");
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  });
  expect(cancelSignIn).toHaveBeenCalledTimes(1);
  expect(screen.getByTestId("refusal").dataset["code"]).toBe("sign_in_cancelled");
});
