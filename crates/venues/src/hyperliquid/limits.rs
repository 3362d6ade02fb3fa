//! Limits, cadences, and what counts as proof of life.
//!
//! | feed | proved by |
//! |---|---|
//! | `l2Book`, fast or not | its own frames alone: whole books come on a cadence, so silence is death |
//! | `bbo`, `trades` | their own frames, and a later block time on any feed of the same coin on the same connection: all feeds of a block carry its time, and these two are silent while nothing happens |
//! | `activeAssetCtx`, `allMids` | their own frames, which come on a cadence |

use super::wire::Channel;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::{Cadence, limit};
use hypersentry_model::{Price, Symbol, Timestamp};

/// Levels a side of a book. Hyperliquid docs, API > Websocket > Subscriptions.
pub const BOOK_DEPTH: u32 = 20;
/// Levels a side of a fast book; measured.
pub const BOOK_FAST_DEPTH: u32 = 5;
/// Hours between fundings. Hyperliquid docs, Trading > Funding.
pub const FUNDING_INTERVAL_H: u32 = 1;

/// The candles' intervals. Hyperliquid docs, API > Info endpoint > Candle snapshot.
pub const INTERVALS: [&str; 14] = [
    "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "3d", "1w", "1M",
];

/// Subscriptions of one address. Hyperliquid docs, API > Rate limits and user limits.
pub const MAX_SUBSCRIPTIONS: usize = 1_000;
/// Markets of one session: five channels each beside `allMids`.
pub const MAX_SYMBOLS: usize = (MAX_SUBSCRIPTIONS - 1) / Channel::OF_COIN.len();
/// Frames sent in a window of [`SEND_WINDOW_MS`].
pub const SENDS_PER_WINDOW: u32 = 20;
/// Window of [`SENDS_PER_WINDOW`].
pub const SEND_WINDOW_MS: i64 = 100;
/// Frames sent in a minute. The venue allows 2000 for all connections of an address (Hyperliquid docs, API > Rate limits and
/// user limits); the rest is left for pings and for other users of the address.
pub const SENDS_PER_MINUTE: u32 = 1_800;

/// Between pings. The server closes when it has been silent for 60 s (Hyperliquid docs, API > Websocket > Timeouts and
/// heartbeats); ours are more frequent because they measure the round trip.
pub const PING_MS: i64 = 15_000;
/// A pong must come within this time.
pub const PONG_MS: i64 = 10_000;
/// Some frame must come within this time.
pub const SILENCE_MS: i64 = 20_000;
/// The socket must open within this time.
pub const OPEN_MS: i64 = 20_000;
/// A subscription must be acknowledged within this time.
pub const ACK_MS: i64 = 10_000;
/// Frames of an ended subscription may still come for so long.
pub const LEAVING_MS: i64 = 10_000;

/// First delay of a reconnection; it doubles up to [`RECONNECT_MAX_MS`].
pub const RECONNECT_MIN_MS: i64 = 250;
/// Longest delay of a reconnection. With it, the 30 new connections a minute that the venue allows are never reached.
pub const RECONNECT_MAX_MS: i64 = 5_000;
/// Share of a delay that is added at most by chance, in percent.
pub const JITTER_PERCENT: u64 = 20;
/// A connection that lived so long was a good one: the delays begin anew.
pub const GOOD_LIFE_MS: i64 = 30_000;

/// First delay after a failed request for the list of markets; it doubles up to [`MARKETS_RETRY_MAX_MS`].
pub const MARKETS_RETRY_MIN_MS: i64 = 1_000;
/// Longest delay after a failed request.
pub const MARKETS_RETRY_MAX_MS: i64 = 30_000;
/// Shortest pause after the answer 429. The request weighs 20 of 1200 a minute (Hyperliquid docs, API > Rate limits and user limits).
pub const MARKETS_COOLDOWN_MS: i64 = 10_000;
/// Longest pause after the answer 429, whatever the server asks for.
pub const MARKETS_PAUSE_MAX_MS: i64 = 600_000;
/// A request must be answered within this time.
pub const ANSWER_MS: i64 = 15_000;
/// The list is asked for anew at this age: markets come and go.
pub const MARKETS_AGE_MS: i64 = 600_000;
/// A reconnection asks for the list if it is older: subscribing a market that is gone closes the socket without a word.
pub const MARKETS_AGE_AT_OPEN_MS: i64 = 60_000;
/// Entries of each of the two lists of markets that are kept.
pub const MAX_LISTED: usize = 4_096;

/// Between two readings of the list of spot pairs, and after a failed one.
pub const SPOT_AGE_MS: i64 = 600_000;
/// Delay after an extra request that failed.
pub const ASK_RETRY_MS: i64 = 10_000;
/// Between two questions for the newest block's time.
pub const CLOCK_MS: i64 = 7_000;
/// Least time between two extra requests, for each unit of the first one's weight: 800 of the 1,200 a minute at most, so that the
/// list of markets always has room. Hyperliquid docs, API > Rate limits and user limits.
pub const ASK_MS_PER_WEIGHT: i64 = 75;
/// Requests for candles that wait; of more, the oldest is given up.
pub const CANDLES_WAITING: usize = 64;
/// Candles that the venue keeps, and gives at once. Hyperliquid docs, API > Info endpoint > Candle snapshot.
pub const CANDLES_MAX: i64 = 5_000;
/// Times that a request for candles is made again after a failure.
pub const CANDLES_RETRIES: u32 = 3;
/// Between two requests for the book of one market.
pub const BOOK_REPAIR_MS: i64 = 5_000;
/// Between two requests for all contexts, which weigh 20.
pub const CONTEXT_REPAIR_MS: i64 = 10_000;

/// Trades of a market that are remembered, to know them when they come again.
pub const TRADES_REMEMBERED: usize = 4_096;
/// Between proofs of one feed.
pub const PROOF_MS: i64 = 200;
/// Between two fetches of a book that the market core asks for.
pub const RESYNC_MS: i64 = 5_000;

/// The channel's frames come on a cadence; if none came for so long although the socket lives, something is wrong.
pub const fn watchdog_ms(channel: Channel) -> Option<i64> {
    match channel {
        Channel::BookFast => Some(12_000),
        Channel::Book => Some(30_000),
        _ => None,
    }
}

/// The age limit of a channel's figures, in milliseconds; `fast` says whether the market has a fast book.
pub const fn age_limit_ms(channel: Channel, fast: bool) -> u32 {
    match channel {
        Channel::Book if fast => limit::BOOK_DEEP_MS,
        Channel::Book | Channel::BookFast => limit::BOOK_MS,
        Channel::Bbo | Channel::Context => limit::PRICE_MS,
        Channel::Trades => limit::TRADES_MS,
        // Measured: about every 5 s.
        Channel::AllMids => limit::OPEN_INTEREST_MS,
    }
}

/// How often a feed speaks while it is well: twice its pace and more, so that one frame late is no news.
///
/// Paces were measured in 2026: a fast book every 0.55 s, a whole one every 5 s, contexts every second, all mids every 5 s. Best prices and
/// trades speak on change, and are proved by the block time of any other feed of the coin, so at the pace of the fast book.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::BookTop => Some(Cadence::events(2_000)),
        Feed::Book | Feed::Mids => Some(Cadence::events(11_000)),
        Feed::Context => Some(Cadence::events(3_000)),
        Feed::Bbo | Feed::Trades => Some(Cadence::proofs(2_500)),
        Feed::Candles | Feed::OpenInterest | Feed::Funding | Feed::Liquidations => None,
    }
}

/// Which figure a channel feeds.
pub const fn feed(channel: Channel) -> Feed {
    match channel {
        Channel::AllMids => Feed::Mids,
        Channel::Book => Feed::Book,
        Channel::BookFast => Feed::BookTop,
        Channel::Bbo => Feed::Bbo,
        Channel::Trades => Feed::Trades,
        Channel::Context => Feed::Context,
    }
}

/// Which channel a figure comes from; candles are not subscribed.
pub const fn channel(feed: Feed) -> Option<Channel> {
    match feed {
        Feed::Mids => Some(Channel::AllMids),
        Feed::Book => Some(Channel::Book),
        Feed::BookTop => Some(Channel::BookFast),
        Feed::Bbo => Some(Channel::Bbo),
        Feed::Trades => Some(Channel::Trades),
        Feed::Context => Some(Channel::Context),
        Feed::Candles | Feed::OpenInterest | Feed::Funding | Feed::Liquidations => None,
    }
}

/// The feed and the depth of a book.
pub(super) const fn book_feed(fast: bool) -> (Feed, u32) {
    if fast {
        (Feed::BookTop, BOOK_FAST_DEPTH)
    } else {
        (Feed::Book, BOOK_DEPTH)
    }
}

/// The venue's time in milliseconds, unless nanoseconds cannot hold it.
pub(super) fn venue_time(ms: u64) -> Option<Timestamp> {
    let ns = i64::try_from(ms).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp::from_ns(ns))
}

/// What perpetuals are priced and settled in.
pub(super) fn quote() -> Symbol {
    Symbol::new("USDC").unwrap_or(Symbol::ANY)
}

/// Whether a market is a spot pair: `PURR/USDC`, `@107`. Hyperliquid docs, API > Asset IDs.
pub fn is_spot(coin: Symbol) -> bool {
    coin.as_str().starts_with('@') || coin.as_str().contains('/')
}

/// Significant figures of a price. Hyperliquid docs, API > Tick and lot size.
const PRICE_FIGURES: i32 = 5;
/// Decimals that a price and a size of a perpetual have together at most. Hyperliquid docs, API > Tick and lot size.
const PRICE_AND_SIZE_DECIMALS: u32 = 6;
/// The same of a spot pair.
const SPOT_PRICE_AND_SIZE_DECIMALS: u32 = 8;

/// Decimals of the tick at this price: at most five significant figures, at most `6 - sz_decimals` decimals (of a spot pair
/// `8 - sz_decimals`), and whole numbers always. Without a price the second rule alone counts.
pub fn px_decimals(spot: bool, price: Option<Price>, sz_decimals: u32) -> u32 {
    let together = match spot {
        true => SPOT_PRICE_AND_SIZE_DECIMALS,
        false => PRICE_AND_SIZE_DECIMALS,
    };
    let most = together.saturating_sub(sz_decimals);
    let Some(price) = price.filter(|px| px.is_positive()) else {
        return most;
    };
    // 0 for prices from 1 to 10, 1 for prices from 10 to 100.
    let decade = price.units().ilog10() as i32 - Price::SCALE as i32;
    u32::try_from(PRICE_FIGURES - 1 - decade).map_or(0, |decimals| decimals.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_follow_the_price() {
        for (price, sz_decimals, decimals) in [
            ("97437", 5, 0),
            ("100000", 5, 0),
            ("123456", 5, 0),
            ("9999.5", 5, 1),
            ("9999.5", 4, 1),
            ("2303.4", 4, 1),
            ("1000", 4, 1),
            ("999.99", 4, 2),
            ("2.111", 1, 4),
            ("0.067131", 0, 6),
            ("0.001565", 0, 6),
            ("1", 6, 0),
            ("1", 9, 0),
            ("0", 2, 4),
            ("-1", 2, 4),
        ] {
            let px = Price::parse(price).unwrap();
            let read = px_decimals(false, Some(px), sz_decimals);
            assert_eq!(read, decimals, "{price}");
        }
        assert_eq!(px_decimals(false, None, 0), 6);
        for (price, sz_decimals, decimals) in [
            ("0.00012345", 0, 8),
            ("22.05", 2, 3),
            ("0.20515", 0, 5),
            ("97437", 5, 0),
        ] {
            let px = Price::parse(price).unwrap();
            let read = px_decimals(true, Some(px), sz_decimals);
            assert_eq!(read, decimals, "{price}");
        }
        assert_eq!(px_decimals(true, None, 2), 6);
    }

    #[test]
    fn times_beyond_the_range_are_refused() {
        assert_eq!(
            venue_time(1_785_251_522_402).map(Timestamp::ms),
            Some(1_785_251_522_402)
        );
        assert_eq!(venue_time(u64::MAX), None);
        assert_eq!(venue_time(9_223_372_036_855), None);
    }
}
