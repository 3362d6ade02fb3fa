import { invoke } from "@tauri-apps/api/core";
import { clock } from "~/shared/clock";
import { Backoff } from "./backoff";
import { asApiError, asDirectory, asEnvelope, asObject, asSubscribed } from "./decode";
import {
  ApiError,
  type Envelope,
  type SymbolDirectory,
  type Transport,
  type TransportListener,
} from "./types";

/** The shell's commands, in one place so that generated bindings can take over by replacing this object. */
const commands = {
  openSession: () => invoke<{ session: string }>("open_session"),
  subscribe: (session: string, coin: string) => invoke<unknown>("subscribe", { session, coin }),
  unsubscribe: (session: string, coin: string) => invoke<unknown>("unsubscribe", { session, coin }),
  symbols: () => invoke<unknown>("symbols"),
  nextFrame: (session: string) => invoke<ArrayBuffer>("next_frame", { session }),
  closeSession: (session: string) => invoke<unknown>("close_session", { session }),
};

const utf8 = new TextDecoder();

export class DesktopTransport implements Transport {
  readonly kind = "desktop";
  readonly #wanted = new Set<string>();
  readonly #backoff = new Backoff(250, 5000);
  #listener: TransportListener | null = null;
  #session: string | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #opening = false;

  open(listener: TransportListener): void {
    this.#listener = listener;
    void this.#start();
  }

  subscribe(coin: string): void {
    this.#wanted.add(coin);
    if (this.#session !== null) void this.#subscribe(this.#session, coin);
  }

  unsubscribe(coin: string): void {
    this.#wanted.delete(coin);
    if (this.#session === null) return;
    commands.unsubscribe(this.#session, coin).catch((error: unknown) => {
      this.#listener?.onError(asApiError(error, coin));
    });
  }

  async symbols(): Promise<SymbolDirectory> {
    const answer = await commands.symbols().catch((error: unknown) => {
      throw asApiError(error);
    });
    const directory = asDirectory(answer);
    if (directory === null)
      throw new ApiError("malformed_answer", "the list of symbols could not be read", true);
    return directory;
  }

  retry(): void {
    if (this.#session === null && !this.#opening) void this.#start();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    const session = this.#session;
    this.#session = null;
    this.#listener = null;
    if (session !== null) commands.closeSession(session).catch(() => undefined);
  }

  async #start(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#opening = true;
    this.#listener?.onState({ phase: "connecting" });
    try {
      const { session } = await commands.openSession();
      if (this.#listener === null) {
        await commands.closeSession(session);
        return;
      }
      this.#session = session;
      this.#listener.onState({ phase: "open", since: Date.now() });
      for (const coin of this.#wanted) void this.#subscribe(session, coin);
      void this.#poll(session);
    } catch (error) {
      this.#lost(asApiError(error));
    } finally {
      this.#opening = false;
    }
  }

  async #subscribe(session: string, coin: string): Promise<void> {
    try {
      const answer = asSubscribed(asObject(await commands.subscribe(session, coin)) ?? {});
      if (session !== this.#session) return;
      if (answer === null) this.#listener?.onMalformed();
      else this.#listener?.onSubscribed(answer);
    } catch (error) {
      if (session === this.#session) this.#listener?.onError(asApiError(error, coin));
    }
  }

  /** One request at a time is the back-pressure: while it is out, the server conflates. */
  async #poll(session: string): Promise<void> {
    while (session === this.#session) {
      if (document.hidden) {
        await shown();
        continue;
      }
      let frame: ArrayBuffer;
      try {
        frame = await commands.nextFrame(session);
      } catch (error) {
        if (session === this.#session) this.#lost(asApiError(error));
        return;
      }
      if (session !== this.#session) return;
      this.#backoff.reset();
      this.#receive(frame);
    }
  }

  #receive(frame: ArrayBuffer): void {
    const arrivedAt = clock.now();
    if (frame.byteLength === 0) return;
    const batch: Envelope[] = [];
    for (const line of utf8.decode(frame).split("\n")) {
      if (line === "") continue;
      const envelope = parse(line);
      if (envelope === null) this.#listener?.onMalformed();
      else batch.push(envelope);
    }
    if (batch.length > 0) this.#listener?.onEvents(batch, arrivedAt);
  }

  #lost(error: ApiError): void {
    this.#session = null;
    const wait = this.#backoff.next();
    this.#retryTimer = setTimeout(() => void this.#start(), wait);
    this.#listener?.onState({
      phase: "closed",
      reason: `${error.message} (${error.code})`,
      at: Date.now(),
      retryAt: clock.now() + wait,
    });
  }
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
  });
}

function parse(line: string): Envelope | null {
  try {
    const message = asObject(JSON.parse(line));
    return message === null ? null : asEnvelope(message);
  } catch {
    return null;
  }
}
