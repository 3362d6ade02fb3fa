import type { Json, MockComponent, MockConviction } from "./alpha";

/** What each component is made of, as the engine names it: id, label, unit, window, samples. */
const LEAVES: Readonly<Record<string, readonly (readonly [string, string, string, number, number])[]>> = {
  regime: [
    ["x_price", "Price change over 60 s", "sd", 60_000, 57],
    ["x_oi", "Open interest change over 60 s", "sd", 60_000, 41],
    ["imbalance", "Book imbalance, 25 levels", "signed", 0, 1],
  ],
  footprint: [
    ["sweep", "Sweep", "signed", 500, 1204],
    ["absorption", "Absorption", "signed", 10_000, 312],
    ["flow", "Flow imbalance", "sd", 60_000, 118],
    ["impulse", "Impulse", "signed", 10_000, 640],
  ],
  volatility: [
    ["compression", "Compression percentile", "share", 3_600_000, 288],
    ["sigma_1h", "Deviation over one hour", "share", 3_600_000, 720],
  ],
  funding: [["z", "Funding against its week", "sd", 604_800_000, 10_080]],
  liquidation: [
    ["up_usd", "Shorts closed by force", "usd", 300_000, 6],
    ["down_usd", "Longs closed by force", "usd", 300_000, 3],
  ],
};

const SCALE: Readonly<Record<string, number>> = { sd: 2.2, usd: 280_000 };

function stamps({ state, asOf, provedAt, limitMs }: MockComponent): Json {
  return state === "missing"
    ? { state, age_limit_ms: limitMs }
    : { state, as_of: asOf, proved_at: provedAt, age_limit_ms: limitMs };
}

function component(part: MockComponent): Json {
  const sources = part.name === "footprint" ? ["hyperliquid"] : ["hyperliquid", "binance-usdm"];
  const missing = part.state === "missing";
  return {
    id: part.name,
    label: (part.name[0] ?? "").toUpperCase() + part.name.slice(1),
    ...(missing ? {} : { value: part.score, contribution: part.contribution }),
    weight: part.weight,
    sources,
    ...stamps(part),
    ...(part.state === "stale" ? { note: "past its limit: counts as 0, its weight stays" } : {}),
    children: (LEAVES[part.name] ?? []).map(([id, label, unit, windowMs, samples], index) => ({
      id: `${part.name}.${id}`,
      label,
      ...(missing ? {} : { value: part.score * (1 - index * 0.3) * (SCALE[unit] ?? 1) }),
      unit,
      sources,
      ...stamps(part),
      window_ms: windowMs,
      samples,
      coverage: { verified: 0.6, unverified: 0.4, missing: 0 },
      children: [],
    })),
  };
}

export function tree(view: MockConviction): Json {
  return {
    id: "conviction",
    label: "Conviction",
    value: view.score,
    note: `${view.bias}, confidence ${view.confidence.toFixed(2)}`,
    as_of: view.signalMs,
    proved_at: view.signalMs,
    age_limit_ms: 3000,
    state: "fresh",
    children: [
      ...view.components.map(component),
      {
        id: "decay",
        label: "Decay",
        value: view.decay,
        note: "newest input within the fresh 30 s",
        children: [],
      },
      ...(view.symbol === "BTC"
        ? []
        : [{ id: "btc", label: "Bitcoin's part", value: 0.04, weight: 0.2, note: "score 63", children: [] }]),
    ],
  };
}

export function counterfactual(view: MockConviction): Json[] {
  const [regime] = view.components;
  const targets = ["short", "neutral", "long"].filter((target) => target.toUpperCase() !== view.bias);
  return targets.map((target) => {
    const goal = target === "neutral" ? 54 : target === "long" ? 55 : 45;
    const reachable = target === "neutral" || Math.abs(view.score - goal) < 20;
    return {
      target,
      input: "regime",
      label: "Regime",
      from: regime?.score ?? 0,
      ...(reachable ? { to: target === "short" ? -0.52 : target === "long" ? 0.48 : 0.12 } : {}),
      reachable,
      score_then: reachable ? goal : null,
      text: reachable
        ? `Regime alone from ${(regime?.score ?? 0).toFixed(2)} to ${target === "short" ? "\u22120.52" : "0.12"} gives ${target.toUpperCase()} at ${goal}.`
        : `No value of Regime alone gives ${target.toUpperCase()}.`,
    };
  });
}

function gate(name: string, state: string, value: string | null, threshold: string, scope = "market"): Json {
  return { name, state, value, threshold, scope, text: `${name} is ${state}` };
}

export function gates(view: MockConviction): Json {
  const { score, bias, ticks } = view;
  const side = bias === "SHORT" ? "SHORT" : "LONG";
  const need = side === "LONG" ? 65 : 35;
  const scored = side === "LONG" ? score >= need : score <= need;
  const fresh = view.components.filter(({ state }) => state === "fresh").length;
  const account = (name: string, threshold: string): Json => ({
    ...gate(name, "unknown", null, threshold, "account"),
    text: "no account is known to this server",
  });
  return {
    side,
    near: scored,
    would_trade: false,
    gates: [
      gate("score", scored ? "pass" : "fail", String(score), side === "LONG" ? "65 or more" : "35 or less"),
      gate("streak", ticks >= 5 ? "pass" : "fail", String(ticks), "5 ticks"),
      gate("fresh_inputs", fresh === 5 ? "pass" : "fail", `${fresh} of 5`, "all"),
      gate(
        "trained_model",
        view.trained ? "pass" : "fail",
        view.trained ? "m-2026-11" : "untrained",
        "trained",
      ),
      gate("guard", "pass", "safe", "safe"),
      account("auto_mode", "on"),
      account("size", "$5 or more"),
      account("min_order", "$10 or more"),
      {
        ...gate("client_ready", "fail", "none", "ready", "account"),
        text: "no execution client is connected",
      },
      account("cooldown", "60 s since the last"),
      account("concurrent", "fewer than 3"),
      account("daily_trades", "below the limit"),
      account("daily_loss", "within the limit"),
    ],
    recent: scored
      ? [
          {
            at_ms: Date.now() - 42_000,
            side,
            score,
            would_trade: false,
            failed: ["trained_model", "auto_mode"],
          },
        ]
      : [],
  };
}
