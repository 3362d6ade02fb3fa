import type { Side } from "~/transport/trading-types";
import type { Session } from "~/stores/session";
import { SIZE_ID } from "./Entries";
import { MARGIN_ID } from "./MarginLine";

/** Takes the side and goes to the size; a ticket that was hidden is mounted only then. */
export function beginOrder(session: Session, side: Side): void {
  const focus = (): void => {
    const entry = document.getElementById(SIZE_ID);
    // What was typed since must not be selected and typed over.
    if (!(entry instanceof HTMLInputElement) || entry === document.activeElement) return;
    session.ticket?.withdraw();
    session.ticket?.setSide(side);
    entry.focus();
    entry.select();
  };
  session.ticket?.setSide(side);
  focus();
  requestAnimationFrame(() => requestAnimationFrame(focus));
}

/** Opens the form of leverage and margin; nothing while the server has not said how the market is margined. */
export function beginMargin(): void {
  requestAnimationFrame(() => requestAnimationFrame(openMargin));
}

function openMargin(): void {
  const mode = document.getElementById(MARGIN_ID);
  if (mode === null || mode.getAttribute("aria-expanded") === "true") return;
  mode.focus();
  mode.click();
}
