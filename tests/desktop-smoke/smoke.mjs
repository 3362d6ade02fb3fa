// The desktop as a user gets it: the real binary in its real web view, on a display of its own, in practice mode.
//
//   node smoke.mjs --binary PATH --screenshot FILE.png

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { orderInPractice } from "./order.mjs";
import { Processes, Session, freePort, isReady, until } from "./webdriver.mjs";

const START_MS = 60_000;
const CHANGE_MS = 60_000;
/** An empty window of this size makes a far smaller file. */
const LEAST_SCREENSHOT_BYTES = 15_000;

const { values: options } = parseArgs({
  options: { binary: { type: "string" }, screenshot: { type: "string" } },
});
if (!options.binary || !options.screenshot) {
  console.error("usage: node smoke.mjs --binary PATH --screenshot FILE.png");
  process.exit(2);
}

const processes = new Processes();
const data = await mkdtemp(join(tmpdir(), "hypersentry-smoke-"));
let session;
let stopped = false;

async function cleanUp() {
  await session?.close().catch(() => undefined);
  session = undefined;
  await processes.end();
  await rm(data, { recursive: true, force: true });
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    if (stopped) return;
    stopped = true;
    void cleanUp().finally(() => process.exit(130));
  });
}

/** The X server chooses a free display and writes its number to the descriptor. */
async function startDisplay() {
  const server = processes.start("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let written = "";
  server.child.stdio[3].setEncoding("utf8").on("data", (text) => (written += text));
  return until("the display starts", 20_000, () => {
    processes.check();
    return written.endsWith("\n") ? `:${written.trim()}` : undefined;
  });
}

async function startDriver(display) {
  const { WAYLAND_DISPLAY: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    DISPLAY: display,
    GDK_BACKEND: "x11",
    // Without the first two the web view does not answer its driver.
    TAURI_AUTOMATION: "true",
    TAURI_WEBVIEW_AUTOMATION: "true",
    // Containers give neither user namespaces nor a graphics device.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    LIBGL_ALWAYS_SOFTWARE: "1",
  };
  const port = await freePort();
  processes.start("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], { env });
  const driver = `http://127.0.0.1:${port}`;
  await until("the driver starts", 20_000, () => {
    processes.check();
    return isReady(driver);
  });
  return driver;
}

/** Counts calls over the custom protocol; after its failure the shell never uses it again. */
function watchCalls() {
  const seen = (globalThis.__smoke = { calls: 0, complaints: [] });
  const { fetch } = globalThis;
  globalThis.fetch = (resource, ...rest) => {
    if (String(resource?.url ?? resource).startsWith("ipc:")) seen.calls += 1;
    return fetch(resource, ...rest);
  };
  for (const level of ["warn", "error"]) {
    const log = console[level];
    console[level] = (...args) => {
      seen.complaints.push(`${level}: ${args.map(String).join(" ")}`);
      log(...args);
    };
  }
}

/** The drawn price without its grouping. */
function readPrice() {
  const text = document.querySelector('[data-testid="last-price"]')?.textContent?.replace(/[\s,]/g, "") ?? "";
  return /^\d+(\.\d+)?$/.test(text) ? text : null;
}

/** The texts that a reader sees and that say SIMULATED. */
function visibleMarks() {
  return [...document.querySelectorAll("body *")].filter(
    (element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /simulated/i.test(node.data)) &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
      element.getBoundingClientRect().width > 1,
  ).length;
}

async function smoke() {
  const driver = await startDriver(await startDisplay());
  const args = ["--practice", "--data-dir", data];
  session = await Session.open(driver, { "webkitgtk:browserOptions": { binary: options.binary, args } }, START_MS);
  await session.run(watchCalls);

  const price = async () => {
    processes.check();
    return (await session.run(readPrice)) ?? undefined;
  };
  const first = await until("a price is drawn", START_MS, price);
  const next = await until("the price changes", CHANGE_MS, async () => {
    const now = await price();
    return now === first ? undefined : now;
  });

  const said = await orderInPractice(session, Number(next));

  const picture = await session.screenshot();
  await writeFile(options.screenshot, picture);

  const { calls, complaints } = await session.run(() => globalThis.__smoke);
  const failures = [];
  if ((await session.run(visibleMarks)) === 0) failures.push("nothing visible says SIMULATED");
  if (calls === 0) failures.push("no call went over the custom protocol: is ipc: missing from connect-src?");
  const fallback = complaints.filter((text) => text.includes("IPC custom protocol failed"));
  if (fallback.length > 0) failures.push(...fallback);
  if (picture.length < LEAST_SCREENSHOT_BYTES) failures.push(`the screenshot has only ${picture.length} bytes: blank?`);
  if (failures.length > 0) throw new Error(failures.join("; "));
  console.log(`desktop smoke: price ${first} -> ${next}, marked SIMULATED, order "${said}", ${calls} calls, screenshot ${options.screenshot}`);
}

try {
  await smoke();
} catch (error) {
  if (!stopped) {
    console.error(processes.output());
    console.error(`desktop smoke failed: ${error.message}`);
    const picture = await session?.screenshot().catch(() => undefined);
    if (picture) await writeFile(options.screenshot, picture);
    process.exitCode = 1;
  }
} finally {
  if (!stopped) await cleanUp();
}
