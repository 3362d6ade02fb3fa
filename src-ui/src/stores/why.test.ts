import { describe, expect, it } from "vitest";
import { asGates, asWhy, pathTo } from "./why";

const TREE = {
  id: "conviction",
  label: "Conviction",
  value: 71,
  children: [
    {
      id: "footprint",
      label: "Footprint",
      value: 0.4,
      contribution: 0.1,
      weight: 0.25,
      sources: ["hyperliquid"],
      as_of: 900,
      proved_at: 950,
      age_limit_ms: 5000,
      state: "fresh",
      children: [
        { id: "footprint.flow", label: "Flow", value: 1.2, unit: "sd", window_ms: 60_000, samples: 30 },
      ],
    },
    { id: "decay", label: "Decay", value: 1 },
  ],
};

describe("an answer of why", () => {
  it("leads from the score to each of its inputs", () => {
    const why = asWhy({ symbol: "ETH", now_ms: 1000, tree: TREE, counterfactual: [] }, 0);
    expect(why?.rows.map(({ node, depth }) => `${depth} ${node.id}`)).toEqual([
      "0 conviction",
      "1 footprint",
      "2 footprint.flow",
      "1 decay",
    ]);
    expect(why && pathTo(why.tree, "footprint.flow").map(({ id }) => id)).toEqual([
      "conviction",
      "footprint",
      "footprint.flow",
    ]);
    expect(why && pathTo(why.tree, "gone")).toEqual([]);
  });
  it("ages each number by its own stamp, and by the answer's where it has none", () => {
    const why = asWhy({ symbol: "ETH", now_ms: 1000, tree: TREE }, 0);
    expect(why?.byId.get("footprint")?.read(0)).toMatchObject({ ageMs: 50, limitMs: 5000 });
    expect(why?.byId.get("decay")?.read(100).ageMs).toBe(100);
  });
  it("without a tree is none", () => {
    expect(asWhy({ symbol: "ETH", now_ms: 1000, tree: { label: "x" } }, 0)).toBeNull();
    expect(asWhy({ symbol: "ETH", tree: TREE }, 0)).toBeNull();
  });
  it("stops at a depth that no sound tree has", () => {
    let deep: Record<string, unknown> = { id: "x" };
    for (let depth = 0; depth < 50; depth += 1) deep = { id: `n${depth}`, children: [deep] };
    const why = asWhy({ symbol: "ETH", now_ms: 1, tree: deep }, 0);
    expect(why?.rows.length).toBeLessThan(12);
  });
});

describe("gates", () => {
  const gate = (name: string, state: unknown) => ({
    name,
    state,
    value: "1",
    threshold: "2",
    text: "",
    scope: "market",
  });
  it("let nothing through that is not said to pass", () => {
    const body = { symbol: "ETH", now_ms: 1, side: "LONG", would_trade: true };
    const read = (states: readonly unknown[]) =>
      asGates({ ...body, gates: states.map((state, index) => gate(`g${index}`, state)) });
    expect(read(["pass", "pass"])?.wouldTrade).toBe(true);
    expect(read(["pass", "maybe"])).toMatchObject({
      wouldTrade: false,
      gates: [{ state: "pass" }, { state: "unknown" }],
    });
    expect(read(["pass", "fail"])?.wouldTrade).toBe(false);
    expect(read([])).toBeNull();
  });
});
