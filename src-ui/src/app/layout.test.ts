import { describe, expect, it } from "vitest";
import { readSettings, DEFAULTS } from "~/stores/settings";
import { defaultPanels, LAYOUT_VERSION, readLayout } from "./layout";

const SOUND = {
  version: LAYOUT_VERSION,
  layout: {
    grid: {
      root: {
        type: "branch",
        data: [
          { type: "leaf", data: { id: "1", views: ["watchlist"] } },
          { type: "leaf", data: { id: "2", views: ["ladder-1", "ladder-2"] } },
        ],
      },
    },
    panels: {
      watchlist: { id: "watchlist", contentComponent: "watchlist" },
      "ladder-1": { id: "ladder-1", contentComponent: "ladder", params: { source: "hyperliquid" } },
      "ladder-2": { id: "ladder-2", contentComponent: "ladder" },
    },
  },
};

describe("a saved layout", () => {
  it("is taken when it is sound", () => {
    expect(readLayout(JSON.stringify(SOUND))).toEqual(SOUND.layout);
  });
  it("of the version before is taken as it is", () => {
    expect(readLayout(JSON.stringify({ ...SOUND, version: 1 }))).toEqual(SOUND.layout);
  });
  it.each([
    ["nothing", null],
    ["no JSON", "{"],
    ["another version", JSON.stringify({ ...SOUND, version: LAYOUT_VERSION + 1 })],
    ["no version", JSON.stringify(SOUND.layout)],
    [
      "a panel that is not known",
      JSON.stringify(SOUND).replace('"contentComponent":"watchlist"', '"contentComponent":"heatmap"'),
    ],
    ["a view without its panel", JSON.stringify(SOUND).replace('"views":["watchlist"]', '"views":["gone"]')],
    ["a view placed twice", JSON.stringify(SOUND).replace('"views":["watchlist"]', '"views":["ladder-1"]')],
    ["no panels", JSON.stringify({ version: LAYOUT_VERSION, layout: { grid: { root: {} }, panels: {} } })],
    ["a list", "[]"],
  ])("is refused with %s", (_what, text) => {
    expect(readLayout(text)).toBeNull();
  });
});

describe("the default layout", () => {
  it.each([900, 1280, 1440, 1920, 2560])("places each panel beside one that is there, at %i px", (width) => {
    const placed = new Set<string>();
    for (const { id, beside } of defaultPanels(width, 900)) {
      expect(placed.has(id)).toBe(false);
      if (beside !== undefined) expect(placed).toContain(beside.of);
      placed.add(id);
    }
  });
});

describe("saved settings", () => {
  it("keep what is valid and lose the rest", () => {
    expect(readSettings('{"theme":"light","palette":"pink","utc":true,"symbol":"<b>"}')).toEqual({
      ...DEFAULTS,
      theme: "light",
      utc: true,
    });
  });
  it.each([null, "", "[1]", "null", "{"])("fall back from %j", (text) => {
    expect(readSettings(text)).toEqual(DEFAULTS);
  });
});
