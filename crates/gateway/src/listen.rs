//! Connections, from their acceptance to their end.

use crate::auth::Auth;
use crate::http::{self, Peer, Shared};
use crate::limits::{Gate, Limits};
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::tls::Tls;
use crate::ws::{self, Writers};
use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use hypersentry_api::Terminal;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections that may wait for their acceptance: a storm of reconnecting clients is not turned away.
const BACKLOG: u32 = 4_096;

/// Bytes that the system buffers for a client. Without a limit it buffers megabytes for a slow one, which makes what it gets old.
const SEND_BUFFER: u32 = 256 << 10;

/// The longest that a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// What a handshake that fails is counted as.
const TLS_HANDSHAKE: &str = "tls_handshake";

/// The longest that clients get to take their close frames.
const FAREWELL: Duration = Duration::from_secs(3);

/// After a failed acceptance (no descriptor is free) for so long nothing is accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What is served.
#[derive(Debug)]
pub struct Server {
    /// Markets, and the fan-out.
    pub terminal: Arc<Terminal>,
    /// The terminal's files for browsers.
    pub ui: PathBuf,
    /// How much may be asked.
    pub limits: Limits,
    /// Pages that may speak to it besides its own.
    pub origins: Origins,
    /// Whether `/metrics` is there for all, not for the machine itself alone.
    pub open_metrics: bool,
    /// Who may do what.
    pub auth: Arc<Auth>,
    /// The certificate, where it speaks TLS.
    pub tls: Option<Tls>,
    /// Ends it.
    pub cancel: CancellationToken,
}

/// Listens at an address; port 0 takes a free one.
///
/// # Errors
/// The address is in use or cannot be had.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A server that was just stopped can be started again; two at once cannot listen.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until it is cancelled; then each client is told before its connection ends.
///
/// # Errors
/// The threads that write cannot be started.
pub async fn serve(listener: TcpListener, server: Server) -> io::Result<()> {
    let cancel = server.cancel.clone();
    let (clients, requests) = (TaskTracker::new(), TaskTracker::new());
    let shared = Shared {
        terminal: server.terminal,
        cancel: cancel.clone(),
        clients: clients.clone(),
        writers: Arc::new(Writers::start()?),
        gate: Gate::new(server.limits),
        origins: Arc::new(
            server
                .origins
                .around(server.auth.home(), server.tls.is_some()),
        ),
        metrics: Arc::new(Metrics::new()),
        open_metrics: server.open_metrics,
        auth: server.auth,
    };
    let identity = Arc::clone(&shared.auth.identity);
    let terminal = Arc::clone(&shared.terminal);
    clients.spawn(ws::watch_grants(terminal, identity, cancel.clone()));
    let (gate, metrics) = (Arc::clone(&shared.gate), Arc::clone(&shared.metrics));
    let router = http::router(shared, server.ui);
    let acceptor = server.tls.as_ref().map(Tls::acceptor);
    if let Some(tls) = server.tls {
        let cancel = cancel.clone();
        tokio::spawn(async move { cancel.run_until_cancelled(tls.follow()).await });
    }
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // A connection above the limit ends without a word: an answer would cost what the limit saves.
            Ok((stream, peer)) => match gate.connection(peer) {
                Ok(place) => {
                    let router = router.clone().layer(Extension(Peer(peer)));
                    let (cancel, metrics) = (cancel.clone(), Arc::clone(&metrics));
                    let acceptor = acceptor.clone();
                    requests.spawn(async move {
                        match acceptor {
                            None => converse(stream, router, cancel).await,
                            Some(acceptor) => match shaken(stream, &acceptor, &cancel).await {
                                Ok(stream) => converse(stream, router, cancel).await,
                                Err(reason) => {
                                    metrics.refused.add(TLS_HANDSHAKE);
                                    tracing::debug!(%peer, reason, "no TLS");
                                }
                            },
                        }
                        drop(place);
                    });
                }
                Err(excess) => metrics.refused.add(excess.code()),
            },
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    for tracker in [requests, clients] {
        tracker.close();
        let _ = tokio::time::timeout(FAREWELL, tracker.wait()).await;
    }
    Ok(())
}

/// Shakes hands for TLS, in the time that a request's head may take.
async fn shaken(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    cancel: &CancellationToken,
) -> Result<TlsStream<TcpStream>, String> {
    let shaking = tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream));
    tokio::select! {
        // Whoever speaks plainly, or trusts another, is told by an alert.
        shaken = shaking => match shaken {
            Ok(shaken) => shaken.map_err(|e| e.to_string()),
            Err(_) => Err("it took too long".into()),
        },
        () = cancel.cancelled() => Err("the server ends".into()),
    }
}

/// Answers the requests of a connection, until it ends or is taken over.
async fn converse<S>(stream: S, router: Router, cancel: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
