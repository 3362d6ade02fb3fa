import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { AuthDesk, AuthSnapshot } from "~/stores/auth-desk";
import { asApiError } from "~/transport/decode";
import type { ApiError } from "~/transport/types";

/** What has to know of a refusal: it may have ended a session. */
type Noticing = Pick<AuthDesk, "noticed"> | null;

export function useAuth(desk: AuthDesk): AuthSnapshot {
  return useSyncExternalStore(desk.subscribe, desk.getSnapshot);
}

interface Rows<T> {
  /** Null before the first answer. */
  readonly rows: readonly T[] | null;
  readonly failure: ApiError | null;
  readonly reload: () => void;
}

/** A list of the server, asked for when the component comes and after each change. */
export function useRows<T>(desk: AuthDesk, load: () => Promise<readonly T[]>): Rows<T> {
  const [rows, setRows] = useState<readonly T[] | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const latest = useRef(load);
  latest.current = load;
  const asked = useRef(0);
  const reload = useCallback(() => {
    const question = (asked.current += 1);
    latest.current().then(
      (found) => {
        if (question !== asked.current) return;
        setRows(found);
        setFailure(null);
      },
      (error: unknown) => {
        if (question !== asked.current) return;
        const refusal = asApiError(error);
        setFailure(refusal);
        desk.noticed(refusal);
      },
    );
  }, [desk]);
  useEffect(() => {
    reload();
    return () => {
      asked.current += 1;
    };
  }, [reload]);
  return { rows, failure, reload };
}

interface Doing {
  /** Names what is being done; null while nothing is. */
  readonly busy: string | null;
  readonly failure: ApiError | null;
  readonly run: (name: string, change: () => Promise<unknown>) => void;
}

/** One change at a time; after each the list is read anew, whatever came of it. */
export function useDoing(desk: Noticing, after: () => void): Doing {
  const [busy, setBusy] = useState<string | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const run = (name: string, change: () => Promise<unknown>): void => {
    if (busy !== null) return;
    setBusy(name);
    setFailure(null);
    change()
      .catch((error: unknown) => {
        const refusal = asApiError(error);
        setFailure(refusal);
        desk?.noticed(refusal);
      })
      .finally(() => {
        setBusy(null);
        after();
      });
  };
  return { busy, failure, run };
}
