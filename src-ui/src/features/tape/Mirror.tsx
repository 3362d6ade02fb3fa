import { type ReactNode, useRef } from "react";
import { timeText } from "~/shared/age";
import { price, size } from "~/shared/format";
import { plainFigure } from "~/shared/mirror";
import { usePaint } from "~/shared/paint";
import { setText } from "~/shared/set-text";
import type { MarketView } from "~/stores/market-view";

const MIRROR_TRADES = 10;

const INDICES = Array.from({ length: MIRROR_TRADES }, (_, index) => index);

interface MirrorProps {
  readonly read: () => MarketView | null;
  readonly source: string;
  readonly caption: string;
}

export function Mirror({ read, source, caption }: MirrorProps): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  usePaint((now) => {
    const view = read();
    const lines = view?.trades?.draw(now, (ring, reading) =>
      INDICES.map((index) => {
        const trade = ring.newest(index);
        if (trade === undefined) return null;
        return [
          timeText(trade.tsMs, 3),
          trade.side,
          plainFigure(price(trade.px, view.instrument?.pxDecimals ?? null), reading),
          plainFigure(size(trade.sz, view.instrument?.szDecimals ?? null), reading),
        ];
      }),
    );
    for (const index of INDICES) {
      const cells = body.current?.rows[index]?.cells;
      if (!cells) continue;
      for (let at = 0; at < 4; at += 1) {
        const cell = cells[at];
        const text = lines?.[index]?.[at] ?? "";
        if (cell) setText(cell, text);
      }
    }
  }, 400);
  return (
    <div className="offscreen">
      <table role="table" data-testid={`tape-${source}`}>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {["Time", "Side", "Price", "Size"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {INDICES.map((index) => (
            <tr key={index} data-testid={`tape-${source}-${index}`}>
              <td />
              <td />
              <td />
              <td />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
