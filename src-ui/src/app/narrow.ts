const NARROW = matchMedia("(max-width: 899.98px)");

/** Whether the window is too narrow for panels beside each other. */
export function narrow(): boolean {
  return NARROW.matches;
}

export function watchNarrow(listener: () => void): () => void {
  NARROW.addEventListener("change", listener);
  return () => NARROW.removeEventListener("change", listener);
}
