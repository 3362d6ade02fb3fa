import { type ReactNode, useEffect, useRef } from "react";

interface ConfirmBarProps {
  /** What would be done, in one sentence. */
  readonly text: string;
  readonly action: string;
  readonly run: () => void;
  readonly cancel: () => void;
  readonly children?: ReactNode;
}

/** Stands where the action was asked for, until it is confirmed or left. */
export function ConfirmBar({ text, action, run, cancel, children }: ConfirmBarProps): ReactNode {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div
      className="confirm-bar"
      role="alertdialog"
      aria-label={text}
      onKeyDown={(event) => {
        // A key that is held down must not pass from the question to the answer.
        if (event.key === "Enter" && event.repeat) event.preventDefault();
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        cancel();
      }}
    >
      <p>{text}</p>
      {children}
      <button ref={button} type="button" className="act danger" onClick={run}>
        {action}
      </button>
      <button type="button" className="act" onClick={cancel}>
        Keep
      </button>
    </div>
  );
}
