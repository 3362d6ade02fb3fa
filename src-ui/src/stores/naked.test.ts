import { describe, expect, it } from "vitest";
import { Trading } from "~/transport/trading";
import { cryingEntries, nakedEntries, nakedMs } from "./naked";
import { TradingDesk } from "./trading-desk";

const ACCOUNT = "0xa";
const stamp = (v: unknown, at: number) => ({
  v,
  as_of: at,
  proved_at: at,
  age_limit_ms: 10_000,
  state: "fresh",
});

const entry = (part: object) => ({
  account: ACCOUNT,
  cloid: `0x${"ab".repeat(16)}`,
  leg: "entry",
  symbol: "BTC",
  side: "buy",
  kind: "market",
  size: "1",
  filled: "1",
  state: "filled",
  changed_ms: 5,
  naked_ms: 40,
  protected: false,
  ...part,
});

async function desk(order: object, positions: readonly object[] = [{ symbol: "BTC", size: "1" }]) {
  const answer = {
    account: ACCOUNT,
    mode: "live",
    paper: false,
    ready: true,
    killed: false,
    now_ms: 10,
    positions: stamp(positions, 10),
    orders: [order],
    fills: [],
  };
  const port = new Trading(async ({ type }) =>
    type === "accounts" ? { accounts: [{ account: ACCOUNT, paper: false, may_trade: true }] } : answer,
  );
  const made = new TradingDesk(
    port,
    { followPrivate: () => undefined },
    () => true,
    () => true,
    () => 0,
  );
  await made.refresh();
  return made;
}

describe("what stands without its stop", () => {
  it("is an entry whose fills are not protected, while there is a position", async () => {
    expect(nakedEntries(await desk(entry({})))).toHaveLength(1);
    expect(nakedEntries(await desk(entry({}), []))).toHaveLength(0);
    expect(nakedEntries(await desk(entry({ protected: true })))).toHaveLength(0);
    expect(nakedEntries(await desk(entry({ protected: null, naked_ms: null })))).toHaveLength(0);
    expect(nakedEntries(await desk(entry({ naked_ms: null })))).toHaveLength(0);
  });
  it("is one too while the account's word is older than the fill", async () => {
    expect(nakedEntries(await desk(entry({ changed_ms: 20 }), []))).toHaveLength(1);
  });
  it("grows by the server's clock until it ends", async () => {
    const open = await desk(entry({}));
    const [row] = nakedEntries(open);
    if (row === undefined) throw new Error("not naked");
    // Told at 10 with 40 ms by then, whenever the order itself changed last.
    expect(nakedMs(open, row, 100)).toBe(40 + 100);
    expect(nakedMs(open, { ...row, view: { ...row.view, guarded: true } }, 100)).toBe(40);
  });
  it("is cried about once somebody can act on it, and no sooner", async () => {
    const open = await desk(entry({}));
    expect(cryingEntries(open, 900)).toHaveLength(0);
    expect(cryingEntries(open, 960)).toHaveLength(1);
    expect(cryingEntries(await desk(entry({ protected: true })), 10_000)).toHaveLength(0);
  });
});
