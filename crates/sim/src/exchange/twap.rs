//! TWAP orders ("Order types: TWAP"): a slice every 30 s, each immediate and within 3 % of the mid price. What a slice could
//! not fill is caught up by later ones, none larger than three times its share.
//!
//! The documentation lets the venue vary the slices at random on request; here they are even, which the same request gives
//! again. A slice worth less than the least order waits for the next.

use serde::{Deserialize, Serialize};

use super::account::{MOST_RECORDS, keep};
use super::address::Address;
use super::book::Side;
use super::check::Around;
use super::number::to_grid;
use super::order::{NewOrder, Tif};
use super::records::TwapRecord;
use super::refusal::Refusal;
use super::state::{Exchange, UserEvent, notional};

const SLICE_MS: i64 = 30_000;
/// From 5 minutes to 7 days.
const MINUTES: std::ops::RangeInclusive<u64> = 5..=10_080;
/// Running TWAPs of one account (our own bound).
const MOST_RUNNING: usize = 20;
/// No slice is larger than so many times its share.
const CATCH_UP: i64 = 3;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTwap {
    /// Market.
    pub coin: usize,
    /// Side.
    pub side: Side,
    /// Lots in all.
    pub lots: i64,
    /// Only closes.
    pub reduce_only: bool,
    /// Minutes.
    pub minutes: u64,
    /// Asked to vary the slices.
    pub randomize: bool,
}

/// A running TWAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twap {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub owner: Address,
    /// As asked for.
    pub asked: NewTwap,
    /// Lots filled so far.
    pub filled: i64,
    /// Their worth.
    pub worth: super::number::Micro,
    /// When it began.
    pub started_ms: i64,
    /// When the next slice is due.
    pub next_ms: i64,
    /// Slices so far.
    pub sent: i64,
}

impl Twap {
    fn slices(&self) -> i64 {
        i64::try_from(self.asked.minutes * 2).unwrap_or(i64::MAX)
    }

    /// Lots of the slice that is due now, and whether it is the last.
    fn due(&self) -> (i64, bool) {
        let slices = self.slices();
        let wanted = i128::from(self.asked.lots) * i128::from(self.sent + 1) / i128::from(slices);
        let wanted = i64::try_from(wanted).unwrap_or(self.asked.lots);
        let share = (self.asked.lots / slices).max(1);
        let lots = (wanted - self.filled).min(share.saturating_mul(CATCH_UP));
        (lots, self.sent + 1 >= slices)
    }
}

impl Exchange {
    /// Begins a TWAP; its first slice is sent at once.
    ///
    /// # Errors
    /// Duration, size, value, reduce-only and margin are checked.
    pub fn start_twap(&mut self, owner: Address, asked: NewTwap) -> Result<u64, Refusal> {
        if !MINUTES.contains(&asked.minutes) {
            return Err(Refusal::TwapDuration(asked.minutes));
        }
        let (Some(account), Some(market)) =
            (self.accounts.get(&owner), self.markets.get(asked.coin))
        else {
            return Err(Refusal::NoAsset(asked.coin as u64));
        };
        if asked.lots <= 0 {
            return Err(Refusal::ZeroSize);
        }
        let Some(mark) = market.mark else {
            return Err(Refusal::Oracle);
        };
        if notional(asked.lots, mark) < self.rules.least_twap {
            return Err(Refusal::TwapNotional);
        }
        let szi = account.szi(asked.coin);
        if asked.reduce_only {
            if szi.signum() * asked.side.sign() >= 0 {
                return Err(Refusal::ReduceOnly);
            }
        } else if !self.can_carry(account, (asked.coin, asked.side, asked.lots), mark, None) {
            return Err(Refusal::PerpMargin);
        }
        let running = self.twaps.values().filter(|twap| twap.owner == owner);
        if running.count() >= MOST_RUNNING {
            return Err(Refusal::OpenOrders(MOST_RUNNING));
        }
        self.last_twap += 1;
        let twap = Twap {
            id: self.last_twap,
            owner,
            asked,
            filled: 0,
            worth: 0,
            started_ms: self.now_ms,
            next_ms: self.now_ms,
            sent: 0,
        };
        self.twaps.insert(twap.id, twap);
        self.tell_twap(twap, "activated");
        self.slice_twaps();
        Ok(twap.id)
    }

    /// Ends a TWAP of an account.
    ///
    /// # Errors
    /// [`Refusal::MissingTwap`].
    pub fn cancel_twap(&mut self, owner: Address, coin: usize, id: u64) -> Result<(), Refusal> {
        match self.twaps.get(&id).copied() {
            Some(twap) if twap.owner == owner && twap.asked.coin == coin => {
                self.twaps.remove(&id);
                self.tell_twap(twap, "terminated");
                Ok(())
            }
            _ => Err(Refusal::MissingTwap),
        }
    }

    fn tell_twap(&mut self, twap: Twap, status: &'static str) {
        let record = TwapRecord {
            twap,
            status,
            at_ms: self.now_ms,
        };
        if let Some(account) = self.accounts.get_mut(&twap.owner) {
            keep(&mut account.twap_history, record, MOST_RECORDS);
        }
        self.tell(twap.owner, UserEvent::Twap(Box::new(record)));
    }

    /// When the next slice up to `now_ms` is due.
    pub(super) fn next_twap(&self, now_ms: i64) -> Option<i64> {
        self.twaps
            .values()
            .map(|twap| twap.next_ms)
            .min()
            .filter(|due| *due <= now_ms)
    }

    /// Sends all slices that are due.
    pub(super) fn slice_twaps(&mut self) {
        let due: Vec<u64> = self
            .twaps
            .values()
            .filter(|twap| twap.next_ms <= self.now_ms)
            .map(|twap| twap.id)
            .collect();
        for id in due {
            if let Some(twap) = self.twaps.get(&id).copied() {
                self.slice(twap);
            }
        }
    }

    fn slice(&mut self, mut twap: Twap) {
        let (lots, last) = twap.due();
        let asked = twap.asked;
        let market = &self.markets[asked.coin];
        let mid = match (market.book.best(Side::Buy), market.book.best(Side::Sell)) {
            (Some(bid), Some(ask)) => bid + (ask - bid) / 2,
            _ => self.mark_px(asked.coin),
        };
        let decimals = market.spec.px_decimals();
        let limit = mid + asked.side.sign() * (mid * 3 / 100);
        let px = to_grid(limit, decimals, asked.side == Side::Sell);
        if lots > 0 && (last || notional(lots, px) >= self.rules.least_order) {
            let order = NewOrder {
                coin: asked.coin,
                side: asked.side,
                px,
                lots,
                reduce_only: asked.reduce_only,
                tif: Tif::Ioc,
                trigger: None,
                cloid: None,
            };
            let around = Around {
                twap: Some(twap.id),
                ..Around::default()
            };
            // A refused slice is in the account's records; the next one catches up.
            if let Ok(placed) = self.place(twap.owner, order, around) {
                twap.filled += placed.filled;
                twap.worth += placed.worth;
            }
        }
        twap.sent += 1;
        twap.next_ms += SLICE_MS;
        if last || twap.filled >= asked.lots {
            self.twaps.remove(&twap.id);
            self.tell_twap(twap, "finished");
        } else {
            self.twaps.insert(twap.id, twap);
        }
    }
}
