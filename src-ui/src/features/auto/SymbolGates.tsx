import type { ReactNode } from "react";
import { spanText, timeText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { SaidLine } from "~/shared/SaidLine";
import { TableHead } from "~/shared/TableHead";
import { good, useAct } from "~/shared/useAct";
import { failureWords } from "~/stores/act-words";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";
import type { AutoSymbol } from "~/transport/auto-types";

interface SymbolGatesProps {
  readonly desk: TradingDesk;
  readonly state: AutoSymbol;
  readonly on: boolean;
}

/** One symbol: each gate with what was found and what it needs, and what came of it last. */
export function SymbolGates({ desk, state, on }: SymbolGatesProps): ReactNode {
  const { symbol, gates, nextMs, last } = state;
  const openProof = useUi((ui) => ui.openProof);
  const act = useAct(failureWords);
  const closed = gates.filter(({ holds }) => !holds).length;
  return (
    <section className="auto-symbol" aria-label={`Gates of ${symbol}`} data-testid={`auto-${symbol}`}>
      <header>
        <h3>{symbol}</h3>
        <span className="auto-sum" data-open={closed === 0}>
          {closed === 0 ? "all gates hold" : `${closed} of ${gates.length} hold it back`}
        </span>
        {nextMs === null ? null : (
          <LiveText
            className="hint"
            everyMs={500}
            read={(now) => {
              const core = desk.coreNow(now);
              const left = core === null ? 0 : nextMs - core;
              return left <= 0 ? "" : `next at the earliest in ${spanText(left)}`;
            }}
          />
        )}
        <span className="spring" />
        {on ? (
          <button
            type="button"
            className="act"
            disabled={act.busy}
            title="Judges it anew, at once; it skips no gate"
            aria-label={`Judge now: ${symbol}`}
            onClick={() =>
              act.run(() => desk.auto.trigger(symbol).then(() => good("Judged anew: the gates stand below.")))
            }
          >
            Judge now
          </button>
        ) : null}
      </header>
      <table className="sheet auto-gates">
        <TableHead columns={["Gate", "Holds", "Found", "Needed"]} />
        <tbody>
          {gates.map(({ gate, holds, found, needed }) => (
            <tr key={gate} data-holds={holds}>
              <th scope="row">{gate.replaceAll("_", " ")}</th>
              <td>{holds ? "yes" : "NO"}</td>
              <td title={found}>{found}</td>
              <td title={needed}>{needed}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {last === null ? (
        <p className="hint">Nothing has come of it yet.</p>
      ) : (
        <p className="auto-last" data-outcome={last.outcome}>
          <span className="result-time">{timeText(last.atMs)}</span>{" "}
          <strong>{last.outcome.replaceAll("_", " ")}</strong> {last.text}{" "}
          {last.code === null ? null : <code>{last.code}</code>}{" "}
          {last.cloid === null ? null : (
            <button type="button" className="quiet" onClick={() => openProof(last.cloid)}>
              Proof
            </button>
          )}
        </p>
      )}
      <SaidLine said={act.said} testId={`auto-said-${symbol}`} />
    </section>
  );
}
