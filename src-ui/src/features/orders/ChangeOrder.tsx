import { type FormEvent, type ReactNode, useState } from "react";
import { useDialog, DrawerClose } from "~/shared/Drawer";
import { useSampled } from "~/shared/useSampled";
import { buildChange, canChange, type ChangeField, changeWords, draftOf, fieldsOf } from "~/stores/change";
import { hasEnded } from "~/stores/own-orders";
import { refusalParts } from "~/stores/refusal-words";
import { usePractice, useSession, useStanding, useTrading } from "~/stores/react";
import { kindWords } from "~/stores/ticket-draft";
import { gridOf } from "~/stores/ticket-facts";
import type { TradingDesk } from "~/stores/trading-desk";
import { LEG_NAMES, STATE_NAMES } from "~/stores/trading-words";
import { useUi } from "~/stores/ui";
import type { OrderView } from "~/transport/trading-types";
import { PracticeMark } from "~/shared/Standing";
import { ChangeEntry } from "./ChangeEntry";
import { useCheck } from "./useCheck";

/** The order that is being changed, over the workspace; nothing while none is. */
export function ChangeOrder(): ReactNode {
  const { trading } = useSession();
  const asked = useUi((state) => state.change);
  if (trading === null || asked === null) return null;
  return <Asked key={`${asked.key} ${asked.px}`} desk={trading} orderKey={asked.key} px={asked.px} />;
}

interface AskedProps {
  readonly desk: TradingDesk;
  readonly orderKey: string;
  readonly px: string | null;
}

function Asked({ desk, orderKey, px }: AskedProps): ReactNode {
  useTrading(desk);
  useSampled(() => desk.orders.revision, 100);
  const [first] = useState(() => desk.orders.get(orderKey)?.view ?? null);
  if (first === null) return null;
  const now = desk.orders.get(orderKey)?.view ?? first;
  return <Form desk={desk} first={first} view={now} px={px} />;
}

const NAMES: Readonly<Record<ChangeField, string>> = { px: "Price", trigger: "Trigger", size: "Size" };

interface FormProps {
  readonly desk: TradingDesk;
  /** As it was when the change began. */
  readonly first: OrderView;
  readonly view: OrderView;
  readonly px: string | null;
}

function Form({ desk, first, view, px }: FormProps): ReactNode {
  const session = useSession();
  const close = useUi((state) => state.closeChange);
  const { box, onKeyDown } = useDialog(close);
  const standing = useStanding(desk);
  const practice = usePractice(desk);
  const [draft, setDraft] = useState(() => draftOf(first, px));
  const grid = gridOf(session.view(desk.state?.venue ?? "", view.symbol));
  const built = buildChange(view, draft, grid);
  const check = useCheck(desk, built.ticket);
  const fields = fieldsOf(view);
  const may = canChange(view) && (standing.level === "good" || view.reduceOnly);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (!may || built.change === null || check.bars) return;
    close();
    void desk.run(desk.wish.modify(view.account, view.symbol, built.change, changeWords(view, built.change)));
  };
  const leg = LEG_NAMES[view.leg];
  const name = `${view.side} ${view.symbol} ${leg === "" ? kindWords(view.kind) : leg}`;
  return (
    <section
      ref={box}
      className="change"
      role="dialog"
      aria-label={`Change ${name}`}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      data-practice={practice}
      data-testid="change"
    >
      <header className="change-head">
        <h2>
          Change{" "}
          <span className="trade-side" data-side={view.side}>
            {name}
          </span>
        </h2>
        <PracticeMark practice={practice} />
        <DrawerClose close={close} />
      </header>
      <form noValidate onSubmit={send}>
        {fields.map((field, index) => (
          <ChangeEntry
            key={field}
            field={field}
            label={NAMES[field]}
            first={index === 0}
            held={field === "px" ? view.px : field === "trigger" ? view.triggerPx : null}
            draft={draft}
            grid={grid}
            problem={built.problems[field] ?? null}
            sent={built.sent[field] ?? null}
            change={(text) => setDraft({ ...draft, [field]: text })}
          />
        ))}
        {check.refusals.length === 0 ? null : (
          <ul className="refusal-list" aria-label="Refusals" data-testid="change-refusals">
            {check.refusals.map((refusal) => {
              const { what, figures, title } = refusalParts(refusal);
              return (
                <li key={title} data-code={refusal.code} title={title}>
                  <strong>{figures === "" ? what : `${what}:`}</strong> {figures}
                </li>
              );
            })}
          </ul>
        )}
        <p className="hint" role="status">
          {said(view, built.change === null && built.ticket !== null, may)}
        </p>
        <div className="change-acts">
          <button
            type="submit"
            className="send"
            data-side={view.side}
            data-testid="change-send"
            disabled={!may || built.change === null || check.bars}
          >
            {check.bars ? "Refused" : "Change"} <kbd>Enter</kbd>
          </button>
          <button type="button" className="act" onClick={close}>
            Keep <kbd>Esc</kbd>
          </button>
        </div>
      </form>
    </section>
  );
}

function said(view: OrderView, same: boolean, may: boolean): string {
  if (hasEnded(view.state)) return `It is over: ${STATE_NAMES[view.state]}. Nothing can be changed.`;
  if (!may) return "Orders are not taken now, or the last change is still on its way.";
  if (same) return "Nothing is changed yet. Arrows move by a step, with Shift by ten.";
  if (view.triggerPx === null)
    return "The new order takes the place of the old. It only rests: one that would match at once is refused.";
  return "The new order takes the place of the old: what protects stands until it does.";
}
