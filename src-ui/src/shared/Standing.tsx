import type { ReactNode } from "react";
import { Notice } from "./Notice";

interface StandingWords {
  readonly level: "good" | "warn" | "bad";
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly code: string;
}

/** A panel of trading that has nothing to show: why, and what to do. */
export function StandingNotice({
  standing,
  children,
}: {
  readonly standing: StandingWords;
  readonly children?: ReactNode;
}): ReactNode {
  const { what, why, next, code } = standing;
  return (
    <Notice
      kind={standing.code === "asking" ? "waiting" : "empty"}
      title={what}
      detail={`${why} ${next}`}
      {...(code === "asking" || code === "ready" ? {} : { code })}
    >
      {children}
    </Notice>
  );
}

/** Above what stands there all the same: why orders are not taken, and what to do. Nothing while they are. */
export function StandingBar({ standing }: { readonly standing: StandingWords }): ReactNode {
  const { level, what, why, next, code } = standing;
  if (level === "good") return null;
  return (
    <div className="standing" role="status" data-level={level} data-code={code} data-testid="standing">
      <strong>{what}</strong> <span>{why}</span> <span className="standing-next">{next}</span>
    </div>
  );
}

const MARKS = {
  simulated: ["SIMULATED", "Simulated market and money: nothing is real"],
  paper: ["PAPER", "Paper money against the real market: nothing is sent to the venue"],
  replay: ["REPLAY", "A recorded market, played again"],
} as const;

/** SIMULATED or PAPER where it cannot be missed; nothing for a live account. */
export function PracticeMark({ practice }: { readonly practice: keyof typeof MARKS | "" }): ReactNode {
  if (practice === "") return null;
  const [word, title] = MARKS[practice];
  return (
    <span className="mode-chip" data-mode={practice} title={title} data-testid="practice">
      {word}
    </span>
  );
}
