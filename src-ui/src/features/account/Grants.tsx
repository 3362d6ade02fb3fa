import { type FormEvent, type ReactNode, useState } from "react";
import { TableHead } from "~/shared/TableHead";
import type { AuthDesk } from "~/stores/auth-desk";
import { GRANT_NAMES, shortAddress } from "~/stores/account-text";
import { type Grant, GRANTS, type UserRow } from "~/transport/auth-types";
import { Address } from "./Address";
import { Refusal } from "./Refusal";
import { useDoing, useRows } from "./useDesk";

interface GrantsProps {
  readonly desk: AuthDesk;
  /** All users, for an administrator; the owner of an account has to be told an id. */
  readonly users: readonly UserRow[] | null;
  /** The account that may be shared; null for an administrator, who shares any. */
  readonly own: string | null;
}

function calledOf(users: readonly UserRow[] | null, id: string): string {
  const user = users?.find((item) => item.id === id);
  if (user === undefined) return id;
  return user.name ?? (user.address === null ? id : shortAddress(user.address));
}

/** Who may do what with which account. */
export function Grants({ desk, users, own }: GrantsProps): ReactNode {
  const { rows, failure, reload } = useRows(desk, () => desk.port.grants());
  const doing = useDoing(desk, reload);
  const [chosen, setChosen] = useState("");
  const [account, setAccount] = useState("");
  const [grants, setGrants] = useState<readonly Grant[]>(["view"]);
  const user = users === null || users.some(({ id }) => id === chosen) ? chosen : (users[0]?.id ?? "");
  const shared = own ?? account.trim();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    doing.run("grant", () => desk.port.setGrants({ user: user.trim(), account: shared, grants }));
  };
  return (
    <>
      <h3>{own === null ? "Grants" : "Shared with"}</h3>
      {failure === null ? null : <Refusal error={failure} />}
      {rows === null ? null : rows.length === 0 ? (
        <p className="hint">
          {own === null
            ? "None was given. Each user has the account of the own wallet without one."
            : "You share your account with nobody."}
        </p>
      ) : (
        <table className="account-table acts" data-testid="grants">
          <TableHead columns={["User", "Account", "May", "Do"]} />
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.user} ${row.account}`}>
                <td>{calledOf(users, row.user)}</td>
                <td>
                  <Address address={row.account} />
                </td>
                <td>{row.grants.map((grant) => GRANT_NAMES[grant]).join(", ")}</td>
                <td className="account-buttons">
                  <button
                    type="button"
                    className="danger"
                    disabled={doing.busy !== null}
                    onClick={() => doing.run("remove", () => desk.port.removeGrants(row.user, row.account))}
                  >
                    Take back
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form className="account-form" aria-label="Grant an account" onSubmit={submit}>
        <label className={users === null ? "wide" : undefined}>
          User
          {users === null ? (
            <input
              required
              autoComplete="off"
              spellCheck={false}
              placeholder="the id that the other one sees here"
              value={chosen}
              onChange={(event) => setChosen(event.target.value)}
            />
          ) : (
            <select value={user} onChange={(event) => setChosen(event.target.value)}>
              {users.map(({ id }) => (
                <option key={id} value={id}>
                  {calledOf(users, id)}
                </option>
              ))}
            </select>
          )}
        </label>
        {own !== null ? null : (
          <label className="wide">
            Account
            <input
              required
              autoComplete="off"
              spellCheck={false}
              placeholder={"0x\u2026"}
              value={account}
              onChange={(event) => setAccount(event.target.value)}
            />
          </label>
        )}
        <div className="field" role="group" aria-label="May">
          <span aria-hidden="true">May</span>
          <div className="checks">
            {GRANTS.map((grant) => (
              <label key={grant} className="check">
                <input
                  type="checkbox"
                  checked={grants.includes(grant)}
                  onChange={() =>
                    setGrants(GRANTS.filter((item) => (item === grant) !== grants.includes(item)))
                  }
                />
                {GRANT_NAMES[grant]}
              </label>
            ))}
          </div>
        </div>
        <button type="submit" className="primary" disabled={doing.busy !== null || grants.length === 0}>
          {own === null ? "Grant" : "Share"}
        </button>
      </form>
      {doing.failure === null ? null : <Refusal error={doing.failure} />}
    </>
  );
}
