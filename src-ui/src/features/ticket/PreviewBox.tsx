import type { ReactNode } from "react";
import { spanText } from "~/shared/age";
import { type Decimal, round } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { basisPoints, price, size, wholeUsd } from "~/shared/format";
import { plain } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSession, useTicket } from "~/stores/react";
import type { TicketDesk } from "~/stores/ticket-desk";
import { tradedView } from "~/stores/ticket-facts";
import { LEG_NAMES, tradingWords } from "~/stores/trading-words";
import type { Preview } from "~/transport/trading-types";
import { Refusals } from "./Refusals";

interface PreviewBoxProps {
  readonly ticket: TicketDesk;
  readonly symbol: string;
}

/** What the server says would be sent, what it would cost, and what keeps it from being sent. */
export function PreviewBox({ ticket }: PreviewBoxProps): ReactNode {
  const session = useSession();
  const { preview, previewBehind, previewError, draft } = useTicket(ticket);
  const read = (): Stamped<Preview> | null => ticket.getSnapshot().preview;
  const places = () => tradedView(session)?.instrument ?? null;
  // An average of levels and a liquidation price are figures of ours: finer than the tick they only pretend.
  const onTick = (value: Decimal): FigureText => {
    const most = places()?.pxDecimals ?? null;
    return price(most === null ? value : round(value, most), most);
  };
  const fact = (
    name: string,
    label: string,
    pick: (view: Preview) => unknown,
    format: (view: Preview) => FigureText,
  ): ReactNode => (
    <div>
      <dt>{name}</dt>
      <dd>
        <Figure
          label={label}
          source="execution"
          read={() => {
            const held = read();
            return held === null || held.draw(0, pick) === null ? null : held;
          }}
          format={format}
          everyMs={100}
          testId={`preview-${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`}
        />
      </dd>
    </div>
  );
  const money = (name: string, label: string, pick: (view: Preview) => Decimal | null): ReactNode =>
    fact(name, label, pick, (view) => wholeUsd(pick(view) as Decimal));
  const tick = (name: string, label: string, pick: (view: Preview) => Decimal | null): ReactNode =>
    fact(name, label, pick, (view) => onTick(pick(view) as Decimal));
  const failure = previewError === null ? null : tradingWords(previewError);
  return (
    <section
      className="preview"
      aria-label="Preview"
      aria-busy={previewBehind}
      title={previewBehind ? "Of the ticket as it was: the new one is being asked for" : undefined}
      data-testid="preview"
    >
      <Orders preview={preview} places={places} market={draft.kind === "market"} />
      <dl>
        {tick("Average", "average price from the book", ({ averagePx }) => averagePx)}
        {fact(
          "Slippage",
          "slippage against the middle",
          ({ slippageBps }) => slippageBps,
          (view) => plain(view.slippageBps, 1, " bps"),
        )}
        {money("Fee", "fee", ({ feeUsd }) => feeUsd)}
        {fact(
          "Fee rate",
          "fee rate",
          ({ feeBps }) => feeBps,
          (view) => basisPoints(view.feeBps as Decimal),
        )}
        {money("Margin", "margin that it needs", ({ marginUsd }) => marginUsd)}
        {tick("Liq. price", "liquidation price afterwards", ({ liquidationPx }) => liquidationPx)}
      </dl>
      {failure === null || previewError === null ? null : (
        <p className="refused" role="status" data-code={previewError.code}>
          <strong>{failure.what}</strong> {failure.why} {failure.next}
        </p>
      )}
      <Refusals refusals={preview?.draw(0, (view) => view.refusals) ?? []} />
    </section>
  );
}

interface OrdersProps {
  readonly preview: Stamped<Preview> | null;
  readonly places: () => { readonly pxDecimals: number; readonly szDecimals: number } | null;
  /** What opens takes the market: its price is the worst that it takes. */
  readonly market: boolean;
}

/** Rows that are drawn; a scale has more than fit. */
const MOST_ROWS = 6;

/** When a plan sends it; nothing of what goes out at once. */
function afterText(afterMs: number | null): string {
  return afterMs === null || afterMs === 0 ? "" : ` after ${spanText(afterMs)}`;
}

/** Each order as it goes out. */
function Orders({ preview, places, market }: OrdersProps): ReactNode {
  const count = preview?.draw(0, (view) => view.orders.length) ?? 0;
  if (preview === null || count < 2) return null;
  const cell = (
    index: number,
    name: string,
    pick: (at: Preview["orders"][number]) => Decimal | null,
    format: (value: Decimal) => FigureText,
  ): ReactNode => (
    <td>
      <Figure
        label={`order ${index + 1}: ${name}`}
        source="execution"
        read={() => {
          const order = preview.draw(0, (view) => view.orders[index]);
          return order === undefined || pick(order) === null ? null : preview;
        }}
        format={(view) => format(pick(view.orders[index] as Preview["orders"][number]) as Decimal)}
        everyMs={250}
      />
    </td>
  );
  return (
    <table className="sheet preview-orders" aria-label="Orders that are sent" data-testid="preview-orders">
      <tbody>
        {preview.draw(0, (view) =>
          view.orders.slice(0, MOST_ROWS).map((order, index) => (
            // The order of the answer is their only name.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={index}>
              <th scope="row" data-side={order.side}>
                {`${order.side} ${market && order.leg === "entry" ? "at worst" : LEG_NAMES[order.leg]}${afterText(order.afterMs)}`}
              </th>
              {cell(
                index,
                "price",
                (item) => item.triggerPx ?? item.px,
                (value) => price(value, places()?.pxDecimals ?? null),
              )}
              {cell(
                index,
                "size",
                (item) => item.size,
                (value) => size(value, places()?.szDecimals ?? null),
              )}
            </tr>
          )),
        )}
        {count > MOST_ROWS ? (
          <tr>
            <td colSpan={3} className="trade-words">{`and ${count - MOST_ROWS} more`}</td>
          </tr>
        ) : null}
      </tbody>
    </table>
  );
}
