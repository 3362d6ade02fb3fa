import { counted } from "~/shared/count";
import { add, type Decimal, digits } from "~/shared/decimal";
import type { PlanView, RiskView, Slice } from "./account-views";
import type { Draft } from "./ticket-draft";
import { isPositive, less } from "./ticket-size";

/** The engine's own plan, as the ticket asks for it: made anew for the size when it is sent. */
export interface PlanOffer {
  readonly draft: Partial<Draft>;
  /** What the plan says, and how it is sliced. */
  readonly words: string;
  readonly note: string;
}

/** What a ticket makes of a plan; null where the plan has no order to give. */
export function offerOf(plan: PlanView, risk: RiskView | null): PlanOffer | null {
  const side = plan.direction === "BUY" ? "buy" : plan.direction === "SELL" ? "sell" : null;
  if (plan.state !== "ready" || side === null) return null;
  const slices = plan.slices.filter(isSound);
  const [first] = slices;
  // A plan of which a part could not be read is not taken over in part.
  if (first === undefined || slices.length !== plan.slices.length) return null;
  const size = slices.slice(1).reduce((sum, { sz }) => add(sum, sz), first.sz);
  // The worst price of the slices: what it may pay, and no more.
  const px = slices.reduce((worst, slice) => {
    const worse = side === "buy" ? less(worst, slice.px) : less(slice.px, worst);
    return worse ? slice.px : worst;
  }, first.px);
  const stop = levelOf(risk?.stopPx, px, side === "sell");
  const target = levelOf(risk?.targetPx, px, side === "buy");
  const count = counted(slices.length, "slice");
  const legs = [
    stop === null ? "" : `stop ${digits(stop)}`,
    target === null ? "" : `target ${digits(target)}`,
  ];
  return {
    draft: {
      side,
      kind: "twap",
      twapBy: "plan",
      unit: "coin",
      amount: digits(size),
      trigger: "",
      reduceOnly: false,
      bracket: stop !== null || target !== null,
      stopLoss: stop === null ? "" : digits(stop),
      takeProfit: target === null ? "" : digits(target),
    },
    words: [`${side} ${digits(size)} at ${digits(px)}`, ...legs].filter((part) => part !== "").join(", "),
    note: [plan.strategy ?? "", count].filter((part) => part !== "").join(", "),
  };
}

type SoundSlice = Slice & { readonly px: Decimal; readonly sz: Decimal };

function isSound(slice: Slice): slice is SoundSlice {
  return isPositive(slice.px) && isPositive(slice.sz);
}

/** A level on its own side of the price; none where the view has moved past it. */
function levelOf(level: Decimal | null | undefined, px: Decimal, above: boolean): Decimal | null {
  if (level == null || !isPositive(level)) return null;
  return (above ? less(px, level) : less(level, px)) ? level : null;
}
