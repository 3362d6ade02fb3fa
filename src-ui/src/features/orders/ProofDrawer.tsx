import { type ReactNode, useEffect, useState } from "react";
import { Drawer, DrawerClose } from "~/shared/Drawer";
import { Notice } from "~/shared/Notice";
import { checkProof, type ProofCheck } from "~/stores/proof-check";
import { proofTitle } from "~/stores/proof-words";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import { tradingWords } from "~/stores/trading-words";
import { useUi } from "~/stores/ui";
import { asApiError } from "~/transport/decode";
import type { Proof } from "~/transport/proof-types";
import type { ApiError } from "~/transport/types";
import { CopyButton } from "./CopyButton";
import { ProofEvidence } from "./ProofEvidence";
import { ProofRecords } from "./ProofRecords";

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
        {trading === null ? null : <Records key={cloid} desk={trading} cloid={cloid} />}
      </div>
    </Drawer>
  );
}

function Records({ desk, cloid }: { readonly desk: TradingDesk; readonly cloid: string }): ReactNode {
  const [proof, setProof] = useState<Proof | null>(null);
  const [check, setCheck] = useState<ProofCheck | null | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let here = true;
    desk.port.proof({ account: desk.getSnapshot().account ?? "", cloid }).then(
      (found) => {
        if (!here) return;
        setProof(found);
        setFailure(null);
        setCheck(undefined);
        void checkProof(found).then((checked) => here && setCheck(checked));
      },
      (error: unknown) => here && setFailure(asApiError(error)),
    );
    return () => {
      here = false;
    };
  }, [desk, cloid, asked]);
  const title = proof === null ? null : proofTitle(proof.records);
  return (
    <>
      <p className="proof-name">
        {title === null ? null : <strong>{title}</strong>}
        <span>
          <code>{cloid}</code>
          <CopyButton text={cloid} label={"Copy the order\u2019s name"} />
        </span>
      </p>
      {proof === null && failure === null ? (
        <p className="hint">The records are being read from the audit log.</p>
      ) : null}
      {failure === null ? null : <Failure error={failure} />}
      {proof === null ? null : (
        <>
          <ProofRecords records={proof.records} check={check ?? null} />
          <ProofEvidence cloid={cloid} proof={proof} check={check} />
        </>
      )}
      {proof === null && failure === null ? null : (
        <p className="account-actions">
          <button type="button" className="act" onClick={() => setAsked(asked + 1)}>
            Read again
          </button>
        </p>
      )}
    </>
  );
}

function Failure({ error }: { readonly error: ApiError }): ReactNode {
  const { what, why, next } = tradingWords(error);
  return <Notice kind="error" title={what} detail={`${why} ${next}`} code={error.code} />;
}
