import type { Page } from "@playwright/test";

/** What the app's shell would answer, in a page of a browser: it speaks with a mock gateway as the shell does with a team server. */
export interface ScriptedShell {
  /** The team server that was chosen; null while the app's own engine serves, which the same mock plays. */
  readonly server: string | null;
  readonly signedIn?: boolean;
  /** Code and words of a keychain that is of no use. */
  readonly keychain?: string;
  /** Where approvals of agents go; null where a recording is played. */
  readonly network?: string | null;
}

const KEY = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";

/** Lets every page that is opened from now on believe that it is the app's window. */
export async function pretendDesktop(page: Page, gateway: string, shell: ScriptedShell): Promise<void> {
  await page.addInitScript(
    ({ base, first, key }) => {
      const kept = sessionStorage.getItem("shell");
      const state: { server: string | null; signedIn: boolean } =
        kept === null ? { server: first.server, signedIn: first.signedIn ?? false } : JSON.parse(kept);
      const keep = (): void => sessionStorage.setItem("shell", JSON.stringify(state));
      const sessions = new Map<
        string,
        { socket: WebSocket; lines: string[]; over: { code: string } | null }
      >();
      const refuse = (code: string, message: string): never => {
        throw { code, message, retryable: true, details: {} };
      };
      const open = (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(base.replace("http", "ws") + "/ws");
          const name = `main-${sessions.size + 1}`;
          const session = { socket, lines: [] as string[], over: null as { code: string } | null };
          sessions.set(name, session);
          socket.addEventListener("open", () => resolve({ session: name, run_id: null, mode: null }));
          socket.addEventListener("error", () =>
            reject({ code: "team_unreachable", message: "no", retryable: true, details: {} }),
          );
          socket.addEventListener("message", ({ data }) => session.lines.push(String(data)));
          socket.addEventListener("close", ({ code, reason }) => {
            session.over = { code: code === 4001 ? reason : "team_connection_lost" };
          });
        });
      const frame = async (name: string): Promise<ArrayBuffer> => {
        const session = sessions.get(name);
        for (let waited = 0; waited < 10; waited += 1) {
          if (session === undefined) return refuse("unknown_session", "the session is closed");
          const lines = session.lines.splice(0);
          if (lines.length > 0) return new TextEncoder().encode(lines.join("\n")).buffer as ArrayBuffer;
          if (session.over !== null) {
            if (session.over.code.startsWith("session_")) state.signedIn = false;
            keep();
            return refuse(session.over.code, "the session at the team server was revoked");
          }
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return new ArrayBuffer(0);
      };
      const ask = (session: unknown, message: object): null => {
        sessions.get(String(session))?.socket.send(JSON.stringify(message));
        return null;
      };
      type Args = Record<string, string | number | null>;
      type Agent = Record<string, unknown> & { id: string; state: string };
      const agents: Agent[] = [];
      const agentOf = (id: unknown): Agent =>
        agents.find((agent) => agent.id === id) ?? refuse("agent_not_found", "there is no such agent");
      const approve = (id: unknown): string => {
        const agent = agentOf(id);
        for (const old of agents) if (old.id === agent["replaces"]) old.state = "revoked";
        agent.state = "approved";
        return JSON.stringify(agent);
      };
      const make = (account: unknown, name: unknown, days: number, replaces: string | null): string => {
        if (first.keychain !== undefined) return refuse("keystore_unavailable", first.keychain);
        const agent: Agent = {
          id: `agent_${agents.length + 1}`,
          account,
          name,
          replaces,
          address: "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb",
          network: first.network ?? "mainnet",
          permissions: ["order", "cancel", "modify"],
          state: "pending",
          created_ms: Date.now(),
          expires_ms: Date.now() + days * 86_400_000,
          warning: null,
        };
        agents.push(agent);
        return JSON.stringify(agent);
      };
      const commands: Record<string, (args: Args) => unknown> = {
        open_session: open,
        close_session: ({ session }) => {
          sessions.get(String(session))?.socket.close();
          sessions.delete(String(session));
          return null;
        },
        next_frame: ({ session }) => frame(String(session)),
        subscribe: ({ session, coin, channels }) => ask(session, { type: "subscribe", coin, channels }),
        unsubscribe: ({ session, coin, channels }) => ask(session, { type: "unsubscribe", coin, channels }),
        request: ({ session, text }) => {
          const message = JSON.parse(String(text)) as { type: string };
          return message.type === "subscribe_private" ? null : ask(session, message);
        },
        symbols: async () => (await fetch(`${base}/market/symbols`)).json(),
        account: () => ({ equity_usd: null }),
        team: () => ({
          server: state.server,
          signed_in: state.signedIn,
          signing_in: false,
          keychain:
            first.keychain === undefined
              ? null
              : { code: "keychain_unavailable", message: first.keychain, retryable: true, details: {} },
        }),
        team_connect: ({ address }) => {
          if (String(address).startsWith("http://") && !/\/\/(127\.|localhost)/.test(String(address)))
            return refuse("team_address_insecure", "over http everybody on the way could read the session");
          state.server = String(address);
          keep();
          return null;
        },
        team_disconnect: () => {
          state.server = null;
          state.signedIn = false;
          keep();
          return null;
        },
        trade: () => refuse("trading_absent", "this app takes orders in practice"),
        team_key: () => key,
        agents: () =>
          JSON.stringify({
            agents,
            network: first.network === undefined ? "mainnet" : first.network,
            for_the_run: false,
            ready: agents.some(({ state: phase }) => phase === "approved"),
            approving: false,
            keychain: null,
          }),
        agent_wallet: () => key,
        agent_create: ({ account, name, validDays }) => make(account, name, Number(validDays), null),
        agent_rotate: ({ id }) => make(agentOf(id)["account"], agentOf(id)["name"], 90, String(id)),
        agent_approve_by_key: ({ id }) =>
          agentOf(id)["account"] === key
            ? approve(id)
            : refuse("address_mismatch", "this computer's key is another one"),
        agent_approve_in_browser: ({ id }) => approve(id),
        agent_cancel_approval: () => null,
        agent_check: ({ id }) =>
          JSON.stringify({
            agent: agentOf(id),
            listed: agentOf(id).state === "approved",
            valid_until_ms: null,
            signs: true,
          }),
        agent_revoke: ({ id }) => {
          agentOf(id).state = "revoked";
          return null;
        },
        team_sign_in_by_key: () => refuse("user_unknown", "no user has this wallet"),
        team_sign_in_by_browser: () => refuse("sign_in_timeout", "nobody answered"),
        team_cancel_sign_in: () => null,
        team_request: async ({ method, path, body }) => {
          const response = await fetch(base + String(path), {
            method: String(method ?? "GET"),
            ...(body === null ? {} : { body: String(body) }),
          });
          return { status: response.status, body: await response.text() };
        },
      };
      let last = 0;
      const internals = {
        invoke: async (name: string, args: Args) => {
          const command = commands[name];
          if (command === undefined) throw new Error(`${name} is not a command`);
          return command(args);
        },
        transformCallback: () => (last += 1),
      };
      Object.assign(window, { __TAURI_INTERNALS__: internals });
    },
    { base: gateway.replace(/\/$/, ""), first: shell, key: KEY },
  );
}
