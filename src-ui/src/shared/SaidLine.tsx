import type { ReactNode } from "react";
import type { Said } from "./useAct";

/** What came of what was asked, where it was asked. */
export function SaidLine({
  said,
  testId,
}: {
  readonly said: Said | null;
  readonly testId: string;
}): ReactNode {
  return (
    <p className="said" role="status" data-level={said?.level ?? "none"} data-testid={testId}>
      {said === null ? "" : said.text} {said?.code == null ? null : <code>{said.code}</code>}
    </p>
  );
}
