//! Resting orders: how makers keep a book about a fair price.
//!
//! Each step does four things, all random in number and place:
//! 1. **Follow**: a best quote that the fair price has run over is pulled; a touch that lags behind is improved. Both
//!    wait for the fair price to leave a band, so that a calm touch stays where it is.
//! 2. **Change**: levels change at a rate, most of them near the touch (the distance is Pareto, cf. Bouchaud, Mezard
//!    and Potters 2002 on where limit orders are placed): sizes are redrawn, levels appear and vanish.
//! 3. **Extend**: the far end grows to the wanted number of levels, and is cut when it exceeds it.
//! 4. Round prices attract larger levels with more orders, and a few levels are walls.

use super::book::{Book, Level, Side};
use super::grid::Grid;
use super::instrument::BookCharacter;
use super::random::Random;

/// Per second: how soon makers pull a quote that is through the fair price, and improve one that lags.
const PULL_PER_S: f64 = 9.0;
const IMPROVE_PER_S: f64 = 11.0;
const SIZE_SIGMA: f64 = 1.15;
/// Share of changes at an empty price that remove the next level behind it.
const NEIGHBOUR_VANISHES: f64 = 0.1;
const WALL_SHARE: f64 = 0.004;

/// The makers of one book.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    grid: Grid,
    character: BookCharacter,
    /// USD value of one lot of size at a price of one quantum.
    usd_per_lot_quantum: f64,
    lot_scale: f64,
}

/// What the makers know in one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MakerStep {
    /// Fair price in quanta, not rounded.
    pub(crate) fair: f64,
    /// 1 on average; scales how much happens.
    pub(crate) activity: f64,
    /// 1 on average; widens spreads and bands.
    pub(crate) volatility: f64,
    /// Seconds.
    pub(crate) dt: f64,
}

impl Maker {
    pub(crate) fn new(grid: Grid, lot_scale: f64, character: BookCharacter) -> Self {
        Self {
            grid,
            character,
            usd_per_lot_quantum: 1.0 / (grid.scale() * lot_scale),
            lot_scale,
        }
    }

    pub(crate) fn grid(&self) -> Grid {
        self.grid
    }

    /// Lots worth `usd` at `px`, at least one.
    pub(crate) fn lots(&self, usd: f64, px: f64) -> i64 {
        ((usd / (px * self.usd_per_lot_quantum)) as i64).max(1)
    }

    /// USD value of `lots` at `px`.
    pub(crate) fn usd(&self, lots: i64, px: i64) -> f64 {
        lots as f64 * px as f64 * self.usd_per_lot_quantum
    }

    /// Lots per base unit.
    pub(crate) fn lot_scale(&self) -> f64 {
        self.lot_scale
    }

    /// Fills an empty book.
    pub(crate) fn fill(&self, book: &mut Book, fair: f64, random: &mut Random) {
        for side in [Side::Bid, Side::Ask] {
            let mut px = self.wanted_touch(side, fair, 1.0);
            for _ in 0..self.character.levels {
                let level = self.draw_level(side, px, fair, random);
                if !self.within_reach(side, px, fair) {
                    break;
                }
                book.set(side, px, level);
                px = self.further(side, px, fair, random);
            }
        }
    }

    pub(crate) fn step(&self, book: &mut Book, now: MakerStep, random: &mut Random) {
        // By lot: the side that goes first closes up to the other's old touch, so that a fixed order would let the
        // book follow one direction more slowly.
        let first = if random.chance(0.5) {
            Side::Bid
        } else {
            Side::Ask
        };
        for side in [first, first.opposite()] {
            self.follow(book, side, now, random);
        }
        let changes =
            random.poisson(self.character.changes_per_s * now.activity.clamp(0.08, 3.0) * now.dt);
        for _ in 0..changes {
            let side = if random.chance(0.5) {
                Side::Bid
            } else {
                Side::Ask
            };
            self.change(book, side, now.fair, random);
        }
        for side in [Side::Bid, Side::Ask] {
            self.extend(book, side, now.fair, random);
        }
    }

    fn wanted_touch(&self, side: Side, fair: f64, volatility: f64) -> i64 {
        let widen = 0.7 + 0.3 * volatility.min(6.0);
        let half = fair * self.character.half_spread_bps * 1e-4 * widen;
        match side {
            Side::Bid => self.grid.floor(fair - half),
            Side::Ask => self.grid.ceil(fair + half),
        }
    }

    /// How far a best quote may be from where it is wanted before makers move it, in quanta.
    fn band(&self, fair: f64) -> f64 {
        let step = self.grid.step_at(fair as i64) as f64;
        (fair * (self.character.half_spread_bps * 0.6 + 0.12) * 1e-4).max(step * 1.01)
    }

    fn follow(&self, book: &mut Book, side: Side, now: MakerStep, random: &mut Random) {
        let wanted = self.wanted_touch(side, now.fair, now.volatility);
        let band = self.band(now.fair);
        let urgency = 1.0 + now.volatility.min(5.0);
        for _ in 0..12 {
            let Some((best, _)) = book.best(side) else {
                break;
            };
            let through = (side.sign() * (best - wanted)) as f64;
            if through <= band
                || !random.chance(PULL_PER_S * urgency * now.dt * (1.0 + through / band))
            {
                break;
            }
            if book.len(side) > 2 {
                book.remove(side, best);
            }
        }
        let (Some((best, _)), Some((other, _))) = (book.best(side), book.best(side.opposite()))
        else {
            return;
        };
        let behind = (side.sign() * (wanted - best)) as f64;
        let spread = (other - best).abs();
        let step = self.grid.step_at(best);
        let wide =
            spread > step && spread as f64 > 2.2 * now.fair * self.character.half_spread_bps * 1e-4;
        if behind <= 0.0 && !wide {
            return;
        }
        let eager = if behind > band {
            1.0 + behind / band
        } else {
            0.5
        };
        if !random.chance(IMPROVE_PER_S * urgency * now.dt * eager) {
            return;
        }
        // Towards the wanted touch if the market left it behind, else one step into the spread.
        let px = if behind > 0.0 {
            let part = behind * (0.5 + 0.5 * random.unit());
            match side {
                Side::Bid => self.grid.floor(best as f64 + part),
                Side::Ask => self.grid.ceil(best as f64 - part),
            }
        } else {
            match side {
                Side::Bid => self.grid.above(best),
                Side::Ask => self.grid.below(best),
            }
        };
        // Never through the other side: there it joins one step inside.
        let px = match side {
            Side::Bid => px.min(self.grid.below(other)),
            Side::Ask => px.max(self.grid.above(other)),
        };
        // A quote beyond the fair price would be picked off at once.
        let beyond = (side.sign() * (px - wanted)) as f64;
        if beyond > band || side.sign() * (px - best) <= 0 {
            return;
        }
        let level = self.draw_level(side, px, now.fair, random);
        book.set(side, px, level);
    }

    fn change(&self, book: &mut Book, side: Side, fair: f64, random: &mut Random) {
        let Some((best, _)) = book.best(side) else {
            return;
        };
        let step = self.grid.step_at(best) as f64;
        let reach = step * self.character.spacing * random.pareto(1.0, 0.75)
            - step * self.character.spacing;
        let distance = reach.min(fair * 0.3);
        let px = match side {
            Side::Bid => self.grid.floor(best as f64 - distance),
            Side::Ask => self.grid.ceil(best as f64 + distance),
        };
        if !self.within_reach(side, px, fair) {
            return;
        }
        // With these shares a price at distance d is populated with probability q = 1 / mean gap(d) in the long run.
        let steps_away = (px as f64 - fair).abs() / step;
        let populated = 1.0 / (self.character.spacing + self.character.growth * steps_away);
        let vanish = 0.5 * (1.0 - populated);
        let appear = 0.5 * populated + NEIGHBOUR_VANISHES;
        let u = random.unit();
        match book.get(side, px) {
            // The best level is not cancelled here: `follow` and the takers decide about the touch.
            Some(_) if u < vanish && px != best => {
                book.remove(side, px);
            }
            Some(level) if u < 0.8 => {
                // One order joins or leaves.
                let drawn = self.draw_level(side, px, fair, random);
                let part = (drawn.lots / 3).max(1);
                let joins = level.lots < drawn.lots * 2 && random.chance(0.6);
                let (lots, orders) = if joins {
                    (level.lots + part, level.orders + 1)
                } else {
                    (
                        (level.lots - part).max(level.lots / 2 + 1),
                        level.orders.saturating_sub(1).max(1),
                    )
                };
                book.set(side, px, Level { lots, orders });
            }
            None if u >= appear => {
                let Some((px, _)) = book.near(side, px) else {
                    return;
                };
                if u < appear + NEIGHBOUR_VANISHES && px != best {
                    book.remove(side, px);
                } else if px != best {
                    book.set(side, px, self.draw_level(side, px, fair, random));
                }
            }
            Some(_) | None => {
                book.set(side, px, self.draw_level(side, px, fair, random));
            }
        }
    }

    fn extend(&self, book: &mut Book, side: Side, fair: f64, random: &mut Random) {
        let wanted = self.character.levels;
        let count = book.len(side);
        if count < wanted {
            for _ in 0..(wanted - count).min(6) {
                let Some(worst) = book.worst(side) else {
                    return;
                };
                let px = self.further(side, worst, fair, random);
                if !self.within_reach(side, px, fair) {
                    return;
                }
                let level = self.draw_level(side, px, fair, random);
                book.set(side, px, level);
            }
        } else if count > wanted + wanted / 10
            && let Some(worst) = book.worst(side)
        {
            book.remove(side, worst);
        }
    }

    /// The next populated price behind `px`.
    fn further(&self, side: Side, px: i64, fair: f64, random: &mut Random) -> i64 {
        let step = self.grid.step_at(px) as f64;
        let steps_away = (px as f64 - fair).abs() / step;
        let mean = self.character.spacing - 1.0 + self.character.growth * steps_away;
        let gap = step * (1.0 + (random.exponential(mean)).floor());
        match side {
            Side::Bid => self.grid.floor(px as f64 - gap),
            Side::Ask => self.grid.ceil(px as f64 + gap),
        }
    }

    /// Nobody bids below a fifth of the price or offers above five times it.
    fn within_reach(&self, side: Side, px: i64, fair: f64) -> bool {
        match side {
            Side::Bid => px > 0 && px as f64 > 0.2 * fair,
            Side::Ask => (px as f64) < 5.0 * fair,
        }
    }

    fn draw_level(&self, side: Side, px: i64, fair: f64, random: &mut Random) -> Level {
        let away_bps = ((side.sign() as f64) * (fair - px as f64) / fair * 1e4).max(0.0);
        let step = self.grid.step_at(px);
        let position = px / step;
        let mut usd = self.character.level_usd * (1.0 + away_bps / 6.0).min(60.0).sqrt();
        let mut crowd = 1.0;
        for (modulus, factor) in [(100, 2.6), (50, 1.6), (10, 1.7)] {
            if position % modulus == 0 {
                usd *= factor;
                crowd *= factor;
            }
        }
        if random.chance(WALL_SHARE) {
            usd *= 12.0 + 20.0 * random.unit();
        }
        let usd = random.log_normal(usd, SIZE_SIGMA);
        let lots = self.lots(usd.max(12.0), px as f64);
        let orders =
            1 + random.poisson((0.5 * crowd * (usd / self.character.level_usd).sqrt()).min(30.0));
        Level { lots, orders }
    }
}
