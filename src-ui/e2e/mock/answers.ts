import type { IncomingMessage } from "node:http";

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly body?: Json;
  readonly cookie?: string;
}

const STATUS: Readonly<Record<string, number>> = {
  session_required: 401,
  session_expired: 401,
  session_revoked: 401,
  role_required: 403,
  grant_required: 403,
  csrf_required: 403,
  login_rate_limited: 429,
  session_not_found: 404,
  user_not_found: 404,
  agent_not_found: 404,
  not_found: 404,
};

export function refuse(code: string, message = code): Answer {
  return { status: STATUS[code] ?? 400, body: { code, message, retryable: false, details: {} } };
}

export function answer(body: Json): Answer {
  return { status: 200, body };
}

export async function bodyOf(request: IncomingMessage): Promise<Json> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? {} : (JSON.parse(text) as Json);
}
