import { type ReactNode, useRef, useState } from "react";
import { timeText } from "~/shared/age";
import { CanvasSurface } from "~/shared/CanvasSurface";
import { digits, sortKey } from "~/shared/decimal";
import { price, size } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import type { Stamped } from "~/shared/stamped";
import { look } from "~/shared/theme";
import type { TipFacts } from "~/shared/tooltip";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import { figureSet } from "~/stores/figures";
import type { Level } from "~/stores/book";
import type { MarketView } from "~/stores/market-view";
import { marksKey, type OwnMark, ownMarks } from "~/stores/own-marks";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { sourceFor, sourcesOf } from "~/stores/sources";
import { useUi } from "~/stores/ui";
import { drawHeld, drawLadder } from "./draw";
import { Mirror } from "./Mirror";
import { geometry, HEAD_HEIGHT } from "./rows";

function ageKey(stamped: Stamped<unknown> | null, now: number): string {
  const reading = stamped?.read(now) ?? null;
  return reading === null ? "-" : `${reading.state}${Math.round(reading.worn * 100)}`;
}

export function Ladder({ symbol, source: wanted }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const [figures] = useState(figureSet);
  const openChange = useUi((state) => state.openChange);
  /** The own order that is in hand, and where it is held. */
  const held = useRef<{ readonly key: string; y: number } | null>(null);
  const read = (): MarketView | null => session.view(source, symbol);
  const present = useSampled(() => read()?.book != null);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const closed = snapshot.link.phase === "closed";
  const own = (): readonly OwnMark[] => ownMarks(session.trading, source, symbol);
  /** A price of the book becomes the ticket's; it is sent by no click. */
  const pick = (y: number, height: number): void => {
    const { trading, ticket } = session;
    const level = trading?.getSnapshot().phase === "here" ? levelAt(read(), y, height) : null;
    if (level !== null) ticket?.pick(level.px);
  };
  const grab = (y: number, height: number): boolean => {
    const level = levelAt(read(), y, height);
    const mark = own().find((item) => item.movable !== null && item.order === level?.key);
    held.current = mark?.movable == null ? null : { key: mark.movable, y };
    return held.current !== null;
  };
  /** Where it was let go is where the change begins: nothing is sent by the hand alone. */
  const drop = (y: number | null, height: number): void => {
    const moved = held.current;
    held.current = null;
    const level = y === null ? null : levelAt(read(), y, height);
    if (moved !== null && level !== null) openChange(moved.key, digits(level.px));
  };

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
        testId={`ladder-canvas-${source}`}
        contentKey={(now) => {
          const view = read();
          return `${marksKey(session.trading)}|${held.current?.y}|${symbol}|${source}|${closed}|${view?.revision}|${ageKey(view?.book ?? null, now)}|${ageKey(view?.deep ?? null, now)}|${ageKey(view?.figure("price") ?? null, now)}`;
        }}
        draw={(pen, now) => {
          pen.held = closed;
          const view = read();
          if (view?.book == null) pen.begin(12);
          else drawLadder(pen, view, figures.bookSpread(view), own(), now);
          if (held.current !== null) drawHeld(pen, rowAt(view, held.current.y, pen.height));
        }}
        factsAt={(_x, y, _width, height, now) => factsAt(read(), own(), y, height, now)}
        onPick={(_x, y, _width, height) => pick(y, height)}
        onGrab={grab}
        onMove={(y) => {
          if (held.current !== null) held.current.y = y;
        }}
        onDrop={drop}
      />
      {present ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for the book of ${symbol}`}
          detail={`${venueName(source)} has sent no book yet.`}
        />
      )}
      <Mirror
        read={read}
        source={source}
        caption={`Order book of ${symbol} on ${venueName(source)}, best ten levels`}
      />
    </div>
  );
}

interface RowPlace {
  readonly side: "bid" | "ask";
  readonly index: number;
}

function rowAt(view: MarketView | null, y: number, height: number): RowPlace | null {
  if (view?.book == null || y < HEAD_HEIGHT) return null;
  const place = geometry(height, look().row);
  const side = y < place.spreadTop ? "ask" : "bid";
  const distance = side === "ask" ? place.spreadTop - y : y - place.spreadTop - place.spreadHeight;
  const index = Math.floor(distance / place.row);
  return distance < 0 || index >= place.rows ? null : { side, index };
}

function levelAt(view: MarketView | null, y: number, height: number): Level | null {
  const row = rowAt(view, y, height);
  if (row === null) return null;
  const levels = view?.book?.draw(0, (book) => (row.side === "ask" ? book.asks : book.bids));
  return levels?.[row.index] ?? null;
}

function factsAt(
  view: MarketView | null,
  own: readonly OwnMark[],
  y: number,
  height: number,
  now: number,
): TipFacts | null {
  const row = rowAt(view, y, height);
  if (view === null || row === null) return null;
  const { side, index } = row;
  const beyond = view.deepFrom !== null && index >= view.deepFrom;
  const stamped = beyond ? view.deep : view.book;
  return (
    stamped?.draw(now, (book, reading) => {
      const level = (side === "ask" ? book.asks : book.bids)[index];
      if (level === undefined) return null;
      const px = tipFigure(price(level.px, view.instrument?.pxDecimals ?? null));
      const sz = tipFigure(size(level.sz, view.instrument?.szDecimals ?? null));
      const walls = view.flow.walls?.draw(now, (both) => (side === "ask" ? both.asks : both.bids)) ?? [];
      const wall = walls.find((item) => sortKey(item.px) === level.key);
      const label =
        wall === undefined
          ? `${side} level ${index + 1}`
          : `${side} level ${index + 1}, a wall since ${timeText(wall.sinceMs)}, ${tipFigure(size(wall.timesMedian, null))} times the median`;
      const mine = own.filter((mark) => mark.order === level.key).map(({ text }) => `, yours: ${text}`);
      return { label, value: `${sz} at ${px}${mine.join("")}`, source: view.source, reading };
    }) ?? null
  );
}
