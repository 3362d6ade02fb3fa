/** One step of an order in the audit log. */
export interface ProofRecord {
  readonly index: number;
  readonly atMs: number;
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly step: string | null;
  readonly user: string | null;
  readonly session: string | null;
  readonly request: string | null;
  readonly details: string;
}

export interface Proof {
  readonly records: readonly ProofRecord[];
  /** Root that the records lead to. */
  readonly checkpoint: string;
  /** Records in the log at that checkpoint. */
  readonly size: number;
  /** All of it as one JSON text, for a verifier elsewhere; empty where the server gives none. */
  readonly text: string;
}
