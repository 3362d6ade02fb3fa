import { create } from "zustand";

interface OrdersView {
  readonly list: "open" | "ended";
  /** The key of the chosen row; null while none is. */
  readonly selected: string | null;
  /** What is to be confirmed: one order by its key, all of them, or nothing. */
  readonly asked: { readonly key: string } | "all" | null;
  show(list: "open" | "ended"): void;
  select(key: string | null): void;
  ask(asked: OrdersView["asked"]): void;
}

/** What the list of orders shows; keys of the whole window act on it too. */
export const useOrdersView = create<OrdersView>((set) => ({
  list: "open",
  selected: null,
  asked: null,
  show: (list) => set({ list, selected: null, asked: null }),
  select: (selected) => set({ selected }),
  ask: (asked) => set({ asked }),
}));
