import type { AutoView, AutoWish } from "~/transport/auto-types";
import type { TradingPort } from "~/transport/trading-port";
import { freshKey } from "./intents";
import { Polled } from "./polled";

/** Gates are judged by the second. */
const ASK_EVERY_MS = 2000;

/** Orders that the server gives by itself for the chosen account. */
export class AutoDesk {
  readonly polled: Polled<AutoView>;

  constructor(
    private readonly port: TradingPort,
    /** The chosen account; null while there is none, or no server. */
    private readonly account: () => string | null,
  ) {
    this.polled = new Polled(() => {
      const chosen = account();
      return chosen === null ? null : port.auto({ account: chosen });
    }, ASK_EVERY_MS);
  }

  async set(wish: Omit<AutoWish, "account">): Promise<void> {
    this.polled.put(await this.port.setAuto({ ...wish, account: this.#chosen(), key: freshKey() }));
  }

  /** Judges a symbol anew, at once; it skips no gate. */
  async trigger(symbol: string): Promise<void> {
    const state = await this.port.triggerAuto({ account: this.#chosen(), symbol });
    const held = this.polled.getSnapshot().value;
    if (held === null) return;
    const states = held.states.map((item) => (item.symbol === symbol ? state : item));
    this.polled.put({ ...held, states });
  }

  clear(): void {
    this.polled.clear();
  }

  #chosen(): string {
    const account = this.account();
    if (account === null) throw new Error("there is no account");
    return account;
  }
}
