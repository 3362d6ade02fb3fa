import { describe, expect, it } from "vitest";
import { addressOf, placeOf } from "./route";

const place = (address: string) => placeOf(new URL(address));

describe("an address", () => {
  it("of the root is the terminal", () => {
    expect(place("http://host/")).toEqual({ view: "terminal", symbol: null });
    expect(place("http://host/desk/")).toEqual({ view: "terminal", symbol: null });
  });
  it("of the cockpit may name a symbol", () => {
    expect(place("http://host/alpha")).toEqual({ view: "cockpit", symbol: null });
    expect(place("http://host/desk/alpha?symbol=kPEPE")).toEqual({ view: "cockpit", symbol: "kPEPE" });
  });
  it("with what cannot be a symbol names none", () => {
    expect(place("http://host/alpha?symbol=%3Cb%3E").symbol).toBeNull();
    expect(place(`http://host/alpha?symbol=${"A".repeat(33)}`).symbol).toBeNull();
  });
  it.each(["http://host/", "http://host/desk/"])("leads back to where it was made, at %s", (root) => {
    const base = new URL(root);
    for (const shown of [
      { view: "cockpit", symbol: "ETH" },
      { view: "terminal", symbol: null },
    ] as const)
      expect(placeOf(addressOf(shown, base))).toEqual(shown);
    expect(addressOf({ view: "cockpit", symbol: "ETH" }, base).href).toBe(`${root}alpha?symbol=ETH`);
  });
});
