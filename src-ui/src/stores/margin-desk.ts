import type { Said } from "~/shared/useAct";
import { asApiError } from "~/transport/decode";
import type { TradingPort } from "~/transport/trading-port";
import type { MarginKind } from "~/transport/margin-types";
import type { ApiError } from "~/transport/types";
import { failureWords } from "./act-words";
import { freshKey, isLost } from "./intents";
import { numberText } from "./trader-units";

/** What is to be set of a market's margin. */
export type MarginSetting =
  | { readonly what: "leverage"; readonly leverage: number; readonly margin: MarginKind }
  /** Dollars, negative to take away. */
  | { readonly what: "margin"; readonly usd: string };

export interface AskedMargin {
  readonly account: string;
  readonly symbol: string;
  /** The same key with the same setting is done once, however often it is sent. */
  readonly key: string;
  readonly setting: MarginSetting;
  /** `lost`: the answer did not come, and it may have been done. */
  readonly phase: "waiting" | "done" | "refused" | "lost";
  readonly error: ApiError | null;
}

/** Those that are held; the oldest that is over makes room. */
const MOST = 32;

/** Leverage and margin as the user asked for them, until it is known what became of it: also while no form is open. */
export class MarginDesk {
  readonly #listeners = new Set<() => void>();
  #asked: readonly AskedMargin[] = [];

  constructor(
    private readonly port: Pick<TradingPort, "leverage" | "margin">,
    /** One has ended: what is held of the account is another. */
    private readonly ended: () => void,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The newest first. */
  getSnapshot = (): readonly AskedMargin[] => this.#asked;

  of(account: string, symbol: string, what: MarginSetting["what"]): AskedMargin | null {
    const fits = (held: AskedMargin): boolean =>
      held.account === account && held.symbol === symbol && held.setting.what === what;
    return this.#asked.find(fits) ?? null;
  }

  /** Asks for it; nothing while the one before is under way. What was lost keeps its key, so that it is never done twice. */
  async ask(account: string, symbol: string, setting: MarginSetting): Promise<void> {
    const before = this.of(account, symbol, setting.what);
    if (before?.phase === "waiting") return;
    const again = before !== null && isAgain(before, setting);
    const key = again ? before.key : freshKey();
    const asked: AskedMargin = { account, symbol, key, setting, phase: "waiting", error: null };
    this.#put(asked, before);
    try {
      if (setting.what === "leverage") {
        const { leverage, margin } = setting;
        await this.port.leverage({ account, key, symbol, leverage, margin });
      } else await this.port.margin({ account, key, symbol, usd: setting.usd });
      this.#end(asked, "done", null);
    } catch (thrown) {
      const error = asApiError(thrown);
      // Of its own key: it is the one that is under way.
      const open = isLost(error) || (again && error.code === "setting_pending");
      this.#end(asked, open ? "lost" : "refused", error);
    }
  }

  /** What was said of one that is over was read. */
  dismiss(asked: AskedMargin): void {
    if (asked.phase !== "waiting" && asked.phase !== "lost")
      this.#set(this.#asked.filter((held) => held !== asked));
  }

  clear(): void {
    this.#set([]);
  }

  #put(asked: AskedMargin, before: AskedMargin | null): void {
    let kept = [asked, ...this.#asked.filter((held) => held !== before)];
    const over = kept.findLast(({ phase }) => phase === "done" || phase === "refused");
    if (kept.length > MOST)
      kept = over === undefined ? kept.slice(0, MOST) : kept.filter((it) => it !== over);
    this.#set(kept);
  }

  #end(asked: AskedMargin, phase: AskedMargin["phase"], error: ApiError | null): void {
    this.#set(this.#asked.map((held) => (held === asked ? { ...asked, phase, error } : held)));
    this.ended();
  }

  #set(asked: readonly AskedMargin[]): void {
    this.#asked = asked;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether it is the one whose answer was lost. */
export function isAgain(before: AskedMargin, setting: MarginSetting): boolean {
  return before.phase === "lost" && JSON.stringify(before.setting) === JSON.stringify(setting);
}

export const MARGIN_NAMES: Readonly<Record<MarginKind, string>> = { cross: "Cross", isolated: "Isolated" };

/** `Isolated 5×`, `$50 more margin`. */
export function marginWords(setting: MarginSetting): string {
  if (setting.what === "leverage") return `${MARGIN_NAMES[setting.margin]} ${setting.leverage}\u00d7`;
  const usd = `$${numberText(setting.usd.replace("-", ""))}`;
  return setting.usd.startsWith("-") ? `${usd} less margin` : `${usd} more margin`;
}

/** How it stands with what was asked for. */
export function marginSaid({ phase, error, setting }: AskedMargin): Said {
  const wanted = marginWords(setting);
  if (phase === "waiting")
    return {
      level: "warn",
      text: `${wanted}: waiting for the venue\u2019s proof. It may take some 17 s.`,
      code: null,
    };
  if (phase === "done") return { level: "good", text: `The venue has it: ${wanted}.`, code: null };
  if (phase === "refused" && error !== null) return failureWords(error);
  const words =
    error !== null && !isLost(error)
      ? failureWords(error).text
      : "The answer was lost: it may have been done.";
  return {
    level: "bad",
    text: `${wanted}: ${words} Ask again: under its key it is never done twice.`,
    code: error?.code ?? null,
  };
}
