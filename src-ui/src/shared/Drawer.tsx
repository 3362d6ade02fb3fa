import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";

/** Takes the focus while it is there and gives it back; Escape closes it. */
export function useDialog(close: () => void): {
  readonly box: RefObject<HTMLElement | null>;
  readonly onKeyDown: (event: KeyboardEvent) => void;
} {
  const box = useRef<HTMLElement>(null);
  // What is within may take the focus before this does.
  const [before] = useState(() => document.activeElement);
  useEffect(() => {
    const own = box.current;
    if (own !== null && !own.contains(document.activeElement)) own.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [before]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    close();
    event.preventDefault();
    event.stopPropagation();
  };
  return { box, onKeyDown };
}

interface DrawerProps {
  readonly label: string;
  readonly className: string;
  readonly testId: string;
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A part of the window's edge that stands over the workspace while it is open. */
export function Drawer({ label, className, testId, close, children }: DrawerProps): ReactNode {
  const { box, onKeyDown } = useDialog(close);
  return (
    <aside
      ref={box}
      className={`drawer ${className}`}
      role="dialog"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      data-testid={testId}
    >
      {children}
    </aside>
  );
}

export function DrawerClose({ close }: { readonly close: () => void }): ReactNode {
  return (
    <button type="button" className="drawer-close" aria-label="Close" title="Close (Esc)" onClick={close}>
      {"\u2715"}
    </button>
  );
}
