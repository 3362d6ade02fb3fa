import { create } from "zustand";

/** The windows that the server sums over. */
export const WINDOWS = [
  { ms: 60_000, name: "1 m" },
  { ms: 300_000, name: "5 m" },
  { ms: 3_600_000, name: "1 h" },
] as const;

export type WindowMs = (typeof WINDOWS)[number]["ms"];

interface WindowStore {
  readonly windowMs: WindowMs;
  choose(windowMs: WindowMs): void;
}

/** The window whose sums are shown, in the head and in the body of the panel. */
export const useWindow = create<WindowStore>((set) => ({
  windowMs: 300_000,
  choose: (windowMs) => set({ windowMs }),
}));
