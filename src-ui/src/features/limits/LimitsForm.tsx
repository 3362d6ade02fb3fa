import {
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { failureWords } from "~/stores/act-words";
import {
  buildLimits,
  fieldLabel,
  LIMIT_FIELDS,
  type LimitField,
  limitsDraft,
  limitTitle,
} from "~/stores/limit-words";
import type { TradingDesk } from "~/stores/trading-desk";
import type { ScopeEntry } from "~/transport/risk-types";

interface LimitsFormProps {
  readonly desk: TradingDesk;
  readonly entry: ScopeEntry;
  readonly secondPerson: boolean;
  readonly close: () => void;
}

/** Other limits for a scope: what is tighter holds at once, what is looser may have to wait. */
export function LimitsForm({ desk, entry, secondPerson, close }: LimitsFormProps): ReactNode {
  const held = entry.limits.wire;
  const [draft, setDraft] = useState(() => limitsDraft(held));
  const act = useAct(failureWords);
  const built = buildLimits(draft, held);
  const id = useId();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const { wire } = built;
    if (wire === null) return;
    act.run(async () => {
      await desk.risk.propose(entry, wire);
      const waits = desk.risk.entry(entry)?.waiting !== null;
      if (!waits) close();
      return good(waits ? "It waits until a second person agrees." : "They hold now.");
    });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const entryOf = (field: LimitField, index: number): ReactNode => {
    const problem = built.problems[field.name];
    return (
      <div key={field.name} className="limits-entry" data-wrong={problem !== undefined}>
        <label htmlFor={`${id}-${field.name}`}>{field.label}</label>
        <input
          ref={index === 0 ? first : undefined}
          id={`${id}-${field.name}`}
          inputMode="decimal"
          autoComplete="off"
          value={draft.texts[field.name] ?? ""}
          placeholder="none"
          aria-invalid={problem !== undefined}
          title={problem ?? limitTitle(held, field)}
          data-testid={`limit-${field.name}`}
          onChange={(event) =>
            setDraft({ ...draft, texts: { ...draft.texts, [field.name]: event.target.value } })
          }
        />
        <span className="hint">{field.unit}</span>
      </div>
    );
  };
  return (
    <form className="limits-form" noValidate onSubmit={send} onKeyDown={onKey} data-testid="limits-form">
      {LIMIT_FIELDS.map(entryOf)}
      <div className="limits-entry">
        <label htmlFor={`${id}-symbols`}>Symbols</label>
        <input
          id={`${id}-symbols`}
          className="limits-symbols"
          autoComplete="off"
          placeholder="all"
          value={draft.symbols}
          onChange={(event) => setDraft({ ...draft, symbols: event.target.value })}
        />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.stopRequired}
          onChange={(event) => setDraft({ ...draft, stopRequired: event.target.checked })}
        />
        Refuse entries without a stop
      </label>
      <p className="hint" role="status">
        {built.changed.length === 0
          ? "Nothing is changed yet."
          : `Changes ${built.changed.map(fieldLabel).join(", ")}. ${
              secondPerson ? "What is looser waits for a second person." : "It holds at once."
            }`}
      </p>
      <div className="limits-acts">
        <button
          type="submit"
          className="act primary"
          disabled={built.wire === null || act.busy}
          data-testid="limits-send"
        >
          {secondPerson ? "Propose" : "Set"}
        </button>
        <button type="button" className="act" onClick={close}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <SaidLine said={act.said} testId="limits-said" />
    </form>
  );
}
