import type { ReactNode } from "react";
import { type Decimal, sortKey } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { size, wholeUsd } from "~/shared/format";
import { ShareBar } from "~/shared/ShareBar";
import type { Stamped } from "~/shared/stamped";
import { LIMIT_FIELDS, limitText } from "~/stores/limit-words";
import type { TradingDesk } from "~/stores/trading-desk";
import type { RiskStanding, ScopeName } from "~/transport/risk-types";

interface Line {
  readonly name: string;
  readonly label: string;
  readonly pick: (standing: RiskStanding) => Stamped<Decimal> | null;
  readonly limit: string;
  readonly money: boolean;
}

const LINES: readonly Line[] = [
  {
    name: "gross",
    label: "Open",
    pick: ({ grossUsd }) => grossUsd,
    limit: "gross_usd",
    money: true,
  },
  {
    name: "loss",
    label: "Lost today",
    pick: ({ dayLossUsd }) => dayLossUsd,
    limit: "daily_loss_usd",
    money: true,
  },
  {
    name: "minute",
    label: "Orders, minute",
    pick: ({ ordersMinute }) => ordersMinute,
    limit: "orders_per_minute",
    money: false,
  },
  {
    name: "day",
    label: "Orders, day",
    pick: ({ ordersDay }) => ordersDay,
    limit: "orders_per_day",
    money: false,
  },
];

/** Near the limit from four fifths on. */
const LEVELS = { warn: 0.8, bad: 1 };

/** What is used of the limits that fill up, as bars with their numbers. */
export function Used({ desk, of }: { readonly desk: TradingDesk; readonly of: ScopeName }): ReactNode {
  return (
    <ul className="limits-used">
      {LINES.map((line) => (
        <UsedLine key={line.name} desk={desk} of={of} line={line} />
      ))}
    </ul>
  );
}

interface UsedLineProps {
  readonly desk: TradingDesk;
  readonly of: ScopeName;
  readonly line: Line;
}

function UsedLine({ desk, of, line }: UsedLineProps): ReactNode {
  const { label, pick, limit, money } = line;
  const read = (): Stamped<Decimal> | null => {
    const standing = desk.risk.entry(of)?.standing ?? null;
    return standing === null ? null : pick(standing);
  };
  const most = (): number | null => {
    const value = desk.risk.entry(of)?.limits.wire[limit];
    const found = typeof value === "number" ? value : typeof value === "string" ? Number(value) : Number.NaN;
    return Number.isFinite(found) && found > 0 ? found : null;
  };
  const said = most();
  return (
    <li title={limit}>
      <span className="limits-name">{label}</span>
      <ShareBar
        label={`${label}: share of the limit`}
        levels={LEVELS}
        read={() => {
          const limited = most();
          const value = read()?.draw(0, sortKey) ?? null;
          return limited === null || value === null ? null : value / limited;
        }}
      />
      <Figure
        label={label}
        source="execution"
        read={read}
        format={money ? wholeUsd : (value) => size(value, 0)}
        everyMs={250}
        testId={`used-${of.scope}-${line.name}`}
      />
      <span className="limits-most">{said === null ? "no limit" : `of ${limitDigits(desk, of, limit)}`}</span>
    </li>
  );
}

function limitDigits(desk: TradingDesk, of: ScopeName, limit: string): string {
  const field = LIMIT_FIELDS.find(({ name }) => name === limit);
  const limits = desk.risk.entry(of)?.limits.wire;
  return field === undefined || limits === undefined ? "" : limitText(limits, field);
}
