//! What stands before every route: no token in an address, no foreign page with a cookie, the role that the table names, the proof that a change
//! comes from our page.

use super::table::{self, Need, Rule};
use super::{Auth, Caller, Presented, Refused, RefusedAs, cookie, set_cookie};
use crate::guard::{By, RequestId};
use crate::http::{Peer, Shared};
use crate::limits::Excess;
use crate::origin::{Act, Origins};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hypersentry_identity::{Authenticated, Refusal};

/// The code of a request from a page that may not make it.
const FOREIGN: &str = "origin_not_allowed";

/// The header in which a page of ours repeats its session's secret.
const CSRF: &str = "x-hypersentry-csrf";

/// Names of parameters in which clients of other servers put tokens.
const TOKEN_NAMES: [&str; 6] = [
    "token",
    "access_token",
    "auth",
    "authorization",
    "session",
    "bearer",
];

/// Addresses are written to logs, histories and referrers.
fn has_token(uri: &Uri) -> bool {
    let text = uri.to_string();
    let in_query = uri.query().unwrap_or_default().split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        TOKEN_NAMES.iter().any(|n| name.eq_ignore_ascii_case(n))
    });
    let looks = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit);
        digits.count() >= 64
    };
    in_query
        || text
            .match_indices("hs_")
            .any(|(at, _)| looks(&text[at + 3..]))
}

impl Auth {
    /// What a request presents. A token in the header goes before a cookie.
    fn presented<'a>(&self, headers: &'a HeaderMap) -> (Presented, Option<&'a str>) {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer "));
            return (Presented::Bearer, Some(token.unwrap_or_default()));
        }
        match cookie(headers, self.access.cookie()) {
            Some(token) => (Presented::Cookie, Some(token)),
            None => (Presented::Nothing, None),
        }
    }

    /// Whether the need is met.
    pub(super) fn meets(
        &self,
        need: Need,
        session: Result<&Authenticated, Refusal>,
    ) -> Result<(), Refusal> {
        let role = match need {
            Need::Nobody => return Ok(()),
            Need::Public if self.access.public => return Ok(()),
            Need::Public => hypersentry_identity::Role::Viewer,
            Need::Role(role) => role,
        };
        let covered = session?.user.role.covers(role);
        covered.then_some(()).ok_or(Refusal::RoleRequired)
    }

    fn caller(&self, headers: &HeaderMap, ip: String, request_id: u64) -> Caller {
        let (presented, token) = self.presented(headers);
        let session = token.map_or(Err(Refusal::SessionRequired), |token| {
            self.identity.authenticate(token)
        });
        // What a program holds is no cookie, and the other way round: each has its own protection.
        let session = session.and_then(|by| {
            let fits = by.session.bearer == (presented == Presented::Bearer);
            fits.then_some(by).ok_or(Refusal::SessionRequired)
        });
        Caller {
            presented,
            session,
            ip,
            request_id,
        }
    }

    /// Refuses what the caller may not.
    fn admit(
        &self,
        caller: &Caller,
        rule: Option<&Rule>,
        (method, headers): (&Method, &HeaderMap),
        origins: &Origins,
    ) -> Result<(), Refused> {
        let by_cookie = caller.presented == Presented::Cookie;
        let changes = table::changes(method);
        let act = match rule {
            // A socket is opened with GET, and what it then says is ours to tell.
            Some(rule) if rule.is_socket() => Act::Connect,
            _ if changes => Act::Change,
            _ => Act::Read,
        };
        if !origins.admit(headers, act, by_cookie) {
            let message = "a page of another site, or none, sends this";
            return Err(Refused::new(StatusCode::FORBIDDEN, FOREIGN, message));
        }
        let Some(rule) = rule else {
            return Ok(());
        };
        self.meets(rule.need, caller.session.as_ref().map_err(|r| *r))?;
        if let (true, true, Ok(by)) = (changes, by_cookie, &caller.session)
            && rule.need != Need::Nobody
        {
            let given = headers.get(CSRF).and_then(|value| value.to_str().ok());
            if !by.session.is_csrf(given.unwrap_or_default()) {
                let message = "the header X-HyperSentry-CSRF does not repeat the session's secret";
                let code = "csrf_required";
                return Err(Refused::new(StatusCode::FORBIDDEN, code, message));
            }
        }
        Ok(())
    }
}

/// Admits requests as the table says, and exchanges tokens that are due.
pub(crate) async fn guard(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let auth = &shared.auth;
    if has_token(request.uri()) {
        let message =
            "a token does not belong in an address: send it as a cookie, a header or a message";
        return Refused::new(StatusCode::BAD_REQUEST, "token_in_url", message).into_response();
    }
    let peer = request.extensions().get::<Peer>().copied();
    let ip = peer.map_or_else(String::new, |Peer(peer)| {
        shared.gate.origin(peer, request.headers()).to_string()
    });
    let path = request.extensions().get::<MatchedPath>().cloned();
    let rule = match &path {
        // Files of the page.
        None => None,
        Some(path) => match table::find(request.method(), path.as_str()) {
            Some(rule) => Some(rule),
            // The router says itself which methods there are.
            None if table::is_path(path.as_str()) => None,
            None => {
                let message = "this route is in no table of roles, so that nobody may use it";
                return Refused::new(StatusCode::FORBIDDEN, "role_required", message)
                    .into_response();
            }
        },
    };
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0);
    let asked = (request.method(), request.headers());
    let caller = auth.caller(asked.1, ip, request_id.unwrap_or_default());
    let known = caller.session.as_ref().ok();
    let by = By {
        user: known.map(|by| by.user.id.clone()),
        session: known.map(|by| by.session.mark()),
    };
    let within = known.map_or(Ok(()), |by| shared.gate.users.ask(&by.user.id));
    let admitted = auth.admit(&caller, rule.as_ref(), asked, &shared.origins);
    if let Err(refused) = admitted.and_then(|()| within.map_err(Refused::from)) {
        let code = &refused.1.code;
        let (user, session) = (&by.user, &by.session);
        tracing::info!(request_id, code, user, session, "request refused");
        shared.metrics.refused.add(code);
        let mut response = refused.into_response();
        response.extensions_mut().insert(by);
        return response;
    }
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    // What the room itself refused; what was refused in front of it was counted there. Logins that fail have many codes and count as one.
    if let Some(RefusedAs(code)) = response.extensions().get() {
        let login = path.is_some_and(|path| path.as_str() == "/auth/login");
        let failed = login && response.status() == StatusCode::BAD_REQUEST;
        shared
            .metrics
            .refused
            .add(if failed { "login_refused" } else { code });
    }
    response.extensions_mut().insert(by);
    let used = rule.is_some_and(|rule| rule.privileged) && response.status().is_success();
    if let (Presented::Cookie, Ok(by)) = (caller.presented, &caller.session)
        && (by.rotation_due || used)
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(Some(token)) = auth.identity.rotate(by).await
    {
        let left = (by.session.expires_ms - auth.identity.now_ms()) / 1_000;
        let cookie = auth.access.session_cookie(token.reveal(), left);
        set_cookie(&mut response, &cookie);
    }
    response
}

impl From<Excess> for Refused {
    fn from(excess: Excess) -> Self {
        let message = "this user asks too much, over all connections together: wait a second";
        let mut refused = Self::new(StatusCode::TOO_MANY_REQUESTS, excess.code(), message);
        refused.1.retryable = true;
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_addresses_are_seen() {
        let token = format!("hs_{}", "ab".repeat(32));
        for uri in [
            "/ws?token=x".to_owned(),
            "/ws?a=1&Access_Token=x".to_owned(),
            format!("/ws?x={token}"),
            format!("/market/snapshot/{token}"),
            "/auth/state?session=x".to_owned(),
        ] {
            assert!(has_token(&uri.parse().unwrap()), "{uri}");
        }
        for uri in [
            "/ws",
            "/market/candles?symbol=BTC&source=okx&interval=1m",
            "/x?hs_=1",
        ] {
            assert!(!has_token(&uri.parse().unwrap()), "{uri}");
        }
    }
}
