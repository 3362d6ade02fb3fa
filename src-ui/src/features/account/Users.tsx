import { type FormEvent, type ReactNode, useState } from "react";
import { Notice } from "~/shared/Notice";
import { TableHead } from "~/shared/TableHead";
import type { AuthDesk } from "~/stores/auth-desk";
import { ROLE_NAMES } from "~/stores/account-text";
import { type Role, ROLES } from "~/transport/auth-types";
import { Address } from "./Address";
import { Grants } from "./Grants";
import { Refusal } from "./Refusal";
import { useDoing, useRows } from "./useDesk";

interface RolesProps {
  readonly label: string;
  readonly role: Role;
  readonly choose: (role: Role) => void;
  readonly disabled?: boolean;
}

function Roles({ label, role, choose, disabled = false }: RolesProps): ReactNode {
  return (
    <select
      aria-label={label}
      value={role}
      disabled={disabled}
      onChange={(event) => {
        const found = ROLES.find((item) => item === event.target.value);
        if (found !== undefined) choose(found);
      }}
    >
      {ROLES.map((item) => (
        <option key={item} value={item}>
          {ROLE_NAMES[item]}
        </option>
      ))}
    </select>
  );
}

/** The users of this server with their roles, and who may do what with which account; for administrators. */
export function Users({ desk }: { readonly desk: AuthDesk }): ReactNode {
  const { rows, failure, reload } = useRows(desk, () => desk.port.users());
  const doing = useDoing(desk, reload);
  if (rows === null)
    return failure === null ? (
      <Notice kind="waiting" title="Waiting for the list of users" />
    ) : (
      <Refusal error={failure} />
    );
  return (
    <section aria-label="Users">
      <table className="account-table acts" data-testid="users">
        <TableHead columns={["User", "Wallet", "Role", "Do"]} />
        <tbody>
          {rows.map((user) => {
            const called = user.name ?? user.address ?? user.id;
            return (
              <tr key={user.id} data-disabled={user.disabled} data-testid={`user-${called}`}>
                <td>{user.name ?? "\u2014"}</td>
                <td>{user.address === null ? "\u2014" : <Address address={user.address} />}</td>
                <td>
                  <Roles
                    label={`Role of ${called}`}
                    role={user.role}
                    disabled={doing.busy !== null}
                    choose={(role) => doing.run(user.id, () => desk.port.setRole(user.id, role))}
                  />
                </td>
                <td className="account-buttons">
                  <button
                    type="button"
                    className={user.disabled ? "secondary" : "danger"}
                    disabled={doing.busy !== null}
                    onClick={() => doing.run(user.id, () => desk.port.setDisabled(user.id, !user.disabled))}
                  >
                    {user.disabled ? "Enable" : "Disable"}
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {doing.failure === null ? null : <Refusal error={doing.failure} />}
      <Invite
        key={rows.length}
        busy={doing.busy !== null}
        invite={(address, name, role) => doing.run("invite", () => desk.port.invite({ address, name, role }))}
      />
      <Grants desk={desk} users={rows} own={null} />
    </section>
  );
}

interface InviteProps {
  readonly busy: boolean;
  readonly invite: (address: string, name: string, role: Role) => void;
}

function Invite({ busy, invite }: InviteProps): ReactNode {
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    invite(address.trim(), name.trim(), role);
  };
  return (
    <form className="account-form" aria-label="Invite a user" onSubmit={submit}>
      <label className="wide">
        Wallet
        <input
          required
          pattern="0x[0-9a-fA-F]{40}"
          title="0x and 40 digits"
          autoComplete="off"
          spellCheck={false}
          placeholder={"0x\u2026"}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
      </label>
      <label>
        Name
        <input
          autoComplete="off"
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <div className="field">
        <span aria-hidden="true">Role</span>
        <Roles label="Role of the new user" role={role} choose={setRole} />
      </div>
      <button type="submit" className="primary" disabled={busy}>
        Invite
      </button>
    </form>
  );
}
