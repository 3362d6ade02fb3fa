import { type ReactNode, useState } from "react";
import { spanText, timeText } from "~/shared/age";
import { parseDecimal } from "~/shared/decimal";
import { limitUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import { tipFigure } from "~/shared/mirror";
import { SaidLine } from "~/shared/SaidLine";
import { StandingBar, StandingNotice } from "~/shared/Standing";
import { good, useAct } from "~/shared/useAct";
import { failureWords } from "~/stores/act-words";
import { shortUser } from "~/stores/account-text";
import { useAuto } from "~/stores/react-desk";
import { usePractice, useSession, useStanding, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { sentence, tradingWords } from "~/stores/trading-words";
import type { AutoView } from "~/transport/auto-types";
import { Enable } from "./Enable";
import { SymbolGates } from "./SymbolGates";

/** Orders that the server gives by itself: enabled on purpose, over by themselves, every gate on the table. */
export function Auto(): ReactNode {
  const { trading } = useSession();
  return trading === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} />
  );
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const standing = useStanding(desk);
  const practice = usePractice(desk);
  const { value, error, absent } = useAuto(desk);
  const [enabling, setEnabling] = useState(false);
  if (phase !== "here" || account === null) return <StandingNotice standing={standing} />;
  if (absent) return <Notice kind="empty" title="This server gives no orders by itself" />;
  if (value === null && error !== null) {
    const { what, why, next } = tradingWords(error);
    return <Notice kind="error" title={what} detail={`${why} ${next}`} code={error.code} />;
  }
  if (value === null) return <Notice kind="waiting" title="Waiting for the word on autonomous orders" />;
  return (
    <div
      className="panel auto"
      data-on={value.on}
      data-practice={practice}
      tabIndex={0}
      role="region"
      aria-label="Autonomous orders"
      data-testid="auto"
    >
      <StandingBar standing={standing} />
      {value.on ? (
        <On desk={desk} view={value} />
      ) : enabling ? (
        <Enable key={account} desk={desk} view={value} practice={practice} close={() => setEnabling(false)} />
      ) : (
        <div className="auto-head">
          <p>
            <strong>Off.</strong> {offText(value.text)}
          </p>
          {value.ended === null ? null : (
            <p className="hint">
              {`Ended: ${value.ended.text}`} <code>{value.ended.code}</code>
            </p>
          )}
          <button
            type="button"
            className="act"
            disabled={standing.level !== "good"}
            onClick={() => setEnabling(true)}
          >
            Enable for a time
          </button>
        </div>
      )}
      <div className="auto-symbols">
        {value.states.map((state) => (
          <SymbolGates key={state.symbol} desk={desk} state={state} on={value.on} />
        ))}
      </div>
      {value.states.length === 0 ? (
        <p className="trade-none">
          No market is enabled. What holds each trade back appears here once it is.
        </p>
      ) : null}
    </div>
  );
}

/** While it is on: until when, how far, by whom, and the one button that ends it. */
function On({ desk, view }: { readonly desk: TradingDesk; readonly view: AutoView }): ReactNode {
  const act = useAct(failureWords);
  const off = (): void =>
    act.run(async () => {
      await desk.auto.set({ on: false });
      return good("Off: no more orders are given. What rests and what is open stays.");
    });
  const { symbols, sizeUsd, by, untilMs, mostOpen } = view;
  return (
    <div className="auto-head" data-on="true">
      <p>
        <strong>ON</strong>{" "}
        <LiveText
          everyMs={250}
          testId="auto-left"
          read={(now) => {
            const core = desk.coreNow(now);
            return untilMs === null || core === null
              ? ""
              : `for ${spanText(Math.max(0, untilMs - core))}, until ${timeText(untilMs)}`;
          }}
        />
      </p>
      <p>
        {`${symbols.join(", ")}; each trade at most ${usdText(sizeUsd)}`}
        {mostOpen === null ? "" : `; ${view.open ?? "\u2014"} of at most ${mostOpen} open`}
        {view.modelRequired ? "" : "; without a trained model"}
        {by === null ? "" : `; enabled by ${shortUser(by)}`}
      </p>
      <button
        type="button"
        className="act danger auto-off"
        data-testid="auto-off"
        disabled={act.busy}
        onClick={off}
      >
        Turn it off
      </button>
      <SaidLine said={act.said} testId="auto-said" />
    </div>
  );
}

/** The server's own word begins with what stands before it already. */
function offText(told: string): string {
  const why = sentence(told.replace(/^off\s*[:,.]?\s*/i, ""));
  return why === "." ? "The server gives no order by itself for this account." : why;
}

function usdText(told: string | null): string {
  const value = parseDecimal(told);
  return value === null ? "\u2014" : tipFigure(limitUsd(value));
}
