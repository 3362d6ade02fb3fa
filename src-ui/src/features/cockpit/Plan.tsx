import type { ReactNode } from "react";
import { ageText } from "~/shared/age";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { price, wholeUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { plain, share } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import type { PlanView, RiskView } from "~/stores/account-views";
import { spaced } from "~/stores/alpha-words";
import { useSession } from "~/stores/react";
import { EquityForm } from "./EquityForm";
import { Execution } from "./Execution";
import { Fact, when } from "./facts";

/** What the account would risk on the view, and how it would enter. */
export function Plan({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const risk = (): Stamped<RiskView> | null => session.alpha.risk(symbol);
  const plan = (): Stamped<PlanView> | null => session.alpha.plan(symbol);
  const state = useSampled(
    () => `${risk()?.draw(0, (view) => view.state) ?? ""} ${plan()?.draw(0, (view) => view.state) ?? ""}`,
  );
  const { account } = session;
  if (state === " ")
    return account === null ? (
      <div className="panel">
        <Notice
          kind="empty"
          title="Nothing is sized here"
          detail="The engine sizes for the desktop app's account alone. Where orders are taken, the ticket's TWAP by the plan shows the slices of the size that you enter."
        />
      </div>
    ) : (
      <div className="panel facts">
        <EquityForm account={account} />
        <p className="plan-none">
          No view, no plan: {symbol} is sized while its bias is LONG or SHORT on fresh inputs.
        </p>
      </div>
    );
  return (
    <div className="panel facts" tabIndex={0} role="region" aria-label={`Plan and risk of ${symbol}`}>
      {account === null ? null : <EquityForm account={account} />}
      <Risk read={risk} symbol={symbol} />
      <Execution read={plan} symbol={symbol} />
    </div>
  );
}

interface RiskProps {
  readonly read: () => Stamped<RiskView> | null;
  readonly symbol: string;
}

function Risk({ read, symbol }: RiskProps): ReactNode {
  const session = useSession();
  const places = (): number | null => session.view("hyperliquid", symbol)?.instrument?.pxDecimals ?? null;
  const shares = useSampled(
    () => read()?.draw(0, ({ breakdown }) => breakdown.map(([name]) => name).join()) ?? "",
    500,
  );
  const refusals = useSampled(
    () => read()?.draw(0, (view) => view.refusals.map(({ text }) => text).join("\n")) ?? "",
  );
  const money = (
    name: string,
    label: string,
    pick: (view: RiskView) => Decimal | null,
    write = wholeUsd,
  ): ReactNode => (
    <Fact name={name}>
      <Figure
        label={label}
        source="account"
        read={when<RiskView>(read, pick)}
        format={(view) => write(pick(view) as Decimal)}
      />
    </Fact>
  );
  const onTick = (value: Decimal) => price(value, places());
  return (
    <>
      <dl aria-label="Sizing" data-testid="risk">
        <Fact name="Sizing">
          <LiveText
            className="strong"
            everyMs={250}
            testId="risk-state"
            read={() =>
              read()?.draw(
                0,
                ({ state, direction }) => `${state}${direction === null ? "" : ` ${direction}`}`,
              ) ?? "\u2014"
            }
            state={() => read()?.draw(0, (view) => view.state) ?? ""}
          />
        </Fact>
        {money("Size", "size in USD", ({ sizeUsd }) => sizeUsd)}
        {money("Equity", "equity of the account", ({ equityUsd }) => equityUsd)}
        <Fact name="Equity from">
          <LiveText
            everyMs={500}
            read={(now) => {
              const held = read();
              if (held === null) return "\u2014";
              return held.draw(now, ({ equitySource, equityAsOf }) => {
                const core = held.stamps[0];
                if (equitySource === null || equityAsOf === null || core === undefined) return "\u2014";
                const age = Math.max(0, core.coreNow - equityAsOf) + Math.max(0, now - core.arrivedAt);
                return `${equitySource}, ${ageText(age)} ago`;
              });
            }}
          />
        </Fact>
        {money("Stop", "stop price", ({ stopPx }) => stopPx, onTick)}
        {money("Target", "target price", ({ targetPx }) => targetPx, onTick)}
        <Fact name="Lost at the stop">
          <Figure
            label="share of the equity that is lost at the stop"
            source="account"
            read={when<RiskView>(read, ({ riskShare }) => riskShare)}
            format={(view) => share(view.riskShare, 2)}
          />
        </Fact>
        {shares === ""
          ? null
          : shares.split(",").map((name) => {
              const pick = (view: RiskView): number | null =>
                view.breakdown.find(([own]) => own === name)?.[1] ?? null;
              return (
                <Fact key={name} name={spaced(name)}>
                  <Figure
                    label={spaced(name)}
                    source="account"
                    read={when<RiskView>(read, pick)}
                    format={(view) => plain(pick(view), 3)}
                  />
                </Fact>
              );
            })}
      </dl>
      {refusals === "" ? null : <p className="refusals">{refusals}</p>}
    </>
  );
}
