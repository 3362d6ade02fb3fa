/** What happened, why, and what to do, where the app of this computer deals with a team server, a wallet or its keychain. An empty cause means the app's own words. */
export const TEAM_WORDS: Readonly<Record<string, readonly [string, string, string]>> = {
  team_address_invalid: [
    "This is no address of a server.",
    "",
    "Write it as https://desk.example, with a port where it has one.",
  ],
  team_address_insecure: [
    "This address is not safe.",
    "Over http everybody on the way could read the session and act with it.",
    "Use the server's https address; http is for a server on this computer alone.",
  ],
  team_unreachable: [
    "The team server does not answer.",
    "",
    "Check the address and this computer's connection, then try again.",
  ],
  team_certificate_refused: [
    "The server's certificate is not trusted.",
    "",
    "Check the address. If the server has a certificate of your company's own authority, start the app with --team-ca FILE.",
  ],
  team_not_a_server: [
    "No HyperSentry server answers there.",
    "Something else does, or a server that is too old to know logins.",
    "Check the address with the administrator.",
  ],
  team_answer_unreadable: [
    "The server's answer could not be read.",
    "It is not what this version expects.",
    "Compare the versions of the server and of this app.",
  ],
  team_tls_failed: [
    "No secure connection can be made.",
    "",
    "Check that this computer has its root certificates.",
  ],
  team_not_connected: [
    "No team server is connected.",
    "The engine of this app serves the window.",
    "Connect to a server first.",
  ],
  team_request_refused: [
    "The app does not ask this.",
    "",
    "Update the app; if it stays so, give the code to the administrator.",
  ],
  keychain_unavailable: [
    "This computer's keychain cannot be used.",
    "",
    "Unlock or start it (on Linux a Secret Service such as GNOME Keyring or KWallet). Until then a session lasts until the app is closed.",
  ],
  key_unreadable: [
    "This computer's key cannot be read.",
    "What the keychain holds under its name is no key.",
    "Remove the entry of app.hypersentry.terminal from the keychain, then have the new address enrolled.",
  ],
  browser_not_opened: [
    "The browser was not opened.",
    "",
    "Set a default browser, or log in with this computer's key.",
  ],
  loopback_unavailable: [
    "The page for the wallet could not be served.",
    "",
    "Look whether a firewall keeps this computer from speaking to itself.",
  ],
  login_link_reused: [
    "The page was opened twice.",
    "So it is not known who has it, and it was closed.",
    "Begin again, and open the page once.",
  ],
  sign_in_running: [
    "A login is under way already.",
    "Its page waits in the browser.",
    "Go on there, or cancel it here.",
  ],
  sign_in_cancelled: [
    "The login was called off.",
    "You or another window did so.",
    "Begin again when you like.",
  ],
  sign_in_timeout: [
    "Nobody answered in the browser.",
    "The page waits for five minutes, as long as the server's message holds.",
    "Begin again and sign in the wallet.",
  ],
  approval_running: [
    "An approval is under way already.",
    "Its page waits in the browser.",
    "Go on there, or cancel it here.",
  ],
  approval_cancelled: [
    "The approval was called off.",
    "You or another window did so.",
    "Sign it when you like: the agent waits.",
  ],
  approval_timeout: [
    "Nobody answered in the browser.",
    "The page waits for five minutes.",
    "Sign it again: the agent waits.",
  ],
  agent_required: [
    "No agent signs for this account.",
    "",
    "Make one in the account drawer and let the account's wallet approve it.",
  ],
  practice_full: [
    "The simulated venue takes no further account.",
    "",
    "Use an account that it has, or start practice anew.",
  ],
  keystore_unavailable: [
    "Agent keys cannot be kept.",
    "",
    "In the app: unlock or start this computer's keychain (on Linux a Secret Service such as GNOME Keyring or KWallet). At a server: ask the administrator to start it with a master key.",
  ],
  signature_not_recorded: [
    "Nothing was signed.",
    "",
    "What this computer signs is written down first. Free some space, or look at the app's log for what keeps the record from being written; then try again.",
  ],
  venue_unavailable: [
    "There is no venue to approve at.",
    "",
    "Use an app or a server that is connected to the venue.",
  ],
  data_dir_read_only: [
    "The choice of the server could not be kept.",
    "",
    "Free some space or choose another directory with --data-dir.",
  ],
};
