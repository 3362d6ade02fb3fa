import { type ReactNode, useState } from "react";
import { spanText } from "~/shared/age";
import { counted } from "~/shared/count";
import { ConfirmBar } from "~/shared/ConfirmBar";
import { type Decimal, digits, divide, scaleBy, sortKey, subtract } from "~/shared/decimal";
import { LiveText } from "~/shared/LiveText";
import { ShareBar } from "~/shared/ShareBar";
import { useSampled } from "~/shared/useSampled";
import type { TradingDesk } from "~/stores/trading-desk";
import type { TwapView } from "~/transport/trading-types";

/** TWAPs that run: their slices are orders, the rest of them is not yet. */
export function Twaps({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const keys = useSampled(() => (desk.state?.twaps ?? []).map(({ key }) => key).join(), 250);
  const [asked, ask] = useState<string | null>(null);
  if (keys === "") return null;
  return (
    <ul className="twaps" aria-label="Running TWAPs" data-testid="twaps">
      {keys.split(",").map((key) => (
        <li key={key}>
          <Running desk={desk} twapKey={key} ask={() => ask(key)} />
          {asked === key ? <Asking desk={desk} twapKey={key} close={() => ask(null)} /> : null}
        </li>
      ))}
    </ul>
  );
}

function find(desk: TradingDesk, key: string): TwapView | null {
  return desk.state?.twaps.find((item) => item.key === key) ?? null;
}

/** How much of it is done, 0 to 1; null where the server does not say how much it was. */
function shareDone({ size, left }: TwapView): number | null {
  if (size === null || sortKey(size) <= 0) return null;
  return Math.max(0, Math.min(1, 1 - sortKey(left) / sortKey(size)));
}

function percentDone({ size, left }: TwapView): Decimal | null {
  return size === null ? null : divide(scaleBy(subtract(size, left), 100), size, 0);
}

interface RunningProps {
  readonly desk: TradingDesk;
  readonly twapKey: string;
  readonly ask: () => void;
}

function Running({ desk, twapKey, ask }: RunningProps): ReactNode {
  // An older server tells neither the whole size nor how to end one alone.
  const known = useSampled(() => find(desk, twapKey)?.size != null, 500);
  const name = useSampled(() => {
    const twap = find(desk, twapKey);
    return twap === null ? "TWAP" : `TWAP ${twap.side} ${twap.symbol}`;
  }, 500);
  return (
    <div className="twap">
      <strong>{name}</strong>
      {known ? (
        <ShareBar
          label={`${name}: share that is sent`}
          read={() => {
            const twap = find(desk, twapKey);
            return twap === null ? null : shareDone(twap);
          }}
        />
      ) : null}
      <LiveText everyMs={250} titled testId="twap-text" read={(now) => twapText(desk, twapKey, now)} />
      {known ? (
        <button type="button" className="act" aria-label={`End ${name}`} onClick={ask}>
          End
        </button>
      ) : null}
    </div>
  );
}

function twapText(desk: TradingDesk, key: string, now: number): string {
  const twap = find(desk, key);
  const core = desk.coreNow(now);
  if (twap === null || core === null) return "over";
  const { left, slicesLeft, nextMs, by, size, state } = twap;
  const done = percentDone(twap);
  const next = nextMs === null ? "" : `, next in ${spanText(Math.max(0, nextMs - core))}`;
  const slices = slicesLeft === null ? "" : ` in ${counted(slicesLeft, "slice")}`;
  const share = done === null ? "" : `${digits(done)} % of ${size === null ? "" : digits(size)}, `;
  const who = { here: "", venue: ", by the venue", plan: ", by the plan" }[by];
  if (state === "unknown") return `UNKNOWN: the venue is asked whether it runs, ${digits(left)} left`;
  if (state === "ending") return `ending, ${digits(left)} left`;
  return `${share}${digits(left)} left${slices}${next}${who}`;
}

interface AskingProps {
  readonly desk: TradingDesk;
  readonly twapKey: string;
  readonly close: () => void;
}

function Asking({ desk, twapKey, close }: AskingProps): ReactNode {
  const twap = find(desk, twapKey);
  if (twap === null) return null;
  const { side, symbol, left, by } = twap;
  const who = {
    here: "Nothing more of it is sent.",
    venue: "The venue is told to stop it.",
    plan: "Nothing more of it is sent, and what rests of it is cancelled.",
  }[by];
  return (
    <ConfirmBar
      text={`End this TWAP alone: ${side} ${symbol}, ${digits(left)} left. ${who} What was filled stays.`}
      action="End it"
      run={() => {
        close();
        const account = desk.getSnapshot().account ?? "";
        void desk.run(desk.wish.endTwap(account, symbol, twapKey, `End the TWAP ${side} ${symbol}`));
      }}
      cancel={close}
    />
  );
}
