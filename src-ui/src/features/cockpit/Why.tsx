import { type ReactNode, useState } from "react";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import type { PanelProps } from "~/shared/panel";
import { signed } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import type { Judged } from "~/stores/alpha-desk";
import { COMPONENTS } from "~/stores/conviction";
import { useSession } from "~/stores/react";
import { useUi } from "~/stores/ui";
import type { WhyAnswer, WhyNode } from "~/stores/why";
import { AnswerNotice } from "./AnswerNotice";
import { nodeAge, nodeState, originText, toneOfNode, valueText } from "./node-text";
import { useWhy } from "./useAnswer";

/** Every number of the decision down to the statistics of the feeds, with ages. */
export function Why({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const { read, phase } = useWhy(symbol);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  // The set of rows changes rarely; the figures in them are painted without rendering.
  const shape = useSampled(() => shapeOf(read()), 250);
  if (shape === "")
    return (
      <div className="panel">
        <AnswerNotice phase={phase} symbol={symbol} what="the reasons" />
      </div>
    );
  const rows = shape.split("\n").map((line) => {
    const [id = "", depth = "0", kids = "0"] = line.split("\t");
    return { id, depth: Number(depth), parent: kids !== "0" };
  });
  const toggle = (id: string): void => {
    const next = new Set(toggled);
    if (!next.delete(id)) next.add(id);
    setToggled(next);
  };
  // The statistics of each component are in view; what these were made of is a click away.
  const folded = (id: string, depth: number): boolean => toggled.has(id) !== depth > 1;
  let hiddenBelow = Infinity;
  const shown = rows.filter(({ id, depth }) => {
    if (depth > hiddenBelow) return false;
    hiddenBelow = folded(id, depth) ? depth : Infinity;
    return true;
  });
  return (
    <div
      className="panel why"
      tabIndex={0}
      role="region"
      aria-label={`Why: the inputs of ${symbol}'s conviction`}
    >
      <table className="why-table">
        <thead>
          <tr>
            <th scope="col">Input</th>
            <th scope="col">Value</th>
            <th scope="col" title="Weight times value over the sum of the weights">
              Share
            </th>
            <th scope="col">From</th>
            <th scope="col">Age</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ id, depth, parent }) => (
            <Row
              key={`${symbol} ${id}`}
              id={id}
              depth={depth}
              folded={parent ? folded(id, depth) : null}
              toggle={() => toggle(id)}
              read={() => read()?.draw(0, ({ byId }) => byId.get(id) ?? null) ?? null}
              silent={() => unready(session.alpha.judged(symbol), id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shapeOf(answer: Stamped<WhyAnswer> | null): string {
  return (
    answer?.draw(0, ({ rows }) =>
      rows.map(({ node, depth }) => `${node.id}\t${depth}\t${node.children.length}`).join("\n"),
    ) ?? ""
  );
}

interface RowProps {
  readonly id: string;
  readonly depth: number;
  /** Null for what has nothing below it. */
  readonly folded: boolean | null;
  readonly toggle: () => void;
  readonly read: () => Stamped<WhyNode> | null;
  /** It has nothing to say yet: its 0 is no opinion. */
  readonly silent: () => boolean;
}

/** Whether a component has too little history to have an opinion. */
function unready(judged: Stamped<Judged> | null, id: string): boolean {
  return (
    judged?.draw(
      0,
      ({ conviction }) => conviction.components.find(({ name }) => name === id)?.ready === false,
    ) ?? false
  );
}

function Row({ id, depth, folded, toggle, read, silent }: RowProps): ReactNode {
  const openWhy = useUi((state) => state.openWhy);
  const node = (): WhyNode | null => read()?.draw(0, (value) => value) ?? null;
  const source = node()?.sources.join(", ") ?? "alpha";
  const known = (pick: (value: WhyNode) => number | null) => () => {
    const found = node();
    return found === null || pick(found) === null || silent() ? null : read();
  };
  const label = node()?.label ?? id;
  const shared = COMPONENTS.some((name) => name === id);
  return (
    <tr data-depth={depth} data-testid={`why-${id}`}>
      <th scope="row" style={{ paddingLeft: 8 + depth * 14 }}>
        <span className="why-name">
          {folded === null ? (
            <span className="why-fold" />
          ) : (
            <button
              type="button"
              className="why-fold"
              aria-expanded={!folded}
              aria-label={`${folded ? "Unfold" : "Fold"} ${label}`}
              onClick={toggle}
            >
              {folded ? "\u25b8" : "\u25be"}
            </button>
          )}
          <button type="button" className="why-open" title={`Lay open ${label}`} onClick={() => openWhy(id)}>
            {label}
          </button>
        </span>
      </th>
      <td>
        <Figure
          label={label}
          source={source}
          read={known(({ value }) => value)}
          format={valueText}
          tone={toneOfNode}
        />
      </td>
      <td>
        {!shared ? null : (
          <Figure
            label={`share of ${label}`}
            source={source}
            read={known(({ contribution }) => contribution)}
            format={(value) => signed(value.contribution)}
            tone={toneOfNode}
            className="why-share"
          />
        )}
      </td>
      <td className="why-from">
        <LiveText everyMs={500} titled read={() => originText(node() ?? NOTHING)} />
      </td>
      <td className="why-age">
        <LiveText
          everyMs={100}
          read={(now) => nodeAge(read(), now)}
          state={(now) => nodeState(read(), now)}
        />
      </td>
    </tr>
  );
}

const NOTHING: WhyNode = {
  id: "",
  label: "",
  value: null,
  words: null,
  unit: null,
  sources: [],
  stamp: null,
  state: null,
  windowMs: null,
  samples: null,
  coverage: null,
  weight: null,
  decay: null,
  contribution: null,
  note: null,
  children: [],
};
