/** `0x71C7…976F`; the whole address stands in the title. */
export function shortAddress(address: string): string {
  return address.length <= 12 ? address : `${address.slice(0, 6)}\u2026${address.slice(-4)}`;
}

/** A user as the server names him: by a name, which stands whole, or by a number or an address. */
export function shortUser(by: string): string {
  return /^(user_|0x)/.test(by) ? shortAddress(by) : by;
}

export const ROLE_NAMES = {
  viewer: "viewer",
  trader: "trader",
  risk_manager: "risk manager",
  admin: "admin",
} as const;

export const GRANT_NAMES = { view: "view", trade: "trade", manage_risk: "manage risk" } as const;

/** What a browser calls itself, short enough for a list. */
export function browserText(agent: string | null): string {
  if (agent === null) return "a program";
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /Windows|Mac OS X|Android|iPhone|iPad|Linux/.exec(agent)?.[0];
  if (browser === null) return agent.slice(0, 40);
  const names: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera" };
  const name = names[browser[1] ?? ""] ?? browser[1];
  return `${name} ${browser[2]}${system === undefined ? "" : ` on ${system === "Mac OS X" ? "macOS" : system}`}`;
}

const DAY_MS = 86_400_000;

/** The warnings of the server by what is left: 14, 3 and 1 days before the end. */
export function expiryWarning(expiresMs: number, now: number): "none" | "soon" | "near" | "last" | "over" {
  const left = expiresMs - now;
  if (left <= 0) return "over";
  if (left <= DAY_MS) return "last";
  if (left <= 3 * DAY_MS) return "near";
  return left <= 14 * DAY_MS ? "soon" : "none";
}
