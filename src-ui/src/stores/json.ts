/** Readers of single fields: what is not of its kind is unknown, and unknown is null. */
export type Json = Readonly<Record<string, unknown>>;

export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function asFlag(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

/** The items of a list that can be read, at most `most` of them. */
export function asList<T>(value: unknown, most: number, read: (item: unknown) => T | null): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, most)
    .map(read)
    .filter((item): item is NonNullable<typeof item> => item !== null);
}
