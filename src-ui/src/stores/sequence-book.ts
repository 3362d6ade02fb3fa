import type { Envelope } from "~/transport/types";

/** Private streams that are followed; a run has a few for each symbol that is traded. */
const STREAMS_KEPT = 1024;

/** The last number of each private stream: a hole in them says that something was missed. */
export class SequenceBook {
  readonly #last = new Map<string, number>();

  /** Whether something before this event is missing; the first of a stream says nothing of what was before it. */
  gap({ source, event_type: type, symbol, seq }: Envelope): boolean {
    const stream = `${source} ${type} ${symbol}`;
    const last = this.#last.get(stream);
    if (this.#last.size >= STREAMS_KEPT && last === undefined) this.#last.clear();
    this.#last.set(stream, Math.max(seq, last ?? seq));
    return last !== undefined && seq > last + 1;
  }

  clear(): void {
    this.#last.clear();
  }
}
