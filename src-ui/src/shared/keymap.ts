/** Keys of one action: `Mod+K`, `?`, or two strokes in a row such as `g t`. `Mod` is Cmd on a Mac and Ctrl elsewhere. */
export type Keys = string;

export interface Binding {
  readonly id: string;
  readonly keys: Keys;
}

const mac = (): boolean => /mac/i.test(navigator.platform);

/** The stroke of an event in the spelling that bindings use. */
export function strokeOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = mac() ? event.metaKey : event.ctrlKey;
  const parts = [mod ? "Mod" : "", event.altKey ? "Alt" : ""];
  // Shift is part of the character itself for signs such as `?`.
  if (event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key))) parts.push("Shift");
  return [...parts, key].filter((part) => part !== "").join("+");
}

/** Whether strokes go into an entry and are no commands. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function normal(keys: Keys): string {
  return keys
    .split(" ")
    .map((stroke) => {
      const parts = stroke === "+" ? ["+"] : stroke.split("+");
      const last = parts.pop() ?? "";
      return [...parts, last.length === 1 ? last.toLowerCase() : last].join("+");
    })
    .join(" ");
}

/** Pairs that cannot both work: the same keys, or one the beginning of the other. */
export function conflicts(bindings: readonly Binding[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  bindings.forEach((first, index) => {
    for (const second of bindings.slice(index + 1)) {
      const a = normal(first.keys);
      const b = normal(second.keys);
      if (a === b || a.startsWith(`${b} `) || b.startsWith(`${a} `)) found.push([first.id, second.id]);
    }
  });
  return found;
}

const SEQUENCE_MS = 1000;

/** Turns strokes into action ids. */
export class Keymap {
  readonly #actions: ReadonlyMap<string, string>;
  readonly #prefixes: ReadonlySet<string>;
  #pending = "";
  #pendingAt = 0;

  constructor(bindings: readonly Binding[]) {
    this.#actions = new Map(bindings.map(({ id, keys }) => [normal(keys), id]));
    this.#prefixes = new Set(
      bindings
        .map(({ keys }) => normal(keys))
        .flatMap((keys) => (keys.includes(" ") ? [keys.split(" ")[0] ?? ""] : [])),
    );
  }

  press(stroke: string, now: number): string | null {
    const sequence =
      now - this.#pendingAt < SEQUENCE_MS && this.#pending !== "" ? `${this.#pending} ${stroke}` : stroke;
    this.#pending = "";
    const action = this.#actions.get(sequence) ?? this.#actions.get(stroke);
    if (action !== undefined) return action;
    if (this.#prefixes.has(stroke)) {
      this.#pending = stroke;
      this.#pendingAt = now;
    }
    return null;
  }
}

/** Keys as they are printed on this computer's keyboard. */
export function keysText(keys: Keys): string {
  return keys
    .replace(/Mod\+/g, mac() ? "\u2318" : "Ctrl+")
    .replace(/(?<=\+|^)([a-z])$/, (letter) => (keys.includes("+") ? letter.toUpperCase() : letter));
}
