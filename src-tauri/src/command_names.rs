// Read by the build script as well, which makes a permission of each; a command that is not named here is refused.
/// Commands that a window may be allowed to call.
pub(crate) const COMMANDS: &[&str] = &[
    "open_session",
    "close_session",
    "subscribe",
    "unsubscribe",
    "request",
    "symbols",
    "readiness",
    "alpha",
    "account",
    "tell_account",
    "next_frame",
    "team",
    "team_connect",
    "team_disconnect",
    "team_request",
    "team_key",
    "team_sign_in_by_key",
    "team_sign_in_by_browser",
    "team_cancel_sign_in",
];
