import { type ReactNode, useEffect, useRef, useState } from "react";
import { HoldButton } from "~/shared/HoldButton";
import { isTyping, strokeOf } from "~/shared/keymap";
import { useSampled } from "~/shared/useSampled";
import { useSession, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { tradingWords } from "~/stores/trading-words";
import { isLost } from "~/stores/intents";
import { useUi } from "~/stores/ui";
import { asApiError } from "~/transport/decode";

export const KILL_KEY = "k";
/** Nobody holds a key that long by mistake. */
const HOLD_MS = 1000;

interface Said {
  readonly level: "good" | "warn" | "bad";
  readonly text: string;
}

/** The kill switch in the top bar; nothing where there is nothing to kill. */
export function KillSwitch(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OfAccount desk={trading} />;
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const open = useUi((state) => state.kill);
  const showKill = useUi((state) => state.showKill);
  const killed = useSampled(() => desk.state?.killed ?? false, 100);
  if (phase !== "here" || account === null) return null;
  return (
    <div className="kill">
      <button
        type="button"
        className="kill-button"
        data-killed={killed}
        data-testid="kill-button"
        aria-expanded={open}
        title="Kill switch: hold k for a second, or open it"
        onClick={() => showKill(!open)}
      >
        {killed ? "KILLED" : "Kill"}
      </button>
    </div>
  );
}

/** What the kill switch would do, and the way to do it; over the workspace while it is open or its key is held. */
export function KillOptions(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OptionsOf desk={trading} />;
}

function OptionsOf({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const open = useUi((state) => state.kill);
  const killed = useSampled(() => desk.state?.killed ?? false, 100);
  const keyed = useKeyHeld();
  if (phase !== "here" || account === null || !open) return null;
  return <Options key={account} desk={desk} account={account} killed={killed} keyed={keyed} />;
}

interface OptionsProps {
  readonly desk: TradingDesk;
  readonly account: string;
  readonly killed: boolean;
  /** Its key is held down. */
  readonly keyed: boolean;
}

function Options({ desk, account, killed, keyed }: OptionsProps): ReactNode {
  const showKill = useUi((state) => state.showKill);
  const [flatten, setFlatten] = useState(false);
  const [drill, setDrill] = useState(false);
  const [said, say] = useState<Said | null>(null);
  const [busy, setBusy] = useState(false);
  const act = (on: boolean): void => {
    if (busy) return;
    setBusy(true);
    say({ level: "warn", text: on ? "Sent. Waiting for the server\u2019s word." : "Releasing." });
    desk
      .kill({ account, on, flatten: on && flatten, drill: on && drill })
      .then(
        (answer) => say(wordsOf(answer)),
        (error: unknown) => say(failureOf(asApiError(error))),
      )
      .finally(() => setBusy(false));
  };
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!keyed || killed) return;
    const timer = setTimeout(() => latest.current(true), HOLD_MS);
    return () => clearTimeout(timer);
  }, [keyed, killed]);
  return (
    <section
      className="kill-options"
      role="dialog"
      aria-label="Kill switch"
      data-testid="kill-options"
      onKeyDown={(event) => {
        if (event.key === "Escape") showKill(false);
      }}
    >
      {killed ? (
        <>
          <p>
            <strong className="kill-on">The kill switch is on.</strong> Orders that add risk are refused for
            this account, here and at the server, until it is released.
          </p>
          <HoldButton
            holdMs={HOLD_MS}
            className="act"
            testId="kill-release"
            disabled={busy}
            onHeld={() => act(false)}
          >
            Hold to release: orders are taken again
          </HoldButton>
        </>
      ) : (
        <>
          <p>
            Cancels every open order of the account and refuses new ones until it is released. It works at the
            server: it stays on when this window is closed.
          </p>
          <label className="check">
            <input type="checkbox" checked={flatten} onChange={(event) => setFlatten(event.target.checked)} />
            Close all positions at the market too
          </label>
          <label className="check">
            <input type="checkbox" checked={drill} onChange={(event) => setDrill(event.target.checked)} />
            Drill: say what it would do, touch nothing
          </label>
          <HoldButton
            holdMs={HOLD_MS}
            className="act danger"
            keyed={keyed}
            testId="kill-hold"
            disabled={busy}
            onHeld={() => act(true)}
          >
            {drill ? "Hold to drill" : flatten ? "Hold to kill and flatten" : "Hold to kill"}
          </HoldButton>
        </>
      )}
      {said === null ? null : (
        <p className="kill-said" role="status" data-level={said.level} data-testid="kill-said">
          {said.text}
        </p>
      )}
    </section>
  );
}

function wordsOf(answer: {
  readonly on: boolean;
  readonly cancelled: number;
  readonly flattened: number;
  readonly drill: boolean;
}): Said {
  const { on, cancelled, flattened, drill } = answer;
  const counts = `${cancelled} orders cancelled, ${flattened} positions flattened`;
  if (drill)
    return {
      level: "good",
      text: `Drill: ${cancelled} orders would be cancelled, ${flattened} positions flattened.`,
    };
  return on
    ? { level: "bad", text: `Killed: ${counts}. Watch the lists until they are empty.` }
    : { level: "good", text: "Released: orders are taken again." };
}

function failureOf(error: ReturnType<typeof asApiError>): Said {
  if (isLost(error))
    return {
      level: "bad",
      text: "The answer was lost: it may be on. Hold again; twice does the same as once.",
    };
  const { what, why, next } = tradingWords(error);
  return { level: "bad", text: `${what} ${why} ${next} (${error.code})` };
}

/** Whether the key is held down, outside of entries. */
function useKeyHeld(): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (strokeOf(event) !== KILL_KEY || event.repeat) return;
      if (!isTyping(event.target) && useUi.getState().overlay === null) setHeld(true);
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === KILL_KEY) setHeld(false);
    };
    const end = (): void => setHeld(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", end);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", end);
    };
  }, []);
  return held;
}
