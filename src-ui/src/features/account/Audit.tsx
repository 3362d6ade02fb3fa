import { type ReactNode, useState } from "react";
import { dayText, timeText } from "~/shared/age";
import { Notice } from "~/shared/Notice";
import { TableHead } from "~/shared/TableHead";
import { shortAddress } from "~/stores/account-text";
import type { AuthDesk } from "~/stores/auth-desk";
import type { AuditEntry, UserRow } from "~/transport/auth-types";
import { Refusal } from "./Refusal";
import { useRows } from "./useDesk";

const FIRST = 100;
/** As many as a server lists. */
const MOST = 1000;

function nameOf(users: readonly UserRow[], id: string): string {
  const user = users.find((item) => item.id === id);
  if (user === undefined) return /^0x[0-9a-fA-F]{40}$/.test(id) ? shortAddress(id) : id;
  return user.name ?? (user.address === null ? id : shortAddress(user.address));
}

/** Who changed what about users, roles, grants and agents, newest first; for administrators. */
export function Audit({ desk }: { readonly desk: AuthDesk }): ReactNode {
  const [limit, setLimit] = useState(FIRST);
  const users = useRows(desk, () => desk.port.users());
  const { rows, failure, reload } = useRows(desk, () => desk.port.audit(limit));
  if (rows === null)
    return failure === null ? (
      <Notice kind="waiting" title="Waiting for the list of changes" />
    ) : (
      <Refusal error={failure} />
    );
  const known = users.rows ?? [];
  return (
    <section aria-label="Audit">
      {rows.length === 0 ? (
        <p>Nothing was changed yet.</p>
      ) : (
        <table className="account-table" data-testid="audit">
          <TableHead columns={["When", "Who", "Did", "To", "Since then"]} />
          <tbody>
            {rows.map((entry, at) => (
              <Row key={`${entry.atMs} ${rows.length - at}`} entry={entry} users={known} />
            ))}
          </tbody>
        </table>
      )}
      {failure === null ? null : <Refusal error={failure} />}
      <p className="account-actions">
        <button
          type="button"
          className="secondary"
          onClick={() => {
            reload();
            // Whom it names may be new.
            users.reload();
          }}
        >
          Read again
        </button>
        {rows.length < limit || limit === MOST ? (
          <span className="hint">{rows.length < MOST ? "That is all." : `The newest ${MOST}.`}</span>
        ) : (
          <button
            type="button"
            className="secondary"
            onClick={() => {
              setLimit(MOST);
              // The list is asked for by what is rendered next.
              setTimeout(reload);
            }}
          >
            Show older ones
          </button>
        )}
      </p>
    </section>
  );
}

function Row({
  entry,
  users,
}: {
  readonly entry: AuditEntry;
  readonly users: readonly UserRow[];
}): ReactNode {
  const { atMs, actor, action, subject, detail } = entry;
  return (
    <tr>
      <td className="figures" title={new Date(atMs).toISOString()}>
        {`${dayText(atMs, "day")} ${timeText(atMs)}`}
      </td>
      <td className="whole" title={actor}>
        {nameOf(users, actor)}
      </td>
      <td>{action.replaceAll("_", " ")}</td>
      <td className="whole" title={subject}>
        {nameOf(users, subject)}
      </td>
      <td className="audit-detail">{detail === "" ? "\u2014" : detail}</td>
    </tr>
  );
}
