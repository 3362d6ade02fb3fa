import { describe, expect, it } from "vitest";
import { asOrder } from "~/transport/order-decode";
import type { OrderView } from "~/transport/trading-types";
import { buildChange, canChange, changeWords, draftOf, fieldsOf, stepped, steppedSize } from "./change";
import { OwnOrders } from "./own-orders";
import { before, isSucceeded, successionText } from "./succession";
import type { Grid } from "./ticket-size";

const GRID: Grid = { pxDecimals: 1, szDecimals: 5, significant: 5 };
const PROOF = { asOf: 0, provedAt: 0, coreNow: 0, arrivedAt: 0, limitMs: 1000 };

const name = (letter: string): string => `0x${letter.repeat(32)}`;

function order(part: object = {}): OrderView {
  const made = asOrder({
    account: "0xa",
    cloid: name("a"),
    symbol: "BTC",
    side: "buy",
    kind: "limit",
    px: "96000",
    trigger_px: null,
    size: "0.01",
    filled: "0",
    state: "acked",
    changed_ms: 1,
    replaces: null,
    replaced_by: null,
    ...part,
  });
  if (made === null) throw new Error("not an order");
  return made;
}

describe("a change of an order", () => {
  it("is offered for what rests, and where the server changes orders", () => {
    expect(canChange(order())).toBe(true);
    expect(canChange(order({ state: "partially_filled" }))).toBe(true);
    for (const state of ["sent", "unknown", "cancelling", "filled"])
      expect(canChange(order({ state }))).toBe(false);
    expect(canChange(order({ foreign: true }))).toBe(false);
    expect(canChange({ ...order(), changeable: false })).toBe(false);
    expect(canChange(order({ kind: "market", px: null }))).toBe(false);
  });
  it("names what the kind has", () => {
    expect(fieldsOf(order())).toEqual(["px", "size"]);
    expect(fieldsOf(order({ kind: "stop_market", trigger_px: "95000" }))).toEqual(["trigger", "size"]);
    expect(fieldsOf(order({ kind: "stop_limit", trigger_px: "95000" }))).toEqual(["px", "trigger", "size"]);
  });
  it("begins with what is left, and a drop moves the trigger of a stop and the price of a limit", () => {
    expect(draftOf(order({ filled: "0.004" }), "96100")).toEqual({ px: "96100", trigger: "", size: "0.006" });
    const stop = order({ kind: "stop_limit", trigger_px: "95000", px: "94900" });
    expect(draftOf(stop, "95100")).toEqual({ px: "94900", trigger: "95100", size: "0.01" });
  });
  it("asks for what differs alone, on tick and lot", () => {
    const view = order();
    const same = buildChange(view, draftOf(view, null), GRID);
    expect(same.change).toBeNull();
    expect(same.ticket).toMatchObject({ px: "96000", size: "0.01" });
    const built = buildChange(view, { px: "96000.57", trigger: "", size: "0.0123456" }, GRID);
    expect(built.change).toEqual({ cloid: name("a"), px: "96001", size: "0.01234" });
    expect(buildChange(view, { px: "96000.0", trigger: "", size: "0.0100" }, GRID).change).toBeNull();
    expect(buildChange(view, { px: "0", trigger: "", size: "x" }, GRID).problems).toHaveProperty("size");
  });
  it("says what moves from where", () => {
    expect(changeWords(order(), { cloid: name("a"), px: "96010" })).toBe(
      "Change buy 0.01 BTC limit, price from 96000 to 96010",
    );
  });
  it("moves by the tick of the price's height, and by a lot", () => {
    expect(stepped("96000", GRID, 1)).toBe("96001");
    expect(stepped("9600.0", GRID, -1)).toBe("9599.9");
    expect(stepped("0.5", GRID, -5)).toBeNull();
    expect(stepped("", GRID, 1)).toBeNull();
    expect(steppedSize("0.00002", GRID, -1)).toBe("0.00001");
    expect(steppedSize("0.00001", GRID, -1)).toBeNull();
  });
});

describe("a succession of orders", () => {
  const held = (): OwnOrders => {
    const orders = new OwnOrders();
    orders.take(order({ state: "cancelled", replaced_by: name("b") }), PROOF);
    orders.take(
      order({
        cloid: name("b"),
        px: "96010",
        state: "cancelled",
        replaces: name("a"),
        replaced_by: name("c"),
        changed_ms: 2,
      }),
      PROOF,
    );
    orders.take(
      order({ cloid: name("c"), px: "96010", size: "0.02", replaces: name("b"), changed_ms: 3 }),
      PROOF,
    );
    return orders;
  };
  it("is one line: the last stands for those before it", () => {
    const orders = held();
    const last = orders.get(name("c"))?.view as OrderView;
    const line = before(orders, last);
    expect(line.map(({ cloid }) => cloid)).toEqual([name("a"), name("b")]);
    expect(successionText(line, last)).toBe("96000 \u2192 96010, 0.01 \u2192 0.02");
    expect(orders.ended.filter(({ view }) => !isSucceeded(orders, view))).toHaveLength(0);
  });
  it("keeps the line of one whose successor is not held", () => {
    const orders = new OwnOrders();
    const old = order({ state: "cancelled", replaced_by: name("f") });
    orders.take(old, PROOF);
    expect(isSucceeded(orders, old)).toBe(false);
  });
  it("ends where orders name each other in a ring", () => {
    const orders = new OwnOrders();
    orders.take(order({ replaces: name("b") }), PROOF);
    orders.take(order({ cloid: name("b"), replaces: name("a") }), PROOF);
    expect(before(orders, order({ replaces: name("b") })).length).toBeLessThanOrEqual(2);
  });
});
