import { type FormEvent, type ReactNode, useState } from "react";
import { shortAddress } from "~/stores/account-text";
import type { AgentWish } from "~/transport/auth-types";

/** Days that the server takes. */
const MOST_DAYS = 180;
const USUAL_DAYS = 90;

interface AgentFormProps {
  /** Accounts that the user may trade for; null where the user names one. */
  readonly accounts: readonly string[] | null;
  readonly busy: boolean;
  readonly create: (wish: AgentWish) => void;
  /** Where this computer's key may be the account's wallet. */
  readonly byKey?: (wish: Omit<AgentWish, "account">) => void;
}

export function AgentForm({ accounts, busy, create, byKey }: AgentFormProps): ReactNode {
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("terminal");
  const [days, setDays] = useState(String(USUAL_DAYS));
  const account = accounts === null || accounts.includes(chosen) ? chosen : (accounts[0] ?? "");
  if (accounts !== null && account === "")
    return <p className="hint">No account of yours may be traded, so no agent can be made.</p>;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create({ account, name, validDays: Number(days) });
  };
  return (
    <form className="account-form" aria-label="New agent" onSubmit={submit}>
      <label>
        Account
        {accounts === null ? (
          <input
            required
            pattern="0x[0-9a-fA-F]{40}"
            title="0x and 40 digits"
            placeholder={"0x\u2026"}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={chosen}
            onChange={(event) => setChosen(event.target.value.trim())}
          />
        ) : (
          <select value={account} onChange={(event) => setChosen(event.target.value)}>
            {accounts.map((item) => (
              <option key={item} value={item}>
                {shortAddress(item)}
              </option>
            ))}
          </select>
        )}
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
      {byKey === undefined ? null : (
        <button
          type="button"
          className="secondary"
          title="The account is that of this computer's key, which signs the approval itself"
          disabled={busy}
          onClick={() => byKey({ name, validDays: Number(days) })}
        >
          With this computer&rsquo;s key
        </button>
      )}
    </form>
  );
}
