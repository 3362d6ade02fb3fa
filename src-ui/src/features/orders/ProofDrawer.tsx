import { type ReactNode, useEffect, useState } from "react";
import { dayText, timeText } from "~/shared/age";
import { Drawer, DrawerClose } from "~/shared/Drawer";
import { Notice } from "~/shared/Notice";
import { TableHead } from "~/shared/TableHead";
import { shortUser } from "~/stores/account-text";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { STATE_NAMES, tradingWords } from "~/stores/trading-words";
import { useUi } from "~/stores/ui";
import { asApiError } from "~/transport/decode";
import type { Proof, ProofRecord } from "~/transport/proof-types";
import { ORDER_STATES } from "~/transport/trading-types";
import type { ApiError } from "~/transport/types";

/** What happened to one order, from the audit log, with what proves it. */
export function ProofDrawer({ cloid }: { readonly cloid: string }): ReactNode {
  const { trading } = useSession();
  const close = useUi((state) => state.closeProof);
  return (
    <Drawer label="Proof of an order" className="proof" testId="proof" close={close}>
      <header className="drawer-head">
        <h2>Proof of an order</h2>
        <DrawerClose close={close} />
      </header>
      <div className="drawer-body" tabIndex={0} role="region" aria-label="Records">
        <p className="proof-name">
          <code>{cloid}</code>
          <CopyButton text={cloid} />
        </p>
        {trading === null ? null : <Records key={cloid} desk={trading} cloid={cloid} />}
      </div>
    </Drawer>
  );
}

function CopyButton({ text }: { readonly text: string }): ReactNode {
  return (
    <button type="button" className="quiet" onClick={() => void navigator.clipboard.writeText(text)}>
      Copy
    </button>
  );
}

function Records({ desk, cloid }: { readonly desk: TradingDesk; readonly cloid: string }): ReactNode {
  const [proof, setProof] = useState<Proof | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let here = true;
    desk.port.proof({ account: desk.getSnapshot().account ?? "", cloid }).then(
      (found) => {
        if (!here) return;
        setProof(found);
        setFailure(null);
      },
      (error: unknown) => here && setFailure(asApiError(error)),
    );
    return () => {
      here = false;
    };
  }, [desk, cloid, asked]);
  if (proof === null && failure === null)
    return <p className="hint">The records are being read from the audit log.</p>;
  return (
    <>
      {failure === null ? null : <Failure error={failure} />}
      {proof === null ? null : <Steps proof={proof} />}
      <p className="account-actions">
        <button type="button" className="act" onClick={() => setAsked(asked + 1)}>
          Read again
        </button>
      </p>
    </>
  );
}

function Failure({ error }: { readonly error: ApiError }): ReactNode {
  const { what, why, next } = tradingWords(error);
  return <Notice kind="error" title={what} detail={`${why} ${next}`} code={error.code} />;
}

function Steps({ proof }: { readonly proof: Proof }): ReactNode {
  const { records, checkpoint, size, text } = proof;
  return (
    <>
      <table className="account-table" data-testid="proof-records">
        <TableHead columns={["Record", "When", "What", "By"]} />
        <tbody>
          {records.map((record) => (
            <Step key={record.index} record={record} />
          ))}
        </tbody>
      </table>
      <p className="proof-root">
        Checkpoint over {size} records: <code data-testid="proof-checkpoint">{checkpoint}</code>
        <CopyButton text={checkpoint} />
      </p>
      <p className="hint">
        {text === "" ? null : (
          <>
            The proof of these records alone, for a verifier elsewhere:
            <CopyButton text={text} />.{" "}
          </>
        )}
        With a copy of the log, <code>hypersentry-gateway audit prove</code> and{" "}
        <code>tools/verify_audit.py</code> recompute it without this server. A checkpoint that is kept
        elsewhere shows afterwards whether the log was rolled back.
      </p>
    </>
  );
}

function Step({ record }: { readonly record: ProofRecord }): ReactNode {
  const { index, atMs, what, step, from, to, user, session, request, details } = record;
  const change = from === null && to === null ? "" : `${stateName(from)} \u2192 ${stateName(to)}`;
  return (
    <tr>
      <td className="figures">{index}</td>
      <td className="figures whole" title={`${dayText(atMs, "day")} ${timeText(atMs, 3)}`}>
        {timeText(atMs, 3)}
      </td>
      <td className="audit-detail">
        <strong>{what.replaceAll("_", " ")}</strong> {step === null ? "" : step.replaceAll("_", " ")} {change}
        {details === "" ? null : <span className="proof-details">{details}</span>}
      </td>
      <td
        className="figures"
        title={`user ${user ?? "\u2014"}\nsession ${session ?? "\u2014"}\nrequest ${request ?? "\u2014"}`}
      >
        {user === null ? "\u2014" : shortUser(user)}
      </td>
    </tr>
  );
}

function stateName(state: string | null): string {
  const known = ORDER_STATES.find((item) => item === state);
  return known === undefined ? (state ?? "\u2014") : STATE_NAMES[known];
}
