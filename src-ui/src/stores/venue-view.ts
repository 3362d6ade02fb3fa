import type { Stamp } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import type { Envelope } from "~/transport/types";
import { asStamp } from "./stamps";

type Connection = "connecting" | "live" | "reconnecting" | "down";

export interface StreamStatus {
  readonly channel: string;
  readonly symbol: string;
  readonly sync: string | null;
  /** Null until the stream has sent something. */
  readonly stamp: Stamp | null;
}

/** A venue's clock against the server's. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** The true offset lies within this of `offsetMs`. */
  readonly boundMs: number;
  readonly asOf: number;
  readonly steps: number;
}

/** How much of a venue's allowance is used. */
export interface BudgetUse {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  /** Null for what is counted at one moment. */
  readonly windowMs: number | null;
}

export interface RefusedRow {
  readonly symbol: string;
  readonly code: string;
  readonly count: number;
}

export interface VenueStatus {
  readonly source: string;
  readonly seq: number;
  readonly connection: Connection;
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly rttMs: number | null;
  readonly frames: number;
  /** Frames a second, smoothed over a few statuses; null until there are two. */
  readonly frameRate: number | null;
  readonly reconnects: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly refused: readonly (readonly [string, number])[];
  readonly skipped: readonly (readonly [string, number])[];
  readonly refusedBy: readonly RefusedRow[];
  /** Receive time less the venue's event time, corrected by its clock. */
  readonly latencyMs: number | null;
  readonly clock: ClockOffset | null;
  readonly budget: readonly BudgetUse[];
  /** No request is made before, by the server's clock. */
  readonly cooldownUntilMs: number | null;
  readonly streams: readonly StreamStatus[];
  readonly coreNow: number;
  readonly arrivedAt: number;
}

/** The status is repeated each second; after this the server itself is in doubt. */
const STATUS_LIMIT_MS = 3000;

/** The state of a venue's connection; unknown without a link to the server or once the status is overdue. */
export function connectionState(
  venue: VenueStatus | null,
  linked: boolean,
  now: number,
): Connection | "unknown" {
  return venue === null || !linked || now - venue.arrivedAt > STATUS_LIMIT_MS ? "unknown" : venue.connection;
}

/** How long the connection has been in its state, by the server's clock. */
export function connectedForMs(venue: VenueStatus, now: number): number {
  return Math.max(0, venue.coreNow - venue.sinceMs + now - venue.arrivedAt);
}

const MOST_STREAMS = 2000;

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function counts(value: unknown): readonly (readonly [string, number])[] {
  return Object.entries(asObject(value) ?? {})
    .filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] > 0)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 32);
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, 64) : [];
}

function asClock(value: unknown): ClockOffset | null {
  const body = asObject(value);
  const { offset_ms, bound_ms, as_of, steps } = body ?? {};
  if (typeof offset_ms !== "number" || typeof bound_ms !== "number" || typeof as_of !== "number") return null;
  return { offsetMs: offset_ms, boundMs: bound_ms, asOf: as_of, steps: count(steps) };
}

function asBudget(value: unknown): BudgetUse | null {
  const { class: name, used, limit, window_ms } = asObject(value) ?? {};
  if (typeof name !== "string" || typeof used !== "number" || typeof limit !== "number") return null;
  return { name, used, limit, windowMs: typeof window_ms === "number" ? window_ms : null };
}

function asRefused(value: unknown): RefusedRow | null {
  const { symbol, code, count: times } = asObject(value) ?? {};
  if (typeof symbol !== "string" || typeof code !== "string" || typeof times !== "number") return null;
  return { symbol, code, count: times };
}

function known<T>(value: T | null): value is T {
  return value !== null;
}

/** Time left until requests are made again, 0 when none is held back. */
export function cooldownMs(venue: VenueStatus, now: number): number {
  if (venue.cooldownUntilMs === null) return 0;
  return Math.max(0, venue.cooldownUntilMs - venue.coreNow - (now - venue.arrivedAt));
}

/** How much a new reading counts against the rate before. */
const RATE_SHARE = 0.3;

function rateAfter(before: VenueStatus | undefined, frames: number, coreNow: number): number | null {
  if (before === undefined || frames < before.frames) return null;
  if (coreNow <= before.coreNow) return before.frameRate;
  const rate = ((frames - before.frames) * 1000) / (coreNow - before.coreNow);
  return before.frameRate === null ? rate : before.frameRate + (rate - before.frameRate) * RATE_SHARE;
}

function asConnection(value: unknown): Connection {
  return value === "live" || value === "connecting" || value === "reconnecting" ? value : "down";
}

export function readVenueStatus(envelope: Envelope, arrivedAt: number, before?: VenueStatus): VenueStatus {
  const { data } = envelope;
  const now = data["now_ms"];
  const coreNow = typeof now === "number" ? now : envelope.ts_ms;
  const listed: readonly unknown[] = Array.isArray(data["streams"]) ? data["streams"] : [];
  const streams: StreamStatus[] = [];
  for (const item of listed.slice(0, MOST_STREAMS)) {
    const body = asObject(item);
    if (body === null) continue;
    streams.push({
      channel: String(body["channel"] ?? ""),
      symbol: String(body["symbol"] ?? "*"),
      sync: typeof body["sync"] === "string" ? body["sync"] : null,
      stamp: asStamp(body, coreNow, arrivedAt),
    });
  }
  return {
    source: envelope.source,
    seq: envelope.seq,
    connection: asConnection(data["connection"]),
    sinceMs: count(data["since_ms"]),
    reason: typeof data["reason"] === "string" ? data["reason"] : null,
    rttMs: typeof data["rtt_ms"] === "number" ? data["rtt_ms"] : null,
    frames: count(data["frames"]),
    frameRate: rateAfter(before, count(data["frames"]), coreNow),
    reconnects: count(data["reconnects"]),
    gaps: count(data["gaps"]),
    duplicates: count(data["duplicates"]),
    refused: counts(data["refused"]),
    skipped: counts(data["skipped"]),
    refusedBy: items(data["refused_by"]).map(asRefused).filter(known),
    latencyMs: typeof data["latency_ms"] === "number" ? data["latency_ms"] : null,
    clock: asClock(data["clock"]),
    budget: items(data["budget"]).map(asBudget).filter(known),
    cooldownUntilMs: typeof data["cooldown_until_ms"] === "number" ? data["cooldown_until_ms"] : null,
    streams,
    coreNow,
    arrivedAt,
  };
}
