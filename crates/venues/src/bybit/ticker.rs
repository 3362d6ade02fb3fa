//! Mark, index, open interest and funding, which the venue tells in one message: first whole, then what changed ("if a response param is
//! not found in the message, then its value has not changed"; WebSocket Stream: Ticker).
//!
//! `openInterest` counts both sides, `singleOpenInterest` one: recorded answers give 52,664.642 and 26,332.321 at the same moment.
//! Ours is one side, so that it can be added to other venues'. The venue did not always tell the second; half of the first is the same.

use crate::decode::DecodeError;
use crate::json::Text;
use hypersentry_model::event::{AssetContext, Funding, OpenInterest};
use hypersentry_model::{MarketEvent, Payload, Price, Rate, Size, Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// What the venue told. Absent figures were not told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ticker {
    /// Mark price.
    pub mark_px: Option<Price>,
    /// Index price.
    pub index_px: Option<Price>,
    /// Price 24 h ago.
    pub prev_day_px: Option<Price>,
    /// Turnover of the last 24 h.
    pub day_notional_usd: Option<Usd>,
    /// Open interest, one side, in base units.
    pub open_interest_base: Option<Size>,
    /// The same in USD.
    pub open_interest_usd: Option<Usd>,
    /// Funding rate per interval.
    pub funding_rate: Option<Rate>,
    /// Hours between fundings.
    pub funding_interval_h: Option<u32>,
    /// When funding is paid next, UTC ms.
    pub funding_next_ms: Option<i64>,
}

impl Ticker {
    /// Takes over what `delta` says and keeps the rest.
    pub fn merge(&mut self, delta: &Self) {
        fn take<T: Copy>(held: &mut Option<T>, told: Option<T>) {
            if told.is_some() {
                *held = told;
            }
        }
        take(&mut self.mark_px, delta.mark_px);
        take(&mut self.index_px, delta.index_px);
        take(&mut self.prev_day_px, delta.prev_day_px);
        take(&mut self.day_notional_usd, delta.day_notional_usd);
        take(&mut self.open_interest_base, delta.open_interest_base);
        take(&mut self.open_interest_usd, delta.open_interest_usd);
        take(&mut self.funding_rate, delta.funding_rate);
        take(&mut self.funding_interval_h, delta.funding_interval_h);
        take(&mut self.funding_next_ms, delta.funding_next_ms);
    }

    /// The slow figures, or nothing where none of them was told.
    pub fn context(&self) -> Option<AssetContext> {
        let context = AssetContext {
            mark_px: self.mark_px,
            index_px: self.index_px,
            mid_px: None,
            open_interest_base: self.open_interest_base,
            funding_rate: self.funding_rate,
            funding_interval_h: self.funding_interval_h,
            prev_day_px: self.prev_day_px,
            day_notional_usd: self.day_notional_usd,
        };
        (context != AssetContext::default()).then_some(context)
    }

    /// Open interest.
    pub fn open_interest(&self) -> Option<OpenInterest> {
        self.open_interest_base.map(|base| OpenInterest {
            base,
            usd: self.open_interest_usd,
        })
    }

    /// Funding, where its interval is known: a rate without one says nothing.
    pub fn funding(&self) -> Option<Funding> {
        let (rate, interval_h) = self.funding_rate.zip(self.funding_interval_h)?;
        Some(Funding {
            rate,
            interval_h,
            next_ms: self.funding_next_ms,
        })
    }

    /// What a message that says this alone gives.
    pub(super) fn events(
        &self,
        symbol: Symbol,
        venue_time: Option<Timestamp>,
        out: &mut Vec<MarketEvent>,
    ) {
        let payloads = [
            self.context().map(Payload::AssetContext),
            self.open_interest().map(Payload::OpenInterest),
            self.funding().map(Payload::Funding),
        ];
        out.extend(payloads.into_iter().flatten().map(|payload| MarketEvent {
            symbol,
            venue_time,
            payload,
        }));
    }
}

/// The data of `tickers`, and an item of `GET /v5/market/tickers`. Figures that do not apply are empty.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TickerWire<'a> {
    #[serde(borrow)]
    pub(super) symbol: Text<'a>,
    /// Options alone have it.
    #[serde(borrow)]
    pub(super) underlying_price: Option<Text<'a>>,
    #[serde(borrow)]
    mark_price: Option<Text<'a>>,
    #[serde(borrow)]
    index_price: Option<Text<'a>>,
    #[serde(borrow, rename = "prevPrice24h")]
    prev_price_24h: Option<Text<'a>>,
    #[serde(borrow, rename = "turnover24h")]
    turnover_24h: Option<Text<'a>>,
    #[serde(borrow)]
    open_interest: Option<Text<'a>>,
    #[serde(borrow)]
    open_interest_value: Option<Text<'a>>,
    #[serde(borrow)]
    single_open_interest: Option<Text<'a>>,
    #[serde(borrow)]
    single_open_interest_value: Option<Text<'a>>,
    #[serde(borrow)]
    funding_rate: Option<Text<'a>>,
    #[serde(borrow)]
    next_funding_time: Option<Text<'a>>,
    #[serde(borrow)]
    funding_interval_hour: Option<Text<'a>>,
}

impl TickerWire<'_> {
    pub(super) fn read(&self) -> Result<Ticker, DecodeError> {
        let half_base = |both: Size| Size::from_units(both.units() / 2);
        let half_usd = |both: Usd| Usd::from_units(both.units() / 2);
        let single = told(&self.single_open_interest, Text::size)?;
        let both = told(&self.open_interest, Text::size)?;
        let single_usd = told(&self.single_open_interest_value, Text::usd)?;
        let both_usd = told(&self.open_interest_value, Text::usd)?;
        let hours = told(&self.funding_interval_hour, Text::integer)?;
        let next = told(&self.next_funding_time, Text::integer)?;
        Ok(Ticker {
            mark_px: told(&self.mark_price, Text::price)?,
            index_px: told(&self.index_price, Text::price)?,
            prev_day_px: told(&self.prev_price_24h, Text::price)?,
            day_notional_usd: told(&self.turnover_24h, Text::usd)?,
            open_interest_base: single.or(both.map(half_base)),
            open_interest_usd: single_usd.or(both_usd.map(half_usd)),
            funding_rate: told(&self.funding_rate, Text::rate)?,
            funding_interval_h: hours.and_then(|h| u32::try_from(h).ok()).filter(|h| *h > 0),
            funding_next_ms: next.filter(|ms| *ms > 0),
        })
    }
}

/// An empty text stands for nothing.
fn told<'a, T>(
    text: &Option<Text<'a>>,
    read: impl Fn(&Text<'a>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let text = text.as_ref().filter(|text| !text.as_str().is_empty());
    text.map(read).transpose()
}
