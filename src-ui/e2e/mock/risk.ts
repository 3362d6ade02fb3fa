import { type Answer, answer, type Json, refuse } from "./answers";
import type { MockTrading } from "./trading";
import { LIMITS, stamped } from "./trade-views";

interface MockUserName {
  readonly id: string;
  readonly name: string;
}

interface Scope {
  readonly scope: string;
  readonly account: string | null;
  readonly strategy: string | null;
  limits: Json;
  waiting: { by: string; at_ms: number; limits: Json; loosens: string[] } | null;
}

interface MockLease {
  readonly scope: string;
  readonly account: string | null;
  readonly strategy: string | null;
  readonly by: string;
  readonly seconds: number;
  until_ms: number;
  lapsed: boolean;
}

const DESK_LIMITS: Json = { ...LIMITS, order_usd: "20000", gross_usd: "200000", daily_loss_usd: "2000" };

/** Limits, leases and the kill switch over all accounts of a mock server. */
export class MockRisk {
  killed = false;
  /** Whether looser limits wait for somebody else. */
  secondPerson = true;
  mayChange = true;
  readonly leases: MockLease[] = [];
  readonly #scopes: Scope[] = [];

  constructor(private readonly accounts: () => readonly MockTrading[]) {}

  /** Null: no route of the desk. */
  serve(user: MockUserName, method: string, path: string, body: Json): Answer | null {
    if (path === "/risk/limits" && method === "GET") return this.#told();
    if (path === "/risk/limits") return this.#set(user, body);
    if (path === "/risk/limits/agree") return this.#agree(user, body);
    if (path === "/risk/limits/withdraw") return this.#withdraw(body);
    if (path === "/risk/kill") return this.#kill(body);
    if (path === "/risk/lease") return this.#lease(user, body);
    return null;
  }

  /** Once a moment: what nobody renewed lapses. */
  turn(now: number): void {
    for (const lease of this.leases)
      if (!lease.lapsed && now >= lease.until_ms) {
        lease.lapsed = true;
        for (const account of this.#covered(lease)) account.lapse();
      }
  }

  /** Leases that cover an account. */
  leasesOf(account: string): MockLease[] {
    return this.leases.filter((lease) => lease.account === null || lease.account === account);
  }

  #covered(lease: MockLease): readonly MockTrading[] {
    return this.accounts().filter(({ account }) => lease.account === null || lease.account === account);
  }

  #all(): Scope[] {
    const named = (scope: string, account: string | null, strategy: string | null, limits: Json): void => {
      const held = this.#scopes.find(
        (item) => item.scope === scope && item.account === account && item.strategy === strategy,
      );
      if (held === undefined)
        this.#scopes.push({ scope, account, strategy, limits: { ...limits }, waiting: null });
    };
    named("desk", null, null, { ...DESK_LIMITS, clock_bound_ms: 250, stop_required: false });
    for (const { account } of this.accounts())
      named("account", account, null, { ...LIMITS, clock_bound_ms: 250, stop_required: false });
    const [first] = this.accounts();
    if (first !== undefined)
      named("strategy", first.account, "breakout", { ...LIMITS, order_usd: "1000", stop_required: true });
    return this.#scopes;
  }

  #find(body: Json): Scope | undefined {
    return this.#all().find(
      (item) =>
        item.scope === body["scope"] &&
        item.account === (body["account"] ?? null) &&
        item.strategy === (body["strategy"] ?? null),
    );
  }

  #told(): Answer {
    return answer({
      scopes: this.#all().map((scope) => ({ ...scope, standing: this.#standing(scope) })),
      second_person: this.secondPerson,
      may_change: this.mayChange,
    });
  }

  #standing(scope: Scope): Json {
    const orders = this.accounts().reduce((sum, { exchange }) => sum + exchange.orders.size, 0);
    const gross = this.accounts().reduce((sum, account) => sum + account.gross(), 0);
    const lost = this.accounts().reduce((sum, { exchange }) => sum + exchange.lost, 0);
    const strategy = scope.scope === "strategy";
    const now = Date.now();
    return {
      gross_usd: stamped(strategy ? "0" : gross.toFixed(2), now),
      day_loss_usd: stamped(strategy ? "0" : lost.toFixed(2), now),
      orders_minute: strategy ? 0 : orders,
      orders_day: strategy ? 0 : orders,
    };
  }

  #set(user: MockUserName, body: Json): Answer {
    const scope = this.#find(body);
    if (!this.mayChange || scope === undefined) return refuse("role_required");
    const limits = body["limits"] as Json;
    const loosens = Object.keys(limits).filter((name) => Number(limits[name]) > Number(scope.limits[name]));
    if (loosens.length > 0 && this.secondPerson)
      scope.waiting = { by: user.name, at_ms: Date.now(), limits, loosens };
    else scope.limits = limits;
    return answer({ ...scope });
  }

  #agree(user: MockUserName, body: Json): Answer {
    const scope = this.#find(body);
    if (scope?.waiting == null) return refuse("limits_nothing_proposed", "no change waits there");
    if (scope.waiting.by === user.name)
      return refuse("limits_second_person_needed", "another person has to agree");
    scope.limits = scope.waiting.limits;
    scope.waiting = null;
    return answer({ ...scope });
  }

  #withdraw(body: Json): Answer {
    const scope = this.#find(body);
    if (scope?.waiting == null) return refuse("limits_nothing_proposed", "no change waits there");
    scope.waiting = null;
    return answer({ ...scope });
  }

  #kill(body: Json): Answer {
    const on = body["on"] === true;
    const drill = body["drill"] === true;
    const accounts = this.accounts().map((account) => ({
      account: account.account,
      ...(on ? account.stopAll(body["flatten"] === true, drill) : { cancelled: 0, flattened: 0 }),
    }));
    if (!drill) this.killed = on;
    for (const account of this.accounts()) account.word();
    return answer({ on: this.killed, drill, accounts });
  }

  #lease(user: MockUserName, body: Json): Answer {
    const seconds = Number(body["seconds"]);
    const name = {
      scope: String(body["scope"]),
      account: (body["account"] as string | undefined) ?? null,
      strategy: (body["strategy"] as string | undefined) ?? null,
    };
    const at = this.leases.findIndex(
      (item) => item.scope === name.scope && item.account === name.account && item.strategy === name.strategy,
    );
    if (at >= 0) this.leases.splice(at, 1);
    if (seconds > 0)
      this.leases.push({
        ...name,
        by: user.name,
        seconds,
        until_ms: Date.now() + seconds * 1000,
        lapsed: false,
      });
    for (const account of this.accounts()) account.word();
    return answer({ leases: this.leases });
  }
}
