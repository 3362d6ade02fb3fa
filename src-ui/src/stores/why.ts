import { type Stamp, Stamped } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import { ANSWER_LIMIT_MS } from "./alpha-answers";
import { asBias, type FeedState } from "./conviction";
import { asCoverage, type Coverage } from "./coverage";
import { asFlag, asList, asNumber, asText, type Json } from "./json";
import type { Bias } from "./smoothing";
import { asStamp } from "./stamps";

/** A number of the decision and what it was made of. What does not apply is null. */
export interface WhyNode {
  readonly id: string;
  readonly label: string;
  readonly value: number | null;
  /** What stands in place of a number, for example the name of a class. */
  readonly words: string | null;
  readonly unit: string | null;
  readonly sources: readonly string[];
  readonly stamp: Stamp | null;
  readonly state: FeedState | null;
  readonly windowMs: number | null;
  readonly samples: number | null;
  readonly coverage: Coverage | null;
  readonly weight: number | null;
  readonly decay: number | null;
  readonly contribution: number | null;
  readonly note: string | null;
  readonly children: readonly WhyNode[];
}

export interface Counterfactual {
  readonly target: string;
  readonly input: string;
  readonly label: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly reachable: boolean;
  readonly scoreThen: number | null;
  readonly text: string;
}

export interface WhyRow {
  readonly node: WhyNode;
  readonly depth: number;
}

export interface WhyAnswer {
  readonly symbol: string;
  readonly nowMs: number;
  readonly tree: WhyNode;
  /** The tree from the top down, parents before their children. */
  readonly rows: readonly WhyRow[];
  /** Each node under its own stamp, or the answer's where it has none. */
  readonly byId: ReadonlyMap<string, Stamped<WhyNode>>;
  readonly counterfactual: readonly Counterfactual[];
}

export type GateState = "pass" | "fail" | "unknown";

export interface Gate {
  readonly name: string;
  readonly state: GateState;
  readonly value: string | null;
  readonly threshold: string | null;
  readonly text: string | null;
  /** `market` or `account`. */
  readonly scope: string | null;
}

export interface NearVerdict {
  readonly atMs: number;
  readonly side: Bias | null;
  readonly score: number | null;
  readonly wouldTrade: boolean;
  readonly failed: readonly string[];
}

export interface GatesAnswer {
  readonly symbol: string;
  readonly nowMs: number;
  readonly side: Bias | null;
  readonly near: boolean;
  readonly wouldTrade: boolean;
  readonly gates: readonly Gate[];
  readonly recent: readonly NearVerdict[];
}

/** The tree has about forty nodes; deeper or wider would be a fault of the server. */
const MOST_CHILDREN = 64;
const MOST_DEPTH = 8;
const MOST_ROWS = 64;

function asFeedState(value: unknown): FeedState | null {
  return value === "fresh" || value === "stale" || value === "missing" ? value : null;
}

export function asNode(value: unknown, nowMs: number, arrivedAt: number, depth = 0): WhyNode | null {
  const body = asObject(value);
  const id = asText(body?.["id"]);
  if (body === null || id === null || depth > MOST_DEPTH) return null;
  return {
    id,
    label: asText(body["label"]) ?? id,
    value: asNumber(body["value"]),
    words: asText(body["value"]),
    unit: asText(body["unit"]),
    sources: asList(body["sources"], 8, asText),
    stamp: asStamp(body, nowMs, arrivedAt),
    state: asFeedState(body["state"]),
    windowMs: asNumber(body["window_ms"]),
    samples: asNumber(body["samples"]),
    coverage: asCoverage(body["coverage"]),
    weight: asNumber(body["weight"]),
    decay: asNumber(body["decay"]),
    contribution: asNumber(body["contribution"]),
    note: asText(body["note"]),
    children: asList(body["children"], MOST_CHILDREN, (child) => asNode(child, nowMs, arrivedAt, depth + 1)),
  };
}

function asCounterfactual(value: unknown): Counterfactual | null {
  const body = asObject(value);
  const target = asText(body?.["target"]);
  const text = asText(body?.["text"]);
  if (target === null || text === null) return null;
  const input = asText(body?.["input"]) ?? "";
  return {
    target,
    input,
    label: asText(body?.["label"]) ?? input,
    from: asNumber(body?.["from"]),
    to: asNumber(body?.["to"]),
    reachable: body?.["reachable"] === true,
    scoreThen: asNumber(body?.["score_then"]),
    text,
  };
}

export function asWhy(body: Json, arrivedAt: number): WhyAnswer | null {
  const symbol = asText(body["symbol"]);
  const nowMs = asNumber(body["now_ms"]);
  if (symbol === null || nowMs === null) return null;
  const tree = asNode(body["tree"], nowMs, arrivedAt);
  if (tree === null) return null;
  const rows: WhyRow[] = [];
  const byId = new Map<string, Stamped<WhyNode>>();
  const own = { asOf: nowMs, provedAt: nowMs, limitMs: ANSWER_LIMIT_MS, coreNow: nowMs, arrivedAt };
  const walk = (node: WhyNode, depth: number): void => {
    rows.push({ node, depth });
    byId.set(node.id, Stamped.of(node.sources.join(", ") || "alpha", node, node.stamp ?? own));
    for (const child of node.children) walk(child, depth + 1);
  };
  walk(tree, 0);
  return {
    symbol,
    nowMs,
    tree,
    rows,
    byId,
    counterfactual: asList(body["counterfactual"], MOST_ROWS, asCounterfactual),
  };
}

function asGate(value: unknown): Gate | null {
  const body = asObject(value);
  const name = asText(body?.["name"]);
  if (name === null) return null;
  const state = body?.["state"];
  return {
    name,
    // What is not said to pass does not pass.
    state: state === "pass" || state === "fail" ? state : "unknown",
    value: asText(body?.["value"]),
    threshold: asText(body?.["threshold"]),
    text: asText(body?.["text"]),
    scope: asText(body?.["scope"]),
  };
}

function asVerdict(value: unknown): NearVerdict | null {
  const body = asObject(value);
  const atMs = asNumber(body?.["at_ms"]);
  if (atMs === null) return null;
  return {
    atMs,
    side: asBias(body?.["side"]),
    score: asNumber(body?.["score"]),
    wouldTrade: body?.["would_trade"] === true,
    failed: asList(body?.["failed"], MOST_ROWS, asText),
  };
}

export function asGates(body: Json): GatesAnswer | null {
  const symbol = asText(body["symbol"]);
  const nowMs = asNumber(body["now_ms"]);
  const gates = asList(body["gates"], MOST_ROWS, asGate);
  if (symbol === null || nowMs === null || gates.length === 0) return null;
  return {
    symbol,
    nowMs,
    side: asBias(body["side"]),
    near: asFlag(body["near"]) ?? false,
    wouldTrade: body["would_trade"] === true && gates.every(({ state }) => state === "pass"),
    gates,
    recent: asList(body["recent"], MOST_ROWS, asVerdict),
  };
}

/** The nodes from the root to the one of that id; empty when there is none. */
export function pathTo(tree: WhyNode, id: string): readonly WhyNode[] {
  if (tree.id === id) return [tree];
  for (const child of tree.children) {
    const rest = pathTo(child, id);
    if (rest.length > 0) return [tree, ...rest];
  }
  return [];
}
