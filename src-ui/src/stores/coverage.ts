import { asObject } from "~/transport/decode";

/** Shares of a window that were seen; together they are one. */
export interface Coverage {
  /** Seen, and the venue's numbering shows that nothing is missing. */
  readonly verified: number;
  /** Seen, but the venue numbers nothing. */
  readonly unverified: number;
  readonly missing: number;
}

function share(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
}

export function asCoverage(value: unknown): Coverage | null {
  const body = asObject(value);
  const verified = share(body?.["verified"]);
  const unverified = share(body?.["unverified"]);
  const missing = share(body?.["missing"]);
  return verified === null || unverified === null || missing === null
    ? null
    : { verified, unverified, missing };
}

export type CoverageGrade = "whole" | "unverified" | "partial" | "none";

/** What a reader has to know of it in one word. */
export function gradeOf(coverage: Coverage | null): CoverageGrade {
  if (coverage === null || coverage.missing >= 1) return "none";
  if (coverage.missing > 0) return "partial";
  return coverage.unverified > 0 ? "unverified" : "whole";
}

/** `100 %`, `99.4 %`: rounded down, so that what is not whole never reads as whole. */
export function coverageText(coverage: Coverage | null): string {
  if (coverage === null) return "\u2014";
  const seen = Math.floor((1 - coverage.missing) * 1000 + 1e-6) / 10;
  return `${Number.isInteger(seen) ? seen : seen.toFixed(1)} %${coverage.unverified > 0 && seen > 0 ? " unv." : ""}`;
}
