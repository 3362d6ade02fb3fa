import type { ReactNode } from "react";
import { KillSwitch } from "~/features/kill/KillSwitch";
import { Quote } from "~/features/quote/Quote";
import { ArmedMark } from "~/features/ticket/Arm";
import { keysText } from "~/shared/keymap";
import { ModeChip } from "~/shared/ModeChip";
import { usePractice, useSession, useSessionPart } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { ACTIONS, PICK_SYMBOL } from "./actions";
import { ViewSwitch } from "./ViewSwitch";

export function TopBar(): ReactNode {
  const session = useSession();
  const mode = useSessionPart((snapshot) => snapshot.mode);
  const phase = useSessionPart((snapshot) => snapshot.link.phase);
  const server = useSessionPart((snapshot) => snapshot.server);
  const symbol = useSettings((state) => state.symbol);
  const show = useUi((state) => state.show);
  const practice = usePractice(session.trading);
  return (
    <header className="top" data-mode={mode ?? "none"} data-practice={practice}>
      <button
        type="button"
        className="top-symbol"
        aria-label={`Symbol ${symbol}: choose another`}
        title="Choose a symbol (/)"
        onClick={() => ACTIONS.find((action) => action.id === PICK_SYMBOL)?.run(session)}
      >
        <span data-testid="symbol">{symbol}</span>
        <span aria-hidden="true" className="caret" />
      </button>
      <Quote key={symbol} symbol={symbol} />
      <span className="top-marks">
        <ModeChip mode={mode} large />
        {practice === "paper" ? (
          <span
            className="mode-chip large"
            data-mode="paper"
            data-testid="paper-mark"
            title="Paper money against the real market: nothing is sent to the venue"
          >
            PAPER
          </span>
        ) : null}
        <ArmedMark />
        {server === null ? null : (
          <span
            className="mode-chip large"
            data-mode="team"
            data-testid="team-mark"
            title={`All figures come from the team server ${server}`}
          >
            {`TEAM ${server.replace(/^https?:\/\//, "")}`}
          </span>
        )}
        {phase === "closed" ? (
          <span className="mode-chip large" data-mode="closed">
            DISCONNECTED
          </span>
        ) : null}
      </span>
      <span className="spring" />
      <KillSwitch />
      <ViewSwitch />
      <button type="button" className="top-command" onClick={() => show("palette")}>
        <span>Commands</span> <kbd>{keysText("Mod+k")}</kbd>
      </button>
    </header>
  );
}
