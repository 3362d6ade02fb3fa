//! An account's stream from a venue in this process: frames as the venue's socket has them, without a socket.

use crate::account::{Message, News};
use bytes::Bytes;
use hypersentry_venues::hyperliquid::account::{Told, read};
use hypersentry_venues::hyperliquid::exchange::Address;
use tokio::sync::mpsc;

/// Takes frames until there are none any more, or one is not understood: in words why.
pub(crate) async fn take(
    account: Address,
    inbox: &mpsc::Sender<Message>,
    mut frames: mpsc::Receiver<Bytes>,
) -> &'static str {
    let told = |news| inbox.send(Message::News(news));
    let mut stands = 0;
    let mut reason = "it was closed";
    while let Some(frame) = frames.recv().await {
        let sent = match read(&frame) {
            Ok(Told::Orders(orders)) => told(News::Orders(orders)).await,
            Ok(Told::Fills { fills, .. }) => told(News::Fills(fills)).await,
            Ok(Told::Slices(fills)) => told(News::TwapFills(fills)).await,
            Ok(Told::Subscribed) => {
                stands += 1;
                if stands == 2 {
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
            reason = "the task ended";
            break;
        }
    }
    if stands >= 2 {
        let _ = told(News::Stream(false)).await;
    }
    reason
}
