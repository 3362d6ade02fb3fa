import { afterEach, expect, test, vi } from "vitest";
import type { AgentPort, OwnAgentList } from "~/transport/agent-types";
import { ApiError } from "~/transport/types";
import { OwnAgents } from "./own-agents";

const LIST: OwnAgentList = {
  agents: [],
  network: "mainnet",
  forTheRun: false,
  ready: false,
  approving: false,
  keychain: null,
};

afterEach(() => {
  vi.useRealTimers();
});

function own(list: () => Promise<OwnAgentList>): OwnAgents {
  return new OwnAgents({ list } as unknown as AgentPort);
}

test("what was asked last is told, whatever is answered last", async () => {
  const answers: ((list: OwnAgentList) => void)[] = [];
  const agents = own(() => new Promise((resolve) => answers.push(resolve)));
  const first = agents.refresh();
  const second = agents.refresh();
  answers[1]?.({ ...LIST, ready: true });
  await second;
  answers[0]?.(LIST);
  await first;
  expect(agents.getSnapshot().list?.ready).toBe(true);
});

test("a question without an answer leaves what is known, and is asked again in a minute", async () => {
  vi.useFakeTimers();
  const list = vi.fn(() => Promise.resolve(LIST));
  const agents = own(list);
  const leave = agents.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  list.mockImplementation(() => Promise.reject(new ApiError("store_failed", "no", true)));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(agents.getSnapshot()).toMatchObject({ list: LIST, failure: { code: "store_failed" } });
  expect(list).toHaveBeenCalledTimes(2);
  leave();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(list).toHaveBeenCalledTimes(2);
});
