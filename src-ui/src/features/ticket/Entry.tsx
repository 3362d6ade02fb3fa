import { type ReactNode, useId } from "react";
import type { Problem } from "~/stores/ticket-build";

interface EntryProps {
  readonly id?: string;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly problem: Problem | null;
  /** What is sent in the place of what was typed; null where that is the same. */
  readonly sent: string | null;
  /** It is a word and not a figure. */
  readonly words?: boolean;
  readonly change: (text: string) => void;
  readonly children?: ReactNode;
}

/** One line of the ticket: what it is, what was typed, and what is wrong with it or sent in its place. */
export function Entry(props: EntryProps): ReactNode {
  const { name, label, value, problem, sent, change, children } = props;
  const own = useId();
  const id = props.id ?? own;
  // What is merely missing is said at the button, not at each empty entry.
  const wrong = problem !== null && (!problem.missing || value.trim() !== "") ? problem.text : null;
  return (
    <div className="entry" data-wrong={wrong !== null}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        inputMode={props.words === true ? "text" : "decimal"}
        data-words={props.words === true}
        autoComplete="off"
        spellCheck={false}
        value={value}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-said`}
        data-testid={`ticket-${name}`}
        onChange={(event) => change(event.target.value)}
      />
      <span className="entry-side">{children}</span>
      <output id={`${id}-said`} className="entry-said" data-level={wrong === null ? "sent" : "wrong"}>
        {wrong ?? sent ?? ""}
      </output>
    </div>
  );
}
