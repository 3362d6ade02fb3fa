import type { ReactNode } from "react";
import type { Stamped } from "~/shared/stamped";

interface FactProps {
  readonly name: string;
  readonly children: ReactNode;
}

export function Fact({ name, children }: FactProps): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Only what is known has a stamp to be drawn with. */
export function when<T>(read: () => Stamped<T> | null, pick: (view: T) => unknown): () => Stamped<T> | null {
  return () => {
    const held = read();
    return held === null || held.draw(0, pick) === null ? null : held;
  };
}
