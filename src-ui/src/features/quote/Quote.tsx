import { type ReactNode, useState } from "react";
import type { Decimal } from "~/shared/decimal";
import { sortKey } from "~/shared/decimal";
import { Figure } from "~/shared/Figure";
import { annualised, basisPoints, fundingRate, percent, price, usd } from "~/shared/format";
import type { FigureText } from "~/shared/figure-ink";
import type { Stamped } from "~/shared/stamped";
import { LiveText } from "~/shared/LiveText";
import { direction, figureSet } from "~/stores/figures";
import type { DecimalField, MarketView } from "~/stores/market-view";
import { useSession, useSessionPart } from "~/stores/react";
import { sourceFor } from "~/stores/sources";
import { venueShort } from "~/shared/venue";

interface CellProps {
  readonly name: string;
  readonly label: ReactNode;
  readonly children: ReactNode;
}

function Cell({ name, label, children }: CellProps): ReactNode {
  return (
    <div className={`quote-cell quote-${name}`}>
      <div className="quote-value">{children}</div>
      <div className="quote-label">{label}</div>
    </div>
  );
}

/** The chosen symbol's headline figures, from the symbol's first venue. */
export function Quote({ symbol }: { readonly symbol: string }): ReactNode {
  const session = useSession();
  const source = useSessionPart((snapshot) => sourceFor(snapshot, symbol, null));
  const [figures] = useState(figureSet);
  const view = (): MarketView | null => session.view(source, symbol);
  const onTick = (value: Decimal): FigureText => price(value, view()?.instrument?.pxDecimals ?? null);
  const field = (name: DecimalField) => (): Stamped<Decimal> | null => view()?.figure(name) ?? null;
  const common = { source };
  return (
    <div className="quote" key={`${source} ${symbol}`}>
      <Figure
        {...common}
        className="quote-last"
        label={`${symbol} last trade`}
        testId="last-price"
        read={field("price")}
        format={onTick}
        trace={sortKey}
      />
      <Cell name="change" label={`24 h \u00b7 ${venueShort(source)}`}>
        <Figure
          {...common}
          label="change over 24 h"
          testId="change-24h"
          read={() => figures.change(view())}
          format={(value) => percent(value)}
          tone={direction}
        />
      </Cell>
      <Cell name="bid" label="bid">
        <Figure
          {...common}
          label="best bid"
          testId="best-bid"
          read={() => figures.bid(view())}
          format={onTick}
        />
      </Cell>
      <Cell name="ask" label="ask">
        <Figure
          {...common}
          label="best ask"
          testId="best-ask"
          read={() => figures.ask(view())}
          format={onTick}
        />
      </Cell>
      <Cell name="spread" label="spread">
        <Figure
          {...common}
          label="spread of the best quotes"
          read={() => figures.spread(view())}
          format={(spread) => basisPoints(spread.bps)}
        />
      </Cell>
      <Cell name="mark" label="mark">
        <Figure {...common} label="mark price" read={field("mark_price")} format={onTick} />
      </Cell>
      <Cell name="index" label="index">
        <Figure {...common} label="index price" read={field("index_price")} format={onTick} />
      </Cell>
      <Cell
        name="funding"
        label={
          <LiveText
            everyMs={500}
            read={() => {
              const hours = view()?.funding?.draw(0, (funding) => funding.intervalHours);
              return hours === undefined ? "funding" : `funding / ${hours} h`;
            }}
          />
        }
      >
        <Figure
          {...common}
          label="funding rate of one interval"
          read={() => view()?.funding ?? null}
          format={(funding) => fundingRate(funding.rate)}
        />
        <Figure
          {...common}
          className="quote-aside"
          label="funding rate, annualised"
          read={() => view()?.funding ?? null}
          format={(funding) => annualised(funding.rate, funding.intervalHours)}
        />
      </Cell>
      <Cell name="interest" label="open interest">
        <Figure
          {...common}
          label="open interest at the mark price"
          read={() => figures.openInterestUsd(view())}
          format={usd}
        />
      </Cell>
      <Cell name="volume" label="24 h volume">
        <Figure {...common} label="volume over 24 h" read={field("day_notional_usd")} format={usd} />
      </Cell>
    </div>
  );
}
