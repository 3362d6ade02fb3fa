import type { ReactNode } from "react";
import { PanelAge } from "~/shared/PanelAge";
import { PracticeMark } from "~/shared/Standing";
import { shortAddress } from "~/stores/account-text";
import { usePractice, useSession, useSessionPart, useTrading } from "~/stores/react";
import { usePaperOffer } from "~/stores/react-desk";
import { useUi } from "~/stores/ui";
import type { TradingDesk } from "~/stores/trading-desk";

export function TicketHead(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OfAccount desk={trading} />;
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const session = useSession();
  const { accounts, account } = useTrading(desk);
  const practice = usePractice(desk);
  const showPaper = useUi((state) => state.showPaper);
  const offersPaper = usePaperOffer();
  const link = useSessionPart((snapshot) => snapshot.link);
  // The status bar names the address too, and has more room for it.
  const name = accounts[0]?.name ?? null;
  return (
    <div className="head">
      <PracticeMark practice={practice} />
      <span className="spring" />
      {offersPaper && account !== null ? (
        <button
          type="button"
          className="switch-one plus"
          title="Open a paper account (g p)"
          aria-label="Open a paper account"
          onClick={() => showPaper(true)}
        >
          paper
        </button>
      ) : null}
      {accounts.length > 1 ? (
        <select
          className="sheet-choice head-name"
          aria-label="Account"
          value={account ?? ""}
          onChange={(event) => {
            desk.choose(event.target.value);
            session.ticket?.reset();
          }}
        >
          {accounts.map((item) => (
            <option key={item.account} value={item.account}>
              {`${item.paper ? "PAPER " : ""}${item.name ?? shortAddress(item.account)}`}
            </option>
          ))}
        </select>
      ) : account === null ? null : (
        <span className={`hint ${name === null ? "head-address" : "head-name"}`} title={account}>
          {name ?? shortAddress(account)}
        </span>
      )}
      <PanelAge read={() => desk.state?.equityUsd ?? null} link={link} testId="age-ticket" />
    </div>
  );
}
