import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { spaced } from "~/stores/alpha-words";
import type { Gate } from "~/stores/why";
import { AnswerNotice } from "./AnswerNotice";
import { useGates } from "./useAnswer";

const NAMES: Readonly<Record<string, string>> = {
  score: "Score",
  streak: "Streak",
  fresh_inputs: "Fresh inputs",
  trained_model: "Trained model",
  guard: "Book guard",
  auto_mode: "Auto mode",
  size: "Size",
  min_order: "Venue minimum",
  client_ready: "Client",
  cooldown: "Cooldown",
  concurrent: "Concurrent",
  daily_trades: "Trades today",
  daily_loss: "Loss today",
};

const MARKS = { pass: "\u2713", fail: "\u2715", unknown: "?" } as const;
const SAID = { pass: "passes", fail: "does not pass", unknown: "not known" } as const;

/** Why it does or does not trade: each condition with its value and what it would have to be. */
export function Gates({ symbol }: PanelProps): ReactNode {
  const { read, phase } = useGates(symbol);
  const names = useSampled(
    () => read()?.draw(0, ({ gates }) => gates.map(({ name }) => name).join()) ?? "",
    250,
  );
  if (names === "")
    return (
      <div className="panel">
        <AnswerNotice phase={phase} symbol={symbol} what="the gates" />
      </div>
    );
  const gate = (name: string): Gate | null =>
    read()?.draw(0, ({ gates }) => gates.find((item) => item.name === name) ?? null) ?? null;
  return (
    <div className="panel gates" tabIndex={0} role="region" aria-label={`Gates of ${symbol}`}>
      <table className="gates-table">
        <tbody>
          {names.split(",").map((name) => (
            <Row key={name} name={name} read={() => gate(name)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ name, read }: { readonly name: string; readonly read: () => Gate | null }): ReactNode {
  const state = (): Gate["state"] => read()?.state ?? "unknown";
  const words = useSampled(() => read()?.text ?? "", 500);
  const said = useSampled(state, 250);
  return (
    <tr data-state={said} data-testid={`gate-${name}`} title={words}>
      <td className="gate-mark">
        <span aria-hidden="true">{MARKS[said]}</span>
        <span className="offscreen">{SAID[said]}</span>
      </td>
      <th scope="row">{NAMES[name] ?? spaced(name)}</th>
      <td className="gate-value">
        <LiveText everyMs={250} read={() => read()?.value ?? "\u2014"} />
      </td>
      <td className="gate-limit">
        <LiveText everyMs={500} read={() => read()?.threshold ?? ""} />
      </td>
    </tr>
  );
}
