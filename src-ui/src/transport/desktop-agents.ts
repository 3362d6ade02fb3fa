import type { AgentPort } from "./agent-types";
import { asAgents, asCheck, asMadeAgent } from "./auth-decode";
import { commands } from "./bindings.gen";
import { asApiError, asObject } from "./decode";
import { ApiError } from "./types";

/** What a command answers as a JSON text, read. */
async function read<T>(answer: Promise<string>, as: (body: unknown) => T | null): Promise<T> {
  const text = await told(answer);
  const found = as(JSON.parse(text));
  if (found === null) throw new ApiError("malformed_answer", "the app's answer could not be read", true);
  return found;
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asApiError(error);
  }
}

export const desktopAgents: AgentPort = {
  list: () =>
    read(commands.agents(), (value) => {
      const body = asObject(value);
      const agents = asAgents(value);
      if (body === null || agents === null) return null;
      const network = body["network"];
      const keychain = body["keychain"] ?? null;
      return {
        agents,
        network: typeof network === "string" ? network : null,
        forTheRun: body["for_the_run"] === true,
        ready: body["ready"] === true,
        approving: body["approving"] === true,
        keychain: keychain === null ? null : asApiError(keychain),
      };
    }),
  wallet: () => told(commands.agentWallet()),
  create: ({ account, name, validDays }) => read(commands.agentCreate(account, name, validDays), asMadeAgent),
  rotate: (agent) => read(commands.agentRotate(agent), asMadeAgent),
  approveInBrowser: async (agent) => {
    await told(commands.agentApproveInBrowser(agent));
  },
  approveByKey: async (agent) => {
    await told(commands.agentApproveByKey(agent));
  },
  cancelApproval: async () => {
    await told(commands.agentCancelApproval());
  },
  check: (agent) =>
    read(commands.agentCheck(agent), (value) => {
      const check = asCheck(value);
      return check === null ? null : { ...check, signs: asObject(value)?.["signs"] === true };
    }),
  revoke: async (agent) => {
    await told(commands.agentRevoke(agent));
  },
};
