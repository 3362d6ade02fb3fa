import type { ReactNode } from "react";
import { explained } from "~/stores/auth-words";
import type { ApiError } from "~/transport/types";

interface RefusalProps {
  readonly error: Pick<ApiError, "code" | "message">;
  readonly children?: ReactNode;
}

/** What was refused, why, what to do next, and the code to tell somebody. */
export function Refusal({ error, children }: RefusalProps): ReactNode {
  const { what, why, next } = explained(error);
  return (
    <div className="refusal" role="alert" data-testid="refusal" data-code={error.code}>
      <p className="refusal-what">{what}</p>
      <p>{why}</p>
      <p className="refusal-next">{next}</p>
      {children}
      <p className="refusal-code">
        <code>{error.code}</code>{" "}
        <button
          type="button"
          className="quiet"
          onClick={() => void navigator.clipboard.writeText(error.code)}
        >
          Copy code
        </button>
      </p>
    </div>
  );
}
