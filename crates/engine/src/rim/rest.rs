//! REST requests of the sessions.

use crate::config::{Endpoints, EngineConfig};
use crate::error::EngineError;
use crate::input::Answer;
use bytes::{Bytes, BytesMut};
use hypersentry_model::Timestamp;
use hypersentry_venues::session::Request;

/// The largest answer that is read. The largest that the sessions ask for, a venue's list of markets with their contexts, is
/// about 200 kB; a record of the journal may have 4 MiB.
const MAX_BODY: usize = 3 << 20;

pub(crate) fn client(config: &EngineConfig) -> Result<reqwest::Client, EngineError> {
    super::tls::install();
    reqwest::Client::builder()
        .timeout(config.request_timeout)
        .connect_timeout(config.connect_timeout)
        .user_agent(concat!("hypersentry/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| EngineError::Tls(e.to_string()))
}

/// Performs a request. A failure is an answer too, with status 0 and the reason as its body.
pub(crate) async fn fetch(
    client: reqwest::Client,
    endpoints: Endpoints,
    request: Request,
    sent: Timestamp,
) -> Answer {
    let url = format!("{}{}", endpoints.rest, request.path);
    let builder = match request.body {
        Some(body) => client
            .post(url)
            .header("content-type", "application/json")
            .body(body),
        None => client.get(url),
    };
    let sent = Some(sent);
    let failed = |detail: String| Answer {
        sent,
        key: request.key.clone(),
        status: 0,
        retry_after_s: None,
        body: Bytes::from(detail),
    };
    let mut response = match builder.send().await {
        Ok(response) => response,
        Err(error) => return failed(describe(&error)),
    };
    let status = response.status().as_u16();
    let retry_after_s = response
        .headers()
        .get("retry-after")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.trim().parse().ok());
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY => {
                body.extend_from_slice(&chunk)
            }
            Ok(Some(_)) => return failed(format!("the answer is over {MAX_BODY} bytes")),
            Ok(None) => break,
            Err(error) => return failed(describe(&error)),
        }
    }
    Answer {
        sent,
        key: request.key,
        status,
        retry_after_s,
        body: body.freeze(),
    }
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
