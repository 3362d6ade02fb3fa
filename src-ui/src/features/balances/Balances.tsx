import type { ReactNode } from "react";
import { ageText, dayText, spanText } from "~/shared/age";
import type { Decimal } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { basisPoints, percent, wholeUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import { Stamped } from "~/shared/stamped";
import { PracticeMark, StandingBar, StandingNotice } from "~/shared/Standing";
import { useSampled } from "~/shared/useSampled";
import { shortAddress } from "~/stores/account-text";
import { useSession, useStanding, useTrading } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";
import type { AccountState } from "~/transport/trading-types";
import { Accept } from "./Accept";
import { Books } from "./Books";
import { shareOf } from "./share";

export function Balances(): ReactNode {
  const { trading } = useSession();
  return trading === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} />
  );
}

function OfAccount({ desk }: { readonly desk: TradingDesk }): ReactNode {
  const { phase, account } = useTrading(desk);
  const standing = useStanding(desk);
  // Limits, fees and findings change seldom; figures are painted by themselves.
  useSampled(
    () =>
      JSON.stringify([desk.state?.limits, desk.state?.fees, desk.state?.findings, desk.state?.assumptions]),
    500,
  );
  const { state } = desk;
  if (phase !== "here" || state === null) return <StandingNotice standing={standing} />;
  return (
    <div className="panel balances" tabIndex={0} role="region" aria-label="Balances and limits">
      <StandingBar standing={standing} />
      <div className="balances-lists">
        <dl aria-label="Balances">
          <Money name="Equity" label="equity of the account" read={() => desk.state?.equityUsd ?? null} />
          <Money name="Withdrawable" label="withdrawable" read={() => desk.state?.withdrawableUsd ?? null} />
          <Money name="Margin used" label="margin in use" read={() => desk.state?.marginUsedUsd ?? null} />
          <Money name="Loss today" label="loss of the day" read={() => desk.state?.dayLossUsd ?? null} />
          <div>
            <dt>Of the daily limit</dt>
            <dd>
              <Figure
                label="share of the daily loss limit that is used"
                source="account"
                read={shareOf(desk)}
                format={(value) => percent(value, 1)}
                everyMs={250}
              />
            </dd>
          </div>
        </dl>
        {state.ledger === null ? null : <Books desk={desk} />}
        <Limits state={state} />
        <dl aria-label="Account">
          <Said name="Account" title={account ?? ""} text={shortAddress(account ?? "")} />
          <Said name="Venue" text={state.venue} />
          <Said
            name="Agent"
            text={state.agent === null ? "none" : shortAddress(state.agent.address)}
            {...(state.agent === null ? {} : { title: state.agent.address })}
          />
          <Live
            name="Agent ends"
            read={() => {
              const ends = desk.state?.agent?.expiresMs ?? null;
              return ends === null
                ? "\u2014"
                : `${dayText(ends, "day")}, in ${spanText(Math.max(0, ends - Date.now()))}`;
            }}
          />
          <Live
            name="Reconciled"
            read={(now) => {
              const at = desk.state?.reconciledMs ?? null;
              const core = desk.coreNow(now);
              return at === null || core === null ? "never" : `${ageText(core - at)} ago`;
            }}
          />
          <Live name="Stream" read={() => desk.state?.stream ?? "\u2014"} />
        </dl>
      </div>
      {state.assumptions === null ? null : (
        <section className="paper-words" aria-label="How paper orders are filled" data-testid="paper-words">
          <PracticeMark practice="paper" />
          <p>
            {state.assumptions.latencyMs === null
              ? ""
              : `An order reaches the market after ${state.assumptions.latencyMs} ms. `}
            {`${state.assumptions.queue} ${state.assumptions.fills}`}
          </p>
        </section>
      )}
      {state.has.ledger ? <Accept key={account} desk={desk} account={account ?? ""} /> : null}
      {state.findings.length === 0 ? null : (
        <ul className="balances-findings" aria-label="Findings of the reconciliation">
          {state.findings.map(({ code, text }) => (
            <li key={`${code} ${text}`}>
              {text} <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface MoneyProps {
  readonly name: string;
  readonly label: string;
  readonly read: () => Stamped<Decimal> | null;
}

function Money({ name, label, read }: MoneyProps): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Figure
          label={label}
          source="account"
          read={read}
          format={wholeUsd}
          everyMs={100}
          testId={`balance-${name.toLowerCase().replaceAll(" ", "-")}`}
        />
      </dd>
    </div>
  );
}

function Said({
  name,
  text,
  title,
}: {
  readonly name: string;
  readonly text: string;
  readonly title?: string;
}): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={title}>{text === "" ? "\u2014" : text}</dd>
    </div>
  );
}

function Live({ name, read }: { readonly name: string; readonly read: (now: number) => string }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <LiveText everyMs={500} read={read} />
      </dd>
    </div>
  );
}

function number(value: number | null, unit: string): string {
  return value === null ? "none" : `${value}${unit}`;
}

/** Configuration, stamped with the word that told it: it does not age by itself. */
function Limits({ state }: { readonly state: AccountState }): ReactNode {
  const { limits, fees, nowMs } = state;
  const money = (name: string, value: Decimal | null): ReactNode =>
    value === null ? (
      <Said name={name} text="none" />
    ) : (
      <div>
        <dt>{name}</dt>
        <dd>
          <Figure
            label={`limit: ${name}`}
            source="account"
            read={() => Stamped.final("account", value, nowMs)}
            format={wholeUsd}
            everyMs={1000}
          />
        </dd>
      </div>
    );
  const fee = (name: string, value: Decimal | null): ReactNode =>
    value === null ? (
      <Said name={name} text="" />
    ) : (
      <div>
        <dt>{name}</dt>
        <dd>
          <Figure
            label={name}
            source="account"
            read={() => Stamped.final("account", value, nowMs)}
            format={basisPoints}
            everyMs={1000}
          />
        </dd>
      </div>
    );
  return (
    <dl aria-label="Limits">
      {money("Order at most", limits.orderUsd)}
      {money("Symbol at most", limits.symbolUsd)}
      {money("Gross at most", limits.grossUsd)}
      {money("Daily loss at most", limits.dailyLossUsd)}
      <Said
        name="Slippage, collar"
        text={`${number(limits.slippageBps, "")}, ${number(limits.collarBps, " bps")}`}
      />
      <Said name="Leverage" text={number(limits.leveragePercent, " %")} />
      <Said
        name="Orders"
        text={`${number(limits.ordersPerMinute, "")} a minute, ${number(limits.ordersPerDay, "")} a day`}
      />
      <Said name="Symbols" text={limits.symbols === null ? "all" : limits.symbols.join(", ")} />
      {fee("Taker fee", fees.takerBps)}
      {fee("Maker fee", fees.makerBps)}
    </dl>
  );
}
