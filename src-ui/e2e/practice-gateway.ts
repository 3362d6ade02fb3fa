import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The server's program; the journeys of faults at the simulated venue need one. */
export const PROGRAM = process.env["HYPERSENTRY_GATEWAY"];

/** How long a start may take on a busy machine. */
const START_MS = 60_000;

/** An order as the simulated venue lists it. */
export interface VenueOrder {
  readonly cloid?: string | null;
  readonly coin: string;
}

/** A gateway of its own over a simulated venue with a plan of faults. */
export class PracticeGateway {
  #process: ChildProcess;
  #data: string;

  private constructor(
    process: ChildProcess,
    data: string,
    readonly url: string,
    /** Where the venue answers. */
    readonly venue: string,
  ) {
    this.#process = process;
    this.#data = data;
  }

  /** Starts one; `scenario` names a file in `scenarios`, `admin` the address of who may trade there. */
  static async start(program: string, scenario: string, admin: string): Promise<PracticeGateway> {
    const here = path.dirname(fileURLToPath(import.meta.url));
    const data = await mkdtemp(path.join(tmpdir(), "hypersentry-practice-"));
    const options = {
      "--venues": "sim",
      // One venue is enough for its orders, and leaves the machine to the page.
      "--venue-list": "hyperliquid",
      "--scenario": path.join(here, "scenarios", scenario),
      "--listen": "127.0.0.1:0",
      "--data-dir": data,
      "--ui": path.join(here, "..", "dist"),
      "--admin": admin,
      // Where the venue listens is told at this level.
      "--log": "info",
    };
    const child = spawn(program, ["serve", ...Object.entries(options).flat()], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [url, venue] = await Promise.all([
      found(child, "stdout", /^listening on (\S+)$/m),
      found(child, "stderr", /venue simulator listens.*local_addr=(\S+)/m),
    ]).catch(async (error: unknown) => {
      await end(child, data);
      throw error;
    });
    return new PracticeGateway(child, data, url, `http://${venue}/hyperliquid`);
  }

  /** What the venue itself says of an account. */
  async #ask<T>(type: string, user: string): Promise<T> {
    const answer = await fetch(`${this.venue}/info`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type, user }),
    });
    return (await answer.json()) as T;
  }

  /** Orders that rest there. */
  resting(user: string): Promise<readonly VenueOrder[]> {
    return this.#ask("frontendOpenOrders", user);
  }

  /** Orders that were there and have ended. */
  ended(user: string): Promise<readonly { readonly order: VenueOrder }[]> {
    return this.#ask("historicalOrders", user);
  }

  stop(): Promise<void> {
    return end(this.#process, this.#data);
  }
}

/** The first match of what a program says; colours of a terminal are left out. */
function found(child: ChildProcess, from: "stdout" | "stderr", wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string): void => {
      clearTimeout(late);
      reject(new Error(`the gateway ${why}: ${said.slice(-2_000)}`));
    };
    const late = setTimeout(() => fail("did not start in time"), START_MS);
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => fail("ended"));
    child[from]?.on("data", (chunk: Buffer) => {
      // What comes later is read and forgotten: a full pipe would stop the server.
      if (said.length > 1_000_000) return;
      // oxlint-disable-next-line no-control-regex
      said += String(chunk).replaceAll(/\u001b\[[0-9;]*m/g, "");
      const match = wanted.exec(said);
      if (match?.[1] === undefined) return;
      clearTimeout(late);
      resolve(match[1]);
    });
  });
}

async function end(child: ChildProcess, data: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(late);
  }
  await rm(data, { recursive: true, force: true });
}
