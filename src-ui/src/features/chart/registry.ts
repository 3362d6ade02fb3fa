/** What can be asked of an open chart from the keyboard. */
export interface ChartHandle {
  zoom(factor: number): void;
  showNewest(): void;
}

const open = new Set<ChartHandle>();

export function registerChart(chart: ChartHandle): () => void {
  open.add(chart);
  return () => open.delete(chart);
}

export function forEachChart(ask: (chart: ChartHandle) => void): void {
  for (const chart of open) ask(chart);
}
