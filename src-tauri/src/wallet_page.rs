//! The page on which a wallet of the system's browser signs a login or an agent's approval: on this machine alone, for one use, for some
//! minutes.
//!
//! The browser is given its address by the system, where other programs may read it. So the address opens the page once: a second visit ends
//! the matter. What the page sends back carries a proof that only the page was given. No other site can send it: requests must name our own host and
//! origin, and nothing is said to let others ask (CORS).

/// One page at a time, in the system's browser.
mod pages;

pub(crate) use pages::{Browser, Pages};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hypersentry_api::ApiError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The page, with places for its words, its proof and the mark of its own script and style.
const PAGE: &str = include_str!("wallet_page.html");

/// The largest request: an address or a signature.
const MAX_REQUEST: usize = 8 << 10;

/// Requests that wait for their answers; a page has one.
const WAITING: usize = 4;

/// The longest that the page gets to take the last answer.
const FAREWELL: Duration = Duration::from_secs(2);

/// Carries the page's proof.
const PROOF: &str = "x-hypersentry-login";

/// What the page tells.
#[derive(Debug, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Told {
    /// The wallet's address and chain: what it is to sign is to be made for them.
    Wallet {
        /// As the wallet writes it.
        address: String,
        /// Its number.
        chain_id: u64,
    },
    /// It was signed.
    Signed {
        /// 0x and 130 digits.
        signature: String,
    },
}

/// What the page is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The text to show and to sign.
    Message(String),
    /// Typed data to sign (EIP-712), and a text that says what is in them.
    Typed {
        /// To show.
        text: String,
        /// For the wallet.
        data: Value,
    },
    /// All is complete.
    Done,
}

/// What the page says. All of it is ours or was checked: no sign in it is one that HTML knows, but for the tags that are meant.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// Above everything.
    pub(crate) title: &'static str,
    /// Who asks for what; may hold tags.
    pub(crate) asks: String,
    /// What to look at before signing.
    pub(crate) read: &'static str,
    /// In the end.
    pub(crate) done: &'static str,
}

/// What the page told, and where its answer goes.
pub(crate) type Step = (Told, oneshot::Sender<Result<Answer, ApiError>>);

/// The page and its server. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct WalletPage {
    url: String,
    steps: mpsc::Receiver<Step>,
    over: CancellationToken,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Channel {
    /// Host and port, as a browser names them.
    host: String,
    /// The one path.
    path: String,
    proof: String,
    words: Words,
    shown: AtomicBool,
    /// The link was used twice: who has the page is not known.
    spoilt: AtomicBool,
    steps: mpsc::Sender<Step>,
    over: CancellationToken,
}

/// 256 bits of chance as digits.
fn chance() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| ApiError::new("entropy_failed", "the system gives no random numbers"))?;
    Ok(bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

impl WalletPage {
    /// Serves the page at a free port of this machine.
    ///
    /// # Errors
    /// `loopback_unavailable`, `entropy_failed`.
    pub(crate) async fn open(words: Words) -> Result<Self, ApiError> {
        let failed = |e: std::io::Error| {
            let message = format!("no page can be served on this machine: {e}");
            ApiError::new("loopback_unavailable", message)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.to_string();
        let (sender, steps) = mpsc::channel(WAITING);
        let over = CancellationToken::new();
        let channel = Arc::new(Channel {
            path: format!("/{}", chance()?),
            proof: chance()?,
            words,
            shown: AtomicBool::new(false),
            spoilt: AtomicBool::new(false),
            steps: sender,
            over: over.clone(),
            host,
        });
        let url = format!("http://{}{}", channel.host, channel.path);
        let app = Router::new().fallback(answer).with_state(channel);
        let stop = over.clone();
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = served.await {
                tracing::debug!(%error, "the wallet's page ended");
            }
        });
        Ok(Self {
            url,
            steps,
            over,
            serving,
        })
    }

    /// What the browser is to open. It is a secret until it was opened.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the page tells next.
    ///
    /// # Errors
    /// `login_link_reused`: somebody opened the link a second time, and all is over.
    pub(crate) async fn next(&mut self) -> Result<Step, ApiError> {
        let reused = || {
            let message = "the page was opened twice, so that it is not known by whom";
            ApiError::new("login_link_reused", message).retryable()
        };
        tokio::select! {
            biased;
            () = self.over.cancelled() => Err(reused()),
            step = self.steps.recv() => step.ok_or_else(reused),
        }
    }

    /// Ends it when the page has taken its last answer.
    pub(crate) async fn close(mut self) {
        self.over.cancel();
        let _ = tokio::time::timeout(FAREWELL, &mut self.serving).await;
    }
}

impl Drop for WalletPage {
    fn drop(&mut self) {
        self.over.cancel();
        self.serving.abort();
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({"code": code, "message": message}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn is(headers: &HeaderMap, name: impl header::AsHeaderName, value: &str) -> bool {
    let mut all = headers.get_all(name).iter();
    all.next()
        .is_some_and(|found| found.as_bytes() == value.as_bytes())
        && all.next().is_none()
}

async fn answer(State(channel): State<Arc<Channel>>, request: Request) -> Response {
    let mut response = channel.answer(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("connection", "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Channel {
    async fn answer(&self, request: Request) -> Response {
        let headers = request.headers();
        // A name that was led to this machine is another site's.
        if !is(headers, header::HOST, &self.host) {
            return refuse(
                StatusCode::FORBIDDEN,
                "host_not_allowed",
                "this page has another address",
            );
        }
        if request.uri().path() != self.path || request.uri().query().is_some() {
            return refuse(StatusCode::NOT_FOUND, "not_found", "there is nothing here");
        }
        if self.over.is_cancelled() || self.spoilt.load(Ordering::SeqCst) {
            return refuse(
                StatusCode::GONE,
                "login_over",
                "this is over: begin again in HyperSentry",
            );
        }
        match *request.method() {
            Method::GET => self.show(headers),
            Method::POST => self.tell(request).await,
            _ => refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                "bad_request",
                "the page is read or answered",
            ),
        }
    }

    fn show(&self, headers: &HeaderMap) -> Response {
        // The system opens it, and no page does.
        if headers
            .get("sec-fetch-site")
            .is_some_and(|site| site != "none")
        {
            return refuse(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "no other page may open this one",
            );
        }
        if self.shown.swap(true, Ordering::SeqCst) {
            self.spoilt.store(true, Ordering::SeqCst);
            self.over.cancel();
            return refuse(
                StatusCode::GONE,
                "login_link_used",
                "this link was used: begin again in HyperSentry",
            );
        }
        let Ok(mark) = chance() else {
            return refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "entropy_failed",
                "no random numbers",
            );
        };
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{mark}'; style-src 'nonce-{mark}'; img-src data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let words = &self.words;
        let page = PAGE
            .replace("{{MARK}}", &mark)
            .replace("{{PROOF}}", &self.proof)
            .replace("{{TITLE}}", words.title)
            .replace("{{READ}}", words.read)
            .replace("{{DONE}}", words.done)
            .replace("{{ASKS}}", &words.asks);
        let kind = "text/html; charset=utf-8".to_owned();
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_SECURITY_POLICY, policy),
        ];
        (StatusCode::OK, headers, Body::from(page)).into_response()
    }

    async fn tell(&self, request: Request) -> Response {
        let headers = request.headers();
        if !is(headers, header::ORIGIN, &format!("http://{}", self.host)) {
            return refuse(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "only the page itself may answer",
            );
        }
        if !is(headers, PROOF, &self.proof)
            || !is(headers, header::CONTENT_TYPE, "application/json")
        {
            return refuse(
                StatusCode::FORBIDDEN,
                "proof_required",
                "only the page itself may answer",
            );
        }
        // More is read than is taken, so that the answer is not lost with the rest.
        let body = to_bytes(request.into_body(), 8 * MAX_REQUEST).await;
        let Some(body) = body.ok().filter(|body| body.len() <= MAX_REQUEST) else {
            return refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "message_too_large",
                "this is too long",
            );
        };
        let Ok(told) = serde_json::from_slice::<Told>(&body) else {
            return refuse(
                StatusCode::BAD_REQUEST,
                "bad_request",
                "this was not understood",
            );
        };
        let (sender, answer) = oneshot::channel();
        if self.steps.try_send((told, sender)).is_err() {
            return refuse(
                StatusCode::GONE,
                "login_over",
                "this is over: begin again in HyperSentry",
            );
        }
        match answer.await {
            Ok(Ok(answer)) => {
                let body = serde_json::to_string(&answer).unwrap_or_default();
                (
                    StatusCode::OK,
                    [(header::CONTENT_TYPE, "application/json")],
                    body,
                )
                    .into_response()
            }
            Ok(Err(error)) => refuse(StatusCode::BAD_REQUEST, &error.code, &error.message),
            Err(_) => refuse(
                StatusCode::GONE,
                "login_over",
                "this is over: begin again in HyperSentry",
            ),
        }
    }
}
