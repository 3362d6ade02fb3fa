// The direction of imports, and a limit on the length of files: rules that hold because a machine checks them.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const source = resolve(import.meta.dirname, "../src");
const MOST_LINES = 280;

const MAY_IMPORT = {
  shared: ["shared"],
  transport: ["transport", "shared"],
  stores: ["stores", "transport", "shared"],
  features: ["stores", "transport", "shared"],
  app: ["app", "features", "stores", "transport", "shared"],
};

const TAURI_FILES = new Set([
  "transport/desktop.ts",
  "transport/desktop.test.ts",
  "transport/desktop-account.ts",
  "transport/desktop-agents.ts",
  "transport/desktop-team.ts",
  "transport/desktop-team.test.ts",
  "transport/desktop-trading.ts",
  "transport/desktop-trading.test.ts",
  "transport/bindings.gen.ts",
]);
// Modules that draw; the rest of the hot path must work without React.
const REACT_FREE = /^(transport\/|stores\/(?!react\.ts|react-desk\.ts|settings\.ts|ui\.ts))/;

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function target(file, specifier) {
  if (specifier.startsWith("~/")) return specifier.slice(2);
  if (specifier.startsWith(".")) return relative(source, resolve(dirname(file), specifier));
  return null;
}

const findings = [];
for (const file of files(source)) {
  const name = relative(source, file);
  const text = readFileSync(file, "utf8");
  const [room, feature] = name.split("/");
  const generated = name.endsWith(".gen.ts");
  const lines = text.split("\n").length;
  if (lines > MOST_LINES && !generated) findings.push(`${name}: ${lines} lines, more than ${MOST_LINES}`);
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    const found = target(file, specifier);
    if (specifier.startsWith("@tauri-apps/") && !TAURI_FILES.has(name))
      findings.push(`${name}: only the desktop transport may import ${specifier}`);
    if (/^(react|react-dom|zustand|dockview-react)/.test(specifier) && REACT_FREE.test(name))
      findings.push(`${name}: the hot path may not import ${specifier}`);
    if (found === null) continue;
    const [toRoom, toFeature] = found.split("/");
    if (found.endsWith("bindings.gen") && !TAURI_FILES.has(name))
      findings.push(`${name}: only the desktop transport may import ${found}`);
    if (found === "shared/figure-ink" && room !== "shared" && /\b(inkOf|plainText|seal)\b/.test(text))
      findings.push(`${name}: only shared/ may open a figure's text`);
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined) continue;
    const ownFeature = room === "features" && toRoom === "features" && feature === toFeature;
    if (!allowed.includes(toRoom) && !ownFeature) findings.push(`${name}: may not import ${found}`);
  }
}

for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
