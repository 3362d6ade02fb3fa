import type { ReactNode } from "react";
import { spanText } from "~/shared/age";
import { Notice } from "~/shared/Notice";
import { TableHead } from "~/shared/TableHead";
import { useNow } from "~/shared/useNow";
import type { AuthDesk } from "~/stores/auth-desk";
import { browserText } from "~/stores/account-text";
import { Refusal } from "./Refusal";
import { useDoing, useRows } from "./useDesk";

/** Where this user is logged in, and the way to end it. */
export function Sessions({ desk }: { readonly desk: AuthDesk }): ReactNode {
  const { rows, failure, reload } = useRows(desk, () => desk.port.sessions());
  const doing = useDoing(desk, reload);
  const now = useNow();
  if (rows === null)
    return failure === null ? (
      <Notice kind="waiting" title="Waiting for the list of sessions" />
    ) : (
      <Refusal error={failure} />
    );
  const others = rows.filter(({ current }) => !current).length;
  return (
    <section aria-label="Sessions">
      <table className="account-table acts" data-testid="sessions">
        <TableHead columns={["Where", "From", "Used", "Ends", "Do"]} />
        <tbody>
          {rows.map(({ id, current, userAgent, ip, lastUsedMs, expiresMs }) => (
            <tr key={id} data-active={current}>
              <td title={userAgent ?? undefined}>{browserText(userAgent)}</td>
              <td className="figures">{ip ?? "\u2014"}</td>
              <td className="figures">{`${spanText(Math.max(0, now - lastUsedMs))} ago`}</td>
              <td className="figures">{`in ${spanText(Math.max(0, expiresMs - now))}`}</td>
              <td>
                {current ? (
                  <span className="hint">this one</span>
                ) : (
                  <button
                    type="button"
                    className="danger"
                    disabled={doing.busy !== null}
                    onClick={() => doing.run(id, () => desk.port.revoke(id))}
                  >
                    Revoke
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {doing.failure === null ? null : <Refusal error={doing.failure} />}
      <p className="account-actions">
        {others === 0 ? (
          <span className="hint">You are logged in nowhere else.</span>
        ) : (
          <button
            type="button"
            className="secondary"
            disabled={doing.busy !== null}
            onClick={() => doing.run("others", () => desk.port.revokeOthers())}
          >
            {others === 1 ? "Revoke the other session" : `Revoke the other ${others} sessions`}
          </button>
        )}
      </p>
    </section>
  );
}
