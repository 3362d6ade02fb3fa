import { memo, type ReactNode } from "react";
import { ageText, dayText, timeText } from "~/shared/age";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { price, size } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import { LiveText } from "~/shared/LiveText";
import type { Stamped } from "~/shared/stamped";
import { useSession } from "~/stores/react";
import { canChange } from "~/stores/change";
import { nakedMs } from "~/stores/naked";
import { before, successionText } from "~/stores/succession";
import type { TradingDesk } from "~/stores/trading-desk";
import { hasEnded } from "~/stores/own-orders";
import { kindWords } from "~/stores/ticket-draft";
import { briefReason, LEG_NAMES, reasonTitle, STATE_NAMES } from "~/stores/trading-words";
import { useUi } from "~/stores/ui";
import type { OrderView } from "~/transport/trading-types";
import { canCancel, wantCancel } from "./cancel";
import { useOrdersView } from "./view";

interface OrderLineProps {
  readonly desk: TradingDesk;
  readonly orderKey: string;
  readonly view: OrderView;
  readonly practice: string;
  readonly selected: boolean;
  /** It belongs to the order above it. */
  readonly grouped: boolean;
}

/** One order; what it is stands by React, what it has done is painted. */
export const OrderLine = memo(function OrderLine(props: OrderLineProps): ReactNode {
  const { desk, orderKey: key, view, practice, selected, grouped } = props;
  const session = useSession();
  const select = useOrdersView((state) => state.select);
  const openProof = useUi((state) => state.openProof);
  const openChange = useUi((state) => state.openChange);
  const line = before(desk.orders, view);
  const last = line.at(-1);
  const read = (): Stamped<OrderView> | null => desk.orders.get(key)?.stamped ?? null;
  const instrument = () => session.view(desk.state?.venue ?? "", view.symbol)?.instrument ?? null;
  const cell = (
    name: string,
    pick: (order: OrderView) => Decimal | null,
    format: (value: Decimal) => FigureText,
  ): ReactNode => (
    <td>
      {pick(view) === null ? (
        <span className="trade-nothing">{"\u2014"}</span>
      ) : (
        <Figure
          label={`${view.symbol} order: ${name}`}
          source="execution"
          read={read}
          format={(order) => format(pick(order) ?? view.size)}
          everyMs={200}
        />
      )}
    </td>
  );
  const onTick = (value: Decimal): FigureText => price(value, instrument()?.pxDecimals ?? null);
  const onLot = (value: Decimal): FigureText => size(value, instrument()?.szDecimals ?? null);
  const leg = LEG_NAMES[view.leg];
  return (
    <>
      <tr
        data-practice={practice}
        data-state={view.state}
        data-testid={`order-${key}`}
        data-grouped={grouped}
        aria-selected={selected}
        onClick={() => select(key)}
      >
        <th scope="row" title={`made ${dayText(view.createdMs, "day")} ${timeText(view.createdMs, 3)}`}>
          {grouped ? "" : timeText(view.createdMs)}
        </th>
        <td className="trade-words strong">{view.symbol}</td>
        <td className="trade-side" data-side={view.side}>
          {view.side}
        </td>
        <td className="trade-words" title={view.reduceOnly ? "reduce-only" : undefined}>
          {view.kind === "" ? "\u2014" : kindWords(view.kind)}
          {leg === "" ? null : (
            <span className="leg" data-leg={view.leg}>
              {leg}
            </span>
          )}
          {view.strategy === "" || view.strategy === "manual" ? null : (
            <span className="leg" data-leg="strategy" title={`Strategy ${view.strategy}`}>
              {view.strategy}
            </span>
          )}
          {view.replacedBy !== null && !hasEnded(view.state) ? (
            <span className="leg" data-leg="replaced" title="Stands until the order in its place does">
              being replaced
            </span>
          ) : null}
          {view.foreign ? (
            <span className="leg" data-leg="foreign" title="Rests at the venue and was not made here">
              foreign
            </span>
          ) : null}
        </td>
        {takesMarket(view) ? (
          <td title={worstText(view, instrument()?.pxDecimals ?? null)}>
            <span className="trade-market">market</span>
          </td>
        ) : (
          cell("limit price", (order) => order.px, onTick)
        )}
        {cell("trigger price", (order) => order.triggerPx, onTick)}
        {cell("size", (order) => order.size, onLot)}
        {cell("filled", (order) => order.filled, onLot)}
        {cell("average price", (order) => order.averagePx, onTick)}
        <td className="trade-words order-state" data-state={view.state}>
          {view.state === "unknown" ? (
            <LiveText
              everyMs={200}
              titled
              read={(now) => unknownText(desk, view, now)}
              testId={`unknown-${key}`}
            />
          ) : (
            <span title={view.why === null ? undefined : reasonTitle(view.why)}>
              {STATE_NAMES[view.state]}
              {view.why === null ? null : <em>{` ${briefReason(view.why)}`}</em>}
            </span>
          )}
          {view.guarded === null || view.nakedMs === null ? null : (
            <LiveText
              className="guard"
              everyMs={100}
              titled
              testId={`guard-${key}`}
              state={() => (view.guarded === true ? "guarded" : "naked")}
              read={(now) => guardText(desk, key, now)}
            />
          )}
        </td>
        <td className="trade-acts">
          {canChange(view) ? (
            <button
              type="button"
              aria-label={`${changeName(view)} ${view.side} ${view.symbol} ${leg}`}
              title="Price, trigger or size (o)"
              onClick={(event) => {
                event.stopPropagation();
                openChange(key);
              }}
            >
              {changeName(view)}
            </button>
          ) : null}
          {canCancel(view) ? (
            <button
              type="button"
              aria-label={`Cancel ${view.side} ${view.symbol} ${leg}`}
              title="Cancel (x)"
              onClick={(event) => {
                event.stopPropagation();
                wantCancel(desk, key);
              }}
            >
              Cancel
            </button>
          ) : null}
          {view.cloid === null ? null : (
            <button
              type="button"
              aria-label={`Proof of ${view.side} ${view.symbol} ${leg}`}
              title="What happened to it, step by step, with its proof"
              onClick={(event) => {
                event.stopPropagation();
                openProof(view.cloid);
              }}
            >
              Proof
            </button>
          )}
        </td>
      </tr>
      {last === undefined ? null : (
        <tr className="succession" data-practice={practice} data-testid={`succession-${key}`}>
          <th scope="row" aria-label="Succession" />
          <td className="trade-words" colSpan={9}>
            {`changed ${line.length === 1 ? "once" : `${line.length} times`}: ${successionText(line, view)}`}
            {view.state === "rejected" ? ", refused: the order before it stands as it was" : ""}
          </td>
          <td className="trade-acts">
            <button
              type="button"
              aria-label={`Proof of the ${view.side} ${view.symbol} before`}
              title="The records of the order that it replaced"
              onClick={() => openProof(last.cloid)}
            >
              Before
            </button>
          </td>
        </tr>
      )}
    </>
  );
});

/** What takes the market has a worst price, which nobody means it to be filled at. */
function takesMarket({ kind }: OrderView): boolean {
  return kind === "market" || kind === "stop_market" || kind === "take_market";
}

function worstText({ px }: OrderView, places: number | null): string {
  return px === null ? "At the market" : `At the market, at worst ${tipFigure(price(px, places))}`;
}

/** What the button is called: a stop is moved, anything else is changed. */
function changeName(view: OrderView): string {
  return view.leg === "stop_loss" ? "Move" : "Change";
}

/** How long what was filled stood without its stop; ends when the venue has the stop. */
function guardText(desk: TradingDesk, key: string, now: number): string {
  const row = desk.orders.get(key);
  if (row === null) return "";
  const ms = nakedMs(desk, row, now);
  const span = ms < 1000 ? `${Math.round(ms)} ms` : ageText(ms);
  return row.view.guarded === true ? `stop after ${span}` : `NO STOP for ${span}`;
}

/** Counts down to the venue's time after which absence is proof. */
function unknownText(desk: TradingDesk, view: OrderView, now: number): string {
  const core = desk.coreNow(now);
  const until = view.unknownUntilMs;
  if (core === null || until === null) return "UNKNOWN, venue asked";
  return until > core ? `UNKNOWN, known in ${ageText(until - core)}` : "UNKNOWN, venue asked";
}
