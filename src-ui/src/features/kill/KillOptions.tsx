import { type ReactNode, useEffect, useRef, useState } from "react";
import { counted } from "~/shared/count";
import { HoldButton } from "~/shared/HoldButton";
import { SaidLine } from "~/shared/SaidLine";
import { type Said, useAct } from "~/shared/useAct";
import { useSampled } from "~/shared/useSampled";
import { failureWords } from "~/stores/act-words";
import { useSession, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";
import { useKeyHeld } from "./useKeyHeld";

/** Nobody holds a key that long by mistake. */
const HOLD_MS = 1000;

/** What the kill switch would do, and the way to do it; over the workspace while it is open or its key is held. */
export function KillOptions(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : <OptionsOf desk={trading} />;
}

function OptionsOf({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const open = useUi((state) => state.kill);
  const keyed = useKeyHeld();
  if (phase !== "here" || account === null || !open) return null;
  return <OpenOptions key={account} desk={desk} account={account} keyed={keyed} />;
}

interface OpenProps {
  readonly desk: TradingDesk;
  readonly account: string;
  readonly keyed: boolean;
}

function OpenOptions({ desk, account, keyed }: OpenProps): ReactNode {
  const showKill = useUi((state) => state.showKill);
  // Chosen anew each time: a key that is held must not stop more than was looked at.
  const [all, setAll] = useState<boolean | null>(null);
  const killed = useSampled(() => desk.state?.killed ?? false, 100);
  const deskKilled = useSampled(() => desk.state?.deskKilled ?? false, 100);
  const hasDesk = useSampled(() => desk.state?.has.desk ?? false, 500);
  const manages = useManages();
  const offers = hasDesk && (manages || deskKilled);
  const whole = offers && (all ?? (deskKilled && !killed));
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
      {offers ? (
        <span className="switch kill-scope" role="group" aria-label="What it stops">
          <button type="button" aria-pressed={!whole} onClick={() => setAll(false)}>
            this account
          </button>
          <button type="button" aria-pressed={whole} onClick={() => setAll(true)}>
            the whole desk
          </button>
        </span>
      ) : null}
      <Options
        key={String(whole)}
        killed={whole ? deskKilled : killed}
        keyed={keyed}
        whole={whole}
        may={!whole || manages}
        kill={async (on, flatten, drill) => {
          const wish = { on, flatten: on && flatten, drill: on && drill };
          if (!whole) return wordsOf(await desk.kill({ account, ...wish }), null);
          const told = await desk.port.killDesk(wish).finally(() => void desk.refresh());
          const sum = (name: "cancelled" | "flattened"): number =>
            told.accounts.reduce((total, row) => total + row[name], 0);
          const counts = { cancelled: sum("cancelled"), flattened: sum("flattened") };
          return wordsOf({ on: told.on, drill: told.drill, ...counts }, told.accounts.length);
        }}
      />
    </section>
  );
}

/** Whether this user manages the risk of the desk; on a computer of one's own there is nobody else. */
function useManages(): boolean {
  const { auth } = useSession();
  return useSampled(() => {
    if (auth === null) return true;
    const { phase, state } = auth.getSnapshot();
    const role = state?.session?.user.role ?? null;
    return phase === "absent" || role === "admin" || role === "risk_manager";
  }, 500);
}

interface OptionsProps {
  readonly killed: boolean;
  /** Its key is held down. */
  readonly keyed: boolean;
  readonly whole: boolean;
  readonly may: boolean;
  readonly kill: (on: boolean, flatten: boolean, drill: boolean) => Promise<Said>;
}

function Options({ killed, keyed, whole, may, kill }: OptionsProps): ReactNode {
  const [flatten, setFlatten] = useState(false);
  const [drill, setDrill] = useState(false);
  const act = useAct(failureWords);
  const run = (on: boolean): void => act.run(() => kill(on, flatten, drill));
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!keyed || killed || !may) return;
    const timer = setTimeout(() => latest.current(true), HOLD_MS);
    return () => clearTimeout(timer);
  }, [keyed, killed, may]);
  const of = whole ? "of every account of the desk" : "of the account";
  return (
    <>
      {killed ? (
        <>
          <p>
            <strong className="kill-on">
              {whole ? "The desk\u2019s kill switch is on." : "The kill switch is on."}
            </strong>{" "}
            {whole
              ? "Orders that add risk are refused for every account, at the server, until it is released."
              : "Orders that add risk are refused for this account, here and at the server, until it is released."}
          </p>
          {may ? (
            <HoldButton
              holdMs={HOLD_MS}
              className="act"
              testId="kill-release"
              disabled={act.busy}
              onHeld={() => run(false)}
            >
              Hold to release: orders are taken again
            </HoldButton>
          ) : (
            <p className="hint">Whoever manages the risk of the desk releases it.</p>
          )}
        </>
      ) : (
        <>
          <p>
            {`Cancels every open order ${of} and refuses new ones until it is released. It works at the server: it stays on when this window is closed.`}
          </p>
          <label className="check">
            <input type="checkbox" checked={flatten} onChange={(event) => setFlatten(event.target.checked)} />
            {whole
              ? "Close all positions of the desk at the market too"
              : "Close all positions at the market too"}
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
            disabled={act.busy}
            onHeld={() => run(true)}
          >
            {`Hold to ${drill ? "drill" : flatten ? "kill and flatten" : "kill"}${whole ? ": THE WHOLE DESK" : ""}`}
          </HoldButton>
        </>
      )}
      {act.said === null ? null : <SaidLine said={act.said} testId="kill-said" />}
    </>
  );
}

interface Killed {
  readonly on: boolean;
  readonly cancelled: number;
  readonly flattened: number;
  readonly drill: boolean;
}

/** `accounts`: of how many; null for one account alone. */
function wordsOf({ on, cancelled, flattened, drill }: Killed, accounts: number | null): Said {
  const of = accounts === null ? "" : ` of ${counted(accounts, "account")}`;
  const orders = `${counted(cancelled, "order")}${of}`;
  const positions = counted(flattened, "position");
  if (drill)
    return {
      level: "good",
      text: `Drill: ${orders} would be cancelled, ${positions} flattened.`,
      code: null,
    };
  return on
    ? {
        level: "bad",
        text: `Killed: ${orders} cancelled, ${positions} flattened. Watch the lists until they are empty.`,
        code: null,
      }
    : { level: "good", text: "Released: orders are taken again.", code: null };
}
