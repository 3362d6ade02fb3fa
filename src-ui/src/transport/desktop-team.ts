import { HttpAuth } from "./auth-http";
import { commands } from "./bindings.gen";
import { asApiError } from "./decode";
import type { TeamPort } from "./team-types";

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asApiError(error);
  }
}

/** Statuses whose answers have no body. */
const EMPTY: readonly number[] = [204, 205, 304];

/** HTTP as the app does it for us: it adds the session, which the window never holds. */
async function askTeam(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { pathname, search } = new URL(input instanceof Request ? input.url : input);
  const body = typeof init?.body === "string" ? init.body : null;
  const answer = await told(commands.teamRequest(init?.method ?? "GET", pathname + search, body));
  return new Response(EMPTY.includes(answer.status) ? null : answer.body, { status: answer.status });
}

export function teamAuth(server: string): HttpAuth {
  return new HttpAuth(new URL(server), askTeam);
}

export const desktopTeam: TeamPort = {
  read: async () => {
    const { server, signed_in, signing_in, keychain } = await told(commands.team());
    return {
      server,
      signedIn: signed_in,
      signingIn: signing_in,
      keychain: keychain === null ? null : asApiError(keychain),
    };
  },
  connect: async (address) => {
    await told(commands.teamConnect(address));
  },
  disconnect: async () => {
    await told(commands.teamDisconnect());
  },
  key: () => told(commands.teamKey()),
  signInByKey: async () => {
    await told(commands.teamSignInByKey());
  },
  signInByBrowser: async () => {
    await told(commands.teamSignInByBrowser());
  },
  cancelSignIn: async () => {
    await told(commands.teamCancelSignIn());
  },
};
