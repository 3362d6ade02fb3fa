//! How the venue margins the account's markets: of those in which nothing is held it has to be asked.

use super::{Account, courier::Courier};
use crate::compose::Composed;
use crate::liquidation::{self, Backing, Trade};
use crate::view::Why;
use hypersentry_execution::order::{Side, Terms};
use hypersentry_execution::relay::Part;
use hypersentry_execution::risk::Liquidation;
use hypersentry_model::{Size, Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{
    self as told, Asset, MarginMode, Position, margin_mode_request,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Markets that are remembered; the one that was seen longest ago is forgotten.
const MOST: usize = 256;
/// Another program may change it meanwhile.
const AGE_LIMIT_MS: i64 = 120_000;
/// Longer nobody waits for it.
const WAIT: Duration = Duration::from_millis(1_500);

#[derive(Debug, Default)]
pub(super) struct Margins {
    /// At most [`MOST`].
    seen: BTreeMap<Symbol, (MarginMode, Timestamp)>,
}

impl Margins {
    pub(super) fn set(&mut self, symbol: Symbol, mode: MarginMode, at: Timestamp) {
        self.seen.insert(symbol, (mode, at));
        if self.seen.len() > MOST {
            let oldest = self.seen.iter().min_by_key(|(_, (_, at))| *at);
            if let Some(symbol) = oldest.map(|(symbol, _)| *symbol) {
                self.seen.remove(&symbol);
            }
        }
    }

    fn fresh(&self, symbol: Symbol, now: Timestamp) -> Option<MarginMode> {
        let (mode, at) = self.seen.get(&symbol)?;
        let age = now.ns_since(*at) / 1_000_000;
        (0..=AGE_LIMIT_MS).contains(&age).then_some(*mode)
    }
}

impl Account {
    /// Leverage and kind of margin of a market, where they are known and of now.
    pub(super) fn margin_mode(&self, symbol: Symbol) -> Option<MarginMode> {
        let held = self.figures.positions.as_ref();
        let held = held.and_then(|(positions, _)| positions.held.get(&symbol));
        held.map(|held| held.mode)
            .or_else(|| self.figures.margins.fresh(symbol, self.now()))
    }

    /// Asks for it where it is not known. Without an answer what needs it is refused.
    pub(super) async fn see_margin(&mut self, symbol: Symbol) {
        if self.margin_mode(symbol).is_some() || !self.figures.assets.contains_key(&symbol) {
            return;
        }
        let courier = self.courier(crate::log::By::default(), None);
        let asked = self.now();
        match tokio::time::timeout(WAIT, courier.margin_mode(symbol)).await {
            Ok(Ok(mode)) => self.figures.margins.set(symbol, mode, asked),
            Ok(Err(why)) => {
                tracing::warn!(account = %self.name, code = %why.code, "the margin of {symbol}: {}", why.text);
            }
            Err(_) => tracing::warn!(account = %self.name, "the margin of {symbol}: no answer"),
        }
    }

    /// What is held tells it without being asked.
    pub(super) fn margins_of_held(&mut self, asked: Timestamp) {
        let Some((positions, _)) = &self.figures.positions else {
            return;
        };
        for (symbol, held) in &positions.held {
            self.figures.margins.set(*symbol, held.mode, asked);
        }
    }

    /// Says of each order where the position would be liquidated.
    pub(super) fn liquidations(&self, composed: &mut Composed, asset: &Asset) {
        let position = self.figures.position(composed.symbol);
        let position = position.map(|position| position.value);
        for part in &mut composed.parts {
            part.wish.liquidation = self.liquidation(asset, position, part);
        }
    }

    /// Where the position would be liquidated after an order that opens; of a trigger that only reduces, where what it closes is liquidated as it stands.
    pub(super) fn liquidation(
        &self,
        asset: &Asset,
        position: Option<Size>,
        part: &Part,
    ) -> Liquidation {
        let Some((positions, _)) = &self.figures.positions else {
            return Liquidation::Unknown;
        };
        let symbol = part.wish.symbol;
        let held = positions.held.get(&symbol);
        if part.wish.reduce_only {
            let trigger = matches!(part.terms, Terms::Trigger { .. });
            let closes =
                |held: &&Position| held.size.is_positive() == (part.wish.side == Side::Sell);
            let held = held.filter(closes).filter(|_| trigger);
            return match held.map(|held| held.liquidation) {
                Some(Some(px)) => Liquidation::At(px),
                Some(None) => Liquidation::Never,
                None => Liquidation::Unknown,
            };
        }
        let (Some(mode), Some(position)) = (self.margin_mode(symbol), position) else {
            return Liquidation::Unknown;
        };
        // What was traded since the venue was looked at counts with the order.
        let seen = held.map_or(Size::ZERO, |held| held.size);
        let signed = match part.wish.side {
            Side::Buy => part.wish.size,
            Side::Sell => Size::from_units(-part.wish.size.units()),
        };
        let size = position.checked_sub(seen);
        let Some(size) = size.and_then(|since| since.checked_add(signed)) else {
            return Liquidation::Unknown;
        };
        let trade = Trade {
            size,
            px: part.terms.px(),
        };
        let backing = Backing {
            mode,
            most: asset.rules.max_leverage,
            shared: (positions.shared_equity, positions.shared_maintenance),
        };
        liquidation::after(held, trade, backing)
    }
}

impl Courier {
    pub(super) async fn margin_mode(&self, symbol: Symbol) -> Result<MarginMode, Why> {
        let ask = margin_mode_request(self.account(), symbol);
        let body = self.info(ask).await?;
        told::margin_mode(&body, symbol).map_err(super::courier::unreadable)
    }
}
