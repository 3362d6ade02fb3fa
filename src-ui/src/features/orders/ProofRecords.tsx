import { type ReactNode, useState } from "react";
import { dayText, timeText } from "~/shared/age";
import { shortUser } from "~/stores/account-text";
import type { ProofCheck, RecordCheck } from "~/stores/proof-check";
import { rawRecord, recordLine, recordWords } from "~/stores/proof-words";
import type { ProofRecord } from "~/transport/proof-types";
import { CopyButton } from "./CopyButton";

interface ProofRecordsProps {
  readonly records: readonly ProofRecord[];
  /** Null while it is computed, or where the browser computes none. */
  readonly check: ProofCheck | null;
}

/** Each record as a line that is read, with the record itself behind it. */
export function ProofRecords({ records, check }: ProofRecordsProps): ReactNode {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const all = open.size === records.length;
  const toggle = (index: number): void => {
    const next = new Set(open);
    if (!next.delete(index)) next.add(index);
    setOpen(next);
  };
  return (
    <section aria-label="What happened">
      <header className="proof-head">
        <h3>What happened</h3>
        <span className="spring" />
        <button
          type="button"
          className="quiet"
          aria-pressed={all}
          onClick={() => setOpen(all ? new Set() : new Set(records.map(({ index }) => index)))}
        >
          {all ? "Hide raw" : "Show raw"}
        </button>
        <CopyButton text={records.map(recordLine).join("\n")}>Copy lines</CopyButton>
      </header>
      <ol className="proof-records" data-testid="proof-records">
        {records.map((record) => (
          <Line
            key={record.index}
            record={record}
            check={check?.records.get(record.index) ?? null}
            open={open.has(record.index)}
            toggle={() => toggle(record.index)}
          />
        ))}
      </ol>
    </section>
  );
}

interface LineProps {
  readonly record: ProofRecord;
  readonly check: RecordCheck | null;
  readonly open: boolean;
  readonly toggle: () => void;
}

function Line({ record, check, open, toggle }: LineProps): ReactNode {
  const { index, atMs, user, session, request } = record;
  const { what, change, detail } = recordWords(record);
  const raw = rawRecord(record);
  const by = `user ${user ?? "\u2014"}\nsession ${session ?? "\u2014"}\nrequest ${request ?? "\u2014"}`;
  return (
    <li className="proof-record" data-what={record.what}>
      <span className="proof-number" title={`Record ${index} of the log`}>
        {index}
      </span>
      <time
        title={`${dayText(atMs, "day")} ${timeText(atMs, 3)}${user === null ? "" : `, ${shortUser(user)}`}\n${by}`}
      >
        {timeText(atMs, 3)}
      </time>
      <div className="proof-words">
        <strong>{what}</strong>
        {change === "" ? null : <span className="proof-change">{change}</span>}
        {detail === "" ? null : <span className="proof-detail">{detail}</span>}
      </div>
      <Mark check={check} />
      <button
        type="button"
        className="quiet"
        aria-expanded={open}
        aria-label={`${open ? "hide" : "raw"} record ${index} as it was written`}
        onClick={toggle}
      >
        {open ? "hide" : "raw"}
      </button>
      {open ? (
        <div className="proof-raw">
          <pre>{raw}</pre>
          <CopyButton text={raw} label={`Copy record ${index} as it was written`} />
        </div>
      ) : null}
    </li>
  );
}

/** The record's hash, and whether its path leads to the signed root. */
function Mark({ check }: { readonly check: RecordCheck | null }): ReactNode {
  if (check === null)
    return (
      <span className="proof-mark" data-state="unchecked" title="Not checked in this window">
        {"\u2014"}
      </span>
    );
  const words = check.holds
    ? "Its path leads to the signed root, and its bytes say what stands here"
    : "Its path does not lead to the root, or its bytes say something else";
  return (
    <span
      className="proof-mark"
      data-state={check.holds ? "holds" : "broken"}
      title={`${words}\nSHA-256 ${check.hash}`}
    >
      <code>{check.hash.slice(0, 8)}</code>{" "}
      <span role="img" aria-label={words}>
        {check.holds ? "\u2713" : "\u2717"}
      </span>
    </span>
  );
}
