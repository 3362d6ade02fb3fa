import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { Painted } from "~/shared/paint";
import { Stamped } from "~/shared/stamped";
import { MarginDesk } from "~/stores/margin-desk";
import { SessionContext } from "~/stores/react";
import type { Session } from "~/stores/session";
import type { TicketDesk } from "~/stores/ticket-desk";
import type { TradingDesk } from "~/stores/trading-desk";
import type { LeverageWish, MarketMargin } from "~/transport/margin-types";
import { MarginLine } from "./MarginLine";

afterEach(cleanup);

const MARKET: MarketMargin = {
  symbol: "BTC",
  margin: "cross",
  leverage: 20,
  maxLeverage: 40,
  onlyIsolated: false,
};

interface Given {
  readonly market?: MarketMargin | null;
  readonly killed?: boolean;
  /** The kind of margin of an open position. */
  readonly held?: string;
}

function shown({ market = MARKET, killed = false, held }: Given = {}) {
  const sent: LeverageWish[] = [];
  let answer = (): void => undefined;
  const leverage = (wish: LeverageWish): Promise<MarketMargin> => {
    sent.push(wish);
    return new Promise((resolve) => (answer = () => resolve(MARKET)));
  };
  const unused = (): Promise<MarketMargin> => Promise.reject(new Error("not asked for"));
  const margins = new MarginDesk({ leverage, margin: unused }, () => undefined);
  const subscribe = () => () => undefined;
  const trading = { phase: "here", accounts: [{ account: "0xa", mayTrade: true }], account: "0xa" };
  const positions =
    held === undefined
      ? null
      : Stamped.final("account", [{ symbol: "BTC", margin: held }], performance.timeOrigin);
  const state = { killed, ready: !killed, deskKilled: false, leases: [], locks: [], agent: null, positions };
  const desk = { margins, subscribe, getSnapshot: () => trading, state } as unknown as TradingDesk;
  const renew = vi.fn<() => void>();
  const snapshot = { market: market === null ? null : Stamped.final("execution", market, 0) };
  const ticket = { subscribe, getSnapshot: () => snapshot, renew } as unknown as TicketDesk;
  const send = vi.fn<() => void>();
  render(
    <SessionContext value={{ linked: true } as unknown as Session}>
      <Painted>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <MarginLine desk={desk} ticket={ticket} symbol="BTC" reviewed={false} />
          <input aria-label="Elsewhere" />
        </form>
      </Painted>
    </SessionContext>,
  );
  return { sent, renew, send, answer: () => answer() };
}

const mode = () => screen.getByTestId<HTMLButtonElement>("margin-mode");
const typed = () => screen.getByTestId<HTMLInputElement>("margin-leverage");
const apply = () => screen.getByTestId<HTMLButtonElement>("margin-apply");

function press(key: string, repeat = false): void {
  const on = document.activeElement;
  if (on !== null) fireEvent.keyDown(on, { key, repeat });
}

test("says what is not known as such, and opens nothing", () => {
  shown({ market: null });
  expect(mode().textContent).toBe("Margin \u2014");
  expect(mode().disabled).toBe(true);
});

test("sets it once, asks for the preview anew and gives the focus back", async () => {
  const { sent, renew, send, answer } = shown();
  expect(mode().textContent).toBe("Cross 20\u00d7");
  mode().focus();
  fireEvent.click(mode());
  expect(document.activeElement).toBe(typed());
  expect(apply().disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Isolated" }));
  fireEvent.change(typed(), { target: { value: "5" } });
  expect(screen.getByTestId<HTMLInputElement>("margin-slider").value).toBe("5");
  // A key that is held down from before does not set anything.
  press("Enter", true);
  expect(sent).toHaveLength(0);
  press("Enter");
  press("Enter");
  expect(sent).toEqual([
    { account: "0xa", symbol: "BTC", key: sent[0]?.key, leverage: 5, margin: "isolated" },
  ]);
  expect(screen.getByTestId("margin-said").textContent).toContain("waiting for the venue\u2019s proof");
  expect(mode().getAttribute("aria-busy")).toBe("true");
  expect(renew).not.toHaveBeenCalled();
  await act(async () => answer());
  expect(renew).toHaveBeenCalledTimes(1);
  expect(screen.queryByTestId("margin-form")).toBeNull();
  expect(document.activeElement).toBe(mode());
  expect(send).not.toHaveBeenCalled();
});

test("leaves the focus to whoever went on meanwhile", async () => {
  const { answer } = shown();
  fireEvent.click(mode());
  fireEvent.change(typed(), { target: { value: "5" } });
  press("Enter");
  screen.getByLabelText("Elsewhere").focus();
  await act(async () => answer());
  expect(screen.queryByTestId("margin-form")).toBeNull();
  expect(document.activeElement).toBe(screen.getByLabelText("Elsewhere"));
});

test("closes by Escape, and steps within what the market allows", () => {
  shown();
  fireEvent.click(mode());
  press("ArrowUp");
  expect(typed().value).toBe("21");
  fireEvent.keyDown(typed(), { key: "ArrowUp", shiftKey: true });
  fireEvent.keyDown(typed(), { key: "ArrowUp", shiftKey: true });
  expect(typed().value).toBe("40");
  for (const wrong of ["41", "0", "2.5", ""]) {
    fireEvent.change(typed(), { target: { value: wrong } });
    expect(apply().disabled).toBe(true);
  }
  press("Escape");
  expect(screen.queryByTestId("margin-form")).toBeNull();
  expect(document.activeElement).toBe(mode());
});

test("offers no shared margin where there is none", () => {
  shown({ market: { ...MARKET, margin: null, leverage: null, onlyIsolated: true } });
  expect(mode().textContent).toBe("Margin \u2014");
  fireEvent.click(mode());
  expect(screen.queryByRole("button", { name: "Cross" })).toBeNull();
  expect(screen.getByRole("button", { name: "Isolated" }).getAttribute("aria-pressed")).toBe("true");
});

test("keeps the kind under a position", () => {
  shown({ held: "cross" });
  fireEvent.click(mode());
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Isolated" }).disabled).toBe(true);
  expect(screen.getByTestId("margin-form").textContent).toContain("it stays cross until it is closed");
});

test("takes backing away not while the kill switch is on, and adds to it all the same", () => {
  const { sent } = shown({ killed: true });
  fireEvent.click(mode());
  fireEvent.change(typed(), { target: { value: "25" } });
  expect(apply().disabled).toBe(true);
  expect(screen.getByTestId("margin-form").textContent).toContain("The kill switch is on.");
  fireEvent.change(typed(), { target: { value: "10" } });
  fireEvent.click(apply());
  expect(sent).toHaveLength(1);
});
