import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { DrawerClose, useDialog } from "~/shared/Drawer";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { failureWords } from "~/stores/act-words";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";

/** Opens an account with paper money, over the workspace; nothing while it was not asked for. */
export function OpenPaper(): ReactNode {
  const { trading } = useSession();
  const open = useUi((state) => state.paper);
  return trading === null || !open ? null : <Form desk={trading} />;
}

function Form({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const session = useSession();
  const showPaper = useUi((state) => state.showPaper);
  const close = (): void => showPaper(false);
  const held = desk.getSnapshot().accounts.find(({ paper }) => paper) ?? null;
  const { box, onKeyDown } = useDialog(close);
  const [name, setName] = useState("");
  const act = useAct(failureWords);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    act.run(async () => {
      const made = held ?? (await desk.port.openPaper(name.trim() === "" ? null : name.trim()));
      await desk.refresh();
      desk.choose(made.account);
      session.ticket?.reset();
      close();
      return good("Opened.");
    });
  };
  return (
    <section
      ref={box}
      className="change paper-open"
      role="dialog"
      aria-label="Open a paper account"
      tabIndex={-1}
      data-practice="paper"
      data-testid="paper-open"
      onKeyDown={onKeyDown}
    >
      <header className="change-head">
        <h2>{held === null ? "Open a paper account" : "Your paper account"}</h2>
        <DrawerClose close={close} />
      </header>
      <form noValidate onSubmit={send}>
        <p className="hint">
          100 000 USD of paper money against this market. Orders take the same way as real ones, with the same
          checks, and end before the venue: nothing is sent there, nothing can be lost or won.
        </p>
        {held === null ? (
          <div className="limits-entry">
            <label htmlFor={id}>Name</label>
            <input
              ref={input}
              id={id}
              className="limits-symbols"
              maxLength={40}
              autoComplete="off"
              placeholder="optional"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
        ) : null}
        <div className="change-acts">
          <button type="submit" className="act primary" disabled={act.busy}>
            {held === null ? "Open it" : "Go to it"}
          </button>
          <button type="button" className="act" onClick={close}>
            Not now <kbd>Esc</kbd>
          </button>
        </div>
        <SaidLine said={act.said} testId="paper-said" />
      </form>
    </section>
  );
}
