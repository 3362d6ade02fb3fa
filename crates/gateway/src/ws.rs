//! `/ws`: carries a client's requests and events.

use crate::http::Shared;
use axum::Json;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hypersentry_api::{ApiError, ClientSession};
use std::time::Duration;

/// The largest request. The longest that makes sense has some 200 bytes.
const MAX_REQUEST: usize = 16 << 10;

/// A client that takes nothing for this long is cut off.
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);

/// Pings keep middleboxes from dropping quiet connections, and find dead ones.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Pages of other sites must not read the stream of a server that the user's browser can reach. Programs send no Origin.
fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let from = origin
        .to_str()
        .ok()
        .and_then(|o| o.split_once("://"))
        .map(|(_, host)| host);
    host.is_some() && from == host
}

pub(crate) async fn upgrade(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&headers) {
        let error = ApiError::new("foreign_origin", "pages of other sites may not connect");
        return (StatusCode::FORBIDDEN, Json(error)).into_response();
    }
    upgrade
        .max_message_size(MAX_REQUEST)
        .max_frame_size(MAX_REQUEST)
        .read_buffer_size(8 << 10)
        .write_buffer_size(32 << 10)
        .max_write_buffer_size(8 << 20)
        .on_upgrade(async move |socket| {
            let clients = shared.clients.clone();
            clients.track_future(serve(socket, shared)).await;
        })
}

async fn serve(mut socket: WebSocket, shared: Shared) {
    let session = match shared.terminal.open() {
        Ok(session) => session,
        Err(error) => {
            let reason = Utf8Bytes::from(error.code);
            let _ = socket.send(close(close_code::AGAIN, reason)).await;
            return;
        }
    };
    let (mut writer, mut reader) = socket.split();
    let last = tokio::select! {
        () = shared.cancel.cancelled() => Some(close(close_code::AWAY, "stopping".into())),
        () = write(&session, &mut writer) => None,
        last = read(&session, &mut reader) => last,
    };
    if let Some(last) = last {
        let _ = tokio::time::timeout(Duration::from_secs(1), writer.send(last)).await;
        // Ending a connection with unread bytes resets it, and the close frame could be lost with it: the client gets time to take it.
        let _ = tokio::time::timeout(Duration::from_secs(1), shared.cancel.cancelled()).await;
    }
}

fn close(code: u16, reason: Utf8Bytes) -> Message {
    Message::Close(Some(CloseFrame { code, reason }))
}

/// Ends when the client is gone or takes nothing.
async fn write(session: &ClientSession, writer: &mut SplitSink<WebSocket, Message>) {
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        let messages = tokio::select! {
            messages = session.next() => messages,
            _ = pings.tick() => {
                let ping = writer.send(Message::Ping(Bytes::new()));
                if !matches!(tokio::time::timeout(WRITE_TIMEOUT, ping).await, Ok(Ok(()))) {
                    return;
                }
                continue;
            }
        };
        let all = async {
            for message in messages {
                // Everything that is sent was written as JSON, which is text.
                let Ok(text) = Utf8Bytes::try_from(message) else {
                    continue;
                };
                writer.feed(Message::Text(text)).await?;
            }
            writer.flush().await
        };
        if !matches!(tokio::time::timeout(WRITE_TIMEOUT, all).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// Ends when the client is gone, or with what it must be told last.
async fn read(session: &ClientSession, reader: &mut SplitStream<WebSocket>) -> Option<Message> {
    while let Some(message) = reader.next().await {
        match message {
            Ok(Message::Text(text)) => {
                // A client that asks without reading the answers waits.
                while session.is_full() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                session.handle(&text);
            }
            Ok(Message::Binary(_)) => session.handle("binary messages are not read"),
            Ok(Message::Close(_)) => return None,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "client gone");
                let too_large = error.to_string().to_lowercase().contains("too long");
                return too_large.then(|| close(close_code::SIZE, "message_too_large".into()));
            }
        }
    }
    None
}
