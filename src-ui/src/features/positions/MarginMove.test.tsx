import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import { Painted } from "~/shared/paint";
import { Stamped } from "~/shared/stamped";
import { MarginDesk } from "~/stores/margin-desk";
import { SessionContext } from "~/stores/react";
import type { Session } from "~/stores/session";
import type { TradingDesk } from "~/stores/trading-desk";
import type { MarginWish, MarketMargin } from "~/transport/margin-types";
import { ApiError } from "~/transport/types";
import { MarginMove } from "./MarginMove";

afterEach(cleanup);

const ROW = {
  symbol: "BTC",
  size: parseDecimal("0.01"),
  margin: "isolated",
  marginUsedUsd: parseDecimal("194.83"),
  liquidationPx: parseDecimal("78904.5"),
};

function shown({ killed = false }: { readonly killed?: boolean } = {}) {
  const sent: MarginWish[] = [];
  const answers: (() => Promise<MarketMargin>)[] = [];
  const margin = (wish: MarginWish): Promise<MarketMargin> => {
    sent.push(wish);
    return answers.shift()?.() ?? Promise.resolve({} as MarketMargin);
  };
  const unused = (): Promise<MarketMargin> => Promise.reject(new Error("not asked for"));
  const trading = { phase: "here", accounts: [{ account: "0xa", mayTrade: true }], account: "0xa" };
  const positions = Stamped.final("account", [ROW], performance.timeOrigin);
  const state = { killed, ready: !killed, deskKilled: false, leases: [], locks: [], agent: null, positions };
  const margins = new MarginDesk({ margin, leverage: unused }, () => undefined);
  const subscribe = () => () => undefined;
  const desk = { margins, subscribe, getSnapshot: () => trading, state } as unknown as TradingDesk;
  const close = vi.fn<() => void>();
  render(
    <SessionContext value={{ linked: true, view: () => null } as unknown as Session}>
      <Painted>
        <MarginMove desk={desk} symbol="BTC" close={close} />
      </Painted>
    </SessionContext>,
  );
  return { sent, answers, close };
}

const typed = () => screen.getByTestId<HTMLInputElement>("margin-usd");
const button = () => screen.getByTestId<HTMLButtonElement>("margin-send");
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("adds dollars once, and empties the field when the venue has them", async () => {
  const { sent } = shown();
  await vi.waitFor(() => expect(screen.getByTestId("margin-margin-used").textContent).toBe("$194.83"));
  expect(screen.getByTestId("margin-liquidation-price").textContent).toContain("78");
  expect(document.activeElement).toBe(typed());
  expect(button().disabled).toBe(true);
  fireEvent.change(typed(), { target: { value: "50.5" } });
  expect(button().textContent).toBe("Add $50.5");
  await act(async () => fireEvent.click(button()));
  expect(sent).toEqual([{ account: "0xa", symbol: "BTC", key: sent[0]?.key, usd: "50.5" }]);
  expect(typed().value).toBe("");
  expect(screen.getByTestId("margin-move-said").textContent).toContain("The venue has it");
});

test("takes dollars away, and refuses what is no amount", async () => {
  const { sent } = shown();
  press("Remove");
  for (const wrong of ["0", "-5", "1e3", "0.0000001", "ten"]) {
    fireEvent.change(typed(), { target: { value: wrong } });
    expect(button().disabled).toBe(true);
  }
  fireEvent.change(typed(), { target: { value: "20" } });
  await act(async () => fireEvent.click(button()));
  expect(sent[0]?.usd).toBe("-20");
});

test("asks again under the same key after a lost answer", async () => {
  const { sent, answers } = shown();
  answers.push(() => Promise.reject(new ApiError("unreachable", "no answer", true)));
  fireEvent.change(typed(), { target: { value: "20" } });
  await act(async () => fireEvent.click(button()));
  expect(button().textContent).toBe("Ask again");
  await act(async () => fireEvent.click(button()));
  expect(sent[1]).toEqual(sent[0]);
});

test("only adds while the kill switch is on, and closes by Escape", () => {
  const { close } = shown({ killed: true });
  fireEvent.change(typed(), { target: { value: "20" } });
  expect(button().disabled).toBe(false);
  press("Remove");
  expect(button().disabled).toBe(true);
  expect(screen.getByTestId("margin-move").textContent).toContain("The kill switch is on.");
  fireEvent.keyDown(typed(), { key: "Escape" });
  expect(close).toHaveBeenCalledTimes(1);
});
