import { type ReactNode, useRef } from "react";
import { plainFigure } from "~/shared/mirror";
import { price, size } from "~/shared/format";
import { usePaint } from "~/shared/paint";
import { worseOf } from "~/shared/stamped";
import { setText } from "~/shared/set-text";
import type { MarketView } from "~/stores/market-view";
import { cumulate } from "./rows";

const MIRROR_LEVELS = 10;

const INDICES = Array.from({ length: MIRROR_LEVELS }, (_, index) => index);

interface MirrorProps {
  readonly read: () => MarketView | null;
  readonly source: string;
  readonly caption: string;
}

/** The best levels as a table that assistive technology and tests can read, refreshed a few times a second. */
export function Mirror({ read, source, caption }: MirrorProps): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  usePaint((now) => {
    const view = read();
    const rows = body.current?.rows;
    if (!rows) return;
    for (const side of ["ask", "bid"] as const) {
      const first = side === "ask" ? 0 : MIRROR_LEVELS;
      const cells = view?.book?.draw(now, (book, reading) => {
        const levels = side === "bid" ? book.bids : book.asks;
        const { totals } = cumulate(levels, MIRROR_LEVELS);
        const deep = view.deep?.read(now) ?? null;
        return levels.slice(0, MIRROR_LEVELS).map((level, index) => {
          const own = view.deepFrom !== null && index >= view.deepFrom ? deep : reading;
          if (own === null) return null;
          const lot = view.instrument?.szDecimals ?? null;
          const total = totals[index];
          return [
            plainFigure(price(level.px, view.instrument?.pxDecimals ?? null), own),
            plainFigure(size(level.sz, lot), own),
            total === undefined ? "" : plainFigure(size(total, lot), worseOf(own, reading)),
            own.state,
          ];
        });
      });
      for (const index of INDICES) write(rows[first + index], cells?.[index] ?? null);
    }
  }, 400);
  return (
    <div className="offscreen">
      <table role="table" data-testid={`ladder-${source}`}>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {["Side", "Price", "Size", "Total", "State"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {(["ask", "bid"] as const).flatMap((side) =>
            INDICES.map((index) => (
              <tr key={`${side}${index}`} data-testid={`ladder-${source}-${side}-${index}`}>
                <th scope="row">{`${side} ${index + 1}`}</th>
                <td />
                <td />
                <td />
                <td />
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}

function write(row: HTMLTableRowElement | undefined, texts: readonly string[] | null): void {
  if (row === undefined) return;
  for (let at = 0; at < 4; at += 1) {
    const cell = row.cells[at + 1];
    const text = texts?.[at] ?? "";
    if (cell) setText(cell, text);
  }
}
