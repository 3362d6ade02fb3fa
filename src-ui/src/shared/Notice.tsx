import type { ReactNode } from "react";

interface NoticeProps {
  readonly kind: "waiting" | "empty" | "error";
  readonly title: string;
  readonly detail?: string;
  readonly code?: string;
  readonly children?: ReactNode;
}

/** What stands in a panel that has nothing to show: what is awaited, what to do, or what went wrong. */
export function Notice({ kind, title, detail, code, children }: NoticeProps): ReactNode {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      <div className="notice-box">
        <p className="notice-title">{title}</p>
        {detail === undefined ? null : <p>{detail}</p>}
        {code === undefined ? null : (
          <p>
            <code>{code}</code>{" "}
            <button type="button" className="quiet" onClick={() => void navigator.clipboard.writeText(code)}>
              Copy code
            </button>
          </p>
        )}
        {children}
      </div>
    </div>
  );
}
