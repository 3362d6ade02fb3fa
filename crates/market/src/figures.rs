//! The figures of a market that are single values. Adding one is adding its line here.

use crate::flow::WindowSum;
use crate::given::{Given, give};
use crate::guard::Refusal;
use crate::ratio::ratio;
use crate::shown::{FundingTerms, Shown, Unseen, shown_figures};
use crate::state::MarketState;
use hypersentry_model::agg::{AggUpdate, BestPrices};
use hypersentry_model::event::{AssetContext, Feed, Funding, OpenInterest};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Price, Rate, Size, Stamp, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// Writes the struct of the figures that feeds give directly.
macro_rules! given_figures {
    ($($(#[$meta:meta])* $field:ident: $value:ty;)+) => {
        /// The newest value of each figure that a feed gives directly.
        #[derive(Clone, Debug, Default, Deserialize, Serialize)]
        pub(crate) struct GivenFigures {
            $($(#[$meta])* pub(crate) $field: Option<Given<$value>>,)+
        }

        impl GivenFigures {
            /// Notes that `feed` lives. Whether that proves any figure.
            pub(crate) fn prove(&mut self, feed: Feed, now: Timestamp) -> bool {
                let mut any = false;
                $(any |= self.$field.as_mut().is_some_and(|g| g.prove(feed, now));)+
                any
            }
        }
    };
}

given_figures! {
    price: Price;
    bbo: BestPrices;
    mid: Price;
    mark: Price;
    index: Price;
    funding: FundingTerms;
    oi_base: Size;
    /// Only where the venue itself gives US dollars.
    oi_usd: Usd;
    prev_day: Price;
    day_notional: Usd;
}

shown_figures! {
    /// The figures as they were last told.
    Figures of MarketState {
        price: Price, limit::PRICE_MS, Unseen::Told, |s, _| s.given.price.as_ref().map(Given::pair);
        bbo: BestPrices, limit::PRICE_MS, Unseen::Told, |s, _| s.given.bbo.as_ref().map(Given::pair);
        mid_price: Price, limit::PRICE_MS, Unseen::Absent, |s, _| s.given.mid.as_ref().map(Given::pair);
        mark_price: Price, limit::PRICE_MS, Unseen::Absent, |s, _| s.given.mark.as_ref().map(Given::pair);
        index_price: Price, limit::PRICE_MS, Unseen::Absent, |s, _| s.given.index.as_ref().map(Given::pair);
        basis_bps: Rate, limit::PRICE_MS, Unseen::Absent, |s, _| s.given.basis_bps();
        funding_rate: FundingTerms, limit::OPEN_INTEREST_MS, Unseen::Absent, |s, _| s.given.funding.as_ref().map(Given::pair);
        open_interest_base: Size, limit::OPEN_INTEREST_MS, Unseen::Absent, |s, _| s.given.oi_base.as_ref().map(Given::pair);
        open_interest_usd: Usd, limit::OPEN_INTEREST_MS, Unseen::Absent, |s, _| s.given.open_interest_usd();
        prev_day_price: Price, limit::OPEN_INTEREST_MS, Unseen::Absent, |s, _| s.given.prev_day.as_ref().map(Given::pair);
        cvd_venue: WindowSum<300_000>, limit::TRADES_MS, Unseen::Absent, |s, now| s.window(s.flow.long(), now);
        cvd_venue_1m: WindowSum<60_000>, limit::TRADES_MS, Unseen::Absent, |s, now| s.window(s.flow.short(), now);
        day_notional_usd: Usd, limit::OPEN_INTEREST_MS, Unseen::Absent, |s, _| s.given.day_notional.as_ref().map(Given::pair);
    }
}

/// Figures as clients were last told them: what composites are made of, and what is judged.
impl Figures {
    pub(crate) fn told_price(&self) -> Option<(Price, Stamp)> {
        self.price.pair()
    }

    pub(crate) fn told_mark(&self) -> Option<(Price, Stamp)> {
        self.mark_price.pair()
    }

    pub(crate) fn told_index(&self) -> Option<(Price, Stamp)> {
        self.index_price.pair()
    }

    pub(crate) fn told_funding(&self) -> Option<(FundingTerms, Stamp)> {
        self.funding_rate.pair()
    }

    pub(crate) fn told_open_interest_base(&self) -> Option<(Size, Stamp)> {
        self.open_interest_base.pair()
    }

    pub(crate) fn told_open_interest_usd(&self) -> Option<(Usd, Stamp)> {
        self.open_interest_usd.pair()
    }

    pub(crate) fn told_cvd_1m(&self) -> Option<(WindowSum<60_000>, Stamp)> {
        self.cvd_venue_1m.pair()
    }

    pub(crate) fn told_cvd_5m(&self) -> Option<(WindowSum<300_000>, Stamp)> {
        self.cvd_venue.pair()
    }
}

/// Decimals of the basis, in basis points.
const BASIS_DECIMALS: u32 = 2;

impl GivenFigures {
    /// Mark less index price, over the index price.
    pub(crate) fn basis_bps(&self) -> Option<(Rate, Stamp)> {
        let (mark, index) = (self.mark.as_ref()?, self.index.as_ref()?);
        let over = mark.v.checked_sub(index.v)?;
        let bps = ratio(over.units(), index.v.units(), 4, BASIS_DECIMALS)?;
        Some((bps, mark.stamp.with(index.stamp)))
    }

    /// What the venue says in US dollars; else its base units at its mark price.
    pub(crate) fn open_interest_usd(&self) -> Option<(Usd, Stamp)> {
        if let Some(usd) = &self.oi_usd {
            return Some(usd.pair());
        }
        let (base, mark) = (self.oi_base.as_ref()?, self.mark.as_ref()?);
        let usd = mark.v.notional(base.v).ok()?;
        Some((usd, base.stamp.with(mark.stamp)))
    }

    /// Takes figures that are well formed.
    pub(crate) fn context(&mut self, context: &AssetContext, feed: Feed, now: Timestamp) {
        give(&mut self.mark, context.mark_px, feed, now);
        give(&mut self.index, context.index_px, feed, now);
        give(&mut self.mid, context.mid_px, feed, now);
        if context.open_interest_base.is_some() {
            self.oi_usd = None;
        }
        give(&mut self.oi_base, context.open_interest_base, feed, now);
        // A price of the day before that is zero says that there was none.
        let prev_day = context.prev_day_px.filter(|p| p.is_positive());
        give(&mut self.prev_day, prev_day, feed, now);
        give(&mut self.day_notional, context.day_notional_usd, feed, now);
        if let Some(rate) = context.funding_rate {
            let held = self.funding.map(|f| f.v);
            let terms = FundingTerms {
                rate,
                interval_h: context
                    .funding_interval_h
                    .or(held.and_then(|f| f.interval_h)),
                next_ms: held.and_then(|f| f.next_ms),
            };
            give(&mut self.funding, Some(terms), feed, now);
        }
    }

    pub(crate) fn funding(&mut self, funding: &Funding, feed: Feed, now: Timestamp) {
        let terms = FundingTerms {
            rate: funding.rate,
            interval_h: Some(funding.interval_h),
            next_ms: funding.next_ms,
        };
        give(&mut self.funding, Some(terms), feed, now);
    }

    pub(crate) fn open_interest(
        &mut self,
        open: &OpenInterest,
        feed: Feed,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if open.base.units() < 0 || open.usd.is_some_and(|u| u.units() < 0) {
            return Err(Refusal::SizeNotPositive);
        }
        give(&mut self.oi_base, Some(open.base), feed, now);
        // US dollars of an earlier message would not belong to these base units.
        if open.usd.is_none() {
            self.oi_usd = None;
        }
        give(&mut self.oi_usd, open.usd, feed, now);
        Ok(())
    }
}
