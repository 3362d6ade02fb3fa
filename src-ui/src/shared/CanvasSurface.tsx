import { type ReactNode, useEffect, useRef } from "react";
import { formatRevision } from "./format";
import { REDRAW_MS } from "./frame";
import { usePaint } from "./paint";
import { forgetAdvances, Pen } from "./pen";
import { lookRevision } from "./theme";
import { hideTip, showTip, type TipFacts } from "./tooltip";

interface CanvasSurfaceProps {
  /** Identifies what would be drawn; while it stays the same the canvas is left alone. */
  readonly contentKey: (now: number) => string;
  readonly draw: (pen: Pen, now: number) => void;
  /** The figure under a point, for the tooltip. */
  readonly factsAt?: (x: number, y: number, width: number, height: number, now: number) => TipFacts | null;
  readonly onWheel?: (rows: number) => void;
  /** A click on the picture; for what can be done by keys elsewhere too. */
  readonly onPick?: (x: number, y: number, width: number, height: number) => void;
  /** Something under the point can be taken and moved; what it is, the owner knows. For what can be done by keys elsewhere too. */
  readonly onGrab?: (y: number, height: number) => boolean;
  readonly onMove?: (y: number, height: number) => void;
  /** Where it was let go; null where the move was given up. */
  readonly onDrop?: (y: number | null, height: number) => void;
  readonly testId?: string;
}

/** A hand that shakes less than this has not moved anything. */
const MOVED_PX = 4;

interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  ratio: number;
}

export function CanvasSurface(props: CanvasSurfaceProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<Surface | null>(null);
  const drawn = useRef("");
  const drawnAt = useRef(0);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    const measure = (): void => {
      surface.current = fit(host, canvas.current);
      drawn.current = "";
    };
    const observer = new ResizeObserver(measure);
    observer.observe(host);
    // Text measured before the fonts are there would be drawn in a fallback face until the next change.
    void document.fonts.ready.then(() => {
      forgetAdvances();
      drawn.current = "";
    });
    return () => observer.disconnect();
  }, []);

  usePaint((now) => {
    let target = surface.current;
    if (target === null || canvas.current === null || box.current === null) return;
    if (target.ratio !== devicePixelRatio) {
      target = fit(box.current, canvas.current);
      surface.current = target;
      drawn.current = "";
      if (target === null) return;
    }
    const key = `${latest.current.contentKey(now)}|${lookRevision()}|${formatRevision()}`;
    if (key === drawn.current || (drawn.current !== "" && now - drawnAt.current < REDRAW_MS)) return;
    drawn.current = key;
    drawnAt.current = now;
    latest.current.draw(new Pen(target.context, target.width, target.height, target.ratio), now);
  });

  const point = useRef({ x: 0, y: 0 });
  /** Where the pointer went down on something that moves; `moved` once it has left the place. */
  const hand = useRef<{ readonly y: number; moved: boolean } | null>(null);
  const letGo = (y: number | null, height: number): void => {
    if (hand.current === null) return;
    const { moved } = hand.current;
    if (!moved || y === null) hand.current = null;
    latest.current.onDrop?.(moved ? y : null, height);
  };
  const ask = useRef((now: number) => {
    const host = canvas.current;
    if (host === null || !host.isConnected) return null;
    const rect = host.getBoundingClientRect();
    const { x, y } = point.current;
    const facts = latest.current.factsAt?.(x, y, rect.width, rect.height, now) ?? null;
    return facts === null ? null : { rect: new DOMRect(rect.left + x + 8, rect.top + y, 1, 12), facts };
  });
  useEffect(() => {
    const question = ask.current;
    return () => hideTip(question);
  }, []);

  return (
    <div
      ref={box}
      role="presentation"
      className="surface"
      onPointerDown={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        const y = event.clientY - rect.top;
        hand.current = null;
        if (event.button !== 0 || latest.current.onGrab?.(y, rect.height) !== true) return;
        hand.current = { y, moved: false };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerUp={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        letGo(event.clientY - rect.top, rect.height);
      }}
      onPointerCancel={(event) => letGo(null, event.currentTarget.clientHeight)}
      onPointerMove={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        point.current = { x: event.clientX - rect.left, y: event.clientY - rect.top };
        if (hand.current !== null && Math.abs(point.current.y - hand.current.y) >= MOVED_PX) {
          hand.current.moved = true;
          latest.current.onMove?.(point.current.y, rect.height);
        }
        if (latest.current.factsAt) showTip(ask.current);
      }}
      onPointerLeave={() => hideTip(ask.current)}
      onClick={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        const { onPick } = latest.current;
        const moved = hand.current?.moved === true;
        hand.current = null;
        if (moved) return;
        onPick?.(event.clientX - rect.left, event.clientY - rect.top, rect.width, rect.height);
      }}
      onWheel={(event) => latest.current.onWheel?.(Math.sign(event.deltaY) * 3)}
    >
      <canvas ref={canvas} aria-hidden="true" data-testid={props.testId} />
    </div>
  );
}

function fit(host: HTMLElement, element: HTMLCanvasElement | null): Surface | null {
  const context = element?.getContext("2d", { alpha: false }) ?? null;
  if (element === null || context === null) return null;
  const width = host.clientWidth;
  const height = host.clientHeight;
  if (width === 0 || height === 0) return null;
  const ratio = devicePixelRatio;
  element.width = Math.round(width * ratio);
  element.height = Math.round(height * ratio);
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
  return { context, width, height, ratio };
}
