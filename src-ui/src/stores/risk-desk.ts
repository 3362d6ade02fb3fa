import type { LimitsWire, RiskView, ScopeEntry, ScopeName } from "~/transport/risk-types";
import type { TradingPort } from "~/transport/trading-port";
import type { Envelope } from "~/transport/types";
import { Polled } from "./polled";

/** Limits change seldom, and what is used of them is proved by each answer. */
const ASK_EVERY_MS = 4000;

/** The private word on an account's risk; the conviction's own word on risk has the same name and no account. */
export function isAccountRisk({ event_type: type, data }: Envelope): boolean {
  if (type === "account_risk") return true;
  return type === "risk_update" && (data["kind"] === "account_risk" || Array.isArray(data["leases"]));
}

/** The limits of the desk, its accounts and its strategies, and who has to agree to looser ones. */
export class RiskDesk {
  readonly polled: Polled<RiskView>;

  constructor(
    private readonly port: TradingPort,
    /** The server's time; null while there is no server, or no word of the account. */
    coreNow: () => number | null,
  ) {
    this.polled = new Polled(() => {
      const now = coreNow();
      return now === null ? null : port.limits(now);
    }, ASK_EVERY_MS);
  }

  refresh(): Promise<void> {
    return this.polled.refresh();
  }

  /** Tighter limits hold at once; looser ones wait, where there is a second person. */
  async propose(of: ScopeName, limits: LimitsWire): Promise<void> {
    await this.port.setLimits(nameOf(of), limits);
    await this.refresh();
  }

  async agree(of: ScopeName): Promise<void> {
    await this.port.agreeLimits(nameOf(of));
    await this.refresh();
  }

  async withdraw(of: ScopeName): Promise<void> {
    await this.port.withdrawLimits(nameOf(of));
    await this.refresh();
  }

  entry(of: ScopeName): ScopeEntry | null {
    const key = scopeKey(of);
    return this.polled.getSnapshot().value?.scopes.find((item) => scopeKey(item) === key) ?? null;
  }
}

/** The name alone, as it is sent. */
export function nameOf({ scope, account, strategy }: ScopeName): ScopeName {
  return {
    scope,
    ...(account === undefined ? {} : { account }),
    ...(strategy === undefined ? {} : { strategy }),
  };
}

export function scopeKey({ scope, account, strategy }: ScopeName): string {
  return `${scope} ${account?.toLowerCase() ?? ""} ${strategy ?? ""}`;
}
