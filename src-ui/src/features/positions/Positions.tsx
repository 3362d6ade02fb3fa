import { type ReactNode, useRef, useState } from "react";
import { ConfirmBar } from "~/shared/ConfirmBar";
import { type Decimal, digits, isNegative } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { price, profitUsd, size, wholeUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import { projected, type Stamped } from "~/shared/stamped";
import { StandingNotice } from "~/shared/Standing";
import { TableHead } from "~/shared/TableHead";
import { useSampled } from "~/shared/useSampled";
import { direction } from "~/stores/figures";
import { usePractice, useSession, useStanding, useTrading } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { bpsText } from "~/stores/trader-units";
import type { TradingDesk } from "~/stores/trading-desk";
import type { PositionView } from "~/transport/trading-types";
import { MarginMove } from "./MarginMove";
import { MoveStop, OwnMargin } from "./RowActs";

const COLUMNS = [
  "Symbol",
  "Size",
  "Value",
  "Entry",
  "Mark",
  "PnL",
  "Liq. price",
  "Leverage",
  "Margin",
  "Funding",
  "",
];

export function Positions(): ReactNode {
  const { trading } = useSession();
  return trading === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} />
  );
}

type Asked = {
  readonly act: "close" | "reverse" | "margin";
  readonly symbol: string;
  readonly share: number;
} | null;

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase } = useTrading(desk);
  const standing = useStanding(desk);
  const practice = usePractice(desk);
  const [asked, ask] = useState<Asked>(null);
  const names = useSampled(
    () => desk.state?.positions?.draw(0, (rows) => rows.map(({ symbol }) => symbol).join(",")) ?? null,
  );
  if (phase !== "here" || names === null) return <StandingNotice standing={standing} />;
  const may = standing.level === "good" || standing.reduces;
  const opens = standing.level === "good" || standing.code === "account_stale";
  return (
    <div className="panel trade-panel">
      <div className="sheet-box" tabIndex={0} role="region" aria-label="Positions">
        <table className="sheet trade-sheet positions" data-testid="positions">
          <TableHead columns={COLUMNS} />
          <tbody>
            {names === ""
              ? null
              : names
                  .split(",")
                  .map((symbol) => (
                    <Row
                      key={symbol}
                      desk={desk}
                      symbol={symbol}
                      practice={practice}
                      may={may}
                      opens={opens}
                      ask={ask}
                    />
                  ))}
          </tbody>
        </table>
        {names === "" ? (
          <p className="trade-none">No open position. One appears here with its first fill.</p>
        ) : null}
      </div>
      {asked === null ? null : asked.act === "margin" ? (
        <MarginMove key={asked.symbol} desk={desk} symbol={asked.symbol} close={() => ask(null)} />
      ) : (
        <Asking desk={desk} asked={asked} ask={ask} />
      )}
    </div>
  );
}

interface RowProps {
  readonly desk: TradingDesk;
  readonly symbol: string;
  readonly practice: string;
  /** Risk may be taken away. */
  readonly may: boolean;
  /** Risk may be taken on. */
  readonly opens: boolean;
  readonly ask: (asked: Asked) => void;
}

function Row({ desk, symbol, practice, may, opens, ask }: RowProps): ReactNode {
  const session = useSession();
  const set = useSettings((state) => state.set);
  const picks = useRef(new Map<string, ReturnType<typeof projected<readonly PositionView[], Decimal>>>());
  const find = (rows: readonly PositionView[]): PositionView | undefined =>
    rows.find((row) => row.symbol === symbol);
  const amount =
    (name: string, pick: (row: PositionView) => Decimal | null) => (): Stamped<Decimal> | null => {
      let read = picks.current.get(name);
      if (read === undefined) {
        read = projected((rows) => {
          const row = find(rows);
          return row === undefined ? null : pick(row);
        });
        picks.current.set(name, read);
      }
      return read(desk.state?.positions ?? null);
    };
  const instrument = () => session.view(desk.state?.venue ?? "", symbol)?.instrument ?? null;
  const onTick = (value: Decimal): FigureText => price(value, instrument()?.pxDecimals ?? null);
  const cell = (
    name: string,
    pick: (row: PositionView) => Decimal | null,
    format: (value: Decimal) => FigureText,
    tone?: (value: Decimal) => "up" | "down" | "",
  ): ReactNode => (
    <td>
      <Figure
        label={`${symbol}: ${name}`}
        source="account"
        read={amount(name, pick)}
        format={format}
        everyMs={100}
        testId={`position-${symbol}-${name.replaceAll(" ", "-")}`}
        {...(tone === undefined ? {} : { tone })}
      />
    </td>
  );
  const words = (pick: (row: PositionView) => string): ReactNode => (
    <td className="trade-words">
      <LiveText
        everyMs={500}
        read={() =>
          desk.state?.positions?.draw(0, (rows) => {
            const row = find(rows);
            return row === undefined ? "" : pick(row);
          }) ?? ""
        }
      />
    </td>
  );
  return (
    <tr data-practice={practice} data-testid={`position-${symbol}`}>
      <th scope="row">
        <button
          type="button"
          className="trade-symbol"
          title={`Show ${symbol}`}
          onClick={() => set({ symbol })}
        >
          {symbol}
        </button>
      </th>
      {cell(
        "size",
        (row) => row.size,
        (value) => size(value, instrument()?.szDecimals ?? null),
        direction,
      )}
      {cell("value", (row) => row.valueUsd, wholeUsd)}
      {cell("entry price", (row) => row.entryPx, onTick)}
      {cell("mark price", (row) => row.markPx, onTick)}
      {cell("unrealised profit", (row) => row.unrealisedUsd, profitUsd, direction)}
      {cell("liquidation price", (row) => row.liquidationPx, onTick)}
      {words(({ leverage, margin }) =>
        [leverage === null ? "" : `${leverage}\u00d7`, margin ?? ""].filter((part) => part !== "").join(" "),
      )}
      {cell("margin used", (row) => row.marginUsedUsd, wholeUsd)}
      {cell("funding since opening", (row) => row.fundingUsd, profitUsd, direction)}
      <td className="trade-acts">
        <OwnMargin desk={desk} symbol={symbol} open={() => ask({ act: "margin", symbol, share: 100 })} />
        <MoveStop desk={desk} symbol={symbol} />
        <button
          type="button"
          disabled={!may}
          aria-label={`Close ${symbol}`}
          onClick={() => ask({ act: "close", symbol, share: 100 })}
        >
          Close
        </button>
        <button
          type="button"
          disabled={!opens}
          aria-label={`Reverse ${symbol}`}
          onClick={() => ask({ act: "reverse", symbol, share: 100 })}
        >
          Reverse
        </button>
      </td>
    </tr>
  );
}

const SHARES = [25, 50, 75, 100] as const;

interface AskingProps {
  readonly desk: TradingDesk;
  readonly asked: NonNullable<Asked>;
  readonly ask: (asked: Asked) => void;
}

/** What closing or reversing would do, before it is done. */
function Asking({ desk, asked, ask }: AskingProps): ReactNode {
  const { act, symbol, share } = asked;
  const account = desk.getSnapshot().account ?? "";
  const held = desk.state?.positions?.draw(0, (rows) => rows.find((row) => row.symbol === symbol)) ?? null;
  const collar = desk.state?.limits.slippageBps ?? null;
  const within =
    collar === null ? "within the account's limit" : `within ${bpsText(String(collar))} of the middle`;
  const named =
    held === null
      ? `the position in ${symbol}`
      : `the ${isNegative(held.size) ? "short" : "long"} of ${digits(held.size).replace("-", "")} ${symbol}`;
  const close = act === "close";
  const text = close
    ? `Close ${share} % of ${named} at the market, reduce-only, ${within}.`
    : `Reverse ${named}: close it and open the other side with the same size, ${within}.`;
  const run = (): void => {
    ask(null);
    const what = close ? `Close ${share} % of ${symbol}` : `Reverse ${symbol}`;
    void desk.run(
      close ? desk.wish.close(account, symbol, share, what) : desk.wish.reverse(account, symbol, what),
    );
  };
  return (
    <ConfirmBar
      key={`${act} ${symbol}`}
      text={text}
      action={close ? `Close ${share} %` : "Reverse"}
      run={run}
      cancel={() => ask(null)}
    >
      {close ? (
        <span className="switch" role="group" aria-label="Share to close">
          {SHARES.map((item) => (
            <button
              key={item}
              type="button"
              aria-pressed={item === share}
              onClick={() => ask({ ...asked, share: item })}
            >
              {`${item} %`}
            </button>
          ))}
        </span>
      ) : null}
    </ConfirmBar>
  );
}
