import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { useSession, useTicket } from "~/stores/react";
import { ARMED_MS, type TicketDesk } from "~/stores/ticket-desk";

/** One-click: armed on purpose, seen while it lasts, and over by itself. */
export function Arm({ ticket, may }: { readonly ticket: TicketDesk; readonly may: boolean }): ReactNode {
  const { armedUntil } = useTicket(ticket);
  if (armedUntil === null)
    return (
      <div className="arm">
        <span className="hint">Each order is confirmed.</span>
        <button
          type="button"
          className="act"
          disabled={!may}
          title={`Orders go out without a review for ${ARMED_MS / 1000} s`}
          onClick={() => ticket.arm()}
        >
          Arm one-click
        </button>
      </div>
    );
  return (
    <div className="arm" data-armed="true" role="status" data-testid="armed">
      <strong>
        ONE-CLICK ARMED{" "}
        <LiveText
          everyMs={200}
          read={(now) => `${Math.max(0, Math.ceil((armedUntil - now) / 1000))} s`}
          testId="armed-left"
        />
      </strong>
      <button type="button" className="act" onClick={() => ticket.disarm()}>
        Disarm <kbd>Esc</kbd>
      </button>
    </div>
  );
}

/** In the top bar, wherever the ticket is: the next click is an order. */
export function ArmedMark(): ReactNode {
  const { ticket } = useSession();
  return ticket === null ? null : <Mark ticket={ticket} />;
}

function Mark({ ticket }: { readonly ticket: TicketDesk }): ReactNode {
  const { armedUntil } = useTicket(ticket);
  if (armedUntil === null) return null;
  return (
    <button
      type="button"
      className="mode-chip large"
      data-mode="armed"
      data-testid="armed-mark"
      title="One-click is armed: orders go out without a review. Click or Esc disarms it."
      onClick={() => ticket.disarm()}
    >
      {"ARMED "}
      <LiveText everyMs={200} read={(now) => `${Math.max(0, Math.ceil((armedUntil - now) / 1000))} s`} />
    </button>
  );
}
