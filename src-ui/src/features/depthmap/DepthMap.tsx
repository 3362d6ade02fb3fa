import { type ReactNode, useRef } from "react";
import { CanvasSurface } from "~/shared/CanvasSurface";
import { Notice } from "~/shared/Notice";
import { usePaint } from "~/shared/paint";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { sourceFor, sourcesOf } from "~/stores/sources";
import { columnsIn, drawMap } from "./draw";
import { DepthArchive } from "./history";
import { type Range, rangeOf, settle } from "./scale";

const archive = new DepthArchive();

export function DepthMap({ symbol, source: wanted }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const read = (): MarketView | null => session.view(source, symbol);
  const history = archive.of(source, symbol);
  const range = useRef<{ of: unknown; held: Range | null }>({ of: null, held: null });
  const present = useSampled(() => history.columns.length > 1);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const closed = snapshot.link.phase === "closed";

  usePaint((now) => history.record(read(), now), 100);

  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (!sourcesOf(snapshot, symbol).includes(source) && snapshot.symbols !== null)
    return <Notice kind="empty" title={`${venueName(source)} does not list ${symbol}`} />;

  return (
    <div className="panel" role="img" aria-label={`Depth of ${symbol} on ${venueName(source)} over time`}>
      <CanvasSurface
        testId={`depth-canvas-${source}`}
        contentKey={(now) => {
          const last = read()?.figure("price") ?? null;
          // The picture moves by whole columns; between them only the last price changes.
          return `${symbol}|${source}|${closed}|${Math.floor(now / 1000)}|${history.revision}|${last?.read(now).state}`;
        }}
        draw={(pen, now) => {
          pen.held = closed;
          const columns = history.columns.slice(-columnsIn(pen.width));
          const wish = rangeOf(columns);
          if (wish === null) return pen.begin(11);
          const held = range.current.of === history ? range.current.held : null;
          range.current = { of: history, held: settle(held, wish) };
          drawMap(pen, read(), columns, range.current.held ?? wish, now);
        }}
      />
      {present ? null : (
        <Notice
          kind="waiting"
          title={`Gathering the book of ${symbol}`}
          detail="A column is drawn each second while this panel is open."
        />
      )}
    </div>
  );
}
