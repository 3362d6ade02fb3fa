import { projected, Stamped } from "~/shared/stamped";
import type { Judged } from "./alpha-desk";
import type { ComponentReading, Conviction } from "./conviction";

/** A part of the conviction under the conviction's stamp. */
export function ofConviction<R>(
  pick: (conviction: Conviction) => R | null,
): (judged: Stamped<Judged> | null) => Stamped<R> | null {
  return projected<Judged, R>(({ conviction }) => pick(conviction));
}

/** A component under its own feed's stamp; null while it is missing. */
export function componentFigure(
  index: number,
): (judged: Stamped<Judged> | null) => Stamped<ComponentReading> | null {
  let from: Stamped<Judged> | null = null;
  let made: Stamped<ComponentReading> | null = null;
  return (judged) => {
    if (judged === from) return made;
    from = judged;
    const component = judged?.draw(0, ({ conviction }) => conviction.components[index]) ?? null;
    made =
      component === null || component.stamp === null
        ? null
        : Stamped.of(component.sources.join(", ") || "alpha", component, component.stamp);
    return made;
  };
}
