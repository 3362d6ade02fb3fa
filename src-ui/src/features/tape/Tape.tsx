import { type ReactNode, useEffect, useRef } from "react";
import { CanvasSurface } from "~/shared/CanvasSurface";
import { price, size } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { look } from "~/shared/theme";
import type { TipFacts } from "~/shared/tooltip";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { sourceFor, sourcesOf } from "~/stores/sources";
import { drawTape, HEAD_HEIGHT } from "./draw";
import { Mirror } from "./Mirror";

interface Scroll {
  /** Rows between the newest trade and the top of the panel. */
  offset: number;
  total: number;
}

export function Tape({ symbol, source: wanted }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const read = (): MarketView | null => session.view(source, symbol);
  const present = useSampled(() => read()?.trades != null);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const closed = snapshot.link.phase === "closed";
  const scroll = useRef<Scroll>({ offset: 0, total: 0 });
  useEffect(() => {
    scroll.current = { offset: 0, total: 0 };
  }, [symbol, source]);

  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (!sourcesOf(snapshot, symbol).includes(source) && snapshot.symbols !== null)
    return (
      <Notice
        kind="empty"
        title={`${venueName(source)} does not list ${symbol}`}
        detail="Choose another venue above, or another symbol."
      />
    );

  return (
    <div className="panel">
      <CanvasSurface
        testId={`tape-canvas-${source}`}
        contentKey={(now) => {
          const trades = read()?.trades ?? null;
          const reading = trades?.read(now) ?? null;
          const total = trades?.draw(now, (ring) => ring.total) ?? 0;
          follow(scroll.current, total);
          return `${symbol}|${source}|${closed}|${total}|${scroll.current.offset}|${reading?.state}${Math.round((reading?.worn ?? 0) * 100)}`;
        }}
        draw={(pen, now) => {
          pen.held = closed;
          const view = read();
          if (view?.trades == null) pen.begin(12);
          else drawTape(pen, view, scroll.current.offset, now);
        }}
        factsAt={(_x, y, _width, _height, now) => factsAt(read(), scroll.current.offset, y, now)}
        onWheel={(rows) => {
          const kept = read()?.trades?.draw(0, (ring) => ring.length) ?? 0;
          scroll.current.offset = Math.max(0, Math.min(kept - 1, scroll.current.offset + rows));
        }}
      />
      {present ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for trades of ${symbol}`}
          detail={`${venueName(source)} has sent none yet.`}
        />
      )}
      <Mirror read={read} source={source} caption={`Newest trades of ${symbol} on ${venueName(source)}`} />
    </div>
  );
}

/** A reader who scrolled back keeps the same trades in view while new ones come in. */
function follow(scroll: Scroll, total: number): void {
  const fresh = total - scroll.total;
  scroll.total = total;
  if (scroll.offset > 0 && fresh > 0) scroll.offset = Math.min(499, scroll.offset + fresh);
  if (fresh < 0) scroll.offset = 0;
}

function factsAt(view: MarketView | null, offset: number, y: number, now: number): TipFacts | null {
  if (y < HEAD_HEIGHT) return null;
  const index = offset + Math.floor((y - HEAD_HEIGHT) / look().row);
  return (
    view?.trades?.draw(now, (ring, reading) => {
      const trade = ring.newest(index);
      if (trade === undefined) return null;
      const px = tipFigure(price(trade.px, view.instrument?.pxDecimals ?? null));
      const sz = tipFigure(size(trade.sz, view.instrument?.szDecimals ?? null));
      return {
        label: `${trade.side}, trade ${trade.id}`,
        value: `${sz} at ${px}`,
        source: view.source,
        reading,
      };
    }) ?? null
  );
}
