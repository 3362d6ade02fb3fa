import { type ReactNode, useRef } from "react";
import { Figure } from "~/shared/Figure";
import { size as lot, wholeUsd } from "~/shared/format";
import type { Decimal } from "~/shared/decimal";
import { clock } from "~/shared/clock";
import type { Stamped } from "~/shared/stamped";
import { useSession } from "~/stores/react";
import type { TicketDesk } from "~/stores/ticket-desk";
import { tradedView } from "~/stores/ticket-facts";
import { notional } from "~/stores/ticket-size";

interface Sized {
  readonly size: Decimal;
  readonly usd: Decimal | null;
}

/** What the typed size comes to, in coin and in USD; as old as the price that it is converted with. */
export function SizeLine({
  ticket,
  symbol,
}: {
  readonly ticket: TicketDesk;
  readonly symbol: string;
}): ReactNode {
  const session = useSession();
  const held = useRef<{ readonly at: number; readonly value: Stamped<Sized> | null }>({ at: 0, value: null });
  const read = (): Stamped<Sized> | null => {
    const now = clock.now();
    if (now - held.current.at < 200) return held.current.value;
    held.current = { at: now, value: sized(now) };
    return held.current.value;
  };
  const sized = (now: number): Stamped<Sized> | null => {
    const built = ticket.build(now);
    const quote = tradedView(session)?.quote ?? null;
    const size = built?.size ?? null;
    if (size === null || quote === null || built === null) return null;
    const entry = built.sent.px ?? built.sent.trigger ?? ticket.entry();
    return quote.map(() => ({ size, usd: entry === null ? null : notional(size, entry) }));
  };
  const usd = (): Stamped<Sized> | null => {
    const found = read();
    return found?.draw(0, (value) => value.usd) == null ? null : found;
  };
  const places = (): number | null => tradedView(session)?.instrument?.szDecimals ?? null;
  return (
    <div className="size-line" data-testid="size-line">
      <Figure
        label="size as it is sent"
        source="execution"
        read={read}
        format={(value) => lot(value.size, places())}
        everyMs={100}
        testId="ticket-sized"
      />
      <span className="hint">{symbol}</span>
      <Figure
        label="size in USD"
        source="execution"
        read={usd}
        format={(value) => wholeUsd(value.usd ?? value.size)}
        everyMs={100}
      />
    </div>
  );
}
