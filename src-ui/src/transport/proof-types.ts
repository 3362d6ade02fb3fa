/** One step of an order in the audit log, as the server reads it. */
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

/** The bytes of a record and its path to the root, from the leaf upwards; hexadecimal, as it came. */
export interface ProvenRecord {
  readonly index: number;
  readonly record: string;
  readonly path: readonly string[];
}

export interface Proof {
  readonly records: readonly ProofRecord[];
  /** Root that the records lead to, signed. */
  readonly checkpoint: string;
  /** Records in the log at that checkpoint. */
  readonly size: number;
  /** The log's verifier key; empty where the server gives none. */
  readonly key: string;
  readonly proven: readonly ProvenRecord[];
  /** All of it as one JSON text, for a verifier elsewhere; empty where the server gives none. */
  readonly text: string;
}
