import type { ReactNode } from "react";
import { Notice } from "~/shared/Notice";
import { useSessionPart } from "~/stores/react";

interface AnswerNoticeProps {
  readonly phase: string;
  readonly symbol: string;
  /** What is awaited, for example `the gates`. */
  readonly what: string;
}

/** What stands in place of an answer that is not there. */
export function AnswerNotice({ phase, symbol, what }: AnswerNoticeProps): ReactNode {
  const closed = useSessionPart((snapshot) => snapshot.link.phase === "closed");
  if (closed)
    return (
      <Notice
        kind="empty"
        title="Disconnected"
        detail={`The question about ${symbol} is asked again when the connection is back.`}
      />
    );
  if (phase === "asking" || phase === "here")
    return <Notice kind="waiting" title={`Waiting for ${what} of ${symbol}`} />;
  const [code = "", ...words] = phase.split(" ");
  if (code === "no_conviction_yet")
    return (
      <Notice
        kind="waiting"
        title={`${symbol} was not judged yet`}
        detail="The engine needs a first figure of this market; the question is asked again each second."
      />
    );
  return (
    <Notice
      kind="error"
      title={`No answer about ${what} of ${symbol}`}
      detail={`${words.join(" ")}. It is asked again each second.`}
      code={code}
    />
  );
}
