import type { ReactNode } from "react";
import { Drawer, DrawerClose } from "~/shared/Drawer";
import { Notice } from "~/shared/Notice";
import { TabStrip, tabId } from "~/shared/TabStrip";
import type { AuthDesk } from "~/stores/auth-desk";
import { useCanTrade, useSession, useSessionPart } from "~/stores/react";
import { ACCOUNT_TABS, type AccountTab, useUi } from "~/stores/ui";
import { type AuthSession, trades } from "~/transport/auth-types";
import type { TeamPort } from "~/transport/team-types";
import { AccountList } from "./AccountList";
import { Agents } from "./Agents";
import { Audit } from "./Audit";
import { Connection } from "./Connection";
import { Login } from "./Login";
import { OwnAgents } from "./OwnAgents";
import { Sessions } from "./Sessions";
import { Team } from "./Team";
import { TeamLogin } from "./TeamLogin";
import { useAuth } from "./useDesk";
import { Users } from "./Users";
import { Who } from "./Who";

const TITLES: Readonly<Record<AccountTab, string>> = {
  account: "Account",
  sessions: "Sessions",
  agents: "Agents",
  users: "Users",
  audit: "Audit",
  server: "Team server",
  connection: "Connection",
};

/** What there is to see: a part that would be refused is not offered. */
function tabsOf(
  desk: AuthDesk | null,
  session: AuthSession | null,
  team: TeamPort | null,
  own: boolean,
  traded: boolean,
): readonly AccountTab[] {
  const role = session?.user.role ?? null;
  const offered: Readonly<Record<AccountTab, boolean>> = {
    account: desk !== null || traded,
    sessions: role !== null,
    agents: own || (role !== null && trades(role)),
    users: role === "admin",
    audit: role === "admin",
    server: team !== null,
    connection: true,
  };
  return ACCOUNT_TABS.filter((tab) => offered[tab]);
}

/** The account at this server: login, sessions, agents, users, and how good the connection is. */
export function AccountDrawer({ tab }: { readonly tab: AccountTab }): ReactNode {
  const { auth } = useSession();
  return auth === null ? <Parts desk={null} session={null} tab={tab} /> : <WithDesk desk={auth} tab={tab} />;
}

function WithDesk({ desk, tab }: { readonly desk: AuthDesk; readonly tab: AccountTab }): ReactNode {
  const { phase, state } = useAuth(desk);
  return <Parts desk={phase === "absent" ? null : desk} session={state?.session ?? null} tab={tab} />;
}

interface PartsProps {
  readonly desk: AuthDesk | null;
  readonly session: AuthSession | null;
  readonly tab: AccountTab;
}

function Parts({ desk, session, tab }: PartsProps): ReactNode {
  const { openAccount, closeAccount } = useUi();
  const team = useSessionPart((snapshot) => snapshot.team);
  const ownAgents = useSessionPart((snapshot) => snapshot.ownAgents);
  const traded = useCanTrade();
  const tabs = tabsOf(desk, session, team, ownAgents !== null, traded);
  const chosen = tabs.includes(tab) ? tab : (tabs[0] ?? "connection");
  return (
    <Drawer label="Account" className="account" testId="account" close={closeAccount}>
      <header className="account-head">
        <TabStrip
          label="Account"
          names={tabs}
          chosen={chosen}
          title={(name) =>
            name === "account" && desk !== null && session === null ? "Log in" : TITLES[name]
          }
          choose={openAccount}
          prefix="account-tab"
          panel="account-panel"
        />
        <DrawerClose close={closeAccount} />
      </header>
      <div
        id="account-panel"
        className="drawer-body account-body"
        role="tabpanel"
        aria-labelledby={tabId("account-tab", chosen)}
        tabIndex={0}
      >
        {chosen === "server" && team !== null ? (
          <Team team={team} />
        ) : chosen === "agents" && ownAgents !== null ? (
          <OwnAgents own={ownAgents} />
        ) : chosen === "account" && desk === null ? (
          <section aria-label="Your accounts">
            <AccountList granted={[]} />
          </section>
        ) : chosen === "connection" || desk === null ? (
          <Connection />
        ) : (
          <Part desk={desk} tab={chosen} />
        )}
      </div>
    </Drawer>
  );
}

function Part({ desk, tab }: { readonly desk: AuthDesk; readonly tab: AccountTab }): ReactNode {
  const team = useSessionPart((snapshot) => snapshot.team);
  const { phase, state } = useAuth(desk);
  if (state === null)
    return (
      <Notice
        kind="waiting"
        title={phase === "asking" ? "Waiting for the server's word on logins" : "No login here"}
      />
    );
  const { session } = state;
  if (session === null) return team === null ? <Login desk={desk} /> : <TeamLogin desk={desk} team={team} />;
  if (tab === "sessions") return <Sessions key={session.id} desk={desk} />;
  if (tab === "agents") return <Agents key={session.id} desk={desk} state={state} />;
  if (tab === "audit") return <Audit key={session.id} desk={desk} />;
  if (tab === "users") return <Users key={session.id} desk={desk} />;
  return <Who desk={desk} state={state} session={session} />;
}
