import { asApiError } from "~/transport/decode";
import type { ApiError, SymbolDirectory, Transport } from "~/transport/types";

const RETRY_MS = 3000;

/** Reads the list of symbols, again and again until it is there. */
export class DirectoryReader {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly transport: Pick<Transport, "symbols">,
    private readonly take: (directory: SymbolDirectory) => void,
    private readonly fail: (error: ApiError) => void,
  ) {}

  read(): void {
    clearTimeout(this.#timer);
    this.transport.symbols().then(
      (directory) => this.take(directory),
      (error: unknown) => {
        this.fail(asApiError(error));
        this.#timer = setTimeout(() => this.read(), RETRY_MS);
      },
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
