import { describe, expect, it } from "vitest";
import { ACTIONS } from "./actions";
import { conflicts, Keymap, strokeOf } from "~/shared/keymap";

describe("keys", () => {
  it("has no two actions on the same keys", () => {
    expect(conflicts(ACTIONS.flatMap(({ id, keys }) => (keys === undefined ? [] : [{ id, keys }])))).toEqual(
      [],
    );
  });
  it("gives every action its own id", () => {
    expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
  });
  it("finds equal keys and keys that begin another", () => {
    const found = conflicts([
      { id: "a", keys: "g" },
      { id: "b", keys: "g t" },
      { id: "c", keys: "Mod+K" },
      { id: "d", keys: "Mod+k" },
      { id: "e", keys: "x" },
    ]);
    expect(found).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });
  it("follows two strokes, for a second", () => {
    const keymap = new Keymap([
      { id: "one", keys: "n t" },
      { id: "two", keys: "t" },
    ]);
    expect([keymap.press("n", 0), keymap.press("t", 500)]).toEqual([null, "one"]);
    expect([keymap.press("n", 0), keymap.press("t", 1500)]).toEqual([null, "two"]);
    expect([keymap.press("n", 0), keymap.press("z", 100), keymap.press("t", 200)]).toEqual([
      null,
      null,
      "two",
    ]);
  });
  it("spells strokes alike on every keyboard", () => {
    const stroke = (init: KeyboardEventInit): string => strokeOf(new KeyboardEvent("keydown", init));
    expect(stroke({ key: "K", ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+k");
    expect(stroke({ key: "?", shiftKey: true })).toBe("?");
    expect(stroke({ key: "P", shiftKey: true })).toBe("Shift+p");
  });
});
