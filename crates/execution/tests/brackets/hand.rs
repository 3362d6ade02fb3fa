//! What is traded beside the bracket: the position is closed by hand and opened anew, and how trades are told.

use super::{ENTRY, Place, World, at, lots, px};
use hypersentry_execution::order::{Cloid, Event, Leg, Side};
use hypersentry_execution::relay::{Exit, Held, Input, Trade};
use hypersentry_model::{Size, Symbol};

/// Between two looks at a position in doubt, and otherwise.
const LOOK_MS: [i64; 2] = [700, 4_000];

/// A look at the position on its way.
pub(super) struct Look {
    as_of: i64,
    held: i64,
    beyond: bool,
    /// How many trades there were, where they were read too.
    trades: Option<usize>,
}

impl World {
    /// A trade at the venue, `ms` after this moment began.
    pub(super) fn trade_by(
        &mut self,
        cloid: Option<Cloid>,
        ms: i64,
        (side, n, before): (Side, i64, i64),
    ) {
        self.trade += 1;
        self.trades.push(Trade {
            id: self.trade,
            at: at(self.now + ms),
            cloid,
            symbol: Symbol::new("BTC").unwrap(),
            side,
            size: lots(n),
            before: lots(before),
        });
        let index = self.trades.len() - 1;
        if self.faulty(10) {
            self.counts.lost += 1;
            return;
        }
        let when = self.later(120);
        self.trades_to_us.insert(when, index);
        if self.faulty(10) {
            self.counts.doubled += 1;
            let when = self.later(400);
            self.trades_to_us.insert(when, index);
        }
    }

    fn tell_trade(&mut self, index: usize) {
        let trade = self.trades[index];
        self.step(Input::Traded(trade));
        if let Some(cloid) = trade.cloid {
            let (id, size) = (trade.id, trade.size);
            self.hear(cloid, Event::Filled { id, size });
        }
    }

    pub(super) fn hear_trades(&mut self) {
        while let Some(entry) = self.trades_to_us.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let index = entry.remove();
            self.tell_trade(index);
        }
    }

    /// Trades are read from those on that were read last.
    pub(super) fn tell_trades(&mut self, to: usize) {
        for index in self.told..to {
            self.tell_trade(index);
        }
        self.told = self.told.max(to);
    }

    pub(super) fn ask_position(&mut self) {
        let hurried = self.relay.in_doubt(at(self.now));
        if self.now < self.looked + LOOK_MS[usize::from(!hurried)] {
            return;
        }
        self.looked = self.now;
        let read = hurried && !self.faulty(10);
        let seen = self.seen(read);
        if !self.faulty(10) {
            let when = self.later(150);
            self.looks.insert(when, seen);
        }
    }

    pub(super) fn hear_looks(&mut self) {
        while let Some(entry) = self.looks.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let look = entry.remove();
            self.tell_look(&look);
        }
    }

    fn seen(&self, read: bool) -> Look {
        Look {
            as_of: self.now,
            held: self.position + self.manual,
            beyond: self.now < self.beyond_until,
            trades: read.then_some(self.trades.len()),
        }
    }

    /// What a look at the whole account says.
    pub(super) fn see_whole(&mut self) {
        let seen = self.seen(true);
        self.tell_look(&seen);
    }

    fn tell_look(&mut self, look: &Look) {
        if let Some(to) = look.trades {
            self.tell_trades(to);
        }
        let mark = px(if look.beyond { "47000" } else { "50000" });
        let worst = px("42300");
        let symbol = Symbol::new("BTC").unwrap();
        for symbol in self.relay.watched().into_iter().filter(|it| *it == symbol) {
            self.step(Input::Held(Held {
                symbol,
                size: lots(look.held),
                as_of: at(look.as_of),
                exit: Some(Exit { mark, worst }),
                stopped: Size::ZERO,
                complete: look.trades.is_some(),
            }));
        }
    }

    /// Sells by hand: first what was bought so.
    fn sell_by_hand(&mut self, n: i64, ms: i64) {
        let before = self.position + self.manual;
        let manual = n.min(self.manual);
        self.manual -= manual;
        self.position -= n - manual;
        self.closed_by_hand = true;
        self.reduced = self.now;
        self.trade_by(None, ms, (Side::Sell, n, before));
    }

    pub(super) fn close_by_hand(&mut self) {
        let held = self.position + self.manual;
        if held == 0 {
            return;
        }
        self.counts.by_hand += 1;
        if self.chance.percent(50) {
            let n = 1 + self.chance.below(held);
            self.sell_by_hand(n, 5);
            self.sweep();
        } else if self.chance.percent(50) {
            self.sell_by_hand(held, 5);
            self.sweep();
        } else {
            self.counts.anew += 1;
            self.anew();
        }
    }

    /// Closed, and opened anew on the same side. Now and then the venue lets what only reduces stand.
    pub(super) fn anew(&mut self) {
        let held = self.position + self.manual;
        let part = self.chance.below(held.max(1));
        for (n, ms) in [(part, 4), (held - part, 5)] {
            if n > 0 {
                self.sell_by_hand(n, ms);
            }
        }
        if self.chance.percent(70) {
            self.sweep();
        } else {
            self.counts.stood += 1;
            self.changed = self.now;
        }
        self.buy_by_hand();
    }

    pub(super) fn buy_by_hand(&mut self) {
        let n = 1 + self.chance.below(20);
        let before = self.position + self.manual;
        self.manual += n;
        self.trade_by(None, 6, (Side::Buy, n, before));
    }

    /// When all is over no exit of a bracket that was closed by hand stands for what others hold.
    pub(super) fn nothing_for_others(&self, seed: u64) {
        let Some(entry) = self.venue.get(&ENTRY) else {
            return;
        };
        let works = |it: &&super::There| {
            it.intent.leg != Leg::Entry && it.place == Place::Works && !self.over
        };
        if entry.place == Place::Gone && self.position == 0 && self.manual > 0 {
            let exit = self.venue.values().find(works);
            assert!(exit.is_none(), "seed {seed}: {exit:?} for what others hold");
        }
    }
}
