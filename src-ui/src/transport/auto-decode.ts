import type { AutoGate, AutoOutcome, AutoSymbol, AutoView } from "./auto-types";
import { asObject } from "./decode";
import { count, list, text } from "./order-decode";

/** Symbols and gates of one answer that are read; a server tells fewer. */
const MOST_ROWS = 200;

/** A gate's figures are told as texts, numbers or yes and no. */
function said(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return "\u2014";
}

function asGate(value: unknown): AutoGate | null {
  const body = asObject(value);
  const gate = text(body?.["gate"]);
  if (gate === null || typeof body?.["holds"] !== "boolean") return null;
  return { gate, holds: body["holds"], found: said(body["found"]), needed: said(body["needed"]) };
}

function asOutcome(value: unknown): AutoOutcome | null {
  const body = asObject(value);
  const atMs = count(body?.["at_ms"]);
  const outcome = text(body?.["outcome"]);
  if (atMs === null || outcome === null) return null;
  return {
    atMs,
    outcome,
    code: text(body?.["code"]),
    text: text(body?.["text"]) ?? outcome,
    cloid: text(body?.["cloid"]),
  };
}

export function asAutoSymbol(value: unknown): AutoSymbol | null {
  const body = asObject(value);
  const symbol = text(body?.["symbol"]);
  const gates = list(body?.["gates"] ?? [], MOST_ROWS, asGate);
  if (symbol === null || gates === null) return null;
  return { symbol, gates, nextMs: count(body?.["next_ms"]), last: asOutcome(body?.["last"]) };
}

function asWhy(value: unknown): AutoView["ended"] {
  const body = asObject(value);
  const code = text(body?.["code"]);
  return code === null ? null : { code, text: text(body?.["text"]) ?? code };
}

export function asAuto(value: unknown): AutoView | null {
  const body = asObject(value);
  const account = text(body?.["account"]);
  const states = list(body?.["symbols_state"] ?? [], MOST_ROWS, asAutoSymbol);
  // Whether orders are given by themselves must not be guessed.
  if (account === null || states === null || typeof body?.["on"] !== "boolean") return null;
  return {
    account,
    states,
    on: body["on"],
    by: text(body["by"]),
    untilMs: count(body["until_ms"]),
    symbols: list(body["symbols"] ?? [], MOST_ROWS, text) ?? [],
    sizeUsd: text(body["size_usd"]),
    streak: count(body["streak"]),
    cooldownMs: count(body["cooldown_ms"]),
    mostOpen: count(body["most_open"]),
    open: count(body["open"]),
    text: text(body["state_text"]) ?? "",
    ended: asWhy(body["ended"]),
    modelRequired: body["model_required"] !== false,
  };
}
