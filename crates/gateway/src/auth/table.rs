//! The role that each route and channel needs: one table. What is not in it is refused.

use axum::http::Method;
use hypersentry_identity::Role;
use std::io::{self, Write};

/// What a request needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// Nothing.
    Nobody,
    /// Nothing, unless the server keeps strangers out; then any role.
    Public,
    /// A session of a user with this role. Grants for accounts are looked at besides.
    Role(Role),
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    method: Method,
    /// As the router spells it.
    path: &'static str,
    pub(crate) need: Need,
    /// A privilege is used: the browser's token is exchanged with the answer.
    pub(crate) privileged: bool,
}

const fn rule(method: Method, path: &'static str, need: Need) -> Rule {
    Rule {
        method,
        path,
        need,
        privileged: false,
    }
}

const fn privileged(method: Method, path: &'static str, role: Role) -> Rule {
    Rule {
        method,
        path,
        need: Need::Role(role),
        privileged: true,
    }
}

use Need::{Nobody, Public};
const VIEWER: Need = Need::Role(Role::Viewer);
const TRADER: Need = Need::Role(Role::Trader);
const RISK: Need = Need::Role(Role::RiskManager);
const ADMIN: Need = Need::Role(Role::Admin);

/// All routes. `HEAD` is as `GET`.
pub(crate) const ROUTES: &[Rule] = &[
    rule(Method::GET, "/healthz", Nobody),
    rule(Method::GET, "/readyz", Nobody),
    // From the machine itself, unless opened to all.
    rule(Method::GET, "/metrics", Nobody),
    // They tell shapes, no figures.
    rule(Method::GET, "/openapi.json", Nobody),
    rule(Method::GET, "/schemas", Nobody),
    rule(Method::GET, "/schemas/{name}", Nobody),
    rule(Method::GET, "/market/symbols", Public),
    rule(Method::GET, "/market/candles", Public),
    rule(Method::GET, "/market/snapshot/{symbol}", Public),
    rule(Method::GET, "/alpha/opportunities", Public),
    rule(Method::GET, "/alpha/{query}/{symbol}", Public),
    // The page itself, from which one logs in. Data come by the others.
    rule(Method::GET, "/alpha", Nobody),
    // Each message is looked at besides: see `CHANNELS`.
    rule(Method::GET, "/ws", Nobody),
    rule(Method::GET, "/auth/state", Nobody),
    rule(Method::POST, "/auth/nonce", Nobody),
    rule(Method::POST, "/auth/login", Nobody),
    rule(Method::POST, "/auth/logout", VIEWER),
    rule(Method::POST, "/auth/rotate", VIEWER),
    rule(Method::GET, "/auth/sessions", VIEWER),
    privileged(Method::DELETE, "/auth/sessions/{id}", Role::Viewer),
    privileged(Method::POST, "/auth/sessions/revoke-others", Role::Viewer),
    rule(Method::GET, "/admin/users", ADMIN),
    privileged(Method::POST, "/admin/users", Role::Admin),
    privileged(Method::PUT, "/admin/users/{id}/role", Role::Admin),
    privileged(Method::PUT, "/admin/users/{id}/disabled", Role::Admin),
    // Owners share their own account; the room decides which.
    rule(Method::GET, "/admin/grants", VIEWER),
    privileged(Method::PUT, "/admin/grants", Role::Viewer),
    privileged(Method::DELETE, "/admin/grants", Role::Viewer),
    rule(Method::GET, "/admin/audit", ADMIN),
    rule(Method::GET, "/agents", TRADER),
    privileged(Method::POST, "/agents", Role::Trader),
    privileged(Method::POST, "/agents/{id}/approve", Role::Trader),
    privileged(Method::POST, "/agents/{id}/check", Role::Trader),
    privileged(Method::POST, "/agents/{id}/rotate", Role::Trader),
    privileged(Method::DELETE, "/agents/{id}", Role::Trader),
    // The grants for the account decide besides.
    rule(Method::GET, "/trading/accounts", VIEWER),
    rule(Method::GET, "/trading/account", VIEWER),
    rule(Method::POST, "/trading/preview", VIEWER),
    rule(Method::POST, "/trading/order", TRADER),
    rule(Method::POST, "/trading/find", VIEWER),
    rule(Method::GET, "/audit/order/{cloid}", VIEWER),
    rule(Method::POST, "/trading/modify", TRADER),
    rule(Method::POST, "/trading/cancel", TRADER),
    // Who trades and who manages risk may both stop: the grant decides.
    rule(Method::POST, "/trading/cancel-all", VIEWER),
    rule(Method::POST, "/trading/close", TRADER),
    rule(Method::POST, "/trading/reverse", TRADER),
    rule(Method::POST, "/trading/end-twap", TRADER),
    rule(Method::POST, "/trading/kill", VIEWER),
    rule(Method::POST, "/trading/leverage", TRADER),
    rule(Method::POST, "/trading/margin", TRADER),
    rule(Method::POST, "/trading/accept", RISK),
    rule(Method::POST, "/trading/schedule-cancel", TRADER),
    rule(Method::GET, "/risk/limits", VIEWER),
    privileged(Method::POST, "/risk/limits", Role::RiskManager),
    privileged(Method::POST, "/risk/limits/agree", Role::RiskManager),
    privileged(Method::POST, "/risk/limits/withdraw", Role::RiskManager),
    privileged(Method::POST, "/risk/kill", Role::RiskManager),
    // Of the desk by whoever manages risk, of an account by whoever trades it too.
    rule(Method::POST, "/risk/lease", VIEWER),
    // The own one alone.
    rule(Method::POST, "/trading/paper/open", TRADER),
    rule(Method::GET, "/trading/auto", VIEWER),
    // Giving leave needs the grant to trade, taking it back that or the one to manage risk.
    rule(Method::POST, "/trading/auto", VIEWER),
    rule(Method::POST, "/alpha/autonomous/trigger", TRADER),
];

/// All channels of `/ws`. Private ones need a grant besides.
pub(crate) const CHANNELS: &[(&str, Need)] = &[
    ("public.market", Public),
    ("public.alpha", Public),
    ("public.intel", Public),
    ("private.execution", VIEWER),
    ("private.account", VIEWER),
];

/// The row of a route.
pub(crate) fn find(method: &Method, path: &str) -> Option<Rule> {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let row = ROUTES
        .iter()
        .find(|r| r.method == *method && r.path == path);
    row.cloned()
}

/// The need of a route in words; `nobody` where there is no such row.
pub(crate) fn need(method: &Method, path: &str) -> String {
    find(method, path)
        .map_or(Nobody, |rule| rule.need)
        .to_string()
}

/// Whether the table has rows for a path.
pub(crate) fn is_path(path: &str) -> bool {
    ROUTES.iter().any(|r| r.path == path)
}

impl Rule {
    /// Whether a socket is opened there.
    pub(crate) fn is_socket(&self) -> bool {
        self.path == "/ws"
    }
}

/// Whether a method changes something.
pub(crate) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nobody => "nobody",
            Self::Public => "public",
            Self::Role(Role::Viewer) => "viewer",
            Self::Role(Role::Trader) => "trader",
            Self::Role(Role::RiskManager) => "risk_manager",
            Self::Role(Role::Admin) => "admin",
        })
    }
}

/// The table, one row a line: method, route, role; then `SUBSCRIBE`, channel, role.
///
/// # Errors
/// What the writer says.
pub fn write_roles(out: &mut impl Write) -> io::Result<()> {
    for row in ROUTES {
        writeln!(out, "{} {} {}", row.method, row.path, row.need)?;
    }
    for (channel, need) in CHANNELS {
        writeln!(out, "SUBSCRIBE {channel} {need}")?;
    }
    Ok(())
}
