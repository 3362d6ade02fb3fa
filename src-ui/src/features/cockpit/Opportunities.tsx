import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { CentredBar } from "~/shared/CentredBar";
import { clock } from "~/shared/clock";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import type { PanelProps } from "~/shared/panel";
import { plusMinus, score } from "~/shared/signal";
import { readingOf, type Stamped } from "~/shared/stamped";
import { SymbolsNotice } from "~/shared/SymbolsNotice";
import { useSampled } from "~/shared/useSampled";
import type { Judged } from "~/stores/alpha-desk";
import { knownRegime, regimeText, toneOf } from "~/stores/alpha-words";
import { COMPONENTS } from "~/stores/conviction";
import { ofConviction } from "~/stores/judgement";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { MOST_WATCHED } from "~/stores/watched";
import { type Order, ordered } from "./order";

export const FILTER_ID = "opportunity-filter";

/** Rows change places this often at most, and never under the pointer. */
const REORDER_MS = 5000;

/** All followed symbols and what the engine thinks of them. */
export function Opportunities({ symbol: active }: PanelProps): ReactNode {
  const session = useSession();
  const { symbols: listed, directoryError } = useSessionSnapshot();
  const set = useSettings((state) => state.set);
  const [typed, setTyped] = useState("");
  const [order, setOrder] = useState<Order>("score");
  const hovered = useRef(false);
  const held = useRef({ names: "", at: 0, judged: -1, order, known: -1 });
  const known = (): readonly string[] =>
    (listed ?? [])
      .filter(
        ({ symbol, followed }) => followed || symbol === active || session.alpha.judged(symbol) !== null,
      )
      .map(({ symbol }) => symbol);
  const sorted = (): string => ordered(known(), order, (symbol) => session.alpha.judged(symbol)).join();
  const shape = useSampled(() => {
    const now = clock.now();
    const judged = known().filter((symbol) => session.alpha.judged(symbol) !== null).length;
    const { current } = held;
    const due = now - current.at >= REORDER_MS && !hovered.current;
    if (due || judged !== current.judged || order !== current.order || known().length !== current.known)
      held.current = { names: sorted(), at: now, judged, order, known: known().length };
    return held.current.names;
  }, 250);
  const beyond = useSampled(
    () => (listed ?? []).filter(({ symbol, followed }) => followed && !session.isWatched(symbol)).length,
    1000,
  );
  const wanted = typed.trim().toLowerCase();
  const shown = shape.split(",").filter((name) => name !== "" && name.toLowerCase().includes(wanted));
  const step = (by: 1 | -1): void => {
    const next = shown[shown.indexOf(active) + by] ?? (shown.includes(active) ? undefined : shown[0]);
    if (next !== undefined) set({ symbol: next });
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter") {
      if (!shown.includes(active) && shown[0] !== undefined) set({ symbol: shown[0] });
      setTyped("");
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      setTyped("");
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <div
      className="panel opportunities"
      onPointerEnter={() => (hovered.current = true)}
      onPointerLeave={() => (hovered.current = false)}
    >
      <input
        id={FILTER_ID}
        className="watch-filter"
        aria-label="Symbol"
        autoComplete="off"
        spellCheck={false}
        placeholder="Symbol   /"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKey}
      />
      <div className="opp-box" tabIndex={0} role="region" aria-label="Opportunities">
        <table className="opp">
          <thead>
            <tr>
              <th scope="col">
                <Sort name="symbol" order={order} choose={setOrder} />
              </th>
              <th scope="col" className="opp-score">
                <Sort name="score" order={order} choose={setOrder} />
              </th>
              <th scope="col" className="opp-bar" aria-label="Score, centred on 50" />
              <th scope="col" className="opp-bias">
                Bias
              </th>
              <th scope="col" className="opp-streak" title="Evaluations in a row on this side">
                Run
              </th>
              <th scope="col" className="opp-regime">
                Regime
              </th>
              <th scope="col" className="opp-move" title="One standard deviation of the return over one hour">
                Move 1 h
              </th>
              <th
                scope="col"
                className="opp-dots"
                title="Feeds of regime, footprint, volatility, funding, liquidation"
              >
                Feeds
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((name) => (
              <Row key={name} symbol={name} active={name === active} choose={() => set({ symbol: name })} />
            ))}
          </tbody>
        </table>
        {beyond === 0 ? null : (
          <p className="opp-beyond hint" data-testid="opportunities-beyond">
            {`One window watches ${MOST_WATCHED} symbols: ${beyond} more that the server follows have no figures here. Choose one to watch it in another's place.`}
          </p>
        )}
      </div>
      <SymbolsNotice
        listed={listed !== null}
        failure={directoryError}
        shown={shown.length}
        typed={typed}
        none="No symbol is followed"
      />
    </div>
  );
}

interface SortProps {
  readonly name: Order;
  readonly order: Order;
  readonly choose: (order: Order) => void;
}

function Sort({ name, order, choose }: SortProps): ReactNode {
  return (
    <button
      type="button"
      aria-pressed={order === name}
      title={`Sort by ${name}`}
      onClick={() => choose(name)}
    >
      {name === "score" ? "Score" : "Symbol"}
    </button>
  );
}

interface RowProps {
  readonly symbol: string;
  readonly active: boolean;
  readonly choose: () => void;
}

function Row({ symbol, active, choose }: RowProps): ReactNode {
  const session = useSession();
  const openWhy = useUi((state) => state.openWhy);
  const [pick] = useState(() => ({ sigma: ofConviction(({ sigma1h }) => sigma1h) }));
  const judged = (): Stamped<Judged> | null => session.alpha.judged(symbol);
  const told = (read: (judged: Judged) => string) => () => judged()?.draw(0, read) ?? "\u2014";
  const bias = () => judged()?.draw(0, ({ smoothed }) => toneOf(smoothed.bias)) ?? "";
  return (
    <tr data-active={active} data-testid={`opportunity-${symbol}`} onClick={choose}>
      <th scope="row">
        <button type="button" aria-current={active} onClick={choose}>
          {symbol}
        </button>
      </th>
      <td
        className="opp-score"
        onClick={() => {
          choose();
          openWhy("conviction");
        }}
      >
        <Figure
          label={`conviction of ${symbol}, smoothed`}
          source="alpha"
          read={judged}
          format={({ smoothed }) => score(smoothed.score)}
          tone={({ smoothed }) => toneOf(smoothed.bias)}
        />
      </td>
      <td className="opp-bar">
        <CentredBar
          read={(now) =>
            judged()?.draw(now, ({ smoothed }, { state }) => ({
              value: (smoothed.score - 50) / 50,
              state: state === "stale" ? "stale" : "fresh",
            })) ?? null
          }
        />
      </td>
      <td className="opp-bias">
        <LiveText everyMs={100} read={told(({ smoothed }) => smoothed.bias)} state={bias} />
      </td>
      <td className="opp-streak">
        <LiveText
          everyMs={250}
          read={told(({ conviction }) => String(conviction.streak?.ticks ?? "\u2014"))}
        />
      </td>
      <td className="opp-regime">
        <LiveText everyMs={250} read={told(({ conviction }) => regimeText(knownRegime(conviction)))} />
      </td>
      <td className="opp-move">
        <Figure
          label={`one standard deviation of ${symbol} over one hour`}
          source="alpha"
          read={() => pick.sigma(judged())}
          format={plusMinus}
        />
      </td>
      <td className="opp-dots">
        <span className="feed-dots">
          {COMPONENTS.map((name, index) => (
            <LiveText
              key={name}
              className="feed-dot"
              everyMs={250}
              read={() => ""}
              state={(now) =>
                judged()?.draw(now, ({ conviction }) => {
                  const component = conviction.components[index];
                  if (component?.stamp == null) return "missing";
                  if (readingOf(component.stamp, now).state === "stale") return "stale";
                  return component.ready ? "fresh" : "unready";
                }) ?? "missing"
              }
            />
          ))}
        </span>
      </td>
    </tr>
  );
}
