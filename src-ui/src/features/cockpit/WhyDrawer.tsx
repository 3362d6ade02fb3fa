import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { timeText } from "~/shared/age";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { plain, signed } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import { coverageText } from "~/stores/coverage";
import { useSessionPart } from "~/stores/react";
import { useUi } from "~/stores/ui";
import { pathTo, type WhyNode } from "~/stores/why";
import { AnswerNotice } from "./AnswerNotice";
import { nodeAge, nodeState, spanOf, toneOfNode, valueText } from "./node-text";
import { RawInputs } from "./RawInputs";
import { useWhy } from "./useAnswer";

/** Lays one number of the decision open: what it is, how old, from where, and what it was made of. */
export function WhyDrawer({ symbol, id }: { readonly symbol: string; readonly id: string }): ReactNode {
  const { read, phase } = useWhy(symbol);
  const { openWhy, closeWhy } = useUi();
  const mode = useSessionPart((snapshot) => snapshot.mode);
  const box = useRef<HTMLElement>(null);
  const before = useRef<Element | null>(null);
  const shape = useSampled(
    () =>
      read()?.draw(0, ({ tree }) =>
        pathTo(tree, id)
          .map((node) => `${node.id}\t${node.label}`)
          .join("\n"),
      ) ?? "",
    250,
  );
  useEffect(() => {
    before.current = document.activeElement;
    return () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    };
  }, []);
  // The button that led further is gone with what it stood in.
  useEffect(() => box.current?.focus(), [id]);
  const path = shape === "" ? [] : shape.split("\n").map((line) => line.split("\t"));
  const parent = path.at(-2)?.[0];
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") closeWhy();
    else if (event.key === "Backspace" && parent !== undefined) openWhy(parent);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const find = (node: string): Stamped<WhyNode> | null =>
    read()?.draw(0, ({ byId }) => byId.get(node) ?? null) ?? null;
  return (
    <aside
      ref={box}
      className="drawer"
      role="dialog"
      aria-label={`Why: ${path.at(-1)?.[1] ?? id} of ${symbol}`}
      tabIndex={-1}
      onKeyDown={onKey}
      data-testid="why-drawer"
    >
      <header className="drawer-head">
        <nav aria-label="Path to this number">
          <span className="drawer-symbol">{symbol}</span>
          {path.map(([node = "", label = ""], index) => (
            <span key={node}>
              {index === 0 ? null : <span aria-hidden="true"> {"\u203a"} </span>}
              <button type="button" aria-current={node === id} onClick={() => openWhy(node)}>
                {label}
              </button>
            </span>
          ))}
        </nav>
        <ModeChip mode={mode} />
        <button
          type="button"
          className="drawer-close"
          aria-label="Close"
          title="Close (Esc)"
          onClick={closeWhy}
        >
          {"\u2715"}
        </button>
      </header>
      <div className="drawer-body" tabIndex={0} role="region" aria-label="Inputs">
        {path.length === 0 ? (
          <AnswerNotice phase={phase} symbol={symbol} what="the reasons" />
        ) : (
          <Laid key={id} symbol={symbol} id={id} find={find} />
        )}
      </div>
    </aside>
  );
}

interface LaidProps {
  readonly symbol: string;
  readonly id: string;
  readonly find: (id: string) => Stamped<WhyNode> | null;
}

/** Facts of a node that are not figures of the market, by name; what does not apply is left out. */
function factsOf(node: WhyNode): readonly (readonly [string, string])[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ["Source", node.sources.length === 0 ? null : node.sources.map(venueName).join(", ")],
    ["Window", node.windowMs === null || node.windowMs <= 0 ? null : spanOf(node.windowMs)],
    ["Samples", node.samples === null ? null : String(node.samples)],
    ["Coverage", node.coverage === null ? null : `${coverageText(node.coverage)} seen`],
    ["Weight", node.weight === null ? null : node.weight.toFixed(2)],
    ["As of", node.stamp === null ? null : timeText(node.stamp.asOf, 3)],
    ["Age limit", node.stamp === null ? null : spanOf(node.stamp.limitMs)],
  ];
  return facts.filter((fact): fact is readonly [string, string] => fact[1] !== null);
}

function Laid({ symbol, id, find }: LaidProps): ReactNode {
  const read = (): Stamped<WhyNode> | null => find(id);
  const openWhy = useUi((state) => state.openWhy);
  const facts = useSampled(() => JSON.stringify(read()?.draw(0, factsOf) ?? []), 500);
  const note = useSampled(() => read()?.draw(0, (value) => value.note) ?? "", 500);
  const children = useSampled(
    () =>
      read()?.draw(0, (value) => value.children.map((child) => `${child.id}\t${child.label}`).join("\n")) ??
      "",
    500,
  );
  const node = read()?.draw(0, (value) => value) ?? null;
  if (node === null) return null;
  const source = node.sources.join(", ") || "alpha";
  const known = (pick: (value: WhyNode) => number | null) => () =>
    (read()?.draw(0, pick) ?? null) === null ? null : read();
  return (
    <>
      <div className="laid-value" data-testid="drawer-value">
        <Figure
          label={node.label}
          source={source}
          read={known(({ value }) => value)}
          format={valueText}
          tone={toneOfNode}
        />
        <LiveText
          className="laid-age"
          everyMs={100}
          testId="drawer-age"
          read={(now) => nodeAge(read(), now)}
          state={(now) => nodeState(read(), now)}
        />
      </div>
      {note === "" ? null : <p className="laid-note">{note}</p>}
      <dl className="laid-facts">
        {(JSON.parse(facts) as readonly (readonly [string, string])[]).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        {node.contribution === null ? null : (
          <div>
            <dt>Share of the conviction</dt>
            <dd>
              <Figure
                label={`share of ${node.label}`}
                source={source}
                read={known(({ contribution }) => contribution)}
                format={(value) => signed(value.contribution, 3)}
                tone={toneOfNode}
              />
            </dd>
          </div>
        )}
        {node.decay === null ? null : (
          <div>
            <dt>Decay</dt>
            <dd>
              <Figure
                label="factor of the signal's age"
                source="alpha"
                read={known(({ decay }) => decay)}
                format={(value) => plain(value.decay, 3)}
              />
            </dd>
          </div>
        )}
      </dl>
      {children === "" ? (
        <RawInputs symbol={symbol} node={node} />
      ) : (
        <ul className="laid-children" aria-label="Made of">
          {children.split("\n").map((line) => {
            const [child = "", label = ""] = line.split("\t");
            return (
              <Child
                key={child}
                id={child}
                label={label}
                read={() => find(child)}
                open={() => openWhy(child)}
              />
            );
          })}
        </ul>
      )}
    </>
  );
}

interface ChildProps {
  readonly id: string;
  readonly label: string;
  readonly read: () => Stamped<WhyNode> | null;
  readonly open: () => void;
}

function Child({ id, label, read, open }: ChildProps): ReactNode {
  const source = read()?.source ?? "alpha";
  const known = () => ((read()?.draw(0, ({ value }) => value) ?? null) === null ? null : read());
  return (
    <li>
      <button type="button" data-testid={`drawer-${id}`} title={`Lay open ${label}`} onClick={open}>
        <span>{label}</span>
        <Figure label={label} source={source} read={known} format={valueText} tone={toneOfNode} />
        <LiveText
          className="laid-age"
          everyMs={100}
          read={(now) => nodeAge(read(), now)}
          state={(now) => nodeState(read(), now)}
        />
      </button>
    </li>
  );
}
