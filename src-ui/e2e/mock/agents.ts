import { randomBytes } from "node:crypto";
import { type Answer, answer, type Json, refuse } from "./answers";
import { addressOfKey, signerOf, type TypedData, typedDigest } from "./ethereum";

const DAY_MS = 86_400_000;

export interface MockAgent {
  readonly id: string;
  readonly account: string;
  readonly address: string;
  readonly name: string;
  readonly permissions: readonly string[];
  state: "pending" | "approved" | "revoked" | "expired";
  readonly created_ms: number;
  expires_ms: number;
  readonly replaces: string | null;
}

function approval({ address, name }: MockAgent): TypedData {
  return {
    types: {
      EIP712Domain: [
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      "HyperliquidTransaction:ApproveAgent": [
        { name: "hyperliquidChain", type: "string" },
        { name: "agentAddress", type: "address" },
        { name: "agentName", type: "string" },
        { name: "nonce", type: "uint64" },
      ],
    },
    primaryType: "HyperliquidTransaction:ApproveAgent",
    domain: {
      name: "HyperliquidSignTransaction",
      version: "1",
      chainId: 421_614,
      verifyingContract: "0x0000000000000000000000000000000000000000",
    },
    message: { hyperliquidChain: "Testnet", agentAddress: address, agentName: name, nonce: 1 },
  };
}

/** Agent credentials that are approved by a real signature of their account. */
export class MockAgents {
  readonly all: MockAgent[] = [];

  get ready(): boolean {
    return this.all.some(({ state }) => state === "approved");
  }

  serve(method: string, id: string | undefined, what: string | undefined, body: Json): Answer {
    if (id === undefined && method === "GET") return answer({ agents: this.all.map(told) });
    if (id === undefined)
      return this.#make(String(body["account"]), String(body["name"]), Number(body["valid_days"]), null);
    const agent = this.all.find((item) => item.id === id);
    if (agent === undefined) return refuse("agent_not_found");
    if (method === "DELETE") {
      agent.state = "revoked";
      return { status: 204 };
    }
    if (what === "check")
      return answer({
        agent: told(agent),
        listed: agent.state === "approved",
        valid_until_ms: agent.state === "approved" ? agent.expires_ms : null,
      });
    if (what === "rotate") return this.#make(agent.account, agent.name, 90, agent.id);
    if (agent.state !== "pending") return refuse("agent_not_pending");
    if (signerOf(typedDigest(approval(agent)), String(body["signature"])) !== agent.account)
      return refuse("signature_invalid");
    agent.state = "approved";
    const replaced = this.all.find((item) => item.id === agent.replaces);
    if (replaced !== undefined) replaced.state = "revoked";
    return answer({ agent: told(agent) });
  }

  #make(account: string, name: string, days: number, replaces: string | null): Answer {
    const now = Date.now();
    const agent: MockAgent = {
      id: `a${this.all.length + 1}`,
      account,
      address: addressOfKey(Uint8Array.from(randomBytes(32))),
      name,
      permissions: ["order", "cancel", "modify"],
      state: "pending",
      created_ms: now,
      expires_ms: now + days * DAY_MS,
      replaces,
    };
    this.all.push(agent);
    return answer({ agent: told(agent), approve: { typed_data: approval(agent) } });
  }
}

function told(agent: MockAgent): Json {
  const left = agent.expires_ms - Date.now();
  const warning = [1, 3, 14].find((days) => left <= days * DAY_MS) ?? null;
  return { ...agent, network: "mainnet", warning };
}
