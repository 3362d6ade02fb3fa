import { type Answer, answer, type Json, refuse } from "./answers";

/** Orders by itself, of one mock account: gates that a test opens and shuts. */
export class MockAuto {
  on = false;
  by: string | null = null;
  untilMs: number | null = null;
  /** How long a minute lasts. */
  minuteMs = 60_000;
  readonly requests: Json[] = [];
  /** Whether the gate of the score holds. */
  holds = false;
  judged = 0;
  #symbols: string[] = [];
  #usd: string | null = null;

  constructor(
    private readonly account: string,
    private readonly changed: () => void,
  ) {}

  /** Once a moment: it ends by itself. */
  turn(now: number): void {
    if (!this.on || this.untilMs === null || now < this.untilMs) return;
    this.end();
  }

  end(): void {
    if (!this.on) return;
    this.on = false;
    this.untilMs = null;
    this.changed();
  }

  brief(): Json | null {
    return this.on ? { on: true, until_ms: this.untilMs, by: this.by } : null;
  }

  set(user: string, body: Json): Answer {
    this.requests.push(body);
    if (body["on"] !== true) {
      this.end();
      return answer(this.view());
    }
    if (body["acknowledge"] !== true) return refuse("bad_request", "the risk was not acknowledged");
    this.on = true;
    this.by = user;
    this.untilMs = Date.now() + Number(body["minutes"]) * this.minuteMs;
    this.#symbols = body["symbols"] as string[];
    this.#usd = String(body["size_usd"]);
    this.changed();
    return answer(this.view());
  }

  trigger(body: Json): Answer {
    this.judged += 1;
    return answer(this.#state(String(body["symbol"])));
  }

  view(): Json {
    return {
      account: this.account,
      on: this.on,
      by: this.by,
      until_ms: this.untilMs,
      symbols: this.#symbols,
      size_usd: this.#usd,
      streak: 3,
      cooldown_ms: 900_000,
      most_open: 2,
      open: 0,
      state_text: this.on ? "" : "Off: the server gives no order by itself.",
      symbols_state: this.#symbols.map((symbol) => this.#state(symbol)),
    };
  }

  #state(symbol: string): Json {
    const { holds } = this;
    return {
      symbol,
      gates: [
        { gate: "conviction", holds, found: holds ? "72" : "58", needed: "at least 65" },
        { gate: "streak", holds: true, found: "4", needed: "3 in a row" },
        { gate: "cooldown", holds: true, found: "over", needed: "15 m since the last" },
        { gate: "fresh_inputs", holds: true, found: "5 of 5", needed: "all" },
        { gate: "risk", holds: true, found: "no refusal", needed: "no refusal" },
      ],
      next_ms: null,
      last: {
        at_ms: Date.now(),
        outcome: holds ? "ordered" : "held_back",
        code: holds ? null : "gate_conviction",
        text: holds ? "Bought 0.01 with a stop and a target." : "The conviction is 58, and 65 are needed.",
        cloid: null,
      },
    };
  }
}
