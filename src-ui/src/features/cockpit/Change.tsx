import type { ReactNode } from "react";
import type { PanelProps } from "~/shared/panel";
import { Notice } from "~/shared/Notice";
import { useSampled } from "~/shared/useSampled";
import type { Counterfactual } from "~/stores/why";
import { AnswerNotice } from "./AnswerNotice";
import { useWhy } from "./useAnswer";

const TARGETS: Readonly<Record<string, string>> = {
  long: "To turn LONG",
  short: "To turn SHORT",
  neutral: "To turn NEUTRAL",
  gate_long: "To pass the long gate",
  gate_short: "To pass the short gate",
};

/** By target, the statements of what one input alone would have to be; what can be done first. */
function byTarget(all: readonly Counterfactual[]): readonly (readonly [string, readonly Counterfactual[]])[] {
  const targets = [...new Set(all.map(({ target }) => target))];
  return targets.map((target) => [
    target,
    all
      .filter((item) => item.target === target)
      .toSorted((a, b) => Number(b.reachable) - Number(a.reachable)),
  ]);
}

/** What would have to change, and by how much, for another decision. */
export function Change({ symbol }: PanelProps): ReactNode {
  const { read, phase } = useWhy(symbol);
  // Read at the pace of a reader: statements that change each second cannot be read.
  const text = useSampled(
    () => JSON.stringify(read()?.draw(0, ({ counterfactual }) => counterfactual) ?? null),
    1000,
  );
  const found = JSON.parse(text) as readonly Counterfactual[] | null;
  if (found === null)
    return (
      <div className="panel">
        <AnswerNotice phase={phase} symbol={symbol} what="what would change it" />
      </div>
    );
  if (found.length === 0)
    return (
      <div className="panel">
        <Notice kind="empty" title="Nothing to tell: no single input is judged yet" />
      </div>
    );
  return (
    <div
      className="panel counterfactuals"
      tabIndex={0}
      role="region"
      aria-label={`What would change ${symbol}'s conviction`}
    >
      {byTarget(found).map(([target, items]) => (
        <section key={target} data-testid={`change-${target}`}>
          <h3>{TARGETS[target] ?? target}</h3>
          <ul>
            {items.map((item) => (
              <li key={item.input} data-reachable={item.reachable}>
                {item.text}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
