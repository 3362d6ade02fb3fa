import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { type Decimal, digits } from "~/shared/decimal";
import { percent, price, size } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import { type ChangeDraft, type ChangeField, stepped, steppedSize } from "~/stores/change";
import { awayPercent, type Grid, less, readAmount } from "~/stores/ticket-size";

interface ChangeEntryProps {
  readonly field: ChangeField;
  readonly label: string;
  /** Takes the focus when the change begins. */
  readonly first: boolean;
  /** The price that stands; null for a size, which has no distance. */
  readonly held: Decimal | null;
  readonly draft: ChangeDraft;
  readonly grid: Grid | null;
  readonly problem: string | null;
  readonly sent: Decimal | null;
  readonly change: (text: string) => void;
}

/** One figure of an order: typed, or moved by steps of the market. */
export function ChangeEntry(props: ChangeEntryProps): ReactNode {
  const { field, label, first, held, draft, grid, problem, sent, change } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!first) return;
    input.current?.focus();
    input.current?.select();
  }, [first]);
  const move = (steps: number): void => {
    const next = (field === "size" ? steppedSize : stepped)(draft[field], grid, steps);
    if (next !== null) change(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    // A key that is held down must not send.
    if (event.key === "Enter" && event.repeat) event.preventDefault();
    const way = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    move(event.shiftKey ? way * 10 : way);
  };
  const unit = field === "size" ? "lot" : "tick";
  return (
    <div className="entry" data-wrong={problem !== null}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        value={draft[field]}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-said`}
        data-testid={`change-${field}`}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKey}
      />
      <span className="entry-side change-steps">
        <button
          type="button"
          aria-label={`${label}: one ${unit} down`}
          title={`One ${unit} down`}
          onClick={() => move(-1)}
        >
          {"\u2212"}
        </button>
        <button
          type="button"
          aria-label={`${label}: one ${unit} up`}
          title={`One ${unit} up`}
          onClick={() => move(1)}
        >
          +
        </button>
      </span>
      <output id={`${id}-said`} className="entry-said" data-level={problem === null ? "sent" : "wrong"}>
        {problem ?? beside(draft[field], held, sent, grid, field)}
      </output>
    </div>
  );
}

/** What is sent where it differs from what was typed, else how far it moves. */
function beside(
  typed: string,
  held: Decimal | null,
  sent: Decimal | null,
  grid: Grid | null,
  field: ChangeField,
): string {
  const meant = readAmount(typed);
  if (sent === null || meant === null) return "";
  if (less(meant, sent) || less(sent, meant)) {
    const text =
      field === "size" ? size(sent, grid?.szDecimals ?? null) : price(sent, grid?.pxDecimals ?? null);
    return `sent as ${tipFigure(text)}`;
  }
  if (held === null || (!less(sent, held) && !less(held, sent))) return "";
  const away = awayPercent(sent, held);
  return `from ${digits(held)}${away === null ? "" : `, ${tipFigure(percent(away))}`}`;
}
