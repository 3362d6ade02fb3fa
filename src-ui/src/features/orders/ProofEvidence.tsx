import type { ReactNode } from "react";
import type { ProofCheck } from "~/stores/proof-check";
import type { Proof } from "~/transport/proof-types";
import { CopyButton } from "./CopyButton";

/** What the files are called that are checked elsewhere. */
const FILES = { proof: "proof.json", key: "audit.pub", checkpoint: "checkpoint.txt" } as const;

interface ProofEvidenceProps {
  readonly cloid: string;
  readonly proof: Proof;
  /** Null where the browser computes no hashes; undefined while it does. */
  readonly check: ProofCheck | null | undefined;
}

/** Which checkpoint and whose signature prove the records, and how they are verified without this server. */
export function ProofEvidence({ cloid, proof, check }: ProofEvidenceProps): ReactNode {
  const { checkpoint, size, key, text } = proof;
  return (
    <>
      <section aria-label="What proves it">
        <h3>What proves it</h3>
        <dl className="proof-facts">
          <div>
            <dt>Records</dt>
            <dd data-testid="proof-paths">{pathWords(proof, check)}</dd>
          </div>
          <div>
            <dt>Checkpoint</dt>
            <dd>
              {`of all ${size} records of the log`}
              <CopyButton text={checkpoint} label="Copy the checkpoint" />
              <code data-testid="proof-checkpoint">{checkpoint.trim()}</code>
            </dd>
          </div>
          <div>
            <dt>Signature</dt>
            <dd data-testid="proof-signature" data-state={check?.signature ?? "unchecked"}>
              {signatureWords(check)}
            </dd>
          </div>
          {key === "" ? null : (
            <div>
              <dt>Key</dt>
              <dd>
                <code>{key}</code>
                <CopyButton text={key} label="Copy the key" />
              </dd>
            </div>
          )}
        </dl>
      </section>
      <section aria-label="Verify it offline">
        <h3>Verify it without this server</h3>
        <ol className="proof-ways">
          {text === "" ? null : (
            <li>
              {"This order alone: save the proof as "}
              <code>{FILES.proof}</code>
              <CopyButton text={text} label="Copy the proof" />
              {" and the key as "}
              <code>{FILES.key}</code>
              {", then:"}
              <Command text={`python3 tools/verify_audit.py proof ${FILES.proof} --key ${FILES.key}`} />
            </li>
          )}
          <li>
            {"The whole log, from a copy of its directory "}
            <code>DIR</code>
            {" and the checkpoint as "}
            <code>{FILES.checkpoint}</code>
            {":"}
            <Command
              text={`hypersentry-gateway audit verify DIR --key ${FILES.key} --checkpoint ${FILES.checkpoint}`}
            />
          </li>
          <li>
            {"The same proof from that copy:"}
            <Command text={`hypersentry-gateway audit prove DIR --key ${FILES.key} --order ${cloid}`} />
          </li>
        </ol>
        <p className="hint">
          A key that was kept elsewhere shows that the log was not signed anew, a checkpoint that was kept
          elsewhere that it was not rolled back. Nothing here proves that a record tells the truth.
        </p>
      </section>
    </>
  );
}

function Command({ text }: { readonly text: string }): ReactNode {
  return (
    <span className="proof-command">
      <code>{text}</code>
      <CopyButton text={text} label={`Copy the command: ${text}`} />
    </span>
  );
}

function pathWords({ records }: Proof, check: ProofEvidenceProps["check"]): string {
  if (check === undefined) return "being checked in this window";
  if (check === null) return "not checked here: browsers compute hashes on https and on this computer alone";
  const holds = records.filter(({ index }) => check.records.get(index)?.holds === true).length;
  return holds === records.length
    ? `all ${holds} lead to the checkpoint\u2019s root, checked in this window`
    : `${records.length - holds} of ${records.length} do NOT lead to the checkpoint\u2019s root`;
}

function signatureWords(check: ProofEvidenceProps["check"]): string {
  if (check == null) return "present below the checkpoint, not checked here";
  const { signature, signer } = check;
  if (signature === "absent") return "NONE of the log\u2019s key stands below the checkpoint";
  if (signature === "bad") return `of ${signer}: it does NOT fit the checkpoint`;
  return signature === "good"
    ? `of ${signer}, by Ed25519: fits the checkpoint, checked in this window`
    : `of ${signer}, by Ed25519: present, this browser cannot check it`;
}
