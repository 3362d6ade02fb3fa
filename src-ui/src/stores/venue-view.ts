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

export interface VenueStatus {
  readonly source: string;
  readonly seq: number;
  readonly connection: Connection;
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly rttMs: number | null;
  readonly frames: number;
  readonly reconnects: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly refused: readonly (readonly [string, number])[];
  readonly skipped: readonly (readonly [string, number])[];
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

function asConnection(value: unknown): Connection {
  return value === "live" || value === "connecting" || value === "reconnecting" ? value : "down";
}

export function readVenueStatus(envelope: Envelope, arrivedAt: number): VenueStatus {
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
    reconnects: count(data["reconnects"]),
    gaps: count(data["gaps"]),
    duplicates: count(data["duplicates"]),
    refused: counts(data["refused"]),
    skipped: counts(data["skipped"]),
    streams,
    coreNow,
    arrivedAt,
  };
}
