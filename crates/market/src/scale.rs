//! From a venue's units to those of the canonical market: `1000PEPE` at one venue is `PEPE` at another.

use hypersentry_model::agg::Instrument;
use hypersentry_model::event::{AssetContext, Candle};
use hypersentry_model::{DecimalError, Level, MarketEvent, Payload, Price, Size};
use serde::{Deserialize, Serialize};

/// How many of the venue's units one canonical unit is, as a power of ten.
///
/// Prices are multiplied and sizes divided by it, so that price times size stays what it was. Both are exact: what would lose a digit
/// is refused.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Scale(i8);

/// Powers beyond this are no multiplier that a venue uses.
const MAX_POWER: i8 = 9;

fn times_ten(units: i128, power: i8) -> Result<i128, DecimalError> {
    let factor = 10i128.pow(u32::from(power.unsigned_abs()));
    let scaled = if power >= 0 {
        units.checked_mul(factor).ok_or(DecimalError::Overflow)?
    } else if units % factor == 0 {
        units / factor
    } else {
        return Err(DecimalError::TooPrecise);
    };
    // The bound of single values; see `hypersentry_model::decimal`.
    if scaled.unsigned_abs() < 10u128.pow(18 + Price::SCALE) {
        Ok(scaled)
    } else {
        Err(DecimalError::Overflow)
    }
}

impl Scale {
    /// The venue's units are the canonical ones.
    pub const ONE: Self = Self(0);

    /// Between a canonical market whose unit stands for `canonical` units of the base, and a venue's whose unit stands for `venue`: for
    /// `kPEPE` and `PEPEUSDT` 1,000 and 1. `None` unless their ratio is a power of ten.
    pub fn between(canonical: u32, venue: u32) -> Option<Self> {
        (-MAX_POWER..=MAX_POWER).map(Self).find(|scale| {
            let factor = 10u64.pow(u32::from(scale.0.unsigned_abs()));
            let (less, more) = if scale.0 >= 0 {
                (venue, canonical)
            } else {
                (canonical, venue)
            };
            less > 0 && u64::from(less) * factor == u64::from(more)
        })
    }

    /// Whether nothing changes.
    pub const fn is_one(self) -> bool {
        self.0 == 0
    }

    /// A price of the venue for the canonical unit.
    ///
    /// # Errors
    /// It cannot be held exactly.
    pub fn price(self, px: Price) -> Result<Price, DecimalError> {
        times_ten(px.units(), self.0).map(Price::from_units)
    }

    /// A size of the venue in canonical units.
    ///
    /// # Errors
    /// It cannot be held exactly.
    pub fn size(self, sz: Size) -> Result<Size, DecimalError> {
        times_ten(sz.units(), -self.0).map(Size::from_units)
    }

    fn level(self, level: &mut Level) -> Result<(), DecimalError> {
        self.prices([&mut level.px])?;
        self.sizes([&mut level.sz])
    }

    fn prices<'a>(
        self,
        prices: impl IntoIterator<Item = &'a mut Price>,
    ) -> Result<(), DecimalError> {
        prices.into_iter().try_for_each(|px| {
            *px = self.price(*px)?;
            Ok(())
        })
    }

    fn sizes<'a>(self, sizes: impl IntoIterator<Item = &'a mut Size>) -> Result<(), DecimalError> {
        sizes.into_iter().try_for_each(|sz| {
            *sz = self.size(*sz)?;
            Ok(())
        })
    }

    fn context(self, context: &mut AssetContext) -> Result<(), DecimalError> {
        let AssetContext {
            mark_px,
            index_px,
            mid_px,
            open_interest_base,
            prev_day_px,
            funding_rate: _,
            funding_interval_h: _,
            day_notional_usd: _,
        } = context;
        self.prices(
            [mark_px, index_px, mid_px, prev_day_px]
                .into_iter()
                .flatten(),
        )?;
        self.sizes(open_interest_base)
    }

    /// A candle of the venue in canonical units.
    ///
    /// # Errors
    /// A figure cannot be held exactly.
    pub fn candle(self, mut candle: Candle) -> Result<Candle, DecimalError> {
        self.prices([&mut candle.o, &mut candle.h, &mut candle.l, &mut candle.c])?;
        self.sizes([&mut candle.volume_base])?;
        Ok(candle)
    }

    /// A market's grid in canonical units.
    pub fn instrument(self, instrument: Instrument) -> Instrument {
        let power = i32::from(self.0);
        Instrument {
            px_decimals: instrument.px_decimals.saturating_add_signed(-power),
            sz_decimals: instrument.sz_decimals.saturating_add_signed(power),
            ..instrument
        }
    }

    /// An event of the venue in canonical units. Mid prices are of many markets, each with its own scale, and stay: see [`Self::price`].
    ///
    /// # Errors
    /// A figure cannot be held exactly.
    pub fn event(self, mut event: MarketEvent) -> Result<MarketEvent, DecimalError> {
        if self.is_one() {
            return Ok(event);
        }
        match &mut event.payload {
            Payload::Trade(trade) => {
                self.prices([&mut trade.px])?;
                self.sizes([&mut trade.sz])?;
            }
            Payload::BookSnapshot(book) => {
                let mut levels = book.bids.iter_mut().chain(&mut book.asks);
                levels.try_for_each(|l| self.level(l))?;
            }
            Payload::BookDelta(change) => {
                let mut levels = change.bids.iter_mut().chain(&mut change.asks);
                levels.try_for_each(|l| self.level(l))?;
            }
            Payload::Bbo(bbo) => {
                let mut levels = bbo.bid.iter_mut().chain(&mut bbo.ask);
                levels.try_for_each(|l| self.level(l))?;
            }
            Payload::AssetContext(context) => self.context(context)?,
            Payload::Candle(candle) => *candle = self.candle(candle.clone())?,
            Payload::OpenInterest(open) => self.sizes([&mut open.base])?,
            Payload::Liquidation(liquidation) => {
                self.prices([&mut liquidation.px])?;
                self.sizes([&mut liquidation.sz])?;
            }
            Payload::Mids(_) | Payload::Funding(_) => {}
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::event::{
        Bbo, BookDelta, BookSnapshot, Liquidated, Liquidation, LiquidationCoverage,
        LiquidationPrice, OpenInterest,
    };
    use hypersentry_model::{Side, Symbol, Trade, TradeId, Usd};
    use proptest::prelude::*;

    fn px(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn sz(text: &str) -> Size {
        Size::parse(text).unwrap()
    }

    fn convert(scale: Scale, payload: Payload) -> Result<Payload, DecimalError> {
        let event = MarketEvent {
            symbol: Symbol::new("PEPEUSDT").unwrap(),
            venue_time: None,
            payload,
        };
        scale.event(event).map(|e| e.payload)
    }

    fn trade(p: &str, s: &str) -> Payload {
        Payload::Trade(Trade {
            id: TradeId::Number(1),
            px: px(p),
            sz: sz(s),
            side: Side::Buy,
        })
    }

    #[test]
    fn scales_are_ratios_of_multipliers() {
        for (canonical, venue, power) in [
            (1_000, 1, Some(3)),
            (1, 1_000, Some(-3)),
            (1_000, 1_000, Some(0)),
            (1_000_000, 1_000, Some(3)),
            (1_000_000_000, 1, Some(9)),
            (3, 1, None),
            (0, 1, None),
            (1, 0, None),
        ] {
            assert_eq!(
                Scale::between(canonical, venue).map(|s| s.0),
                power,
                "{canonical}/{venue}"
            );
        }
    }

    #[test]
    fn every_payload_is_converted() {
        let thousand = Scale::between(1_000, 1).unwrap();
        let level = |p, s| Level {
            px: px(p),
            sz: sz(s),
        };
        let before = level("0.00000868", "5000");
        let after = level("0.00868", "5");
        assert_eq!(
            convert(thousand, trade("0.00000868", "5000")),
            Ok(trade("0.00868", "5"))
        );
        let book = |l: Level| BookSnapshot {
            bids: vec![l],
            asks: vec![l],
            depth: 5,
            last_seq: Some(7),
        };
        assert_eq!(
            convert(thousand, Payload::BookSnapshot(book(before))),
            Ok(Payload::BookSnapshot(book(after)))
        );
        let change = |l: Level| BookDelta {
            bids: vec![l],
            asks: vec![l],
            last_seq: Some(9),
            ..BookDelta::default()
        };
        assert_eq!(
            convert(thousand, Payload::BookDelta(change(before))),
            Ok(Payload::BookDelta(change(after)))
        );
        let bbo = |l: Level| Bbo {
            bid: Some(l),
            ask: Some(l),
            book_seq: None,
        };
        assert_eq!(
            convert(thousand, Payload::Bbo(bbo(before))),
            Ok(Payload::Bbo(bbo(after)))
        );
        let context = |l: Level| AssetContext {
            mark_px: Some(l.px),
            index_px: Some(l.px),
            mid_px: Some(l.px),
            prev_day_px: Some(l.px),
            open_interest_base: Some(l.sz),
            day_notional_usd: Some(Usd::parse("5").unwrap()),
            ..AssetContext::default()
        };
        assert_eq!(
            convert(thousand, Payload::AssetContext(context(before))),
            Ok(Payload::AssetContext(context(after)))
        );
        let candle = |l: Level| Candle {
            interval: "1m".into(),
            open_ms: 0,
            close_ms: 59_999,
            o: l.px,
            h: l.px,
            l: l.px,
            c: l.px,
            volume_base: l.sz,
            trades: Some(3),
            closed: true,
        };
        assert_eq!(
            convert(thousand, Payload::Candle(candle(before))),
            Ok(Payload::Candle(candle(after)))
        );
        let open = |l: Level| OpenInterest {
            base: l.sz,
            usd: Some(Usd::parse("7").unwrap()),
        };
        assert_eq!(
            convert(thousand, Payload::OpenInterest(open(before))),
            Ok(Payload::OpenInterest(open(after)))
        );
        let liquidation = |l: Level| Liquidation {
            liquidated: Liquidated::Long,
            px: l.px,
            px_kind: LiquidationPrice::Fill,
            sz: l.sz,
            notional_usd: Usd::parse("0.0434").unwrap(),
            coverage: LiquidationCoverage::All,
        };
        assert_eq!(
            convert(thousand, Payload::Liquidation(liquidation(before))),
            Ok(Payload::Liquidation(liquidation(after)))
        );
    }

    #[test]
    fn nothing_is_rounded() {
        let thousand = Scale::between(1_000, 1).unwrap();
        assert_eq!(
            convert(thousand, trade("1", "0.0000000001")),
            Err(DecimalError::TooPrecise)
        );
        assert_eq!(
            convert(thousand, trade("999999999999999999", "1000")),
            Err(DecimalError::Overflow)
        );
    }

    #[test]
    fn the_grid_moves_with_the_scale() {
        let grid = Instrument {
            venue_symbol: Symbol::new("PEPEUSDT").unwrap(),
            px_decimals: 8,
            sz_decimals: 0,
        };
        let scaled = Scale::between(1_000, 1).unwrap().instrument(grid.clone());
        assert_eq!((scaled.px_decimals, scaled.sz_decimals), (5, 3));
        let back = Scale::between(1, 1_000).unwrap().instrument(scaled);
        assert_eq!(back, grid);
    }

    proptest! {
        /// Price times size is what it was, and the way back gives what was there.
        #[test]
        fn notional_is_unchanged(p in 1i64..1_000_000_000_000, s in 1i64..1_000_000_000, power in -6i8..=6) {
            // Tick 1e-6 and lot 1e-6 leave six digits on either side.
            let (p, s) = (Price::from_units(i128::from(p) * 1_000_000), Size::from_units(i128::from(s) * 1_000_000));
            let (there, back) = (Scale(power), Scale(-power));
            let (q, t) = (there.price(p).unwrap(), there.size(s).unwrap());
            prop_assert_eq!(q.notional(t), p.notional(s));
            prop_assert_eq!((back.price(q), back.size(t)), (Ok(p), Ok(s)));
        }
    }
}
