import { describe, expect, it } from "vitest";
import { LinkQuality, TRIPS_KEPT } from "./link-quality";

describe("the quality of the link", () => {
  it("sums up the newest round trips alone", () => {
    const quality = new LinkQuality();
    expect(quality.trips()).toBeNull();
    for (let ms = 1; ms <= TRIPS_KEPT + 40; ms += 1) quality.onRoundTrip(ms);
    expect(quality.trips()).toEqual({ count: 60, medianMs: 71, p95Ms: 98, worstMs: 100 });
  });

  it("counts what was lost, and not attempts", () => {
    const quality = new LinkQuality();
    const closed = { phase: "closed", reason: "", at: 0, retryAt: null } as const;
    quality.onLink(closed);
    quality.onLink({ phase: "open", since: 0 });
    quality.onLink(closed);
    quality.onLink({ phase: "connecting" });
    quality.onLink(closed);
    expect(quality.losses).toBe(1);
  });
});
