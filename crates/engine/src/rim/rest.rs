//! REST requests of the sessions.

use crate::config::EngineConfig;
use crate::error::EngineError;
use bytes::{Bytes, BytesMut};
use hypersentry_model::Timestamp;
use hypersentry_venues::ledger::Told;
use hypersentry_venues::session::Request;

/// The largest answer that is read. A record of the journal may have 4 MiB.
const MAX_BODY: usize = 3 << 20;

/// What a request brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetched {
    /// HTTP status; 0 when no answer came, `body` then says why.
    pub(crate) status: u16,
    /// Seconds of the `Retry-After` header.
    pub(crate) retry_after_s: Option<u32>,
    /// What the headers told of the allowance.
    pub(crate) told: Told,
    pub(crate) body: Bytes,
    /// When the request left.
    pub(crate) sent: Option<Timestamp>,
    /// It is an old answer.
    pub(crate) stale: bool,
}

pub(crate) fn client(config: &EngineConfig) -> Result<reqwest::Client, EngineError> {
    super::tls::install();
    reqwest::Client::builder()
        .timeout(config.request_timeout)
        .connect_timeout(config.connect_timeout)
        .user_agent(concat!("hypersentry/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| EngineError::Tls(e.to_string()))
}

/// Performs a request at the venue's base URL.
pub(crate) async fn fetch(
    client: &reqwest::Client,
    base: &str,
    request: &Request,
) -> Result<Fetched, String> {
    let url = format!("{base}{}", request.path);
    let builder = match &request.body {
        Some(body) => client
            .post(url)
            .header("content-type", "application/json")
            .body(body.clone()),
        None => client.get(url),
    };
    let mut response = builder.send().await.map_err(|e| describe(&e))?;
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    let told = Told::read(header);
    let retry_after_s = header("retry-after").and_then(|v| v.trim().parse().ok());
    let status = response.status().as_u16();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| describe(&e))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(format!("the answer is over {MAX_BODY} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched {
        status,
        retry_after_s,
        told,
        body: body.freeze(),
        ..Fetched::default()
    })
}

fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
