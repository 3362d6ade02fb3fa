import { type Decimal, parseDecimal } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import { asCoverage, type Coverage } from "./coverage";
import { asStamp } from "./stamps";

type Json = Readonly<Record<string, unknown>>;

/** A sum over a window of event time, which says nothing without its coverage. */
export interface WindowSum {
  readonly usd: Decimal;
  readonly windowMs: number;
  readonly coverage: Coverage;
}

const WINDOW_FIELDS = ["cvd_venue", "cvd_venue_1m", "cvd_spot_1m", "cvd_spot_5m"] as const;

export type WindowField = (typeof WINDOW_FIELDS)[number];

/** One part of a composite figure. */
export interface Component {
  readonly source: string;
  readonly weight: Decimal;
  readonly coverage: Coverage | null;
  /** Before weighting; null when missing. */
  readonly usd: Stamped<Decimal> | null;
}

const PART_FIELDS = ["cvd_source", "oi_source"] as const;

export type PartField = (typeof PART_FIELDS)[number];

/** A level much larger than its neighbours. */
export interface Wall {
  readonly px: Decimal;
  readonly sz: Decimal;
  readonly timesMedian: Decimal;
  readonly sinceMs: number;
}

export interface Walls {
  readonly bids: readonly Wall[];
  readonly asks: readonly Wall[];
}

/** What is wrong with a market's data beside its age. */
export interface Quality {
  readonly degraded: readonly string[];
  readonly quarantined: number;
  readonly outliers: number;
  readonly missingSeconds: readonly (readonly [string, number])[];
  readonly repairedFrom: string | null;
}

/** Entries of one list that are read; more would be a fault of the server. */
const MOST_ENTRIES = 64;

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST_ENTRIES) : [];
}

function asWall(value: unknown): Wall | null {
  const body = asObject(value);
  const px = parseDecimal(body?.["px"]);
  const sz = parseDecimal(body?.["sz"]);
  const timesMedian = parseDecimal(body?.["times_median"]);
  const sinceMs = body?.["since_ms"];
  return px === null || sz === null || timesMedian === null || typeof sinceMs !== "number"
    ? null
    : { px, sz, timesMedian, sinceMs };
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function asQuality(body: Json): Quality {
  return {
    degraded: list(body["degraded"]).map(String),
    quarantined: count(body["quarantined"]),
    outliers: count(body["outliers"]),
    missingSeconds: Object.entries(asObject(body["missing_s"]) ?? {})
      .slice(0, MOST_ENTRIES)
      .map(([feed, seconds]): [string, number] => [feed, count(seconds)]),
    repairedFrom: typeof body["repaired_from"] === "string" ? body["repaired_from"] : null,
  };
}

/** Flow, composites, walls and quality of one market. */
export class FlowView {
  quality: Quality | null = null;
  walls: Stamped<Walls> | null = null;
  readonly #windows = new Map<WindowField, Stamped<WindowSum>>();
  readonly #coverage = new Map<WindowField, Coverage>();
  readonly #parts = new Map<PartField, readonly Component[]>();

  constructor(private readonly source: string) {}

  window(field: WindowField): Stamped<WindowSum> | null {
    return this.#windows.get(field) ?? null;
  }

  /** Known even where the sum itself is missing. */
  coverage(field: WindowField): Coverage | null {
    return this.#coverage.get(field) ?? null;
  }

  parts(field: PartField): readonly Component[] {
    return this.#parts.get(field) ?? [];
  }

  clear(): void {
    this.quality = null;
    this.walls = null;
    this.#windows.clear();
    this.#coverage.clear();
    this.#parts.clear();
  }

  /** Gives the number of values that could not be read. */
  take(data: Json, coreNow: number, arrivedAt: number): number {
    let refused = 0;
    for (const field of WINDOW_FIELDS) {
      const body = asObject(data[field]);
      if (body !== null) refused += this.#takeWindow(field, body, coreNow, arrivedAt);
    }
    for (const field of PART_FIELDS)
      if (Array.isArray(data[field])) this.#takeParts(field, data[field], coreNow, arrivedAt);
    const walls = asObject(data["walls"]);
    if (walls !== null) this.#takeWalls(walls, coreNow, arrivedAt);
    const quality = asObject(data["quality"]);
    if (quality !== null) this.quality = asQuality(quality);
    return refused;
  }

  #takeWindow(field: WindowField, body: Json, coreNow: number, arrivedAt: number): number {
    const coverage = asCoverage(body["coverage"]);
    const stamp = asStamp(body, coreNow, arrivedAt);
    if (coverage === null) this.#coverage.delete(field);
    else this.#coverage.set(field, coverage);
    this.#windows.delete(field);
    if (stamp === null) return 0;
    const usd = parseDecimal(body["v"]);
    if (usd === null || coverage === null) return 1;
    this.#windows.set(
      field,
      Stamped.of(this.source, { usd, windowMs: count(body["window_ms"]), coverage }, stamp),
    );
    return 0;
  }

  #takeParts(field: PartField, values: readonly unknown[], coreNow: number, arrivedAt: number): void {
    const parts: Component[] = [];
    for (const value of list(values)) {
      const body = asObject(value);
      const weight = parseDecimal(body?.["weight"]);
      if (body === null || weight === null || typeof body["source"] !== "string") continue;
      const stamp = asStamp(body, coreNow, arrivedAt);
      const usd = parseDecimal(body["v"]);
      parts.push({
        source: body["source"],
        weight,
        coverage: asCoverage(body["coverage"]),
        usd: stamp === null || usd === null ? null : Stamped.of(body["source"], usd, stamp),
      });
    }
    this.#parts.set(field, parts);
  }

  #takeWalls(body: Json, coreNow: number, arrivedAt: number): void {
    const stamp = asStamp(body, coreNow, arrivedAt);
    const side = (name: string): readonly Wall[] =>
      list(body[name])
        .map(asWall)
        .filter((wall) => wall !== null);
    this.walls =
      stamp === null ? null : Stamped.of(this.source, { bids: side("bids"), asks: side("asks") }, stamp);
  }
}
