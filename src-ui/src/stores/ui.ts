import { create } from "zustand";

type Overlay = "palette" | "keys" | null;

export type View = "terminal" | "cockpit";

interface UiStore {
  readonly overlay: Overlay;
  readonly view: View;
  /** The number of the decision whose inputs are laid open; null while the drawer is closed. */
  readonly why: string | null;
  /** The tab shown when the window is too narrow for docked panels. */
  readonly tab: string;
  /** The same of the cockpit. */
  readonly cockpitTab: string;
  show(overlay: Overlay): void;
  go(view: View): void;
  openWhy(node: string): void;
  closeWhy(): void;
  openTab(tab: string): void;
  openCockpitTab(tab: string): void;
}

export const useUi = create<UiStore>((set) => ({
  overlay: null,
  view: "terminal",
  why: null,
  tab: "ladder",
  cockpitTab: "score",
  show: (overlay) => set({ overlay }),
  go: (view) => set({ view }),
  openWhy: (why) => set({ why }),
  closeWhy: () => set({ why: null }),
  openTab: (tab) => set({ tab }),
  openCockpitTab: (cockpitTab) => set({ cockpitTab }),
}));
