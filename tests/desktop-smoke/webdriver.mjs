// As much of a W3C WebDriver client as the smoke test needs, and the processes around it.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 200;

/** Asks until the answer is not undefined. */
export async function until(what, limitMs, ask) {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Processes that end with the test, each with all that it started. */
export class Processes {
  #running = [];

  start(name, args, options = {}) {
    const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], ...options, detached: true });
    const process = { name, child, output: "", ended: undefined };
    child.once("error", (error) => (process.ended = error.message));
    child.once("exit", (code, signal) => (process.ended ??= `ended with ${signal ?? code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => (process.output = (process.output + text).slice(-20_000)));
    }
    this.#running.push(process);
    return process;
  }

  /** Fails as soon as one of them is gone. */
  check() {
    for (const { name, ended } of this.#running) {
      if (ended !== undefined) throw new Error(`${name}: ${ended}; it is part of the system packages of \`cargo xtask test\``);
    }
  }

  output() {
    return this.#running.map(({ name, output }) => `--- ${name}\n${output}`).join("\n");
  }

  /** The last started ends first: the display goes after what draws on it. */
  async end() {
    for (const { child } of this.#running.reverse()) {
      if (child.pid === undefined) continue;
      signal(child.pid, "SIGTERM");
      const gone = () => (signal(child.pid, 0) ? undefined : true);
      await until("end", 5_000, gone).catch(() => signal(child.pid, "SIGKILL"));
    }
    this.#running = [];
  }
}

/** Signals a process group; says whether there was one. */
function signal(group, name) {
  try {
    process.kill(-group, name);
    return true;
  } catch {
    return false;
  }
}

/** One session with a driver. */
export class Session {
  #url;

  constructor(url) {
    this.#url = url;
  }

  static async open(driver, capabilities, limitMs) {
    const answer = await request("POST", `${driver}/session`, { capabilities: { alwaysMatch: capabilities } }, limitMs);
    return new Session(`${driver}/session/${answer.sessionId}`);
  }

  /** Runs a function in the page. It sees nothing of this file. */
  run(page, ...args) {
    const script = `return (${page}).apply(null, arguments)`;
    return request("POST", `${this.#url}/execute/sync`, { script, args });
  }

  async screenshot() {
    return Buffer.from(await request("GET", `${this.#url}/screenshot`), "base64");
  }

  close() {
    return request("DELETE", this.#url);
  }
}

async function request(method, url, body, limitMs = 20_000) {
  const response = await fetch(url, {
    method,
    body: body && JSON.stringify(body),
    headers: body && { "content-type": "application/json" },
    signal: AbortSignal.timeout(limitMs),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value?.error}: ${value?.message}`);
  return value;
}

/** Whether a driver answers yet. */
export async function isReady(driver) {
  const answer = await fetch(`${driver}/status`).catch(() => undefined);
  return answer?.ok ? true : undefined;
}
