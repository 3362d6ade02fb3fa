import type { ReactNode } from "react";
import { Notice } from "./Notice";

interface SymbolsNoticeProps {
  /** The list of symbols is here. */
  readonly listed: boolean;
  /** Why it is not. */
  readonly failure: { readonly message: string; readonly code: string } | null;
  /** Rows that are shown. */
  readonly shown: number;
  readonly typed: string;
  /** What is said when there is nothing to search in. */
  readonly none: string;
}

/** What stands under a list of symbols that is awaited, empty, or without a match. */
export function SymbolsNotice({ listed, failure, shown, typed, none }: SymbolsNoticeProps): ReactNode {
  if (!listed)
    return (
      <Notice
        kind="waiting"
        title="Waiting for the list of symbols"
        {...(failure === null ? {} : { detail: failure.message, code: failure.code })}
      />
    );
  if (shown > 0) return null;
  return (
    <Notice
      kind="empty"
      title={typed.trim() === "" ? none : `No symbol matches \u201c${typed}\u201d`}
      {...(typed.trim() === "" ? {} : { detail: "Esc clears the search." })}
    />
  );
}
