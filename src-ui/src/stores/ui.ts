import { create } from "zustand";

type Overlay = "palette" | "keys" | null;

interface UiStore {
  readonly overlay: Overlay;
  /** The tab shown when the window is too narrow for docked panels. */
  readonly tab: string;
  show(overlay: Overlay): void;
  openTab(tab: string): void;
}

export const useUi = create<UiStore>((set) => ({
  overlay: null,
  tab: "ladder",
  show: (overlay) => set({ overlay }),
  openTab: (tab) => set({ tab }),
}));
