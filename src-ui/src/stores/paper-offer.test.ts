import { expect, test } from "vitest";
import type { AuthSession, AuthState, Role } from "~/transport/auth-types";
import type { AccountState, TradingAccount } from "~/transport/trading-types";
import { ApiError } from "~/transport/types";
import type { AuthSnapshot } from "./auth-desk";
import { needsPaper, offersPaper } from "./paper-offer";
import { NOTHING, type TradingSnapshot } from "./trading-phase";

function auth(role: Role) {
  const session = { user: { role } } as AuthSession;
  return { getSnapshot: () => ({ state: { session } as AuthState }) as AuthSnapshot };
}

function trading(part: Partial<TradingSnapshot>, hasPaper: boolean | null) {
  const state = hasPaper === null ? null : ({ has: { paper: hasPaper } } as AccountState);
  return { getSnapshot: () => ({ ...NOTHING, ...part }), state };
}

const PAPER: TradingAccount = { account: "0xa", name: null, paper: true, mayTrade: true };

test("a trader without any account is offered one, whose server cannot have told of it", () => {
  const desks = { auth: auth("trader"), trading: trading({ phase: "barred" }, null) };
  expect(offersPaper(desks)).toBe(true);
  expect(needsPaper(desks)).toBe(true);
});

test("whoever is barred for another reason, or is still asked after, is offered none", () => {
  const error = new ApiError("session_required", "nobody is logged in", false);
  expect(offersPaper({ auth: null, trading: trading({ phase: "barred", error }, null) })).toBe(false);
  expect(offersPaper({ auth: null, trading: trading({ phase: "asking" }, null) })).toBe(false);
  expect(offersPaper({ auth: null, trading: null })).toBe(false);
});

test.each(["viewer", "risk_manager"] as const)("a %s does not trade, on paper neither", (role) => {
  expect(offersPaper({ auth: auth(role), trading: trading({ phase: "here" }, true) })).toBe(false);
});

test("where there is one it is gone to, and no second is offered", () => {
  const desks = { auth: null, trading: trading({ phase: "here", accounts: [PAPER] }, true) };
  expect(offersPaper(desks)).toBe(true);
  expect(needsPaper(desks)).toBe(false);
});

test("a server without paper accounts offers none", () => {
  expect(offersPaper({ auth: null, trading: trading({ phase: "here" }, false) })).toBe(false);
});
