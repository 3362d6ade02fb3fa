import {
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { failureWords } from "~/stores/act-words";
import { useSession, useSessionPart } from "~/stores/react";
import { isPositive, readAmount } from "~/stores/ticket-size";
import type { TradingDesk } from "~/stores/trading-desk";
import type { AutoView } from "~/transport/auto-types";

const LENGTHS = [15, 60, 240, 1440] as const;
const LENGTH_NAMES: Readonly<Record<number, string>> = { 15: "15 m", 60: "1 h", 240: "4 h", 1440: "1 d" };

/** The names that were typed, spelled as the server lists them: a market that counts in thousands has a small letter. */
function symbolsOf(typed: string, listed: readonly { readonly symbol: string }[]): readonly string[] {
  const known = new Map(listed.map(({ symbol }) => [symbol.toUpperCase(), symbol]));
  return typed
    .split(/[\s,]+/)
    .filter((name) => name !== "")
    .map((name) => known.get(name.toUpperCase()) ?? name.toUpperCase());
}

interface EnableProps {
  readonly desk: TradingDesk;
  readonly view: AutoView;
  readonly practice: string;
  readonly close: () => void;
}

/** The way to orders that nobody confirms one by one: each bound is stated, and the risk is acknowledged in words. */
export function Enable({ desk, view, practice, close }: EnableProps): ReactNode {
  const session = useSession();
  const [symbols, setSymbols] = useState(view.symbols.length > 0 ? view.symbols.join(", ") : session.active);
  const [usd, setUsd] = useState(view.sizeUsd ?? "");
  const [minutes, setMinutes] = useState<number>(60);
  const [agreed, setAgreed] = useState(false);
  const [untrained, setUntrained] = useState(false);
  const mode = useSessionPart((snapshot) => snapshot.mode);
  const act = useAct(failureWords);
  const id = useId();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const names = symbolsOf(symbols, session.getSnapshot().symbols ?? []);
  const amount = readAmount(usd);
  const missing =
    names.length === 0
      ? "Name at least one symbol."
      : !isPositive(amount)
        ? "State what one trade may be worth, in USD."
        : !agreed
          ? "Acknowledge below what it does."
          : null;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (missing !== null || act.busy) return;
    act.run(async () => {
      await desk.auto.set({
        on: true,
        minutes,
        symbols: names,
        size_usd: usd.trim(),
        acknowledge: true,
        ...(untrained && mode === "simulated" ? { model_required: false } : {}),
      });
      close();
      return good("On.");
    });
  };
  const onKey = (event: KeyboardEvent): void => {
    // A key that is held down must not enable.
    if (event.key === "Enter" && event.repeat) event.preventDefault();
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const money = practice === "paper" ? "paper money" : practice === "" ? "REAL MONEY" : "simulated money";
  return (
    <form className="auto-enable" noValidate onSubmit={send} onKeyDown={onKey} data-testid="auto-enable">
      <div className="auto-side">
        <div className="limits-entry">
          <label htmlFor={`${id}-symbols`}>Symbols</label>
          <input
            ref={first}
            id={`${id}-symbols`}
            className="limits-symbols"
            autoComplete="off"
            value={symbols}
            onChange={(event) => setSymbols(event.target.value)}
          />
        </div>
        <div className="limits-entry">
          <label htmlFor={`${id}-usd`}>Each trade at most</label>
          <input
            id={`${id}-usd`}
            inputMode="decimal"
            autoComplete="off"
            value={usd}
            data-testid="auto-usd"
            onChange={(event) => setUsd(event.target.value)}
          />
          <span className="hint">USD</span>
        </div>
        <div className="limits-entry">
          <span>Ends by itself after</span>
          <span className="switch" role="group" aria-label="Ends by itself after">
            {LENGTHS.map((length) => (
              <button
                key={length}
                type="button"
                aria-pressed={length === minutes}
                onClick={() => setMinutes(length)}
              >
                {LENGTH_NAMES[length]}
              </button>
            ))}
          </span>
        </div>
      </div>
      <div className="auto-side">
        {mode === "simulated" ? (
          <label className="check auto-agree">
            <input
              type="checkbox"
              checked={untrained}
              onChange={(event) => setUntrained(event.target.checked)}
            />
            <span>Also without a trained model behind the probabilities: in practice alone</span>
          </label>
        ) : null}
        <label className="check auto-agree">
          <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
          <span>
            I know that the server then gives orders with <strong>{money}</strong> without asking me, each
            with a stop and a target, also while this window is closed, until the time is over, I turn it off,
            or a kill switch, a lapsed lease or a restart ends it.
          </span>
        </label>
        <div className="limits-acts">
          <button
            type="submit"
            className="act primary"
            disabled={missing !== null || act.busy}
            data-testid="auto-on"
          >
            Turn it on
          </button>
          <button type="button" className="act" onClick={close}>
            Leave it off <kbd>Esc</kbd>
          </button>
          <span className="hint" role="status">
            {missing ?? ""}
          </span>
        </div>
        <SaidLine said={act.said} testId="auto-said" />
      </div>
    </form>
  );
}
