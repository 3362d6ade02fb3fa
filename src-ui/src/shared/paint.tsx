import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { clock } from "./clock";
import { FrameLoop, type Paint, PaintScope } from "./frame";

export const frameLoop = new FrameLoop(() => clock.now());

const ScopeContext = createContext<PaintScope | null>(null);

interface ScopeProps {
  readonly visible?: boolean;
  readonly children: ReactNode;
}

/** The painters below it run only while it is visible; one that throws takes its panel down, not the window. */
export function Painted({ visible = true, children }: ScopeProps): ReactNode {
  const [failure, setFailure] = useState<unknown>(null);
  const [scope] = useState(() => new PaintScope(setFailure));
  useEffect(() => frameLoop.attach(scope), [scope]);
  useEffect(() => {
    scope.visible = visible;
  }, [scope, visible]);
  if (failure !== null) throw failure;
  return <ScopeContext.Provider value={scope}>{children}</ScopeContext.Provider>;
}

/** Runs the newest `paint` on each frame, or at most every `everyMs`. */
export function usePaint(paint: Paint, everyMs = 0): void {
  const scope = useContext(ScopeContext);
  const latest = useRef(paint);
  latest.current = paint;
  useEffect(() => scope?.add((now) => latest.current(now), everyMs), [scope, everyMs]);
}
