//! What a scenario file must not say.

use super::{Fault, Scenario};
use crate::exchange::{Address, MOST_ACCOUNTS};
use crate::generator::{MOST_COINS, symbols};
use crate::venue::Venue;

/// The channels of a venue, as faults name them.
pub(super) fn channels(venue: Venue) -> &'static [&'static str] {
    match venue {
        Venue::Hyperliquid => &[
            "allMids",
            "l2Book",
            "bbo",
            "trades",
            "candle",
            "activeAssetCtx",
            "activeAssetData",
            "orderUpdates",
            "user",
            "userFills",
            "userFundings",
            "userTwapSliceFills",
            "userTwapHistory",
            "userNonFundingLedgerUpdates",
            "clearinghouseState",
            "allDexsClearinghouseState",
            "openOrders",
            "twapStates",
            "spotState",
            "webData3",
        ],
        Venue::BinanceSpot => &[
            "trade",
            "aggTrade",
            "bookTicker",
            "depth",
            "depth@100ms",
            "depth5",
            "depth10",
            "depth20",
            "depth5@100ms",
            "depth10@100ms",
            "depth20@100ms",
        ],
        Venue::BinanceUsdm => &[
            "aggTrade",
            "bookTicker",
            "depth",
            "depth@100ms",
            "depth@500ms",
            "depth5",
            "depth10",
            "depth20",
            "depth5@100ms",
            "depth10@100ms",
            "depth20@100ms",
            "markPrice",
            "markPrice@1s",
            "forceOrder",
        ],
        Venue::Coinbase => &["matches", "level2_batch", "heartbeat", "ticker"],
        Venue::Bybit => &[
            "publicTrade",
            "orderbook.1",
            "orderbook.50",
            "orderbook.200",
            "tickers",
            "allLiquidation",
        ],
        Venue::Okx => &[
            "trades",
            "books",
            "open-interest",
            "funding-rate",
            "mark-price",
            "index-tickers",
            "tickers",
            "liquidation-orders",
        ],
    }
}

/// The first mistake, with its place.
pub(super) fn mistake(scenario: &Scenario) -> Option<String> {
    if let Some(every) = scenario.repeat_every_ms {
        let last = scenario
            .steps
            .iter()
            .map(|step| step.at_ms)
            .max()
            .unwrap_or(0);
        if every == 0 || every <= last {
            return Some(format!(
                "repeat_every_ms {every} must be above the last at_ms {last}"
            ));
        }
    }
    if scenario.accounts.len() > MOST_ACCOUNTS {
        return Some(format!("accounts: more than {MOST_ACCOUNTS}"));
    }
    let bad = |name: &&String| Address::parse(name).is_none();
    if let Some(name) = scenario.accounts.keys().find(bad) {
        return Some(format!("accounts: `{name}` is no address"));
    }
    scenario.steps.iter().enumerate().find_map(|(index, step)| {
        of_fault(&step.fault).map(|what| format!("steps[{index}].fault.{what}"))
    })
}

fn of_fault(fault: &Fault) -> Option<String> {
    let above = |name: &str, value: u64, most: u64| {
        (value > most).then(|| format!("{name}: {value} is above {most}"))
    };
    let feed = |venue: Venue, channel: &str, name: &str| {
        let known = channels(venue);
        if !known.contains(&channel) {
            let venue = venue.name();
            return Some(format!(
                "channel: {venue} has no channel `{channel}`; it has {}",
                known.join(", ")
            ));
        }
        // Some feeds belong to no single symbol; at Hyperliquid these are the mids and what is about a user.
        let whole = match venue {
            Venue::Hyperliquid => !matches!(
                channel,
                "l2Book" | "bbo" | "trades" | "candle" | "activeAssetCtx" | "activeAssetData"
            ),
            Venue::Okx => channel == "liquidation-orders",
            _ => false,
        };
        if whole { None } else { symbol(venue, name) }
    };
    match fault {
        Fault::SilenceChannel {
            venue,
            channel,
            symbol,
            ..
        } => feed(*venue, channel, symbol),
        Fault::SkipFrames {
            venue,
            channel,
            symbol,
            count,
        }
        | Fault::DuplicateFrames {
            venue,
            channel,
            symbol,
            count,
        }
        | Fault::ReorderFrames {
            venue,
            channel,
            symbol,
            count,
        } => feed(*venue, channel, symbol).or_else(|| above("count", u64::from(*count), 10_000)),
        Fault::LateFrames {
            venue,
            channel,
            symbol,
            delay_ms,
            ..
        } => feed(*venue, channel, symbol).or_else(|| above("delay_ms", *delay_ms, 60_000)),
        Fault::DuplicateTrades {
            venue,
            symbol: name,
            ..
        }
        | Fault::SendFrame {
            venue,
            symbol: name,
            ..
        }
        | Fault::WrongSnapshot {
            venue,
            symbol: name,
            ..
        } => symbol(*venue, name),
        Fault::OutlierPrint {
            venue,
            symbol: name,
            move_bps,
        } => symbol(*venue, name).or_else(|| above("move_bps", move_bps.unsigned_abs(), 9_000)),
        Fault::SkipDepthDiff {
            symbol: name,
            count,
        } => symbol(Venue::BinanceSpot, name).or_else(|| above("count", u64::from(*count), 10_000)),
        Fault::LoseAnswers { count, .. } => above("count", u64::from(*count), 10_000),
        Fault::FailRequests { count, status, .. } => {
            if *status != 429 && !(500..600).contains(status) {
                return Some(format!("status: {status} is neither 429 nor 500 to 599"));
            }
            above("count", u64::from(*count), 10_000)
        }
        Fault::LateAnswers {
            count, delay_ms, ..
        } => above("count", u64::from(*count), 10_000)
            .or_else(|| above("delay_ms", *delay_ms, 120_000)),
        Fault::Delay { delay_ms, .. } => above("delay_ms", *delay_ms, 10_000),
        Fault::SlowRest { delay_ms, .. } => above("delay_ms", *delay_ms, 120_000),
        Fault::ClockStep { step_ms, .. } => above("step_ms", step_ms.unsigned_abs(), 86_400_000),
        Fault::PriceShock { move_bps, over_ms } => {
            if *over_ms == 0 {
                return Some("over_ms: 0 is no time".into());
            }
            above("move_bps", move_bps.unsigned_abs(), 5_000)
        }
        Fault::DropConnections { .. }
        | Fault::RefuseConnections { .. }
        | Fault::SilenceVenue { .. }
        | Fault::RateLimitStorm { .. }
        | Fault::Ban { .. }
        | Fault::Maintenance { .. }
        | Fault::HoldRegime { .. } => None,
    }
}

fn symbol(venue: Venue, name: &str) -> Option<String> {
    let known = symbols(venue, MOST_COINS);
    let example = known.first().copied().unwrap_or_default();
    let venue = venue.name();
    (!known.contains(&name))
        .then(|| format!("symbol: {venue} lists no `{name}`; its names look like {example}"))
}
