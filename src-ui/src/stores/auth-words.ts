import type { ApiError } from "~/transport/types";
import { TEAM_WORDS } from "./team-words";

/** A refusal as a reader needs it: what happened, why, and what to do. */
export interface Explained {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

const AGAIN = "Log in again: the server makes a new message.";
/** Stands for what the server says, where only it knows why. */
const SERVERS_WORDS = "";
const ASK_ADMIN = "Ask an administrator of this server.";

const WORDS: Readonly<Record<string, readonly [string, string, string]>> = {
  ...TEAM_WORDS,
  no_wallet: [
    "No wallet was found in this browser.",
    "No extension announced itself to this page.",
    "Install or unlock a wallet extension, then look again.",
  ],
  wallet_declined: [
    "The wallet declined.",
    "The request was refused or its window was closed.",
    "Try again and confirm in the wallet.",
  ],
  wallet_busy: [
    "The wallet waits for an answer.",
    "An earlier request of this page is still open in it.",
    "Open the wallet, answer or refuse what it asks, then log in again.",
  ],
  wallet_locked: [
    "The wallet gave no account.",
    "It is locked, or no account of it may be seen by this page.",
    "Unlock the wallet, allow an account for this page, then log in again.",
  ],
  wallet_unauthorised: [
    "The wallet does not allow this account here.",
    "This page was not given the right to use it.",
    "Connect the account to this page in the wallet, then try again.",
  ],
  wallet_unsupported: [
    "The wallet cannot do this.",
    "It does not know the request that the login needs.",
    "Use another wallet.",
  ],
  wallet_disconnected: [
    "The wallet is not connected.",
    "It has lost its own connection to the network.",
    "Wait until the wallet is connected, then try again.",
  ],
  wallet_chain_unknown: [
    "The wallet does not know this network.",
    "It has to be added to the wallet first.",
    "Add the network in the wallet, then try again.",
  ],
  wallet_failed: [
    "The wallet failed.",
    "It gave an answer that is of no use.",
    "Try again, or use another wallet.",
  ],
  chain_not_allowed: [
    "The wallet is on another network.",
    "This server takes logins from certain networks only.",
    "Switch the wallet to one of them.",
  ],
  chain_mismatch: [
    "The network has changed on the way.",
    "The message was made for another network than the one that signed it.",
    AGAIN,
  ],
  address_mismatch: [
    "Another account has signed.",
    "The message was made for one account, and the signature is of another.",
    "Choose the account in the wallet, then try again.",
  ],
  domain_mismatch: [
    "The login is for another site.",
    "The message names a server that is not the one of this page, so it was not signed.",
    "Do not sign it. Check the address of this page, and tell the administrator.",
  ],
  uri_mismatch: [
    "The login is for another address.",
    "The message names an address that is not the one of this page.",
    "Check the address of this page, and tell the administrator.",
  ],
  nonce_expired: ["The login took too long.", "The message could be used for a few minutes only.", AGAIN],
  nonce_used: ["The message was used already.", "Each message logs in once.", AGAIN],
  nonce_unknown: [
    "The server does not know the message.",
    "It was restarted, or the message is too old.",
    AGAIN,
  ],
  nonce_other_browser: [
    "The message belongs to another browser.",
    "A login ends where it began; cookies may be switched off here.",
    "Allow cookies of this page, then log in again.",
  ],
  message_expired: [
    "The login took too long.",
    "The message carries its own end, and that has passed.",
    AGAIN,
  ],
  message_not_yet_valid: [
    "The message is not valid yet.",
    "The clocks of the server and of who made the message differ.",
    "Try again in a minute; if it stays so, tell the administrator.",
  ],
  message_mismatch: [
    "The signed message is not the server's.",
    "It must be signed as it stands, to the letter.",
    "Log in again, with another wallet if it stays so.",
  ],
  message_malformed: ["The message could not be read.", "It is not as the login standard has it.", AGAIN],
  signature_invalid: [
    "The signature does not fit.",
    "It was not made by this account over this message. Contract wallets cannot log in yet.",
    "Log in again with an account that has a key of its own.",
  ],
  signature_malleable: [
    "The signature has an unsafe form.",
    "It could be changed into another valid one, so it is refused.",
    "Update the wallet, or use another one.",
  ],
  login_rate_limited: [
    "Too many logins.",
    "The server takes only so many attempts from one place.",
    "Wait a minute, then log in again.",
  ],
  user_unknown: ["This wallet is not known here.", "The server takes invited users only.", ASK_ADMIN],
  user_disabled: ["This user was disabled.", "An administrator has done so.", ASK_ADMIN],
  session_required: [
    "This needs a login.",
    "Nobody is logged in in this browser.",
    "Log in, then try again.",
  ],
  session_expired: [
    "The session has expired.",
    "Sessions end after a time, and sooner when they are not used.",
    "Log in again to go on.",
  ],
  session_revoked: [
    "The session was revoked.",
    "It was ended from another window, or by an administrator.",
    "Log in again; if it was not you, look at the list of sessions afterwards.",
  ],
  session_not_found: ["This session is gone.", "It ended meanwhile.", "The list is read anew."],
  too_many_sessions: [
    "There are too many sessions.",
    "A user may have only so many at once.",
    "Revoke one that is not in use, then log in again.",
  ],
  role_required: ["Your role does not allow this.", "It is for another role of this server.", ASK_ADMIN],
  grant_required: [
    "You have no grant for this account.",
    "Its owner or an administrator gives it.",
    "Ask the owner of the account, or an administrator.",
  ],
  csrf_required: [
    "The page is out of date.",
    "The change came without the token of this session.",
    "Reload the page, then try again.",
  ],
  origin_not_allowed: [
    "The server does not serve this page.",
    "The page comes from an address that is not on its list.",
    "Open the server's own address, or ask the administrator.",
  ],
  last_admin: [
    "This is the last administrator.",
    "Without one nobody could manage this server.",
    "Make another user an administrator first.",
  ],
  user_not_found: ["This user is gone.", "The list was out of date.", "The list is read anew."],
  agent_not_found: ["This agent is gone.", "The list was out of date.", "The list is read anew."],
  agent_not_pending: [
    "This agent waits for no signature.",
    "It was approved, revoked or has expired meanwhile.",
    "Look at its state in the list.",
  ],
  too_many_agents: [
    "There are too many agents.",
    "An account may have only so many at once.",
    "Revoke one that is not in use, then try again.",
  ],
  agent_not_ready: [
    "This agent is not ready.",
    "It was not approved yet, or holds no more.",
    "Sign its approval, or make a new one.",
  ],
  agent_terms_invalid: [
    "These terms are not taken.",
    "A name has 1 to 16 of a-z, 0-9, _ and -; an agent holds 1 to 180 days.",
    "Correct the entry, then try again.",
  ],
  venue_unreachable: [
    "The venue gave no answer.",
    "The approval may have arrived, or not.",
    "Check the agent before you sign again.",
  ],
  venue_refused: ["The venue refused the approval.", SERVERS_WORDS, "Mend what it names, then sign again."],
  address_invalid: [
    "This is no address.",
    "An address is 0x and 40 digits.",
    "Correct the entry, then try again.",
  ],
  name_invalid: [
    "This name is not taken.",
    "It is too long or has signs that no name has.",
    "Choose another name.",
  ],
  directory_full: [
    "The server takes no more users.",
    "It has as many as it was made for.",
    "Ask an administrator of this server.",
  ],
  keystore_seal_broken: [
    "The sealed key cannot be opened.",
    "It was damaged, or sealed under another master key.",
    "Revoke the agent and make a new one; tell the administrator.",
  ],
  entropy_failed: [
    "The server could not make a key.",
    "Its system gave no random numbers.",
    "Try again; if it stays so, tell the administrator.",
  ],
  store_failed: [
    "The server could not keep this.",
    "Its store failed; nothing was changed.",
    "Try again; if it stays so, tell the administrator.",
  ],
  bad_request: [
    "The server did not take the entry.",
    "A field is not as it must be.",
    "Correct the entry, then try again.",
  ],
  unreachable: [
    "The server does not answer.",
    "It is down, or this computer has no connection.",
    "Try again when the status bar says connected.",
  ],
};

/** In the reader's words where the code is known, in the server's where it is not; the code itself is always shown. */
export function explained(error: Pick<ApiError, "code" | "message">): Explained {
  const [what, why, next] = WORDS[error.code] ?? [
    "The server refused.",
    `It says: ${error.message}.`,
    "Try again; if it stays so, give the code to the administrator.",
  ];
  if (why !== SERVERS_WORDS) return { what, why, next };
  const own = Object.hasOwn(TEAM_WORDS, error.code);
  return { what, why: own ? sentence(error.message) : `It says: ${error.message}.`, next };
}

/** What this app says of itself begins small, as part of a line. */
function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** Whether the words for a code are ours. */
export function isExplained(code: string): boolean {
  return Object.hasOwn(WORDS, code);
}
