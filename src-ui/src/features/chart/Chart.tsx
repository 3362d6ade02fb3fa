import { type ReactNode, useEffect, useRef } from "react";
import { formatRevision } from "~/shared/format";
import { Notice } from "~/shared/Notice";
import { usePaint } from "~/shared/paint";
import type { PanelProps } from "~/shared/panel";
import { lookRevision } from "~/shared/theme";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import type { CandleSeries } from "~/stores/candles";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { marksKey, ownMarks } from "~/stores/own-marks";
import { useSettings } from "~/stores/settings";
import { sourceFor, sourcesOf } from "~/stores/sources";
import { Mirror } from "./Mirror";
import { ChartPicture } from "./picture";
import { Readout } from "./Readout";
import { registerChart } from "./registry";

/** A candle moves many times a second; nobody reads its shape faster than this. */
const REDRAW_MS = 100;

export function Chart({ symbol, source: wanted }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const interval = useSettings((state) => state.interval);
  const studies = useSettings((state) => state.studies);
  const utc = useSettings((state) => state.utc);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const host = useRef<HTMLDivElement>(null);
  const picture = useRef<ChartPicture | null>(null);
  const looked = useRef("");
  const marked = useRef("");
  const series = (): CandleSeries => session.candles.open(source, symbol, interval);
  const listed = sourcesOf(snapshot, symbol).includes(source) || snapshot.symbols === null;
  const shown = failure === undefined && listed;
  const state = useSampled(() => {
    if (series().rows.length > 0) return "rows";
    const history = session.candles.history(source, symbol, interval);
    return history.phase === "failed" ? `${history.error.code} ${history.error.message}` : history.phase;
  });

  useEffect(() => {
    if (host.current === null) return;
    const made = new ChartPicture(host.current);
    picture.current = made;
    const forget = registerChart(made);
    return () => {
      forget();
      picture.current = null;
      marked.current = "";
      made.dispose();
    };
  }, [shown]);

  usePaint((now) => {
    const chart = picture.current;
    if (chart === null || host.current === null) return;
    const look = `${lookRevision()} ${formatRevision()} ${utc}`;
    if (look !== looked.current) chart.applyLook();
    looked.current = look;
    const held = series();
    const stale = held.stamped?.read(now).state === "stale";
    const ageing = snapshot.link.phase === "closed" ? "held" : stale ? "stale" : "live";
    if (host.current.dataset["state"] !== ageing) {
      host.current.dataset["state"] = ageing;
      chart.setStale(ageing !== "live");
    }
    chart.setPlaces(session.view(source, symbol)?.instrument?.pxDecimals ?? placesOf(held));
    chart.setStudies(studies);
    chart.draw(held, session.liquidations.feed(source, symbol));
    const own = `${marksKey(session.trading)} ${source} ${symbol} ${look}`;
    if (own !== marked.current) chart.drawOwn(ownMarks(session.trading, source, symbol));
    marked.current = own;
  }, REDRAW_MS);

  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (!listed)
    return (
      <Notice
        kind="empty"
        title={`${venueName(source)} does not list ${symbol}`}
        detail="Choose another venue above, or another symbol."
      />
    );
  return (
    <div className="panel chart">
      <div
        ref={host}
        className="chart-host"
        role="img"
        aria-label={`Candles of ${symbol} on ${venueName(source)}, ${interval}`}
        data-testid={`chart-${source}`}
      />
      <Readout picture={picture} series={series} view={() => session.view(source, symbol)} />
      <ChartNotice state={state} symbol={symbol} source={source} interval={interval} />
      <Mirror
        series={series}
        places={() => session.view(source, symbol)?.instrument?.pxDecimals ?? null}
        caption={`Newest candles of ${symbol} on ${venueName(source)}, ${interval}`}
        testId={`candles-${source}`}
      />
    </div>
  );
}

function placesOf(series: CandleSeries): number {
  const close = series.rows.at(-1)?.at.c ?? 1;
  return close >= 1000 ? 1 : close >= 10 ? 2 : 4;
}

interface ChartNoticeProps {
  readonly state: string;
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
}

function ChartNotice({ state, symbol, source, interval }: ChartNoticeProps): ReactNode {
  if (state === "rows") return null;
  if (state === "asking")
    return (
      <Notice
        kind="waiting"
        title={`Waiting for candles of ${symbol}`}
        detail={`${venueName(source)}, ${interval}: the history has been asked for.`}
      />
    );
  if (state === "here")
    return (
      <Notice
        kind="empty"
        title={`No candle of ${symbol} yet`}
        detail={`${venueName(source)} has sent no trade and no history for ${interval}.`}
      />
    );
  const [code = "", ...words] = state.split(" ");
  return <Notice kind="error" title="The candles could not be read" detail={words.join(" ")} code={code} />;
}
