const NAMES = [
  "bg-0",
  "bg-1",
  "bg-2",
  "bg-3",
  "line",
  "ink-0",
  "ink-1",
  "ink-2",
  "up",
  "down",
  "stale",
  "warn",
  "danger",
  "sim",
  "accent",
  "venue-1",
  "venue-2",
  "venue-3",
  "venue-4",
  "venue-5",
  "venue-6",
] as const;

export type Colour = (typeof NAMES)[number];

export interface Look {
  readonly colours: Readonly<Record<Colour, string>>;
  readonly row: number;
  readonly dark: boolean;
}

let current: Look | null = null;
let revision = 0;

/** Canvases cannot use CSS variables, so the tokens are read once after each change of look. */
export function refreshLook(): void {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || "#888888"]),
  ) as Record<Colour, string>;
  current = {
    colours,
    row: Number.parseFloat(style.getPropertyValue("--row")) || 24,
    dark: document.documentElement.dataset["theme"] !== "light",
  };
  revision += 1;
}

export function look(): Look {
  if (current === null) refreshLook();
  return current as Look;
}

export function lookRevision(): number {
  return revision;
}
