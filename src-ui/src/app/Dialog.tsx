import { type ReactNode, useEffect, useRef } from "react";
import { useUi } from "~/stores/ui";

interface DialogProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** A modal over the workspace; the browser keeps the focus inside and gives it back. */
export function Dialog({ label, children }: DialogProps): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  const show = useUi((state) => state.show);
  useEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-label={label}
      onClose={() => show(null)}
      onClick={(event) => {
        if (event.target === element.current) show(null);
      }}
    >
      {children}
    </dialog>
  );
}
