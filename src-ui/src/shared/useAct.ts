import { useState } from "react";

export interface Said {
  readonly level: "good" | "warn" | "bad";
  readonly text: string;
  readonly code: string | null;
}

interface Act {
  readonly busy: boolean;
  readonly said: Said | null;
  /** Does it, and says what came of it; nothing while the one before is on its way. */
  run(what: () => Promise<Said>): void;
  clear(): void;
}

/** Something that the server is asked to do, from the click until it is said what came of it. */
export function useAct(failure: (error: unknown) => Said): Act {
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<Said | null>(null);
  return {
    busy,
    said,
    clear: () => say(null),
    run: (what) => {
      if (busy) return;
      setBusy(true);
      say({ level: "warn", text: "Sent. Waiting for the server\u2019s word.", code: null });
      what()
        .then(say, (error: unknown) => say(failure(error)))
        .finally(() => setBusy(false));
    },
  };
}

export function good(text: string): Said {
  return { level: "good", text, code: null };
}
