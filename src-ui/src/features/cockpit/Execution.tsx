import type { ReactNode } from "react";
import { ageText } from "~/shared/age";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { price, size, wholeUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { plain } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { TableHead } from "~/shared/TableHead";
import type { PlanView } from "~/stores/account-views";
import { spaced } from "~/stores/alpha-words";
import { useSession } from "~/stores/react";
import { Fact, when } from "./facts";

interface ExecutionProps {
  readonly read: () => Stamped<PlanView> | null;
  readonly symbol: string;
}

/** Strategy, guard and slices of a plan. */
export function Execution({ read, symbol }: ExecutionProps): ReactNode {
  const session = useSession();
  const instrument = () => session.view("hyperliquid", symbol)?.instrument ?? null;
  const checks = useSampled(
    () => read()?.draw(0, (view) => view.checks.map(({ name, ok }) => `${name} ${ok}`).join()) ?? "",
  );
  const slices = useSampled(() => read()?.draw(0, (view) => view.slices.length) ?? 0);
  const refusals = useSampled(
    () => read()?.draw(0, (view) => view.refusals.map(({ text }) => text).join("\n")) ?? "",
  );
  return (
    <>
      <dl aria-label="Execution" data-testid="plan">
        <Fact name="Plan">
          <LiveText
            className="strong"
            everyMs={250}
            testId="plan-state"
            read={() =>
              read()?.draw(0, ({ state, direction, strategy }) =>
                [state, direction ?? "", strategy ?? ""].filter((part) => part !== "").join(" "),
              ) ?? "\u2014"
            }
            state={() => read()?.draw(0, (view) => view.state) ?? ""}
          />
        </Fact>
        <Fact name="Urgency">
          <Figure
            label="urgency, 0 to 1"
            source="account"
            read={when<PlanView>(read, ({ urgency }) => urgency)}
            format={(view) => plain(view.urgency)}
          />
        </Fact>
        <Fact name="Slippage expected">
          <Figure
            label="slippage expected from the book and the market's reaction"
            source="account"
            read={when<PlanView>(read, ({ slippageBps }) => slippageBps)}
            format={(view) => plain(view.slippageBps, 1, " bps")}
          />
        </Fact>
        {checks === ""
          ? null
          : checks.split(",").map((item) => {
              const [name = "", ok] = item.split(" ");
              return (
                <Fact key={name} name={`guard: ${spaced(name)}`}>
                  <LiveText
                    everyMs={250}
                    read={() =>
                      read()?.draw(0, (view) => {
                        const check = view.checks.find((own) => own.name === name);
                        return `${check?.value ?? "\u2014"} of ${check?.limit ?? "\u2014"}`;
                      }) ?? "\u2014"
                    }
                    state={() => (ok === "true" ? "ok" : "blocked")}
                  />
                </Fact>
              );
            })}
      </dl>
      {refusals === "" ? null : <p className="refusals">{refusals}</p>}
      {slices === 0 ? null : (
        <table className="slices" aria-label="Slices">
          <TableHead columns={["#", "Kind", "Price", "Size", "USD", "After"]} />
          <tbody>
            {Array.from({ length: slices }, (_, index) => (
              <SliceRow key={index} index={index} read={read} instrument={instrument} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

interface SliceRowProps {
  readonly index: number;
  readonly read: () => Stamped<PlanView> | null;
  readonly instrument: () => { readonly pxDecimals: number; readonly szDecimals: number } | null;
}

function SliceRow({ index, read, instrument }: SliceRowProps): ReactNode {
  const slice = (view: PlanView) => view.slices[index] ?? null;
  const amount = (
    label: string,
    pick: (view: PlanView) => Decimal | null | undefined,
    write: (value: Decimal) => FigureText,
  ): ReactNode => (
    <td>
      <Figure
        label={label}
        source="account"
        read={when<PlanView>(read, (view) => pick(view) ?? null)}
        format={(view) => write(pick(view) as Decimal)}
      />
    </td>
  );
  return (
    <tr>
      <th scope="row">{index + 1}</th>
      <td>
        <LiveText
          everyMs={500}
          read={() =>
            read()?.draw(0, (view) => `${slice(view)?.orderType ?? ""} ${slice(view)?.tif ?? ""}`) ?? ""
          }
        />
      </td>
      {amount(
        "limit price",
        (view) => slice(view)?.px,
        (value) => price(value, instrument()?.pxDecimals ?? null),
      )}
      {amount(
        "size",
        (view) => slice(view)?.sz,
        (value) => size(value, instrument()?.szDecimals ?? null),
      )}
      {amount("notional", (view) => slice(view)?.usd, wholeUsd)}
      <td>
        <LiveText
          everyMs={500}
          read={() => {
            const delay = read()?.draw(0, (view) => slice(view)?.delayMs ?? null) ?? null;
            return delay === null ? "\u2014" : delay < 1000 ? `${delay} ms` : ageText(delay);
          }}
        />
      </td>
    </tr>
  );
}
