import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/**
 * A Chromium that is told only to evaluate. Playwright's own would report every message of the page's socket to the
 * test, thousands a second, and that report would cost more than the page.
 */
export class BareBrowser {
  #id = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly profile: string,
    private readonly stop: () => Promise<void>,
  ) {}

  static async open(url: string, width: number, height: number): Promise<BareBrowser> {
    const profile = await mkdtemp(join(tmpdir(), "hypersentry-bench-"));
    const child = spawn(
      "/usr/bin/chromium",
      [
        "--headless=new",
        "--no-sandbox",
        "--no-first-run",
        "--hide-scrollbars",
        `--user-data-dir=${profile}`,
        `--window-size=${width},${height}`,
        "--remote-debugging-port=0",
        url,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const stop = async (): Promise<void> => {
      const gone = once(child, "exit");
      child.kill();
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    };
    const origin = await new Promise<string>((resolve, reject) => {
      let said = "";
      child.once("exit", () => reject(new Error(`chromium ended: ${said}`)));
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        const found = /DevTools listening on ws:\/\/([^/]+)/.exec(said);
        if (found?.[1] !== undefined) resolve(found[1]);
      });
    });
    const targets = (await (await fetch(`http://${origin}/json`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = targets.find(({ type }) => type === "page");
    if (page === undefined) throw new Error("chromium opened no page");
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    await once(socket, "open");
    return new BareBrowser(socket, profile, stop);
  }

  /** Runs a function in the page; it sees nothing of the test but its argument. */
  async evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const expression = `(${run.toString()})(${JSON.stringify(argument)})`;
    const answer = await this.send<Evaluated>("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text);
    return answer.result?.value as R;
  }

  /** One command of the DevTools protocol to the page. */
  send<R>(method: string, params: object = {}): Promise<R> {
    const id = (this.#id += 1);
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      const onMessage = (raw: unknown): void => {
        const answer = JSON.parse(String(raw)) as Answer;
        if (answer.id !== id) return;
        this.socket.off("message", onMessage);
        if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
        else resolve(answer.result as R);
      };
      this.socket.on("message", onMessage);
    });
  }

  /** Resident memory of the page's process in bytes; null where the system does not tell it. */
  async residentBytes(): Promise<number | null> {
    const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
    const profile = this.profile;
    let most: number | null = null;
    for (const pid of pids) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (!command.includes("--type=renderer") || !command.includes(profile)) continue;
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
      most = Math.max(most ?? 0, kilobytes * 1024);
    }
    return most;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.stop();
  }
}
