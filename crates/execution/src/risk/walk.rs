//! What an order would pay when it walks the book.

use hypersentry_model::{Price, Size, Usd};

use crate::order::Side;

use super::limits::WHOLE_BPS;

/// How far a walk came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Walk {
    /// Base units that the levels within the limit hold, up to the order's size.
    pub filled: Size,
    /// What they cost.
    pub cost: Usd,
    /// Price of the last level that was touched.
    pub last: Option<Price>,
}

/// Whether `px` is no worse for the taker than `limit`.
pub(super) fn within(side: Side, px: Price, limit: Price) -> bool {
    match side {
        Side::Buy => px <= limit,
        Side::Sell => px >= limit,
    }
}

/// Walks levels, best first, up to a size and a price. Nothing where a product leaves the range of [`Usd`].
pub fn walk(side: Side, size: Size, limit: Price, levels: &[(Price, Size)]) -> Option<Walk> {
    let mut walked = Walk {
        filled: Size::ZERO,
        cost: Usd::ZERO,
        last: None,
    };
    for (px, held) in levels {
        let left = size.checked_sub(walked.filled)?;
        if left.is_zero() || !within(side, *px, limit) {
            break;
        }
        let part = left.min(*held);
        walked.cost = walked.cost.checked_add(px.notional(part).ok()?)?;
        walked.filled = walked.filled.checked_add(part)?;
        walked.last = Some(*px);
    }
    Some(walked)
}

/// What a limit may pay: where all that is seen lies within it, the rest of the size may be taken behind that, at its own price.
pub(super) fn unseen(
    walked: Walk,
    side: Side,
    size: Size,
    limit: Price,
    levels: &[(Price, Size)],
) -> Option<Walk> {
    let left = size.checked_sub(walked.filled)?;
    let all = levels
        .last()
        .is_some_and(|(px, _)| within(side, *px, limit));
    if !all || left.is_zero() {
        return Some(walked);
    }
    Some(Walk {
        filled: size,
        cost: walked.cost.checked_add(limit.notional(left).ok()?)?,
        last: Some(limit),
    })
}

/// What `cost` for so much is beyond the mid, in basis points rounded up: zero where it is better. Nothing where the mid's notional is zero or
/// out of range.
pub fn slippage_bps(side: Side, filled: Size, cost: Usd, mid: Price) -> Option<i128> {
    let fair = mid.notional(filled).ok()?.units();
    let worse = match side {
        Side::Buy => cost.units().checked_sub(fair)?,
        Side::Sell => fair.checked_sub(cost.units())?,
    };
    bps_up(worse.max(0), fair)
}

/// `part / whole` in basis points, rounded up.
pub(super) fn bps_up(part: i128, whole: i128) -> Option<i128> {
    if whole <= 0 {
        return None;
    }
    let scaled = part.checked_mul(WHOLE_BPS)?;
    Some(scaled / whole + i128::from(scaled % whole > 0))
}
