import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { asApiError } from "~/transport/decode";
import type { AccountPort } from "~/transport/types";

/** A plain amount with at most two decimals; empty takes the statement back. */
const AMOUNT = /^\d{1,12}(?:\.\d{1,2})?$/;

/** What the owner says the account is worth. Without it nothing is sized. */
export function EquityForm({ account }: { readonly account: AccountPort }): ReactNode {
  const [typed, setTyped] = useState("");
  const [said, setSaid] = useState("");
  useEffect(() => {
    let here = true;
    account.equityUsd().then(
      (amount) => here && setTyped(amount ?? ""),
      (error: unknown) => here && setSaid(`${asApiError(error).message} (${asApiError(error).code})`),
    );
    return () => {
      here = false;
    };
  }, [account]);
  const state = (event: FormEvent): void => {
    event.preventDefault();
    const amount = typed.trim().replaceAll(/[\s,]/g, "");
    if (amount !== "" && !AMOUNT.test(amount)) {
      setSaid("An amount such as 25000 or 25000.50");
      return;
    }
    account.stateEquityUsd(amount === "" ? null : amount).then(
      () => setSaid(amount === "" ? "Nothing stated: nothing is sized" : "Stated; kept until the app ends"),
      (error: unknown) => setSaid(`${asApiError(error).message} (${asApiError(error).code})`),
    );
  };
  return (
    <form className="equity" onSubmit={state}>
      <label>
        Equity, USD
        <input
          inputMode="decimal"
          autoComplete="off"
          placeholder="not stated"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <button type="submit">State</button>
      <output>{said}</output>
    </form>
  );
}
