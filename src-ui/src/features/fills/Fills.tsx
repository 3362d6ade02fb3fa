import type { ReactNode } from "react";
import { dayText, timeText } from "~/shared/age";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { price, profitUsd, size, wholeUsd } from "~/shared/format";
import { Notice } from "~/shared/Notice";
import { StandingNotice } from "~/shared/Standing";
import { TableHead } from "~/shared/TableHead";
import { useSampled } from "~/shared/useSampled";
import { direction } from "~/stores/figures";
import type { FillRow } from "~/stores/own-fills";
import { usePractice, useSession, useStanding, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { LEG_NAMES } from "~/stores/trading-words";

/** Rows that are drawn; what is older is in the log of the server. */
const ROWS_SHOWN = 100;
/** A fill is final: only the way of writing figures can change. */
const REDRAW_MS = 500;

const COLUMNS = ["Time", "Symbol", "Side", "Price", "Size", "Fee", "Closed PnL", "As", "Leg"];

export function Fills(): ReactNode {
  const { trading } = useSession();
  return trading === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} />
  );
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase } = useTrading(desk);
  const standing = useStanding(desk);
  const practice = usePractice(desk);
  useSampled(() => desk.fills.revision, 200);
  if (phase !== "here") return <StandingNotice standing={standing} />;
  const rows = desk.fills.newest.slice(0, ROWS_SHOWN);
  return (
    <div className="panel trade-panel">
      <div className="sheet-box" tabIndex={0} role="region" aria-label="Fills">
        <table className="sheet trade-sheet fills" data-testid="fills">
          <TableHead columns={COLUMNS} />
          <tbody>
            {rows.map((row) => (
              <Row key={row.view.tid} row={row} practice={practice} />
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? <p className="trade-none">No fill yet.</p> : null}
      </div>
    </div>
  );
}

function Row({ row, practice }: { readonly row: FillRow; readonly practice: string }): ReactNode {
  const session = useSession();
  const { view } = row;
  const instrument = () => session.view(session.trading?.state?.venue ?? "", view.symbol)?.instrument ?? null;
  const cell = (
    name: string,
    value: Decimal | null,
    format: (value: Decimal) => FigureText,
    tone?: (value: Decimal) => "up" | "down" | "",
  ): ReactNode => (
    <td>
      {value === null ? (
        "\u2014"
      ) : (
        <Figure
          label={`${view.symbol}: ${name}`}
          source="execution"
          read={() => row.stamped}
          format={() => format(value)}
          everyMs={REDRAW_MS}
          {...(tone === undefined ? {} : { tone: () => tone(value) })}
        />
      )}
    </td>
  );
  return (
    <tr data-practice={practice} data-testid={`fill-${view.tid}`}>
      <th scope="row" title={`${dayText(view.timeMs, "day")} ${timeText(view.timeMs, 3)}`}>
        {timeText(view.timeMs)}
      </th>
      <td className="trade-words strong">{view.symbol}</td>
      <td className="trade-side" data-side={view.side}>
        {view.side}
      </td>
      {cell("price", view.px, (value) => price(value, instrument()?.pxDecimals ?? null))}
      {cell("size", view.size, (value) => size(value, instrument()?.szDecimals ?? null))}
      {cell("fee", view.feeUsd, wholeUsd)}
      {cell("closed profit", view.closedPnlUsd, profitUsd, direction)}
      <td className="trade-words">{view.liquidity ?? "\u2014"}</td>
      <td className="trade-words">{view.leg === null ? "" : LEG_NAMES[view.leg]}</td>
    </tr>
  );
}
