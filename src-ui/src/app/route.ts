import { readSymbol, useSettings } from "~/stores/settings";
import { useUi, type View } from "~/stores/ui";
import type { Transport } from "~/transport/types";

/** The last part of the cockpit's address; the terminal is at the root of wherever the page is served. */
const COCKPIT = "alpha";

export interface Place {
  readonly view: View;
  readonly symbol: string | null;
}

export function placeOf(address: URL): Place {
  const last = address.pathname.split("/").at(-1);
  return {
    view: last === COCKPIT ? "cockpit" : "terminal",
    symbol: readSymbol(address.searchParams.get("symbol")),
  };
}

export function addressOf(place: Place, base: URL): URL {
  const address = new URL(place.view === "cockpit" ? COCKPIT : ".", base);
  if (place.view === "cockpit" && place.symbol !== null) address.searchParams.set("symbol", place.symbol);
  return address;
}

function open(): void {
  const { view, symbol } = placeOf(new URL(location.href));
  useUi.getState().go(view);
  if (symbol !== null) useSettings.getState().set({ symbol });
}

/**
 * Keeps the address of a browser and the view of the page together: what is opened by address is shown, and what is
 * shown can be kept as an address. The desktop's window has no address; there only the view changes.
 */
export function followAddress(kind: Transport["kind"]): void {
  if (kind === "desktop") return;
  const base = new URL(".", document.baseURI);
  const keep = (push: boolean): void => {
    const place = { view: useUi.getState().view, symbol: useSettings.getState().symbol };
    const address = addressOf(place, base);
    if (address.href === location.href) return;
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  };
  open();
  window.addEventListener("popstate", open);
  useUi.subscribe((state, before) => {
    // Going back in the browser changes the view too, and must not add to what it went back through.
    if (state.view !== before.view && placeOf(new URL(location.href)).view !== state.view) keep(true);
  });
  useSettings.subscribe((state, before) => {
    if (state.symbol !== before.symbol && useUi.getState().view === "cockpit") keep(false);
  });
}
