import { expect, test, vi } from "vitest";
import type { LeverageWish, MarginWish, MarketMargin } from "~/transport/margin-types";
import { ApiError } from "~/transport/types";
import { MarginDesk, marginSaid, marginWords, type MarginSetting } from "./margin-desk";

const SET: MarginSetting = { what: "leverage", leverage: 5, margin: "isolated" };
const TOLD = { symbol: "BTC" } as MarketMargin;

function made() {
  const sent: (LeverageWish | MarginWish)[] = [];
  const answers: (() => Promise<MarketMargin>)[] = [];
  const next = (wish: LeverageWish | MarginWish): Promise<MarketMargin> => {
    sent.push(wish);
    return answers.shift()?.() ?? Promise.resolve(TOLD);
  };
  const ended = vi.fn<() => void>();
  const desk = new MarginDesk({ leverage: next, margin: next }, ended);
  const fail = (code: string): number =>
    answers.push(() => Promise.reject(new ApiError(code, "said", false)));
  return { desk, sent, answers, fail, ended };
}

test("asks with a key of its own, and nothing while the one before is under way", async () => {
  const { desk, sent, answers, ended } = made();
  let answer = (): void => undefined;
  answers.push(() => new Promise((resolve) => (answer = () => resolve(TOLD))));
  const first = desk.ask("0xa", "BTC", SET);
  await desk.ask("0xa", "BTC", { ...SET, leverage: 7 });
  expect(desk.of("0xa", "BTC", "leverage")?.phase).toBe("waiting");
  answer();
  await first;
  expect(sent).toEqual([
    { account: "0xa", symbol: "BTC", key: sent[0]?.key, leverage: 5, margin: "isolated" },
  ]);
  expect(sent[0]?.key).toMatch(/^ui-/);
  expect(desk.of("0xa", "BTC", "leverage")?.phase).toBe("done");
  expect(desk.of("0xa", "ETH", "leverage")).toBeNull();
  expect(desk.of("0xa", "BTC", "margin")).toBeNull();
  expect(ended).toHaveBeenCalledTimes(1);
});

test("what was lost keeps its key, and what was refused does not", async () => {
  const { desk, sent, fail } = made();
  fail("unreachable");
  await desk.ask("0xa", "BTC", SET);
  const lost = desk.of("0xa", "BTC", "leverage");
  expect(lost?.phase).toBe("lost");
  // It may be asked after, and is not forgotten.
  if (lost !== null) desk.dismiss(lost);
  expect(desk.of("0xa", "BTC", "leverage")).toBe(lost);
  fail("setting_pending");
  await desk.ask("0xa", "BTC", SET);
  expect(desk.of("0xa", "BTC", "leverage")?.phase).toBe("lost");
  fail("setting_unknown");
  await desk.ask("0xa", "BTC", SET);
  expect(desk.of("0xa", "BTC", "leverage")?.phase).toBe("refused");
  await desk.ask("0xa", "BTC", SET);
  const keys = sent.map(({ key }) => key);
  expect(new Set(keys.slice(0, 3)).size).toBe(1);
  expect(keys[3]).not.toBe(keys[0]);
});

test("another setting than the one that was lost has another key", async () => {
  const { desk, sent, fail } = made();
  fail("http_504");
  await desk.ask("0xa", "BTC", { what: "margin", usd: "50" });
  await desk.ask("0xa", "BTC", { what: "margin", usd: "-50" });
  expect(sent[1]?.key).not.toBe(sent[0]?.key);
  expect(sent[1]).toMatchObject({ usd: "-50" });
});

test("one under way by somebody else is a refusal", async () => {
  const { desk, fail } = made();
  fail("setting_pending");
  await desk.ask("0xa", "BTC", SET);
  expect(desk.of("0xa", "BTC", "leverage")?.phase).toBe("refused");
});

test("holds a bounded number of them, and forgets with the run", async () => {
  const { desk } = made();
  for (let n = 0; n < 60; n += 1) await desk.ask("0xa", `C${n}`, SET);
  expect(desk.getSnapshot()).toHaveLength(32);
  expect(desk.of("0xa", "C59", "leverage")).not.toBeNull();
  desk.clear();
  expect(desk.getSnapshot()).toHaveLength(0);
});

test("says how it stands", () => {
  expect(marginWords({ what: "margin", usd: "-1250.5" })).toBe("$1\u202f250.5 less margin");
  const asked = { account: "0xa", symbol: "BTC", key: "k", setting: SET, error: null } as const;
  expect(marginSaid({ ...asked, phase: "waiting" }).text).toContain("waiting for the venue\u2019s proof");
  expect(marginSaid({ ...asked, phase: "done" }).text).toBe("The venue has it: Isolated 5\u00d7.");
  const held = new ApiError("margin_kind_held", "held", false);
  expect(marginSaid({ ...asked, phase: "refused", error: held }).text).toContain(
    "The kind of margin cannot be changed now.",
  );
  const lost = new ApiError("unreachable", "no answer", true);
  expect(marginSaid({ ...asked, phase: "lost", error: lost })).toMatchObject({
    level: "bad",
    text: "Isolated 5\u00d7: The answer was lost: it may have been done. Ask again: under its key it is never done twice.",
  });
});
