import type { Readiness, Transport } from "~/transport/types";

const EVERY_MS = 5000;

/** Whether the engine can be relied on, asked for every few seconds while there is a link. */
export class ReadinessWatch {
  /** Null while it is unknown. */
  current: Readiness | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly transport: Pick<Transport, "readiness">) {}

  start(): void {
    this.stop();
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.current = null;
  }

  #ask(): void {
    this.transport.readiness().then(
      (found) => {
        if (this.#timer !== undefined) this.current = found;
      },
      () => {
        this.current = null;
      },
    );
  }
}
