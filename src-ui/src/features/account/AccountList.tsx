import { type ReactNode, useSyncExternalStore } from "react";
import { PracticeMark } from "~/shared/Standing";
import { TableHead } from "~/shared/TableHead";
import { GRANT_NAMES } from "~/stores/account-text";
import { useSession, useSessionPart } from "~/stores/react";
import { usePaperOffer } from "~/stores/react-desk";
import { useUi } from "~/stores/ui";
import type { GrantedAccount } from "~/transport/auth-types";
import type { TradingAccount } from "~/transport/trading-types";
import { Address } from "./Address";

const NONE: readonly TradingAccount[] = [];
const nothing = (): (() => void) => () => undefined;

interface Row {
  readonly account: string;
  readonly name: string | null;
  readonly paper: boolean;
  readonly may: string;
}

/** The accounts that the login reaches, those of paper money too, and which of them is traded here. */
export function AccountList({ granted }: { readonly granted: readonly GrantedAccount[] }): ReactNode {
  const session = useSession();
  const { trading } = session;
  const traded = useSyncExternalStore(
    trading?.subscribe ?? nothing,
    () => trading?.getSnapshot().accounts ?? NONE,
  );
  const chosen = useSyncExternalStore(
    trading?.subscribe ?? nothing,
    () => trading?.getSnapshot().account ?? null,
  );
  const simulated = useSessionPart(({ mode }) => mode === "simulated");
  const { showPaper, closeAccount } = useUi();
  const offered = usePaperOffer();
  const rows = rowsOf(granted, traded);
  const tradable = (account: string): boolean => traded.some((item) => same(item.account, account));
  return (
    <>
      <h3>Accounts</h3>
      {rows.length === 0 ? (
        <p className="hint">No account is granted to you. An administrator or its owner grants it.</p>
      ) : (
        <table className="account-table acts" data-testid="account-list">
          <TableHead columns={["Account", "Name", "Money", "May", "Do"]} />
          <tbody>
            {rows.map(({ account, name, paper, may }) => (
              <tr key={account} data-testid={paper ? "account-paper" : "account-granted"}>
                <td>
                  <Address address={account} />
                </td>
                <td>{name ?? "\u2014"}</td>
                <td>
                  {/* Paper money on a simulated market is both: the window's own mark says the second. */}
                  {paper || simulated ? <PracticeMark practice={paper ? "paper" : "simulated"} /> : "real"}
                </td>
                <td>{may}</td>
                <td className="account-buttons">
                  {same(account, chosen ?? "") ? (
                    <span className="hint">traded here</span>
                  ) : tradable(account) ? (
                    <button
                      type="button"
                      onClick={() => {
                        trading?.choose(
                          traded.find((item) => same(item.account, account))?.account ?? account,
                        );
                        session.ticket?.reset();
                      }}
                    >
                      Trade this one
                    </button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {offered ? (
        <p className="account-actions">
          <button
            type="button"
            className="secondary"
            onClick={() => {
              // The form stands where the drawer is.
              closeAccount();
              showPaper(true);
            }}
          >
            Open a paper account
          </button>
          <span className="hint">100 000 USD that do not exist, at this market.</span>
        </p>
      ) : null}
    </>
  );
}

/** An address is the same with and without its checksum. */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Paper accounts, and the accounts of this computer's own engine, are no grants: only the list of what can be traded has them. */
function rowsOf(granted: readonly GrantedAccount[], traded: readonly TradingAccount[]): readonly Row[] {
  const named = (account: string): TradingAccount | undefined =>
    traded.find((item) => same(item.account, account));
  const own = granted.map(({ account, grants }) => ({
    account,
    name: named(account)?.name ?? null,
    paper: named(account)?.paper ?? false,
    may: grants.map((grant) => GRANT_NAMES[grant]).join(", ") || "\u2014",
  }));
  const beside = traded
    .filter(({ account }) => !granted.some((item) => same(item.account, account)))
    .map(({ account, name, paper, mayTrade }) => ({
      account,
      name,
      paper,
      may: mayTrade ? "view, trade" : "view",
    }));
  return [...own, ...beside];
}
