import { type Answer, answer, type Json, refuse } from "./answers";

/** TWAPs of one mock account that the venue slices: they run until they are ended. */
export class MockTwaps {
  readonly rows: Json[] = [];

  /** Null where this server slices it itself. */
  begin(body: Json): Json | null {
    const { by = "here", minutes } = body["twap"] as { by?: string; minutes: number };
    if (by !== "venue") return null;
    const size = String(body["size"]);
    const { key, symbol, side } = body;
    const row = { key, symbol, side, by, size, left: size, filled: "0", minutes };
    this.rows.push({ ...row, slices_left: null, next_ms: null });
    return row;
  }

  end(account: string, body: Json): Answer {
    const at = this.rows.findIndex(({ key }) => key === body["twap"]);
    const [ended] = at < 0 ? [] : this.rows.splice(at, 1);
    return ended === undefined
      ? refuse("order_unknown")
      : answer({ account, twap: body["twap"], left: ended["left"] });
  }
}
