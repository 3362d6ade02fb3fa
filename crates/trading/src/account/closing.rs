//! Ways out of a position: by hand, a share of it or all, and by a kill switch.

use super::Account;
use super::request::{Orders, of_user};
use crate::compose::{self, Composed};
use crate::error::TradeError;
use crate::log::By;
use crate::ticket::{Kind, MANUAL, OrderSide, Ticket, digest};
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::keys::Key;
use hypersentry_execution::risk::walk;
use hypersentry_model::{Size, Symbol};
use hypersentry_venues::hyperliquid::account::Asset;
use hypersentry_venues::hyperliquid::exchange::tick::snap_size;

impl Account {
    /// Closes a share of a position, or turns it round.
    pub(super) async fn close(
        &mut self,
        key: String,
        symbol: Symbol,
        percent: u32,
        by: By,
    ) -> Orders {
        self.unhalted()?;
        self.refresh().await;
        let sight = self.world.eyes.look(symbol).await;
        let named = Key::new(&key)?;
        // A repeated request is the same one, whatever has become of the position since.
        let body = of_user(&by, digest(&("close", symbol, percent)));
        if let Some(known) = self.repeated(&named, body)? {
            return Ok(known);
        }
        self.end_plans(Some(symbol), "the position is closed by hand");
        let made = self.closing(key, symbol, percent, false, &sight);
        let (composed, side) = made.map_err(|error| self.refused(error, &named, &by))?;
        self.submit(named, body, composed, &sight, side, by)
    }

    /// Closes what a kill switch is to close, or as much of it as the book holds within the collar.
    pub(super) async fn close_at_once(&mut self, symbol: Symbol, by: By) -> Orders {
        self.refresh().await;
        let sight = self.world.eyes.look(symbol).await;
        let key = format!("kill-{}-{symbol}", self.now().ns());
        let named = Key::new(&key)?;
        let made = self.closing(key, symbol, 100, true, &sight);
        let (composed, side) = made.map_err(|error| self.refused(error, &named, &by))?;
        let body = digest(&("kill", symbol));
        self.submit(named, body, composed, &sight, side, by)
    }

    fn closing(
        &self,
        key: String,
        symbol: Symbol,
        percent: u32,
        urgent: bool,
        sight: &Sight,
    ) -> Result<(Composed, OrderSide), TradeError> {
        if !(1..=200).contains(&percent) {
            return Err(TradeError::bad("a share is 1 to 100 percent"));
        }
        let position = self.figures.closable(symbol);
        let position = position.map(|it| it.value).filter(|size| !size.is_zero());
        let position = position.ok_or_else(|| {
            TradeError::new(
                "reduce_only_no_position",
                format!("there is no position in {symbol}"),
            )
        })?;
        let asset = self.asset(symbol)?;
        let units = position
            .units()
            .checked_abs()
            .and_then(|it| it.checked_mul(percent.into()));
        let units = units.ok_or_else(|| TradeError::bad("the position is out of range"))? / 100;
        let size = if percent == 100 || percent == 200 {
            Size::from_units(units)
        } else {
            let lots = snap_size(&asset.rules, Size::from_units(units));
            lots.ok_or_else(|| TradeError::new("size_lot", "that share is less than one lot"))?
        };
        let side = if position.is_positive() {
            OrderSide::Sell
        } else {
            OrderSide::Buy
        };
        let limits = self.limits.limits();
        let slippage = if urgent {
            limits.collar_bps
        } else {
            limits.collar_bps.min(limits.slippage_bps.max(1))
        };
        let size = if urgent {
            let held = self.held_within(&asset, side, size, slippage, sight);
            held.unwrap_or(size)
        } else {
            size
        };
        let ticket = Ticket {
            account: self.name.clone(),
            key,
            strategy: MANUAL.to_owned(),
            symbol: symbol.to_string(),
            side,
            kind: Kind::Market,
            size,
            px: None,
            trigger_px: None,
            reduce_only: percent <= 100,
            // Out goes before price, within the collar.
            slippage_bps: Some(slippage),
            take_profit: None,
            stop_loss: None,
            scale: None,
            twap: None,
        };
        let (mut composed, _) = self.made(&ticket, sight, self.now())?;
        composed.urgent = urgent;
        Ok((composed, side))
    }

    /// How much of a size the book holds so near to the mid, in lots; nothing where that is not known or nothing is there.
    fn held_within(
        &self,
        asset: &Asset,
        side: OrderSide,
        size: Size,
        bps: u32,
        sight: &Sight,
    ) -> Option<Size> {
        let way = wire::ours(side);
        let mid = compose::mid(sight, self.now()).ok()?;
        let limit = compose::worst(&asset.rules, way, mid, bps)?;
        let levels = &compose::against(sight, side)?.value;
        let walked = walk(way, size, limit, levels)?;
        snap_size(&asset.rules, walked.filled)
    }
}
