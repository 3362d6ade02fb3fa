import { expect, test } from "vitest";
import type { AuthSession, AuthState, Role } from "~/transport/auth-types";
import type { TradingAccount } from "~/transport/trading-types";
import type { AuthSnapshot } from "./auth-desk";
import { needsPaper, offersPaper } from "./paper-offer";
import { NOTHING, type TradingSnapshot } from "./trading-phase";

function auth(role: Role) {
  const session = { user: { role } } as AuthSession;
  return { getSnapshot: () => ({ state: { session } as AuthState }) as AuthSnapshot };
}

function trading(part: Partial<TradingSnapshot>, paperOffered: boolean) {
  return { getSnapshot: () => ({ ...NOTHING, ...part, paperOffered }) };
}

const PAPER: TradingAccount = { account: "0xa", name: null, paper: true, mayTrade: true };
const OTHER: TradingAccount = { ...PAPER, account: "0xb", paper: false };

test("a trader without any account is offered one where the server has them", () => {
  const desks = { auth: auth("trader"), trading: trading({ phase: "barred" }, true) };
  expect(offersPaper(desks)).toBe(true);
  expect(needsPaper(desks)).toBe(true);
});

test.each([
  ["without any account", "barred", []],
  ["with one", "here", [OTHER]],
] as const)("a server without paper accounts offers none to a trader %s", (_, phase, accounts) => {
  const desks = { auth: auth("trader"), trading: trading({ phase, accounts }, false) };
  expect(offersPaper(desks)).toBe(false);
  expect(needsPaper(desks)).toBe(false);
});

test("nothing is offered before the server has told, and where nothing trades", () => {
  expect(offersPaper({ auth: null, trading: trading({ phase: "asking" }, true) })).toBe(false);
  expect(offersPaper({ auth: null, trading: { getSnapshot: () => NOTHING } })).toBe(false);
  expect(offersPaper({ auth: null, trading: null })).toBe(false);
});

test.each(["viewer", "risk_manager"] as const)("a %s does not trade, on paper neither", (role) => {
  expect(offersPaper({ auth: auth(role), trading: trading({ phase: "here" }, true) })).toBe(false);
});

test("where there is one it is gone to, and no second is offered", () => {
  const desks = { auth: null, trading: trading({ phase: "here", accounts: [OTHER, PAPER] }, true) };
  expect(offersPaper(desks)).toBe(true);
  expect(needsPaper(desks)).toBe(false);
});
