import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { clock } from "~/shared/clock";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { barePercent, price } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import type { PanelProps } from "~/shared/panel";
import { score } from "~/shared/signal";
import { SymbolsNotice } from "~/shared/SymbolsNotice";
import { venueShort } from "~/shared/venue";
import { toneOf } from "~/stores/alpha-words";
import { direction, figureSet } from "~/stores/figures";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { COMPOSITE } from "~/stores/sources";
import { bestView, type Range, visibleRows } from "./best";
import { Spark } from "./Spark";
import type { ListedSymbol } from "~/transport/types";

export const PICKER_ID = "symbol-picker";

/** What is followed and what is shown; a search finds everything that is listed. */
function matching(symbols: readonly ListedSymbol[], typed: string, active: string): readonly ListedSymbol[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return symbols.filter(({ symbol, followed }) => followed || symbol === active);
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
  const row = useRow();
  const [rows, setRows] = useState<Range>({ from: 0, to: 40 });
  const shown = useMemo(() => matching(symbols ?? [], typed, active), [symbols, typed, active]);
  const marked = at !== null && shown.some((item) => item.symbol === at) ? at : (shown[0]?.symbol ?? null);

  const measure = useCallback((): void => {
    const box = list.current;
    if (box === null) return;
    const next = visibleRows(box.scrollTop, box.clientHeight, row, shown.length);
    setRows((held) => (held.from === next.from && held.to === next.to ? held : next));
  }, [row, shown.length]);
  useEffect(() => {
    measure();
    const box = list.current;
    if (box === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [measure]);
  useEffect(() => {
    const box = list.current;
    const index = shown.findIndex((item) => item.symbol === marked);
    if (box === null || index < 0) return;
    if (index * row < box.scrollTop) box.scrollTop = index * row;
    else if ((index + 1) * row > box.scrollTop + box.clientHeight)
      box.scrollTop = (index + 1) * row - box.clientHeight;
    measure();
  }, [marked, shown, row, measure]);

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
      <div
        ref={list}
        id={listId}
        className="watch-list"
        role="listbox"
        aria-label="Symbols"
        tabIndex={-1}
        onScroll={measure}
      >
        <div aria-hidden="true" style={{ height: rows.from * row }} />
        {shown.slice(rows.from, rows.to).map((item, index) => (
          <Row
            key={`${mode} ${item.symbol}`}
            id={`${listId}-${item.symbol}`}
            item={item}
            place={rows.from + index + 1}
            count={shown.length}
            active={item.symbol === active}
            marked={item.symbol === marked}
            watched={session.isWatched(item.symbol)}
            choose={choose}
          />
        ))}
        <div aria-hidden="true" style={{ height: Math.max(0, shown.length - rows.to) * row }} />
      </div>
      <SymbolsNotice
        listed={symbols !== null}
        failure={directoryError}
        shown={shown.length}
        typed={typed}
        none="No symbol is listed"
      />
    </div>
  );
}

function rowTitle({ symbol, sources, delisted }: ListedSymbol, watched: boolean): string | undefined {
  if (delisted.length >= sources.length && delisted.length > 0) return `${symbol} is traded no more`;
  return watched ? undefined : `${symbol} is listed but not watched: choose it to see its figures`;
}

/** The height of a row, which the density sets. */
function useRow(): number {
  const density = useSettings((state) => state.density);
  return density === "compact" ? 20 : 24;
}

interface RowProps {
  readonly id: string;
  /** From 1, among `count`: rows out of view do not exist. */
  readonly place: number;
  readonly count: number;
  readonly item: ListedSymbol;
  readonly active: boolean;
  readonly marked: boolean;
  readonly watched: boolean;
  readonly choose: (symbol: string) => void;
}

function Row({ id, place, count, item, active, marked, watched, choose }: RowProps): ReactNode {
  const session = useSession();
  const [figures] = useState(figureSet);
  const sources = item.sources.filter((name) => name !== COMPOSITE);
  const source = sources[0] ?? "hyperliquid";
  const view = (): MarketView | null =>
    bestView(
      sources.map((name) => session.view(name, item.symbol)),
      clock.now(),
    );
  const onTick = (value: Decimal) => price(value, view()?.instrument?.pxDecimals ?? null);
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      aria-posinset={place}
      aria-setsize={count}
      className="watch-row"
      data-active={active}
      data-marked={marked}
      data-testid={`watch-${item.symbol}`}
      title={rowTitle(item, watched)}
      onClick={() => choose(item.symbol)}
    >
      <span className="watch-symbol">{item.symbol}</span>
      <LiveText
        className="watch-venue"
        everyMs={500}
        read={() => {
          const shown = view()?.source ?? source;
          return shown === "hyperliquid" ? "" : venueShort(shown);
        }}
      />
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
        format={barePercent}
        tone={direction}
      />
      <Figure
        className="watch-chip"
        label={`${item.symbol} conviction, smoothed`}
        source="alpha"
        testId={`chip-${item.symbol}`}
        read={() => session.alpha.judged(item.symbol)}
        format={({ smoothed }) => score(smoothed.score)}
        tone={({ smoothed }) => toneOf(smoothed.bias)}
      />
    </div>
  );
}
