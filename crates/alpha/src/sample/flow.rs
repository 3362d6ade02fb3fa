//! Trades, in slots of the evaluation grid: the cost of a tick does not depend on how many there were.

use crate::observe::{Level, Print, sane_levels};
use crate::params::FootprintParams;
use crate::stages::{absorption, flow, impulse, sweep};
use crate::stats::{Amounts, Ring, mean_and_std, robust_scale};
use serde::{Deserialize, Serialize};

/// Length of a slot: the evaluation grid.
pub const SLOT_MS: i64 = 200;
/// Slots that are remembered: the longest window is that of absorption.
const SLOTS: usize = 150;
/// Levels of the book before a sweep that are remembered.
const DEPTH: usize = 10;
/// Levels whose notional a sweep must exceed.
const SWEEP_LEVELS: usize = 3;
/// Ten-second windows behind the scales of an impulse: one hour.
const WINDOWS: usize = 360;
/// Of these, so many at least.
const MIN_WINDOWS: usize = 60;
/// Windows behind the percentile of one-sided flow: ten minutes of them.
const MIN_AMOUNTS: u32 = 1_000;

/// What was traded in a slot.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Slot {
    buy: f64,
    sell: f64,
    /// Highest and lowest price; `None` without trades.
    range: Option<(f64, f64)>,
}

impl Slot {
    fn net(&self) -> f64 {
        self.buy - self.sell
    }
}

/// The first levels of a book.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Before {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// The samples.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Flow {
    slots: Ring<Slot>,
    books: Ring<Option<Before>>,
    /// Buying and selling by second.
    seconds: Ring<(f64, f64)>,
    second: (f64, f64),
    minute: (f64, f64),
    /// `q` of whole minutes.
    minutes: Ring<f64>,
    moments: Option<(f64, f64)>,
    one_sided: Amounts,
    threshold: Option<f64>,
    /// Ten-second moves of price and flow, and their robust scales.
    moves: Ring<(f64, f64)>,
    scales: Option<(f64, f64)>,
    #[serde(skip)]
    scratch: Vec<f64>,
}

impl Flow {
    /// No samples.
    pub fn new(params: &FootprintParams) -> Self {
        Self {
            slots: Ring::new(SLOTS),
            books: Ring::new(sweep_slots(params) + 1),
            seconds: Ring::new(60),
            second: (0.0, 0.0),
            minute: (0.0, 0.0),
            minutes: Ring::new(params.flow_buckets.0),
            moments: None,
            one_sided: Amounts::default(),
            threshold: None,
            moves: Ring::new(WINDOWS),
            scales: None,
            scratch: Vec::new(),
        }
    }

    /// Takes the trades of a slot, and the book at its end.
    pub fn slot(
        &mut self,
        trades: &[Print],
        book: Option<(&[Level], &[Level])>,
        params: &FootprintParams,
    ) {
        let mut slot = Slot::default();
        for trade in trades.iter().filter(|t| t.is_sane()) {
            if trade.buy {
                slot.buy += trade.usd;
            } else {
                slot.sell += trade.usd;
            }
            let (high, low) = slot.range.unwrap_or((trade.px, trade.px));
            slot.range = Some((high.max(trade.px), low.min(trade.px)));
        }
        self.second.0 += slot.buy;
        self.second.1 += slot.sell;
        self.slots.push(slot);
        let cut = |side: &[Level]| sane_levels(side, DEPTH).collect();
        self.books.push(book.map(|(bids, asks)| Before {
            bids: cut(bids),
            asks: cut(asks),
        }));
        let net = self.net(sweep_slots(params)).abs();
        if net > 0.0 {
            self.one_sided.push(net);
        }
    }

    /// A second is over; what was traded in it comes back.
    pub fn second(&mut self) -> f64 {
        let (buy, sell) = std::mem::take(&mut self.second);
        self.seconds.push((buy, sell));
        self.minute.0 += buy;
        self.minute.1 += sell;
        buy + sell
    }

    /// Ten seconds are over, in which the price made this move.
    pub fn ten_seconds(&mut self, change: Option<f64>) {
        if let Some(change) = change {
            self.moves.push((change, self.net_of_seconds(10)));
        }
        self.scales = None;
        if self.moves.len() >= MIN_WINDOWS {
            let price = robust_scale(self.moves.iter().map(|m| m.0), &mut self.scratch);
            let flow = robust_scale(self.moves.iter().map(|m| m.1), &mut self.scratch);
            self.scales = price.zip(flow).filter(|(p, f)| *p > 0.0 && *f > 0.0);
        }
        self.threshold = self.one_sided.quantile(0.99, MIN_AMOUNTS);
    }

    /// A minute is over.
    pub fn minute(&mut self, params: &FootprintParams) {
        let (buy, sell) = std::mem::take(&mut self.minute);
        // The moments are those of the minutes before this one.
        self.moments = (self.minutes.len() >= params.flow_buckets.1)
            .then(|| mean_and_std(self.minutes.iter().copied()))
            .flatten();
        if buy + sell >= params.flow_min_usd {
            self.minutes.push((buy - sell) / (buy + sell));
        }
    }

    fn net(&self, slots: usize) -> f64 {
        self.slots.iter().rev().take(slots).map(Slot::net).sum()
    }

    fn net_of_seconds(&self, seconds: usize) -> f64 {
        let last = self.seconds.iter().rev().take(seconds);
        last.map(|(buy, sell)| buy - sell).sum()
    }

    fn range(&self, slots: usize) -> Option<(f64, f64)> {
        let last = self.slots.iter().rev().take(slots);
        last.filter_map(|s| s.range)
            .reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
    }

    /// For the flow stage.
    pub fn flow(&self) -> flow::Inputs {
        let sum = self
            .seconds
            .iter()
            .fold((0.0, 0.0), |a, s| (a.0 + s.0, a.1 + s.1));
        flow::Inputs {
            buy_usd: sum.0,
            sell_usd: sum.1,
            mean: self.moments.map(|m| m.0),
            std: self.moments.map(|m| m.1),
            samples: self.minutes.len() as u32,
        }
    }

    /// For the sweep stage.
    pub fn sweep(&self, params: &FootprintParams) -> sweep::Inputs {
        let slots = sweep_slots(params);
        let net_usd = self.net(slots);
        let threshold_usd = self
            .threshold
            .map_or(params.sweep_usd, |t| t.max(params.sweep_usd));
        let mut inputs = sweep::Inputs {
            net_usd,
            threshold_usd,
            samples: self.one_sided.total(),
            ..sweep::Inputs::default()
        };
        // The book of the slot before the window.
        let Some(Some(before)) = self.books.back(slots) else {
            return inputs;
        };
        let side = if net_usd > 0.0 {
            &before.asks
        } else {
            &before.bids
        };
        if side.is_empty() {
            return inputs;
        }
        let depth = side.iter().take(SWEEP_LEVELS).map(|(px, sz)| px * sz).sum();
        inputs.depth_usd = Some(depth);
        if let Some((high, low)) = self.range(slots) {
            let crossed = side.iter().filter(|(px, _)| {
                if net_usd > 0.0 {
                    *px <= high
                } else {
                    *px >= low
                }
            });
            inputs.levels = crossed.count() as u32;
        }
        inputs
    }

    /// For the absorption stage; `sigma` is that of its window.
    pub fn absorption(&self, sigma: Option<f64>, params: &FootprintParams) -> absorption::Inputs {
        let slots = (params.absorption_ms / SLOT_MS) as usize;
        absorption::Inputs {
            net_usd: self.net(slots),
            excursion: self.range(slots).map(|(high, low)| high / low - 1.0),
            sigma,
        }
    }

    /// For the impulse stage; `change` is the price's move over its window.
    pub fn impulse(&self, change: Option<f64>, params: &FootprintParams) -> impulse::Inputs {
        let net_usd = self.net_of_seconds((params.impulse_ms / 1_000) as usize);
        impulse::Inputs {
            change,
            price_scale: self.scales.map(|s| s.0),
            flow_scale: self.scales.map(|s| s.1),
            net_usd,
            samples: self.moves.len() as u32,
        }
    }
}

/// Slots of a sweep's window, rounded up.
fn sweep_slots(params: &FootprintParams) -> usize {
    ((params.sweep_ms + SLOT_MS - 1) / SLOT_MS).max(1) as usize
}
