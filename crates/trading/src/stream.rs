//! An account's own connection to the venue's streams. A connection serves one account, because what it says of orders names no user. Signed actions
//! go over it too ([`crate::posts`]).

use crate::account::{Message, News};
use crate::frames::take;
use crate::polling::Polling;
use crate::posts::{Carriage, Line, Turn};
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use hypersentry_venues::hyperliquid::account::{SUBSCRIPTIONS, Told, read, subscriptions};
use hypersentry_venues::hyperliquid::exchange::Address;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_util::sync::CancellationToken;

const CONNECT: Duration = Duration::from_secs(10);
/// The venue closes a connection to which it sent nothing for 60 s; a ping keeps it and shows that it lives.
/// Hyperliquid docs, API > Websocket > Timeouts and heartbeats.
const PING: Duration = Duration::from_secs(3);
/// Without any frame, pongs included, for so long the connection is given up.
const SILENCE: Duration = Duration::from_secs(10);
/// A write that takes longer means that the venue does not read.
const WRITE: Duration = Duration::from_secs(5);
/// Between two looks whether a message may be sent.
const ROOM: Duration = Duration::from_millis(100);
/// Between two questions whether an account may have a stream.
const ANEW: Duration = Duration::from_secs(2);
/// Between attempts: doubled up to the last.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Connects again and again until it is told to end.
pub(crate) async fn follow(
    world: World,
    account: Address,
    inbox: mpsc::Sender<Message>,
    line: Line,
    polling: Arc<Polling>,
    cancel: CancellationToken,
) {
    let mut pause = PAUSE.0;
    while !cancel.is_cancelled() {
        if let Some(frames) = world.door.frames(account) {
            // A venue in this process has room for all.
            let reason = tokio::select! {
                () = cancel.cancelled() => return,
                reason = take(account, &inbox, frames) => reason,
            };
            world.door.stream_ended(account);
            tracing::info!(%account, reason, "the account's stream ended");
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(PAUSE.0) => continue,
            }
        }
        if !polling.may_follow(account) {
            // Others are in use more: this one is asked for.
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(ANEW) => continue,
            }
        }
        let ended = tokio::select! {
            () = cancel.cancelled() => return,
            ended = listen(&world, account, &inbox, (&line, &polling)) => ended,
        };
        match ended {
            // It stood: the next attempt comes soon.
            Ok(reason) => {
                tracing::info!(%account, reason, "the account's stream ended");
                pause = PAUSE.0;
            }
            Err(reason) => {
                tracing::warn!(%account, reason, "the account's stream cannot be opened")
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(pause) => pause = (pause * 2).min(PAUSE.1),
        }
    }
}

/// Until the connection ends; an error if it never stood.
async fn listen(
    world: &World,
    account: Address,
    inbox: &mpsc::Sender<Message>,
    (line, polling): (&Line, &Polling),
) -> Result<&'static str, String> {
    world.door.may_stream(account).await?;
    let url = world.door.stream_url();
    // Nagle's delay would hold back orders.
    let connecting = tokio_tungstenite::connect_async_with_config(url, None, true);
    let connected = timeout(CONNECT, connecting).await;
    let socket = match connected {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(error)) => {
            world.door.stream_ended(account);
            return Err(error.to_string());
        }
        Err(_) => {
            world.door.stream_ended(account);
            return Err("no answer".to_owned());
        }
    };
    let (mut write, mut read_half) = socket.split();
    let mut stands = 0;
    let mut heard = Instant::now();
    let mut ping = interval(PING);
    let told = |news| inbox.send(Message::News(news));
    let mut reason = "the task ended";
    let mut subscribed = Ok(());
    let mut carriage: Option<Carriage> = None;
    for text in subscriptions(account) {
        let room = async {
            while !world.door.may_message(account, 1) {
                sleep(ROOM).await;
            }
        };
        if timeout(CONNECT, room).await.is_err() {
            subscribed = Err("the venue's allowance of messages is used up".to_owned());
            break;
        }
        let sent = write.send(Frame::text(text)).await;
        subscribed = subscribed.and(sent.map_err(|error| error.to_string()));
    }
    while subscribed.is_ok() {
        let frame = tokio::select! {
            _ = ping.tick() => {
                if !polling.follows(account) {
                    reason = "another account is in use more";
                    break;
                }
                if heard.elapsed() > SILENCE {
                    reason = "silence";
                    break;
                }
                if !world.door.may_message(account, 0) {
                    continue;
                }
                let ping = Frame::text(r#"{"method":"ping"}"#);
                if write.send(ping).await.is_err() {
                    reason = "it was closed";
                    break;
                }
                continue;
            }
            turn = turn(&mut carriage) => {
                let text = carriage.as_mut().and_then(|it| it.frame(turn));
                let Some(text) = text else {
                    continue;
                };
                // Whatever comes of the write: it may have left.
                if !matches!(timeout(WRITE, write.send(Frame::text(text))).await, Ok(Ok(()))) {
                    reason = "it takes nothing";
                    break;
                }
                continue;
            }
            frame = read_half.next() => frame,
        };
        let Some(Ok(frame)) = frame else {
            reason = "it was closed";
            break;
        };
        heard = Instant::now();
        let bytes = match &frame {
            Frame::Text(text) => text.as_bytes(),
            Frame::Binary(bytes) => bytes.as_ref(),
            _ => continue,
        };
        if let Some(status) = carriage.as_mut().and_then(|it| it.answered(bytes)) {
            world.door.posted(status);
            continue;
        }
        let sent = match read(bytes) {
            Ok(Told::Orders(orders)) => told(News::Orders(orders)).await,
            Ok(Told::Fills { fills, .. }) => told(News::Fills(fills)).await,
            Ok(Told::Slices(fills)) => told(News::TwapFills(fills)).await,
            Ok(Told::Subscribed) => {
                stands += 1;
                if stands == SUBSCRIPTIONS {
                    carriage = Some(Carriage::new(line.clone()));
                    told(News::Stream(true)).await
                } else {
                    Ok(())
                }
            }
            Ok(Told::Pong | Told::Other) => Ok(()),
            Err(error) => {
                tracing::warn!(%account, code = error.code(), %error, "the account's stream says what is not understood");
                reason = "it was not understood";
                break;
            }
        };
        if sent.is_err() {
            break;
        }
    }
    // Nothing is given to it any more, before anybody is told.
    drop(carriage);
    world.door.stream_ended(account);
    if stands >= SUBSCRIPTIONS {
        let _ = told(News::Stream(false)).await;
        return Ok(reason);
    }
    subscribed.map(|()| reason).and(Err(reason.to_owned()))
}

/// What actions want; nothing while none may be sent.
async fn turn(carriage: &mut Option<Carriage>) -> Turn {
    match carriage {
        Some(carriage) => carriage.turn().await,
        None => std::future::pending().await,
    }
}
