//! Where a position would be liquidated after an order, with everything else as it stands.
//!
//! `px - side * available / size / (1 - side / (2 * max leverage))`, at which `available` is what backs the position less what it needs: the equity that all
//! positions with shared margin have, less the maintenance margin of all of them, or the position's own margin, less its own. Hyperliquid docs, Trading >
//! Liquidations > Computing liquidation price; maintenance is half the initial margin at the highest leverage (of the first tier).

use hypersentry_execution::risk::Liquidation;
use hypersentry_model::{Price, Size, Usd};
use hypersentry_venues::hyperliquid::account::{MarginMode, Position};

/// What an order changes: base units, negative when it sells, and the price at which it trades.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trade {
    pub(crate) size: Size,
    pub(crate) px: Price,
}

/// The market's margin, and what backs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backing {
    pub(crate) mode: MarginMode,
    /// The highest leverage that the market allows.
    pub(crate) most: u32,
    /// What backs positions that share their margin, and what those need.
    pub(crate) shared: (Usd, Usd),
}

/// Where it would be liquidated. `held` is the position before the trade. Amounts that leave their range make it unknown.
pub(crate) fn after(held: Option<&Position>, trade: Trade, backing: Backing) -> Liquidation {
    reckon(held, trade, backing).unwrap_or(Liquidation::Unknown)
}

fn reckon(held: Option<&Position>, trade: Trade, backing: Backing) -> Option<Liquidation> {
    let before = held.map_or(Size::ZERO, |held| held.size);
    let after = before.checked_add(trade.size)?;
    let (side, size) = (after.units().signum(), after.units().checked_abs()?);
    if size == 0 {
        return Some(Liquidation::Never);
    }
    let twice = 2 * i128::from(backing.most.max(1));
    let worth = |size: i128| Some(trade.px.notional(Size::from_units(size)).ok()?.units());
    // What the position gains on the way from the mark price to the trade's.
    let gained = match held {
        Some(held) => {
            let now = worth(before.units().checked_abs()?)?;
            before.units().signum() * now.checked_sub(held.value.units())?
        }
        None => 0,
    };
    let needed = worth(size)? / twice;
    let available = if backing.mode.isolated {
        own_margin(held, trade, backing.mode, gained)? - needed
    } else {
        let others = backing.shared.1.units() - held.map_or(0, |it| it.value.units() / twice);
        // Rounding of the venue's sum and of ours differ by less than a unit each.
        let others = others.max(0);
        (backing.shared.0.units().checked_add(gained)?).checked_sub(others + needed)?
    };
    let one = 10_i128.pow(Size::SCALE);
    let per_unit = available.checked_mul(one)? / size;
    let room = per_unit.checked_mul(twice)? / (twice - side);
    let units = trade.px.units().checked_sub(side * room)?;
    Some(match units {
        1.. => Liquidation::At(Price::from_units(units)),
        _ => Liquidation::Never,
    })
}

/// The margin of a position that has its own, after the trade: what opens brings its share at the leverage, what closes takes its share along, and a
/// position that is turned round is a new one.
fn own_margin(
    held: Option<&Position>,
    trade: Trade,
    mode: MarginMode,
    gained: i128,
) -> Option<i128> {
    let before = held.map_or(0, |held| held.size.units());
    let after = before.checked_add(trade.size.units())?;
    let initial = |size: i128| {
        let worth = trade
            .px
            .notional(Size::from_units(size.checked_abs()?))
            .ok()?;
        Some(worth.units() / i128::from(mode.leverage.max(1)))
    };
    let had = held
        .map_or(0, |held| held.margin.units())
        .checked_add(gained)?;
    if before == 0 || before.signum() != after.signum() {
        return initial(after);
    }
    if after.checked_abs()? > before.checked_abs()? {
        return had.checked_add(initial(trade.size.units())?);
    }
    // Shares in millionths of a percent: a product of two amounts would leave the range.
    let share = after.checked_abs()?.checked_mul(SHARES)? / before.checked_abs()?;
    Some(had.checked_mul(share)? / SHARES)
}

const SHARES: i128 = 100_000_000;

#[cfg(test)]
mod tests;
