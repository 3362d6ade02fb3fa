//! `/ws`: carries a client's requests and events.
//!
//! After the handshake a connection is taken from the HTTP server whole. Its events are written by one of a few threads that serve all
//! connections ([`writers`]), its own task reads requests and takes over where its socket is full ([`connection`]).

use crate::auth::Visitor;
use crate::http::{Peer, Shared};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hypersentry_api::ApiError;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// How much a client may send.
mod allowance;
/// One client's connection.
mod connection;
/// Whose eyes an account's events are for.
mod grants;
/// Its socket.
mod link;
/// Requests out of bytes.
mod reader;
/// TCP, or TLS over it.
mod socket;
/// The threads that write.
mod writers;

pub(crate) use grants::watch_grants;
use socket::Socket;
pub(crate) use writers::{Writers, lock};

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(ApiError::new(code, message))).into_response()
}

/// Whether a list of tokens in a header has one, whatever its case.
fn names(headers: &HeaderMap, header: &HeaderName, token: &str) -> bool {
    let all = headers.get_all(header).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}

/// The answer to a well-formed handshake (RFC 6455, section 4.2.1).
fn accepted(method: &Method, headers: &HeaderMap) -> Option<String> {
    let asked = *method == Method::GET
        && names(headers, &header::CONNECTION, "upgrade")
        && names(headers, &header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION) == Some(&HeaderValue::from_static("13"));
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    Some(derive_accept_key(key.as_bytes()))
}

pub(crate) async fn upgrade(
    State(shared): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
) -> Response {
    let accept = accepted(request.method(), request.headers());
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let visitor = Visitor::new(&shared, request.extensions());
    let (Some(accept), Some(upgrade)) = (accept, upgrade) else {
        let message = "this is a WebSocket (version 13): connect with a WebSocket client";
        let mut response = refused(StatusCode::UPGRADE_REQUIRED, "upgrade_required", message);
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let version = HeaderValue::from_static("13");
        headers.insert(header::SEC_WEBSOCKET_VERSION, version);
        return response;
    };
    let place = match shared
        .gate
        .client(shared.gate.origin(peer, request.headers()))
    {
        Ok(place) => place,
        Err(excess) => {
            shared.metrics.refused.add(excess.code());
            let message = "this address has as many clients as the server takes of one";
            return refused(StatusCode::TOO_MANY_REQUESTS, excess.code(), message);
        }
    };
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(excess) => {
            shared.metrics.refused.add(excess.code());
            let message = "this user has as many clients as one may have";
            return refused(StatusCode::TOO_MANY_REQUESTS, excess.code(), message);
        }
    };
    visitor.log("client came", None);
    let clients = shared.clients.clone();
    clients.spawn(async move {
        // Whoever goes before the handshake ends is no client.
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let (socket, begun) = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (Socket::plain(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => match upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>() {
                Ok(parts) => {
                    let (stream, tls) = parts.io.into_inner().into_inner();
                    (Socket::tls(stream, tls), parts.read_buf)
                }
                Err(_) => return,
            },
        };
        connection::serve(shared, visitor, socket, begun).await;
        drop(place);
    });
    let headers = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        fields.collect()
    }

    #[test]
    fn a_handshake_is_answered_or_refused() {
        let asked = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            // Key and answer of RFC 6455, section 1.3.
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let answer = accepted(&Method::GET, &headers(&asked));
        assert_eq!(answer.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(accepted(&Method::POST, &headers(&asked)), None);
        for missing in 0..asked.len() {
            let mut rest = asked.to_vec();
            rest.remove(missing);
            assert_eq!(accepted(&Method::GET, &headers(&rest)), None, "{missing}");
        }
    }
}
