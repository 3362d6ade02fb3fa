import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { useSampled } from "~/shared/useSampled";
import { type AskedMargin, isAgain, MARGIN_NAMES } from "~/stores/margin-desk";
import { useStanding } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { MARGIN_KINDS, type MarginKind, type MarketMargin } from "~/transport/margin-types";

interface MarginFormProps {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly desk: TradingDesk;
  readonly account: string;
  readonly market: MarketMargin;
  readonly asked: AskedMargin | null;
  readonly close: () => void;
}

/** Leverage and kind of margin of one market. It stands within the ticket's form, whose Enter must not send an order from here. */
export function MarginForm({ box, desk, account, market, asked, close }: MarginFormProps): ReactNode {
  const { symbol, maxLeverage: most, onlyIsolated } = market;
  const standing = useStanding(desk);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // What was lost stands there again, to be asked for under its key.
  const [first] = useState(() =>
    asked?.phase === "lost" && asked.setting.what === "leverage" ? asked.setting : market,
  );
  const [kind, setKind] = useState<MarginKind | null>(onlyIsolated ? "isolated" : first.margin);
  const [typed, setTyped] = useState(String(first.leverage ?? ""));
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  // The venue keeps the kind under a position.
  const held = useSampled(
    () => desk.state?.positions?.draw(0, (rows) => rows.find((row) => row.symbol === symbol)?.margin) ?? null,
  );
  const leverage = /^\d{1,4}$/.test(typed) ? Number(typed) : null;
  const within = leverage !== null && leverage >= 1 && leverage <= most;
  const busy = asked?.phase === "waiting";
  const wish = within && kind !== null ? ({ what: "leverage", leverage, margin: kind } as const) : null;
  const again = wish !== null && asked !== null && isAgain(asked, wish);
  const same = kind === market.margin && leverage === market.leverage;
  // What takes backing away waits like an order that opens.
  const adds = kind !== market.margin || market.leverage === null || (leverage ?? 0) > market.leverage;
  const may = standing.level === "good" || standing.code === "account_stale" || (standing.reduces && !adds);
  const step = (by: number): void => {
    const from = leverage ?? market.leverage ?? 1;
    setTyped(String(Math.min(most, Math.max(1, from + by))));
  };
  const apply = (): void => {
    if (busy || !may || wish === null || (same && !again)) return;
    void desk.margins.ask(account, symbol, wish);
  };
  const onKey = (event: KeyboardEvent): void => {
    const button = event.target instanceof HTMLButtonElement;
    if (event.key === "Escape") close();
    // A button does what it says; a key that is held down does nothing again.
    else if (event.key !== "Enter" || (button && !event.repeat)) return;
    else if (!event.repeat) apply();
    event.preventDefault();
    event.stopPropagation();
  };
  const why = (): string => {
    if (!may) return `${standing.what} ${standing.next}`;
    if (kind === null) return "Choose whose margin backs a position.";
    if (!within) return `Leverage is a whole number from 1 to ${most}.`;
    if (onlyIsolated) return "This market takes isolated margin alone.";
    if (held !== null) return `A position is open: it stays ${held} until it is closed.`;
    return kind === "cross"
      ? "The whole account backs the position."
      : "The position\u2019s own margin backs it, and nothing else.";
  };
  return (
    <div
      ref={box}
      className="margin-form"
      role="dialog"
      aria-label={`Margin of ${symbol}`}
      onKeyDown={onKey}
      data-testid="margin-form"
    >
      <span className="switch" role="group" aria-label="Kind of margin">
        {MARGIN_KINDS.filter((item) => item === "isolated" || !onlyIsolated).map((item) => (
          <button
            key={item}
            type="button"
            aria-pressed={item === kind}
            disabled={held !== null && item !== held}
            onClick={() => setKind(item)}
          >
            {MARGIN_NAMES[item]}
          </button>
        ))}
      </span>
      <div className="entry" data-wrong={!within && typed !== ""}>
        <label htmlFor={id}>Leverage</label>
        <input
          ref={input}
          id={id}
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          aria-invalid={!within}
          aria-describedby={`${id}-why`}
          data-testid="margin-leverage"
          onChange={(event) => setTyped(event.target.value.trim())}
          onKeyDown={(event) => {
            const way = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
            if (way === 0) return;
            event.preventDefault();
            step(event.shiftKey ? way * 10 : way);
          }}
        />
        <span className="entry-side hint">{`\u00d7, 1 to ${most}`}</span>
      </div>
      <input
        type="range"
        min={1}
        max={most}
        step={1}
        value={within ? leverage : 1}
        aria-label={`Leverage of ${symbol}`}
        data-testid="margin-slider"
        onChange={(event) => setTyped(event.target.value)}
      />
      <p id={`${id}-why`} className="hint">
        {why()}
      </p>
      <div className="change-acts">
        <button
          type="button"
          className="act primary"
          aria-disabled={busy}
          disabled={!may || wish === null || (same && !again && !busy)}
          data-testid="margin-apply"
          onClick={apply}
        >
          {busy ? "Waiting" : again ? "Ask again" : "Set"} {busy ? null : <kbd>Enter</kbd>}
        </button>
        <button type="button" className="act" onClick={close}>
          {busy ? "Close" : "Keep"} <kbd>Esc</kbd>
        </button>
      </div>
    </div>
  );
}
