import {
  ApiError,
  type CandleAnswer,
  type Envelope,
  type ListedSymbol,
  type Mode,
  type Readiness,
  type Subscribed,
  type SymbolDirectory,
} from "./types";

type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function asMode(value: unknown): Mode | null {
  return value === "live" || value === "simulated" || value === "replay" ? value : null;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

export function asEnvelope(message: Json): Envelope | null {
  const { event_type, symbol, ts_ms, source, seq } = message;
  const data = asObject(message["data"]);
  if (
    typeof event_type !== "string" ||
    typeof symbol !== "string" ||
    typeof ts_ms !== "number" ||
    typeof source !== "string" ||
    typeof seq !== "number" ||
    data === null
  )
    return null;
  return { event_type, symbol, ts_ms, source, seq, data };
}

export function asSubscribed(message: Json): Subscribed | null {
  const { coin, run_id } = message;
  const mode = asMode(message["mode"]);
  if (typeof coin !== "string" || typeof run_id !== "string" || mode === null) return null;
  return { coin, run_id, mode, sources: strings(message["sources"]) };
}

export function asDirectory(value: unknown): SymbolDirectory | null {
  const body = asObject(value);
  const mode = asMode(body?.["mode"]);
  const listed = body?.["symbols"];
  const runId = body?.["run_id"];
  if (mode === null || typeof runId !== "string" || !Array.isArray(listed)) return null;
  const symbols: ListedSymbol[] = [];
  for (const item of listed) {
    const entry = asObject(item);
    const symbol = entry?.["symbol"];
    if (typeof symbol !== "string") continue;
    symbols.push({
      symbol,
      sources: strings(entry?.["sources"]),
      delisted: strings(entry?.["delisted"]),
      followed: entry?.["followed"] !== false,
    });
  }
  return { run_id: runId, mode, symbols };
}

export function asCandles(value: unknown): CandleAnswer | null {
  const body = asObject(value);
  const rows = body?.["candles"];
  return Array.isArray(rows) ? { rows, pending: body?.["pending"] === true } : null;
}

export function asReadiness(value: unknown): Readiness | null {
  const body = asObject(value);
  const journal = body?.["journal"];
  if (typeof body?.["ready"] !== "boolean" || typeof journal !== "string") return null;
  return { ready: body["ready"], reasons: strings(body["reasons"]), journal };
}

/** Reads an error of either carrier: the socket says `detail`, HTTP and the desktop say `message`. */
export function asApiError(value: unknown, coin: string | null = null): ApiError {
  if (value instanceof ApiError) return value;
  const body = asObject(value);
  const code = body?.["code"];
  if (typeof code !== "string")
    return new ApiError(
      "unreachable",
      value instanceof Error ? value.message : "the server gave no answer",
      true,
      coin,
    );
  const text = body?.["detail"] ?? body?.["message"];
  const details = asObject(body?.["details"]) ?? {};
  return new ApiError(
    code,
    typeof text === "string" ? text : code,
    body?.["retryable"] === true,
    coin,
    details,
  );
}

/** An object from a line of JSON; null for what is none. */
export function parseObject(raw: unknown): Json | null {
  if (typeof raw !== "string") return null;
  try {
    return asObject(JSON.parse(raw));
  } catch {
    return null;
  }
}
