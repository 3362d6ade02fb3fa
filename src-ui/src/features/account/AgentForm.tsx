import { type FormEvent, type ReactNode, useState } from "react";
import { shortAddress } from "~/stores/account-text";
import type { AgentWish } from "~/transport/auth-types";

/** Days that the server takes. */
const MOST_DAYS = 180;
const USUAL_DAYS = 90;

interface AgentFormProps {
  /** Accounts that the user may trade for. */
  readonly accounts: readonly string[];
  readonly busy: boolean;
  readonly create: (wish: AgentWish) => void;
}

export function AgentForm({ accounts, busy, create }: AgentFormProps): ReactNode {
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("terminal");
  const [days, setDays] = useState(String(USUAL_DAYS));
  const account = accounts.includes(chosen) ? chosen : (accounts[0] ?? "");
  if (account === "")
    return <p className="hint">No account of yours may be traded, so no agent can be made.</p>;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create({ account, name, validDays: Number(days) });
  };
  return (
    <form className="account-form" aria-label="New agent" onSubmit={submit}>
      <label>
        Account
        <select value={account} onChange={(event) => setChosen(event.target.value)}>
          {accounts.map((item) => (
            <option key={item} value={item}>
              {shortAddress(item)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Name
        <input
          required
          pattern="[a-z0-9_\-]{1,16}"
          title="1 to 16 of a-z, 0-9, _ and -"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label>
        Days
        <input
          required
          type="number"
          min={1}
          max={MOST_DAYS}
          step={1}
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={busy}>
        Make and sign
      </button>
    </form>
  );
}
