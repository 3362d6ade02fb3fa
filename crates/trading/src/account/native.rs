//! TWAPs that the venue makes of one request. It knows them by a number of its own and by no name of ours: whether one runs whose answer was lost is
//! told by its list, in which it is found by what was asked for and when.

use crate::log::{By, RecalledTwap};
use crate::ticket::{OrderSide, TwapBy};
use crate::view::TwapView;
use hypersentry_model::{Size, Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{Fill, TwapTold};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Trades of one that are told apart.
const MOST_SLICES: usize = 50_000;
/// The venue's clock may be so far from what was taken for it when it was asked.
const CLOCK_MS: i64 = 2_000;
/// Between the venue's slices. Hyperliquid docs, Trading > Order types > TWAP.
const GAP_MS: i64 = 30_000;

/// What was asked for, as the log keeps it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) body: [u8; 32],
    pub(super) strategy: String,
    pub(super) symbol: Symbol,
    pub(super) buys: bool,
    pub(super) size: Size,
    pub(super) minutes: u32,
    pub(super) randomize: bool,
    pub(super) reduce_only: bool,
    /// By the venue's clock: when it was asked, and until when the venue may take it.
    pub(super) at: Timestamp,
    pub(super) expires: Timestamp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Its record is on its way to the disk.
    Asked,
    /// Its bytes may be at the venue.
    Sent,
    /// The answer was lost.
    Unknown,
    Running,
    Ended,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Native {
    pub(crate) asked: Asked,
    pub(super) stage: Stage,
    pub(super) since: Timestamp,
    pub(super) id: Option<u64>,
    pub(super) filled: Size,
    /// At most [`MOST_SLICES`].
    seen: BTreeSet<u64>,
    pub(super) end_wanted: bool,
    pub(super) cancelled: Option<Timestamp>,
    pub(super) by: By,
}

impl Native {
    pub(super) fn recalled((asked, id, ended, end_wanted): RecalledTwap, now: Timestamp) -> Self {
        let stage = match (ended.is_some(), id) {
            (true, _) => Stage::Ended,
            (false, Some(_)) => Stage::Running,
            (false, None) => Stage::Unknown,
        };
        Self {
            asked,
            stage,
            since: now,
            id,
            filled: Size::ZERO,
            seen: BTreeSet::new(),
            end_wanted,
            cancelled: None,
            by: By::default(),
        }
    }

    fn side(&self) -> OrderSide {
        super::show::bought(self.asked.buys)
    }

    pub(super) fn lives(&self) -> bool {
        self.stage != Stage::Ended
    }

    /// What it may fill still, as exposure: market, whether it buys, base units.
    pub(super) fn exposes(&self) -> Option<(Symbol, bool, Size)> {
        let left = self.asked.size.checked_sub(self.filled)?;
        (self.lives() && !self.asked.reduce_only && left.is_positive()).then_some((
            self.asked.symbol,
            self.asked.buys,
            left,
        ))
    }

    /// Whether an entry of the list can be this one.
    pub(super) fn fits(&self, told: &TwapTold) -> bool {
        let asked = &self.asked;
        let same = told.symbol == asked.symbol
            && told.is_buy == asked.buys
            && told.size == asked.size
            && told.minutes == asked.minutes
            && told.reduce_only == asked.reduce_only
            && told.randomize == asked.randomize;
        let within = told.began.plus_ms(CLOCK_MS) >= asked.at
            && told.began <= asked.expires.plus_ms(CLOCK_MS);
        same && within
    }

    /// Counts a trade, once.
    pub(super) fn count(&mut self, fill: &Fill) {
        if self.seen.len() < MOST_SLICES && self.seen.insert(fill.tid) {
            let sum = self.filled.checked_add(fill.size);
            self.filled = sum.unwrap_or(self.filled).min(self.asked.size);
        }
    }

    /// `ahead_ms`: the venue's clock, by which it was asked for, less ours, by which it is shown.
    pub(super) fn view(&self, now: Timestamp, ahead_ms: i64) -> TwapView {
        let slices = i64::from(self.asked.minutes) * 2;
        let began = self.asked.at.plus_ms(-ahead_ms);
        let begun = now.ns_since(began).max(0) / 1_000_000 / GAP_MS + 1;
        let left = self.asked.size.checked_sub(self.filled);
        TwapView {
            key: self.asked.key.clone(),
            symbol: self.asked.symbol,
            side: self.side(),
            by: TwapBy::Venue,
            state: match (self.stage, self.end_wanted) {
                (Stage::Unknown | Stage::Asked | Stage::Sent, _) => "unknown",
                (_, true) => "ending",
                _ => "running",
            },
            size: self.asked.size,
            filled: self.filled,
            minutes: self.asked.minutes,
            left: left.unwrap_or(Size::ZERO),
            slices_left: u32::try_from((slices - begun).max(0)).unwrap_or(u32::MAX),
            next_ms: began.ms() + begun * GAP_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native() -> Native {
        let asked = Asked {
            key: "k".to_owned(),
            body: [1; 32],
            strategy: "manual".to_owned(),
            symbol: Symbol::new("BTC").unwrap(),
            buys: true,
            size: Size::parse("0.5").unwrap(),
            minutes: 30,
            randomize: false,
            reduce_only: false,
            at: Timestamp::from_ms(100_000),
            expires: Timestamp::from_ms(115_000),
        };
        Native::recalled((asked, None, None, false), Timestamp::from_ms(100_000))
    }

    #[test]
    fn an_entry_of_the_list_is_told_by_what_was_asked_and_when() {
        let told = |began: i64, minutes: u32, size: &str| TwapTold {
            id: Some(1),
            symbol: Symbol::new("BTC").unwrap(),
            is_buy: true,
            size: Size::parse(size).unwrap(),
            filled: Size::ZERO,
            minutes,
            reduce_only: false,
            randomize: false,
            began: Timestamp::from_ms(began),
            status: "activated".to_owned(),
        };
        let native = native();
        assert!(native.fits(&told(100_400, 30, "0.5")));
        assert!(native.fits(&told(98_000, 30, "0.5")) && native.fits(&told(117_000, 30, "0.5")));
        assert!(!native.fits(&told(97_999, 30, "0.5")) && !native.fits(&told(117_001, 30, "0.5")));
        assert!(!native.fits(&told(100_400, 31, "0.5")) && !native.fits(&told(100_400, 30, "0.4")));
    }

    #[test]
    fn what_it_may_fill_is_exposure_until_it_ended() {
        let mut native = native();
        let (symbol, buys, left) = native.exposes().unwrap();
        assert_eq!(
            (symbol.as_str(), buys, left),
            ("BTC", true, native.asked.size)
        );
        native.filled = Size::parse("0.2").unwrap();
        assert_eq!(native.exposes().unwrap().2, Size::parse("0.3").unwrap());
        assert_eq!(native.view(Timestamp::from_ms(131_000), 0).slices_left, 58);
        native.stage = Stage::Ended;
        assert_eq!(native.exposes(), None);
    }
}
