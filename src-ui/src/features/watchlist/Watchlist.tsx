import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { percent, price } from "~/shared/format";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { venueName, venueShort } from "~/shared/venue";
import { direction, figureSet } from "~/stores/figures";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { Spark } from "./Spark";
import type { ListedSymbol } from "~/transport/types";

export const PICKER_ID = "symbol-picker";

function matching(symbols: readonly ListedSymbol[], typed: string): readonly ListedSymbol[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return symbols;
  const starts = symbols.filter(({ symbol }) => symbol.toLowerCase().startsWith(wanted));
  const contains = symbols.filter(
    (item) => !starts.includes(item) && item.symbol.toLowerCase().includes(wanted),
  );
  return [...starts, ...contains];
}

export function Watchlist({ symbol: active }: PanelProps): ReactNode {
  const session = useSession();
  const { symbols, directoryError, mode } = useSessionSnapshot();
  const set = useSettings((state) => state.set);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const shown = useMemo(() => matching(symbols ?? [], typed), [symbols, typed]);
  const marked = at !== null && shown.some((item) => item.symbol === at) ? at : (shown[0]?.symbol ?? null);

  useEffect(() => {
    list.current?.querySelector('[data-marked="true"]')?.scrollIntoView({ block: "nearest" });
  }, [marked]);

  const choose = (symbol: string): void => {
    set({ symbol });
    setTyped("");
    setAt(symbol);
  };
  const move = (step: number): void => {
    const index = shown.findIndex((item) => item.symbol === marked);
    const next = shown[Math.max(0, Math.min(shown.length - 1, index + step))];
    if (next) setAt(next.symbol);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && marked !== null) {
      choose(marked);
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      setTyped("");
      setAt(active);
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };

  return (
    <div className="panel watch">
      <input
        id={PICKER_ID}
        className="watch-filter"
        role="combobox"
        aria-label="Symbol"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={marked === null ? undefined : `${listId}-${marked}`}
        autoComplete="off"
        spellCheck={false}
        placeholder="Symbol   /"
        value={typed}
        onFocus={() => setAt(active)}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(null);
        }}
        onKeyDown={onKey}
      />
      <div ref={list} id={listId} className="watch-list" role="listbox" aria-label="Symbols" tabIndex={-1}>
        {shown.map((item) => (
          <Row
            key={`${mode} ${item.symbol}`}
            id={`${listId}-${item.symbol}`}
            item={item}
            active={item.symbol === active}
            marked={item.symbol === marked}
            watched={session.isWatched(item.symbol)}
            choose={choose}
          />
        ))}
      </div>
      {symbols === null ? (
        <Notice
          kind="waiting"
          title="Waiting for the list of symbols"
          {...(directoryError === null ? {} : { detail: directoryError.message, code: directoryError.code })}
        />
      ) : shown.length === 0 ? (
        <Notice
          kind="empty"
          title={typed === "" ? "No symbol is listed" : `No symbol matches \u201c${typed}\u201d`}
        />
      ) : null}
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly item: ListedSymbol;
  readonly active: boolean;
  readonly marked: boolean;
  readonly watched: boolean;
  readonly choose: (symbol: string) => void;
}

function Row({ id, item, active, marked, watched, choose }: RowProps): ReactNode {
  const session = useSession();
  const [figures] = useState(figureSet);
  const source = item.sources[0] ?? "hyperliquid";
  const view = (): MarketView | null => session.view(source, item.symbol);
  const onTick = (value: Decimal) => price(value, view()?.instrument?.pxDecimals ?? null);
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      className="watch-row"
      data-active={active}
      data-marked={marked}
      data-testid={`watch-${item.symbol}`}
      title={watched ? undefined : `${item.symbol} is listed but not watched: choose it to see its figures`}
      onClick={() => choose(item.symbol)}
    >
      <span className="watch-symbol">{item.symbol}</span>
      <span className="watch-venue" title={venueName(source)}>
        {item.sources.length > 1 || source === "hyperliquid" ? "" : venueShort(source)}
      </span>
      <Spark read={view} />
      <Figure
        className="watch-price"
        label={`${item.symbol} last trade`}
        source={source}
        read={() => view()?.figure("price") ?? null}
        format={onTick}
      />
      <Figure
        className="watch-change"
        label={`${item.symbol} change over 24 h`}
        source={source}
        read={() => figures.change(view())}
        format={(value) => percent(value)}
        tone={direction}
      />
    </div>
  );
}
