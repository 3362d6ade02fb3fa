import { create } from "zustand";

type Overlay = "palette" | "keys" | null;

export type View = "terminal" | "cockpit";

export const ACCOUNT_TABS = [
  "account",
  "sessions",
  "agents",
  "users",
  "audit",
  "server",
  "connection",
] as const;
export type AccountTab = (typeof ACCOUNT_TABS)[number];

const REOPENED = "hypersentry.account";

/** The window begins anew and shows this part of the account again. */
export function beginAnew(tab: AccountTab): void {
  sessionStorage.setItem(REOPENED, tab);
  location.reload();
}

function reopened(): AccountTab | null {
  const kept = sessionStorage.getItem(REOPENED);
  sessionStorage.removeItem(REOPENED);
  return ACCOUNT_TABS.find((tab) => tab === kept) ?? null;
}

interface UiStore {
  readonly overlay: Overlay;
  readonly view: View;
  /** The number of the decision whose inputs are laid open; null while the drawer is closed. */
  readonly why: string | null;
  /** The part of the account that is open; null while its drawer is closed. */
  readonly account: AccountTab | null;
  /** The order whose records are laid open; null while the drawer is closed. */
  readonly proof: string | null;
  /** The kill switch's options are open. */
  readonly kill: boolean;
  /** The order that is being changed, and the price at which it was dropped, if it was moved by hand. */
  readonly change: { readonly key: string; readonly px: string | null } | null;
  /** A paper account is being opened. */
  readonly paper: boolean;
  /** The tab shown when the window is too narrow for docked panels. */
  readonly tab: string;
  /** The same of the cockpit. */
  readonly cockpitTab: string;
  show(overlay: Overlay): void;
  go(view: View): void;
  openWhy(node: string): void;
  closeWhy(): void;
  openAccount(tab: AccountTab): void;
  closeAccount(): void;
  openProof(cloid: string | null): void;
  closeProof(): void;
  showKill(open: boolean): void;
  openChange(key: string, px?: string): void;
  closeChange(): void;
  showPaper(open: boolean): void;
  openTab(tab: string): void;
  openCockpitTab(tab: string): void;
}

export const useUi = create<UiStore>((set) => ({
  overlay: null,
  view: "terminal",
  why: null,
  account: reopened(),
  proof: null,
  kill: false,
  change: null,
  paper: false,
  tab: "ladder",
  cockpitTab: "score",
  show: (overlay) => set({ overlay }),
  go: (view) => set({ view }),
  openWhy: (why) => set({ why, account: null, proof: null }),
  closeWhy: () => set({ why: null }),
  // One drawer at a time: they take the same edge.
  openAccount: (account) => set({ account, why: null, proof: null }),
  closeAccount: () => set({ account: null }),
  openProof: (proof) => set({ proof, why: null, account: null }),
  closeProof: () => set({ proof: null }),
  showKill: (kill) => set({ kill }),
  openChange: (key, px) => set({ change: { key, px: px ?? null } }),
  closeChange: () => set({ change: null }),
  showPaper: (paper) => set({ paper }),
  openTab: (tab) => set({ tab }),
  openCockpitTab: (cockpitTab) => set({ cockpitTab }),
}));
