import { type ReactNode, useState } from "react";
import { spanText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { SaidLine } from "~/shared/SaidLine";
import { good, useAct } from "~/shared/useAct";
import { useSampled } from "~/shared/useSampled";
import { shortUser } from "~/stores/account-text";
import { failureWords } from "~/stores/act-words";
import { useKeptLeases } from "~/stores/react-desk";
import { scopeKey } from "~/stores/risk-desk";
import type { TradingDesk } from "~/stores/trading-desk";
import type { Lease, ScopeName } from "~/transport/risk-types";

/** How long a lease may be; short ones end soon after the window is lost. */
const LENGTHS = [30, 60, 300, 900] as const;

/** What taking it is called, by how it stands. */
const TAKE_WORDS = { none: "Take a lease", held: "Take it over", lapsed: "Renew the lease" } as const;

interface LeaseLineProps {
  readonly desk: TradingDesk;
  readonly of: ScopeName;
  readonly title: string;
}

/** The lease of a scope: while somebody's window lives it is renewed; when it lapses, what adds risk goes. */
export function LeaseLine({ desk, of, title }: LeaseLineProps): ReactNode {
  const [seconds, setSeconds] = useState<number>(60);
  const act = useAct(failureWords);
  const own = useKeptLeases(desk).some((kept) => scopeKey(kept.of) === scopeKey(of));
  const state = useSampled(() => {
    const lease = leaseOf(desk, of);
    return lease === null ? "none" : lease.lapsed ? "lapsed" : "held";
  }, 200);
  const take = (): void =>
    act.run(async () => {
      await desk.leases.take(of, seconds);
      await desk.refresh();
      return good("");
    });
  const end = (): void =>
    act.run(async () => {
      await desk.leases.end(of);
      await desk.refresh();
      return good("Ended: nothing is cancelled when this window goes.");
    });
  return (
    <div className="lease" data-state={state} data-testid={`lease-${of.scope}`}>
      <p>
        <strong>{state === "lapsed" ? "Lease LAPSED" : "Lease"}</strong>{" "}
        <LiveText everyMs={250} read={(now) => leaseText(desk, of, now, own)} />
      </p>
      <div className="limits-acts">
        {state === "held" && own ? null : (
          <>
            <span className="switch" role="group" aria-label={`Length of the lease: ${title}`}>
              {LENGTHS.map((length) => (
                <button
                  key={length}
                  type="button"
                  aria-pressed={length === seconds}
                  onClick={() => setSeconds(length)}
                >
                  {spanText(length * 1000)}
                </button>
              ))}
            </span>
            <button
              type="button"
              className="act"
              disabled={act.busy}
              aria-label={`${TAKE_WORDS[state]}: ${title}`}
              onClick={take}
            >
              {TAKE_WORDS[state]}
            </button>
          </>
        )}
        {state === "none" ? null : (
          <button
            type="button"
            className="act"
            disabled={act.busy}
            aria-label={`End the lease: ${title}`}
            onClick={end}
          >
            End
          </button>
        )}
      </div>
      <SaidLine said={act.said} testId={`lease-said-${of.scope}`} />
    </div>
  );
}

function leaseOf(desk: TradingDesk, of: ScopeName): Lease | null {
  return desk.state?.leases.find((lease) => scopeKey(lease) === scopeKey(of)) ?? null;
}

function leaseText(desk: TradingDesk, of: ScopeName, now: number, own: boolean): string {
  const lease = leaseOf(desk, of);
  const core = desk.coreNow(now);
  if (lease === null || core === null) return "none: orders stay when every window is gone.";
  const by = lease.by === "" ? "" : ` by ${shortUser(lease.by)}`;
  if (lease.lapsed)
    return `${by.trim() === "" ? "" : `of ${shortUser(lease.by)}, `}orders that add risk were cancelled and none are taken. Stops stay.`;
  const left = spanText(Math.max(0, lease.untilMs - core));
  return own
    ? `lapses in ${left}; this window renews it while it lives.`
    : `lapses in ${left}, held${by} in another window.`;
}
