import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

interface HoldButtonProps {
  readonly holdMs: number;
  readonly onHeld: () => void;
  readonly disabled?: boolean;
  /** A key elsewhere is held in its place: it shows as held, and who owns the key acts. */
  readonly keyed?: boolean;
  readonly className?: string;
  readonly testId?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

/** Acts when it was held for a time, by pointer, Enter or Space; a touch in passing does nothing. */
export function HoldButton(props: HoldButtonProps): ReactNode {
  const { holdMs, onHeld, disabled = false, keyed = false, className = "", testId, title, children } = props;
  const [holding, setHolding] = useState(false);
  const latest = useRef(onHeld);
  latest.current = onHeld;
  useEffect(() => {
    if (!holding || disabled) return;
    const timer = setTimeout(() => {
      setHolding(false);
      latest.current();
    }, holdMs);
    return () => clearTimeout(timer);
  }, [holding, disabled, holdMs]);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (event.type === "keyup") setHolding(false);
    else if (!event.repeat) setHolding(true);
  };
  const end = (): void => setHolding(false);
  return (
    <button
      type="button"
      className={`hold ${className}`}
      data-testid={testId}
      data-holding={holding || keyed}
      title={title}
      disabled={disabled}
      style={{ "--hold-ms": `${holdMs}ms` } as Record<string, string>}
      onPointerDown={(event) => {
        if (event.button === 0) setHolding(true);
      }}
      onPointerUp={end}
      onPointerLeave={end}
      onPointerCancel={end}
      onBlur={end}
      onKeyDown={onKey}
      onKeyUp={onKey}
    >
      <i aria-hidden="true" />
      <span>{children}</span>
    </button>
  );
}
