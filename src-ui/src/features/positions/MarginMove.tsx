import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { type Decimal, decimals, digits } from "~/shared/decimal";
import { useDialog } from "~/shared/Drawer";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { price, wholeUsd } from "~/shared/format";
import { SaidLine } from "~/shared/SaidLine";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { isAgain, marginSaid } from "~/stores/margin-desk";
import { useAskedMargin, useSession, useStanding, useTrading } from "~/stores/react";
import { isPositive, readAmount } from "~/stores/ticket-size";
import { numberText } from "~/stores/trader-units";
import type { TradingDesk } from "~/stores/trading-desk";
import type { PositionView } from "~/transport/trading-types";

/** The venue counts dollars to the millionth. */
const PLACES = 6;

interface MarginMoveProps {
  readonly desk: TradingDesk;
  readonly symbol: string;
  readonly close: () => void;
}

/** Dollars into an isolated position, or out of it, beside what backs it and where it is liquidated as the venue tells it. */
export function MarginMove({ desk, symbol, close }: MarginMoveProps): ReactNode {
  const session = useSession();
  const account = useTrading(desk).account ?? "";
  const standing = useStanding(desk);
  const asked = useAskedMargin(desk, account, symbol, "margin");
  const { box, onKeyDown } = useDialog(close);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // What was lost stands there again, to be asked for under its key.
  const [open] = useState(() =>
    asked?.phase === "lost" && asked.setting.what === "margin" ? asked.setting.usd : "",
  );
  const [adds, setAdds] = useState(!open.startsWith("-"));
  const [typed, setTyped] = useState(open.replace("-", ""));
  useEffect(() => {
    input.current?.focus();
    const before = desk.margins.of(account, symbol, "margin");
    if (before !== null) desk.margins.dismiss(before);
  }, [desk, account, symbol]);
  const find = (rows: readonly PositionView[]): PositionView | undefined =>
    rows.find((row) => row.symbol === symbol);
  const held = useSampled(() => desk.state?.positions?.draw(0, (rows) => find(rows) !== undefined) ?? false);
  const done = asked?.phase === "done" ? asked.key : null;
  const seen = useRef(done);
  useEffect(() => {
    // The same dollars are not moved twice by a further Enter.
    if (done !== null && done !== seen.current) {
      setTyped("");
      if (box.current?.contains(document.activeElement) === true) input.current?.focus();
    }
    seen.current = done;
  }, [done, box]);
  const busy = asked?.phase === "waiting";
  const amount = readAmount(typed);
  const good = isPositive(amount) && decimals(amount) <= PLACES;
  const usd = good ? `${adds ? "" : "-"}${digits(amount)}` : null;
  const again = usd !== null && asked !== null && isAgain(asked, { what: "margin", usd });
  const may = standing.level === "good" || standing.code === "account_stale" || (standing.reduces && adds);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (busy || !may || !held || usd === null) return;
    void desk.margins.ask(account, symbol, { what: "margin", usd });
  };
  const figure = (
    name: string,
    pick: (row: PositionView) => Decimal | null,
    format: (value: Decimal) => FigureText,
  ): ReactNode => (
    <Figure
      label={`${symbol}: ${name}`}
      source="account"
      read={(): Stamped<readonly PositionView[]> | null => {
        const told = desk.state?.positions ?? null;
        const known = told?.draw(0, (rows) => {
          const row = find(rows);
          return row !== undefined && pick(row) !== null;
        });
        return known === true ? told : null;
      }}
      format={(rows) => format(pick(find(rows) as PositionView) as Decimal)}
      everyMs={100}
      testId={`margin-${name.replaceAll(" ", "-")}`}
    />
  );
  const places = (): number | null =>
    session.view(desk.state?.venue ?? "", symbol)?.instrument?.pxDecimals ?? null;
  const named = usd === null ? "" : ` $${numberText(usd.replace("-", ""))}`;
  const why = (): string => {
    if (!held) return "The position is closed.";
    if (!may) return `${standing.what} ${standing.next}`;
    if (typed !== "" && !good) return "An amount is dollars above zero, to the millionth.";
    return adds ? "Liquidation moves further away." : "Liquidation comes nearer.";
  };
  return (
    <section
      ref={box}
      className="margin-move"
      role="dialog"
      aria-label={`Margin of ${symbol}`}
      tabIndex={-1}
      onKeyDown={(event) => {
        // A key that is held down must not move money.
        if (event.key === "Enter" && event.repeat) event.preventDefault();
        onKeyDown(event);
      }}
      data-testid="margin-move"
    >
      <form noValidate onSubmit={send}>
        <dl>
          <div>
            <dt>Margin used</dt>
            <dd>{figure("margin used", (row) => row.marginUsedUsd, wholeUsd)}</dd>
          </div>
          <div>
            <dt>Liq. price</dt>
            <dd>
              {figure(
                "liquidation price",
                (row) => row.liquidationPx,
                (value) => price(value, places()),
              )}
            </dd>
          </div>
        </dl>
        <span className="switch" role="group" aria-label="Which way">
          <button type="button" aria-pressed={adds} onClick={() => setAdds(true)}>
            Add
          </button>
          <button type="button" aria-pressed={!adds} onClick={() => setAdds(false)}>
            Remove
          </button>
        </span>
        <label htmlFor={id}>USD</label>
        <input
          ref={input}
          id={id}
          inputMode="decimal"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          aria-invalid={typed !== "" && !good}
          aria-describedby={`${id}-why`}
          data-testid="margin-usd"
          onChange={(event) => setTyped(event.target.value)}
        />
        <button
          type="submit"
          className={adds ? "act primary" : "act danger"}
          aria-disabled={busy}
          disabled={!may || !held || (usd === null && !busy)}
          data-testid="margin-send"
        >
          {busy ? "Waiting" : again ? "Ask again" : `${adds ? "Add" : "Remove"}${named}`}
        </button>
        <button type="button" className="act" onClick={close}>
          {busy ? "Close" : "Keep"} <kbd>Esc</kbd>
        </button>
        <span id={`${id}-why`} className="hint">
          {why()}
        </span>
      </form>
      <SaidLine said={asked === null ? null : marginSaid(asked)} testId="margin-move-said" />
    </section>
  );
}
