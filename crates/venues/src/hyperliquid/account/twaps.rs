//! The venue's own TWAPs of an account, and the trades that they made: those are not among the other trades.

use super::super::exchange::Address;
use super::fills::{Fill, WireFill};
use super::{Ask, Unreadable, about, parse};
use hypersentry_model::{Size, Symbol, Timestamp};
use serde::Deserialize;

/// Entries that are read at most.
const MOST: usize = 10_000;

/// A TWAP as it began or ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TwapTold {
    /// The venue's number of it, where the entry has one.
    pub id: Option<u64>,
    /// The venue's name of the market.
    pub symbol: Symbol,
    /// Whether it buys.
    pub is_buy: bool,
    /// Base units in all.
    pub size: Size,
    /// Of them filled by then.
    pub filled: Size,
    /// Minutes.
    pub minutes: u32,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// Whether its times vary.
    pub randomize: bool,
    /// When it began, by the venue.
    pub began: Timestamp,
    /// `activated`, `finished`, `terminated` or `error`.
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTwap {
    coin: String,
    side: String,
    sz: Size,
    executed_sz: Size,
    minutes: u32,
    reduce_only: bool,
    randomize: bool,
    timestamp: i64,
}

#[derive(Deserialize)]
struct WireStatus {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    state: WireTwap,
    status: WireStatus,
    twap_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireSlice {
    fill: WireFill,
    twap_id: u64,
}

impl WireEntry {
    fn read(self) -> Result<TwapTold, Unreadable> {
        let is_buy = match self.state.side.as_str() {
            "B" => true,
            "A" => false,
            other => return Err(Unreadable(format!("side `{other}`"))),
        };
        let symbol = Symbol::new(&self.state.coin);
        Ok(TwapTold {
            id: self.twap_id,
            symbol: symbol.map_err(|error| Unreadable(error.to_string()))?,
            is_buy,
            size: self.state.sz,
            filled: self.state.executed_sz,
            minutes: self.state.minutes,
            reduce_only: self.state.reduce_only,
            randomize: self.state.randomize,
            began: Timestamp::from_ms(self.state.timestamp),
            status: self.status.status,
        })
    }
}

/// Asks for the account's TWAPs, the newest first. Hyperliquid docs, API > Websocket > Subscriptions has the shape, of `userTwapHistory`.
pub fn twaps_request(user: Address) -> Ask {
    about("twapHistory", user, 20)
}

/// Reads the answer.
///
/// # Errors
/// [`Unreadable`].
pub fn twaps(body: &[u8]) -> Result<Vec<TwapTold>, Unreadable> {
    let wire: Vec<WireEntry> = parse(body)?;
    wire.into_iter().take(MOST).map(WireEntry::read).collect()
}

/// Asks for the trades that TWAPs made: the newest 2,000. Hyperliquid docs, API > Info endpoint > Retrieve a user's TWAP slice fills.
pub fn slices_request(user: Address) -> Ask {
    about("userTwapSliceFills", user, 20)
}

/// Reads the answer: trades with the numbers of their TWAPs.
///
/// # Errors
/// [`Unreadable`].
pub fn slices(body: &[u8]) -> Result<Vec<(u64, Fill)>, Unreadable> {
    let wire: Vec<WireSlice> = parse(body)?;
    read_slices(wire)
}

pub(super) fn read_slices(wire: Vec<WireSlice>) -> Result<Vec<(u64, Fill)>, Unreadable> {
    wire.into_iter()
        .filter(|slice| !slice.fill.is_elsewhere())
        .take(MOST)
        .map(|slice| Ok((slice.twap_id, slice.fill.read()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twaps_and_their_trades_read() {
        let body = br#"[{"time":1700000000,"state":{"coin":"BTC","user":"0x0","side":"B","sz":"0.5","executedSz":"0.1","executedNtl":"9700.0",
            "minutes":30,"reduceOnly":false,"randomize":true,"timestamp":1700000000123},"status":{"status":"activated","description":""},"twapId":7}]"#;
        let read = twaps(body).unwrap();
        assert_eq!(
            (read[0].id, read[0].minutes, read[0].is_buy),
            (Some(7), 30, true)
        );
        assert_eq!(read[0].began, Timestamp::from_ms(1_700_000_000_123));
        let body = br#"[{"twapId":7,"fill":{"coin":"BTC","px":"97000.0","sz":"0.01","side":"B","time":7,"startPosition":"0","dir":"Open Long",
            "closedPnl":"0.0","hash":"0x0","oid":3,"crossed":true,"fee":"0.43","tid":9,"feeToken":"USDC"}}]"#;
        let read = slices(body).unwrap();
        assert_eq!((read[0].0, read[0].1.tid), (7, 9));
        assert!(twaps(b"{}").is_err() && slices(b"{}").is_err());
    }
}
