import type { KeyboardEvent, ReactNode } from "react";
import { counted } from "~/shared/count";
import { ConfirmBar } from "~/shared/ConfirmBar";
import { Notice } from "~/shared/Notice";
import { StandingNotice } from "~/shared/Standing";
import { TableHead } from "~/shared/TableHead";
import { useSampled } from "~/shared/useSampled";
import { usePractice, useSession, useStanding, useTrading } from "~/stores/react";
import { isSucceeded } from "~/stores/succession";
import type { TradingDesk } from "~/stores/trading-desk";
import { askCancelAll, cancel, cancelWords } from "./cancel";
import { OrderLine } from "./OrderLine";
import { Twaps } from "./Twaps";
import { useOrdersView } from "./view";

/** Rows that are drawn at once. */
const ROWS_SHOWN = 150;

const COLUMNS = [
  "Time",
  "Symbol",
  "Side",
  "Kind",
  "Price",
  "Trigger",
  "Size",
  "Filled",
  "Average",
  "State",
  "",
];

export function Orders(): ReactNode {
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
  const { list, selected, asked, select } = useOrdersView();
  useSampled(() => desk.orders.revision, 100);
  const some = desk.orders.open.length > 0;
  if (phase !== "here") return <StandingNotice standing={standing} />;
  // What was changed is told by the line of the order that stands in its place.
  const groups = new Set<string>();
  const rows = desk.orders[list].filter(({ view }) => !isSucceeded(desk.orders, view)).slice(0, ROWS_SHOWN);
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || rows.length === 0) return;
    event.preventDefault();
    const at = rows.findIndex(({ key }) => key === selected);
    const next =
      at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step));
    select(rows[next]?.key ?? null);
  };
  return (
    <div className="panel trade-panel">
      <div className="sheet-box" tabIndex={0} role="region" aria-label="Orders" onKeyDown={onKey}>
        <Twaps desk={desk} />
        <table className="sheet trade-sheet orders" data-list={list} data-testid={`orders-${list}`}>
          <TableHead columns={COLUMNS} last={list === "open" && some ? <CancelAll desk={desk} /> : ""} />
          <tbody>
            {rows.map((row) => (
              <OrderLine
                key={row.key}
                desk={desk}
                orderKey={row.key}
                view={row.view}
                practice={practice}
                selected={row.key === selected}
                grouped={follows(groups, row.view.group ?? row.key)}
              />
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? (
          <p className="trade-none">
            {list === "open"
              ? "No open order. Send one from the ticket (b or s)."
              : "No order has ended since this window opened."}
          </p>
        ) : null}
      </div>
      {asked === null ? null : <Asking desk={desk} asked={asked} />}
    </div>
  );
}

/** Over what is done with each order: what is done with all of them. */
function CancelAll({ desk }: { readonly desk: TradingDesk }): ReactNode {
  return (
    <button
      type="button"
      className="act cancel-all"
      title="Cancel all (Shift+X)"
      onClick={() => askCancelAll(desk)}
    >
      Cancel all
    </button>
  );
}

/** Whether the order of a group stands above already. */
function follows(seen: Set<string>, group: string): boolean {
  const follower = seen.has(group);
  seen.add(group);
  return follower;
}

interface AskingProps {
  readonly desk: TradingDesk;
  readonly asked: { readonly key: string } | "all";
}

function Asking({ desk, asked }: AskingProps): ReactNode {
  const ask = useOrdersView((view) => view.ask);
  const account = desk.getSnapshot().account ?? "";
  const close = (): void => ask(null);
  if (asked === "all") {
    const ours = desk.orders.open.filter(({ view }) => !view.foreign).length;
    const guards = desk.orders.open.some(({ view }) => view.leg === "stop_loss");
    return (
      <ConfirmBar
        text={`Cancel ${ours === 1 ? "the one open order" : `all ${ours} open orders`} of the account, in every market.${
          guards ? " Stops go too: positions stay without protection." : ""
        }`}
        action="Cancel all"
        run={() => {
          close();
          void desk.run(desk.wish.cancelAll(account, `Cancel all: ${counted(ours, "order")}`));
        }}
        cancel={close}
      />
    );
  }
  const view = desk.orders.get(asked.key)?.view;
  if (view === undefined) return null;
  return (
    <ConfirmBar
      text={`${cancelWords(view)}: it is the stop that protects a position.`}
      action="Cancel the stop"
      run={() => {
        close();
        cancel(desk, view);
      }}
      cancel={close}
    />
  );
}
