import { describe, expect, it } from "vitest";
import { browserText, expiryWarning, shortAddress } from "./account-text";
import { explained, isExplained } from "./auth-words";
import { TEAM_WORDS } from "./team-words";

/** The protocol's codes of login, sessions, roles and agents. */
const CODES =
  `nonce_unknown nonce_used nonce_expired nonce_other_browser domain_mismatch uri_mismatch chain_not_allowed
  chain_mismatch address_mismatch message_mismatch signature_invalid signature_malleable message_malformed
  message_expired message_not_yet_valid login_rate_limited user_unknown user_disabled session_required session_expired
  session_revoked role_required grant_required csrf_required origin_not_allowed bad_request last_admin user_not_found
  session_not_found agent_not_found agent_not_pending too_many_agents too_many_sessions keystore_unavailable store_failed
  agent_not_ready agent_terms_invalid venue_unreachable venue_refused venue_unavailable signature_not_recorded address_invalid name_invalid
  directory_full keystore_seal_broken entropy_failed wallet_declined wallet_unauthorised wallet_unsupported wallet_disconnected wallet_chain_unknown wallet_busy
  wallet_locked wallet_failed no_wallet unreachable`.split(/\s+/);

const DAY = 86_400_000;

describe("words about the account", () => {
  it.each(CODES)("explain %s: what, why, what next", (code) => {
    expect(isExplained(code)).toBe(true);
    const { what, why, next } = explained({ code, message: "" });
    expect([what, why, next].every((words) => words.endsWith("."))).toBe(true);
  });

  it.each(Object.keys(TEAM_WORDS))("explain %s of the app and its team server", (code) => {
    const { what, why, next } = explained({ code, message: "the app says why" });
    expect([what, why, next].every((words) => words.endsWith("."))).toBe(true);
  });

  it("leave an unknown code to the server's own words", () => {
    expect(explained({ code: "moon_phase", message: "the moon is full" }).why).toContain("the moon is full");
  });

  it("shorten an address by its middle", () => {
    expect(shortAddress("0x71C7656EC7ab88b098defB751B7401B5f6d8976F")).toBe("0x71C7\u2026976F");
  });

  it("warn 14, 3 and 1 days before the end", () => {
    const at = (days: number) => expiryWarning(days * DAY, 0);
    expect([at(14.1), at(14), at(3.1), at(3), at(1.1), at(1), at(0)]).toEqual([
      "none",
      "soon",
      "soon",
      "near",
      "near",
      "last",
      "over",
    ]);
  });

  it("name a browser and its system", () => {
    const chrome =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    expect(browserText(chrome)).toBe("Chrome 131 on Linux");
    expect(browserText(null)).toBe("a program");
    expect(browserText("curl/8.5.0")).toBe("curl/8.5.0");
  });
});
