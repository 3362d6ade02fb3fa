import type { Entry } from "./words-entry";

const TRY_LATER = "It is tried again by itself; try again when the account is fresh.";
const LOG_IN = "Log in again: open the account (a).";
const ASKED = "Do not send it again: the order\u2019s own state is asked for.";
const TELL = "Tell the operator of this server.";
const LOG_STOPPED = "No order is sent that could not be proved afterwards.";
const PEOPLE = "Look at the order at the venue\u2019s own page, then tell the operator.";

/** Who may, what the account is, and what became of a request on its way, by code. */
export const RELAY_WORDS: Readonly<Record<string, Entry>> = {
  trading_absent: ["Trading is not available at this server.", "", "Market data work without it."],
  team_request_refused: [
    "Orders of a team server are given in its own page.",
    "This app takes orders for its own account alone.",
    "Open the address of the server in a browser.",
  ],
  agent_required: [
    "No agent signs for this account.",
    "Orders are signed by an agent key that the account\u2019s wallet has approved.",
    "Open the account (a), tab Agents: make one and approve it with the wallet.",
  ],
  grant_required: [
    "You may not trade this account.",
    "Its owner or an administrator gives that right.",
    "Ask the owner of the account, or an administrator.",
  ],
  session_required: [
    "Log in to trade.",
    "Orders belong to a user.",
    "Open the account (a) and log in with a wallet.",
  ],
  session_expired: ["The session has expired.", "Sessions end after a time.", LOG_IN],
  session_revoked: ["The session was revoked.", "It was ended elsewhere.", LOG_IN],
  role_required: [
    "Your role does not trade.",
    "Trading is for traders and administrators.",
    "Ask an administrator of this server.",
  ],
  csrf_required: [
    "The page is older than the session.",
    "You logged in anew in another tab.",
    "Reload the page.",
  ],
  kill_switch_on: [
    "The kill switch is on.",
    "Nothing that adds risk is sent until it is released.",
    "Release it in the top bar when you are sure.",
  ],
  kill_held: [
    "A risk manager threw this kill switch.",
    "Who manages the account\u2019s risk puts it back, and nobody else.",
    "Ask a risk manager to release it.",
  ],
  desk_kill_switch_on: [
    "The desk\u2019s kill switch is on.",
    "Nothing that adds risk is sent for any account until it is released.",
    "Whoever manages risk releases it in the top bar.",
  ],
  lease_lapsed: [
    "A lease has lapsed.",
    "Nobody renewed it in time: orders that add risk were cancelled, protective stops stay.",
    "Look at the account, then renew the lease in the panel Limits.",
  ],
  lease_held: [
    "Somebody else holds that lease.",
    "Whoever holds it, or manages risk, makes it longer or ends it.",
    "Ask them.",
  ],
  schedule_too_soon: [
    "The time is too near.",
    "The venue takes 5 s ahead at the least.",
    "Take a later time.",
  ],
  schedule_spent: [
    "The venue has done it ten times today.",
    "It takes no more before the next UTC day.",
    "Take a lease instead: this server enforces it.",
  ],
  nothing_to_accept: [
    "There is nothing to take over.",
    "The books tie to the venue.",
    "The account is read anew.",
  ],
  paper_unavailable: ["Paper accounts are not there yet.", "", "Try again in a moment."],
  practice_unavailable: ["The practice account cannot be opened.", "", "Start the server anew."],
  too_many_accounts: [
    "This server trades as many accounts as it can.",
    "",
    "Ask an administrator to end one of them.",
  ],
  trading_locked: ["Trading is locked.", "", TRY_LATER],
  relay_busy: [
    "Too many orders wait.",
    "The relay takes no more at once. Nothing was sent.",
    "Try again in a moment.",
  ],
  trading_stopping: ["The server is stopping.", "Nothing was sent.", "Try again when it is back."],
  audit_stopped: [
    "The audit log cannot be written.",
    LOG_STOPPED,
    "Tell the operator: the disk of the server is full or has failed.",
  ],
  audit_full: ["The disk of the audit log is full.", LOG_STOPPED, "Tell the operator: the disk needs room."],
  audit_io: ["The audit log cannot be read or written.", LOG_STOPPED, TELL],
  audit_busy: [
    "Too much waits to be written to the audit log.",
    "Nothing was sent.",
    "Try again in a moment.",
  ],
  audit_record: ["The audit log did not take the record.", LOG_STOPPED, TELL],
  audit_key: ["The audit log has another key.", LOG_STOPPED, TELL],
  audit_key_unavailable: ["The audit log\u2019s key cannot be read.", LOG_STOPPED, TELL],
  audit_key_malformed: ["The audit log\u2019s key is damaged.", LOG_STOPPED, TELL],
  audit_locked: ["Another program writes the audit log.", LOG_STOPPED, TELL],
  audit_missing: [
    "No audit log was found.",
    "It is made with the first order that is sent.",
    "If orders were sent before, tell the operator of this server.",
  ],
  audit_damaged: ["The audit log is damaged.", "", TELL],
  audit_proof_broken: [
    "The proof does not hold.",
    "",
    "Keep the order\u2019s name and tell the operator: the log was changed or is damaged.",
  ],
  proof_busy: [
    "The log is being read for another proof.",
    "Proofs are made one at a time.",
    "Read it again in a moment.",
  ],
  order_step_illegal: ["The order cannot do that where it stands.", "", "Look at the list of orders."],
  order_contradiction: [
    "The venue said something that does not fit the order.",
    "Trading is locked until account and venue match.",
    PEOPLE,
  ],
  order_fill_mismatch: [
    "The venue filled another size than it said.",
    "Trading is locked until account and venue match.",
    PEOPLE,
  ],
  order_absence_unproven: ["Whether the venue has the order is not known yet.", "", ASKED],
  nonce_outside_window: [
    "No request number that the venue takes is left for this moment.",
    "Its clock and this server\u2019s are too far apart.",
    "Try again in a moment. Nothing was sent.",
  ],
  nonce_doubtful: [
    "The next request number may have been used.",
    "A number is never used twice.",
    "Try again in a moment. Nothing was sent.",
  ],
  nonce_not_kept: ["The next request number could not be kept on disk.", LOG_STOPPED, TELL],
  signature_malformed: ["The agent gave no signature.", "Nothing was sent.", TELL],
  action_not_encodable: ["The order cannot be written as the venue reads it.", "Nothing was sent.", TELL],
  history_too_long: [
    "The account\u2019s history is longer than can be read.",
    "What happened while this server was away is not known whole.",
    TELL,
  ],
  account_answer_malformed: [
    "The venue\u2019s word on the account cannot be read.",
    "It is not as it is documented.",
    "It is asked again by itself. Orders wait until it can be read.",
  ],
  too_many_requests: [
    "The venue takes no more requests for a moment.",
    "Whether it took this one is not known.",
    ASKED,
  ],
  http_client_error: [
    "The venue did not take the request.",
    "Whether it took the order is not known.",
    ASKED,
  ],
  http_server_error: ["The venue has trouble of its own.", "Whether it took the order is not known.", ASKED],
  http_status: ["The venue gave an unusual answer.", "Whether it took the order is not known.", ASKED],
  answer_malformed: [
    "The venue\u2019s answer cannot be read.",
    "Whether it took the order is not known.",
    ASKED,
  ],
  answer_count: [
    "The venue answered for fewer orders than were sent.",
    "What became of each is not known.",
    ASKED,
  ],
  no_answer: ["The venue did not answer.", "Whether it took the order is not known.", ASKED],
  connection_lost: [
    "The connection to the venue was lost.",
    "Whether it took the order is not known.",
    ASKED,
  ],
  post_error: [
    "The venue\u2019s connection answered with an error.",
    "Whether it took the order is not known.",
    ASKED,
  ],
  posts_full: [
    "Too many orders wait for the venue\u2019s answer.",
    "It goes as a request of its own.",
    ASKED,
  ],
  unreachable: ["The server does not answer.", "It is down, or this computer has no connection.", TRY_LATER],
  malformed_answer: [
    "The answer could not be read.",
    "Server and page may be of different versions.",
    "Reload the page.",
  ],
};
