import type { ReactNode } from "react";
import { timeText } from "~/shared/age";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { spaced, toneOf } from "~/stores/alpha-words";
import type { NearVerdict } from "~/stores/why";
import { AnswerNotice } from "./AnswerNotice";
import { useGates } from "./useAnswer";

/** Evaluations of the chosen symbol that came near a trade, newest first, and what held each back. */
export function Near({ symbol }: PanelProps): ReactNode {
  const { read, phase } = useGates(symbol);
  const text = useSampled(() => JSON.stringify(read()?.draw(0, (answer) => answer.recent) ?? null), 1000);
  const rows = JSON.parse(text) as readonly NearVerdict[] | null;
  return (
    <div
      className="panel near"
      tabIndex={0}
      role="region"
      aria-label={`Evaluations of ${symbol} that came near`}
    >
      {rows === null ? (
        <AnswerNotice phase={phase} symbol={symbol} what="the verdicts" />
      ) : rows.length === 0 ? (
        <Notice
          kind="empty"
          title={`${symbol} has not come near a trade`}
          detail="Noted from a score of 65 up, or 35 down, since the engine began."
        />
      ) : (
        <ul>
          {rows
            .toSorted((a, b) => b.atMs - a.atMs)
            .map((row) => (
              <li key={`${row.atMs} ${row.side}`}>
                <span className="near-time">{timeText(row.atMs)}</span>
                <span className="near-score" data-state={row.side === null ? "" : toneOf(row.side)}>
                  {row.score ?? "\u2014"} {row.side ?? ""}
                </span>
                <span className="near-words">
                  {row.wouldTrade ? "would trade" : `held by ${row.failed.map(spaced).join(", ")}`}
                </span>
              </li>
            ))}
        </ul>
      )}
    </div>
  );
}
