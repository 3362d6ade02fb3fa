import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { AccountDrawer } from "~/features/account/AccountDrawer";
import { AccountMark } from "~/features/account/AccountMark";
import { AutoMark } from "~/features/auto/AutoMark";
import { WhyDrawer } from "~/features/cockpit/WhyDrawer";
import { KillOptions } from "~/features/kill/KillOptions";
import { LeaseMark } from "~/features/limits/LeaseMark";
import { ChangeOrder } from "~/features/orders/ChangeOrder";
import { NakedAlert } from "~/features/orders/NakedAlert";
import { ProofDrawer } from "~/features/orders/ProofDrawer";
import { OpenPaper } from "~/features/paper/OpenPaper";
import { StatusBar } from "~/features/status/StatusBar";
import { Painted, usePaint } from "~/shared/paint";
import { refreshLook } from "~/shared/theme";
import { paintTip } from "~/shared/tooltip";
import { SessionContext, useSessionPart } from "~/stores/react";
import type { Session } from "~/stores/session";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { Cockpit } from "./Cockpit";
import { KeyList } from "./KeyList";
import { narrow, watchNarrow } from "./narrow";
import { Palette } from "./Palette";
import { Tabs } from "./Tabs";
import { TopBar } from "./TopBar";
import { useKeys } from "./useKeys";
import { Workspace } from "./Workspace";

function useLook(): void {
  const { theme, palette, density } = useSettings();
  useEffect(() => {
    const root = document.documentElement.dataset;
    root["theme"] = theme;
    root["palette"] = palette;
    root["density"] = density;
    refreshLook();
  }, [theme, palette, density]);
}

function Tip(): null {
  usePaint(paintTip);
  return null;
}

function Frame({ session }: { readonly session: Session }): ReactNode {
  const symbol = useSettings((state) => state.symbol);
  const overlay = useUi((state) => state.overlay);
  const mode = useSessionPart((snapshot) => snapshot.mode);
  const phase = useSessionPart((snapshot) => snapshot.link.phase);
  const slim = useSyncExternalStore(watchNarrow, narrow);
  const view = useUi((state) => state.view);
  const why = useUi((state) => state.why);
  const account = useUi((state) => state.account);
  const proof = useUi((state) => state.proof);
  useLook();
  useKeys();
  useEffect(() => session.activate(symbol), [session, symbol]);
  return (
    <div className="app" data-mode={mode ?? "none"} data-phase={phase}>
      <Painted>
        <TopBar />
        <NakedAlert />
      </Painted>
      <main className="work">
        {view === "cockpit" ? <Cockpit /> : slim ? <Tabs /> : <Workspace />}
        {account === null ? null : (
          <Painted>
            <AccountDrawer tab={account} />
          </Painted>
        )}
        <Painted>
          <KillOptions />
          <ChangeOrder />
          <OpenPaper />
        </Painted>
        {proof === null ? null : (
          <Painted>
            <ProofDrawer cloid={proof} />
          </Painted>
        )}
        {why === null ? null : (
          <Painted>
            <WhyDrawer symbol={symbol} id={why} />
          </Painted>
        )}
      </main>
      <Painted>
        <StatusBar>
          <LeaseMark />
          <AutoMark />
          <AccountMark />
        </StatusBar>
        <Tip />
      </Painted>
      {overlay === "palette" ? <Palette /> : null}
      {overlay === "keys" ? <KeyList /> : null}
    </div>
  );
}

export function App({ session }: { readonly session: Session }): ReactNode {
  return (
    <SessionContext value={session}>
      <Frame session={session} />
    </SessionContext>
  );
}
