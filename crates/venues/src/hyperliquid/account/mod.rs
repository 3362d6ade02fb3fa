//! What Hyperliquid tells of an account: positions, orders, fills, payments, transfers, fees, by request and by stream.
//!
//! Bytes in, values out. What is not as documented is refused as a whole: of an account half an answer is worse than none.
//! Sources: Hyperliquid docs, API > Info endpoint (and > Perpetuals), API > Websocket > Subscriptions.

mod assets;
mod depth;
mod fills;
mod margin;
mod orders;
mod positions;
mod stream;
mod transfers;
mod twaps;

pub use assets::{Asset, Assets, assets, assets_request};
pub use depth::{Depth, depth, depth_request};
pub use fills::{
    Fees, Fill, Payment, fees, fees_request, fills, fills_request, payments, payments_request,
};
pub use margin::{MarginMode, margin_mode, margin_mode_request};
pub use orders::{
    Fate, Known, OpenOrder, fate, open_orders, open_orders_request, order_status,
    order_status_request, refusal,
};
pub use positions::{Position, Positions, positions, positions_request};
pub use stream::{SUBSCRIPTIONS, Told, read, subscriptions};
pub use transfers::{Transfer, transfers, transfers_request};
pub use twaps::{TwapTold, slices, slices_request, twaps, twaps_request};

use super::exchange::Address;
use hypersentry_model::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An answer that is not as documented.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the venue's answer about the account is not as documented: {0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        "account_answer_malformed"
    }
}

/// A request of `/info`: its body, and what it weighs of the 1,200 a minute of one IP address (Hyperliquid docs, API > Rate limits and user
/// limits). Answers of lists weigh one more for each 20 items, which is known afterwards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// JSON.
    pub body: String,
    /// Weight.
    pub weight: u32,
}

fn ask(body: &Value, weight: u32) -> Ask {
    let body = body.to_string();
    Ask { body, weight }
}

fn about(kind: &str, user: Address, weight: u32) -> Ask {
    ask(&json!({"type": kind, "user": user}), weight)
}

/// Trades in one answer at the most. Hyperliquid docs, API > Info endpoint.
pub const FILLS_PAGE: usize = 2_000;
/// Payments, or transfers, in one answer at the most. Hyperliquid docs, API > Info endpoint > Pagination.
pub const PAGE: usize = 500;

/// How many entries an answer lists, whatever they are, and the time of the last: a full page says that there may be more.
///
/// # Errors
/// [`Unreadable`]: it is no list of entries with a time.
pub fn page(body: &[u8]) -> Result<(usize, Option<Timestamp>), Unreadable> {
    #[derive(serde::Deserialize)]
    struct Entry {
        time: i64,
    }
    let entries: Vec<Entry> = parse(body)?;
    let last = entries.last().map(|entry| Timestamp::from_ms(entry.time));
    Ok((entries.len(), last))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))
}
