//! What sessions say, brought to the market core under canonical names and in canonical units.

use super::{Core, Effect};
use hypersentry_market::{MarketId, Refusal, Scale};
use hypersentry_model::agg::Instrument;
use hypersentry_model::event::{Candle, Feed, Loss, Mids};
use hypersentry_model::{DecimalError, Interval, MarketEvent, Payload, Symbol, Venue};
use hypersentry_venues::session::{self, Output};

impl Core {
    pub(super) fn session_step(
        &mut self,
        venue: Venue,
        input: session::Input<'_>,
        out: &mut Vec<Effect>,
    ) {
        let (now, grid) = (self.now, self.config.grid_ms);
        let happened = !matches!(input, session::Input::Due);
        let slot = self.slot(venue);
        if happened {
            slot.wake(now, grid);
        }
        // Taken from its end, so that what comes next can be put there.
        let mut said = std::mem::take(&mut self.said);
        let slot = self.slot(venue);
        slot.session.step(now, input, &mut said);
        said.reverse();
        while let Some(output) = said.pop() {
            let Some(resync) = self.output(venue, output, out) else {
                continue;
            };
            // The book was withdrawn: the session must fetch it anew. What it says comes next.
            let before = said.len();
            let input = session::Input::Resync(resync);
            self.slot(venue).session.step(now, input, &mut said);
            if let Some(next) = said.get_mut(before..) {
                next.reverse();
            }
        }
        self.said = said;
    }

    /// Takes one output. The symbol comes back when its book must be fetched anew.
    fn output(&mut self, venue: Venue, output: Output, out: &mut Vec<Effect>) -> Option<Symbol> {
        let now = self.now;
        match output {
            Output::Open(lane) => out.push(Effect::Open(venue, lane)),
            Output::Close(lane) => out.push(Effect::Close(venue, lane)),
            Output::Send(lane, text) => out.push(Effect::Send(venue, lane, text)),
            Output::Fetch(request) => out.push(Effect::Fetch(venue, request)),
            Output::StatusChanged => self.status_soon(venue),
            Output::Event {
                feed,
                event,
                replayed,
            } => return self.event(venue, feed, event, replayed),
            Output::Repair { feed, event } => self.repair(venue, feed, event),
            Output::Proof { symbol, feed } => {
                let id = self.id(venue, symbol);
                self.market.proof(now, id, feed);
            }
            Output::BookLost { symbol, loss } => self.book_lost(venue, symbol, loss),
            Output::Unlisted(symbol) => {
                self.book_lost(venue, symbol, Loss::Dropped);
                let id = self.id(venue, symbol);
                self.market.unlisted(now, id);
            }
            Output::Check(event) => self.check(venue, event, out),
            Output::Grid {
                symbol,
                px_decimals,
                sz_decimals,
            } => {
                let grid = Instrument {
                    venue_symbol: symbol,
                    px_decimals,
                    sz_decimals,
                };
                let (canonical, scale) = self.registry.canonical(venue, symbol);
                let id = MarketId::at(venue, canonical);
                let taken = self.market.instrument(now, id, scale.instrument(grid));
                self.judge(venue, canonical, taken);
            }
            Output::Listings(listings) => {
                if self.registry.listed(venue, &listings) {
                    self.status_soon(venue);
                }
            }
            Output::Following {
                symbol,
                feed,
                grade,
            } => {
                let id = self.id(venue, symbol);
                self.market.following(now, id, feed, grade);
                if feed == Feed::Trades && !self.config.accept_any_symbol {
                    self.slot(venue).history.following(now, id.symbol);
                }
            }
            Output::Broken {
                symbol,
                feed,
                since,
            } => {
                let id = self.id(venue, symbol);
                self.market.broken(now, id, feed, since);
                if feed == Feed::Trades && !self.config.accept_any_symbol {
                    self.slot(venue).history.broken(id.symbol, since);
                }
            }
            Output::Repaired {
                symbol,
                feed,
                from,
                to,
            } => {
                let id = self.id(venue, symbol);
                self.market.repaired(now, id, feed, from, to);
                if feed == Feed::Trades {
                    self.slot(venue).history.repaired(id.symbol, from);
                }
            }
            Output::Candles {
                symbol,
                interval,
                candles,
            } => self.past_candles(venue, symbol, interval, candles),
            Output::VenueTime { sent, venue: told } => {
                self.slot(venue).clock.request(sent, told, now);
            }
        }
        None
    }

    fn id(&self, venue: Venue, market: Symbol) -> MarketId {
        MarketId::at(venue, self.registry.canonical(venue, market).0)
    }

    fn book_lost(&mut self, venue: Venue, market: Symbol, loss: Loss) {
        let id = self.id(venue, market);
        self.market.book_lost(self.now, id, loss);
        self.status_soon(venue);
    }

    fn refuse(&mut self, venue: Venue, symbol: Symbol, code: &str) {
        self.slot(venue).refuse(symbol, code);
        self.status_soon(venue);
    }

    /// Whether the market core took it; a refusal is counted.
    fn judge(&mut self, venue: Venue, symbol: Symbol, taken: Result<(), Refusal>) -> bool {
        match taken {
            Ok(()) => true,
            Err(refusal) => {
                self.refuse(venue, symbol, refusal.code());
                false
            }
        }
    }

    /// The event in canonical units under its canonical symbol; a figure that they cannot hold is refused.
    fn scaled(&mut self, venue: Venue, event: MarketEvent) -> Option<(MarketId, MarketEvent)> {
        let (symbol, scale) = self.registry.canonical(venue, event.symbol);
        match scale.event(event) {
            Ok(event) => Some((MarketId::at(venue, symbol), event)),
            Err(error) => {
                self.refuse(venue, symbol, unscalable(error));
                None
            }
        }
    }

    /// Gives an event to the market core. The symbol comes back when its book must be fetched anew.
    fn event(
        &mut self,
        venue: Venue,
        feed: Feed,
        event: MarketEvent,
        replayed: bool,
    ) -> Option<Symbol> {
        if let Payload::Mids(mids) = &event.payload {
            self.mids(venue, mids);
            return None;
        }
        let now = self.now;
        if !replayed {
            self.slot(venue).timed(now, feed, &event);
        }
        let market = event.symbol;
        let in_sequence = match &event.payload {
            Payload::BookDelta(_) => true,
            Payload::BookSnapshot(snapshot) => snapshot.last_seq.is_some(),
            _ => false,
        };
        let taken = match self.scaled(venue, event) {
            Some((id, event)) => {
                let taken = self.market.event(now, id, feed, &event, replayed);
                let taken = self.judge(venue, id.symbol, taken);
                if let (true, Payload::Liquidation(what)) = (taken, &event.payload) {
                    self.alpha.liquidation(now, id, what, event.venue_time);
                }
                self.slot(venue).session.take_back(event.payload);
                taken
            }
            None => {
                // A book that lacks a change is wrong.
                if in_sequence {
                    self.book_lost(venue, market, Loss::Gap);
                }
                false
            }
        };
        (!taken && in_sequence).then_some(market)
    }

    fn repair(&mut self, venue: Venue, feed: Feed, event: MarketEvent) {
        if let Some((id, event)) = self.scaled(venue, event) {
            let taken = self.market.repair(self.now, id, feed, &event);
            self.judge(venue, id.symbol, taken);
        }
    }

    /// Compares REST's book with what is held, and tells the session.
    fn check(&mut self, venue: Venue, event: MarketEvent, out: &mut Vec<Effect>) {
        let market = event.symbol;
        let Some((id, event)) = self.scaled(venue, event) else {
            return;
        };
        if let Payload::BookSnapshot(book) = &event.payload
            && let Some(same) = self.market.book_agrees(id, book)
        {
            let symbol = market;
            self.session_step(venue, session::Input::Checked { symbol, same }, out);
        }
    }

    /// Mid prices of all markets of the venue, watched or not.
    fn mids(&mut self, venue: Venue, mids: &Mids) {
        for (market, px) in &mids.px_by_symbol {
            let (symbol, scale) = self.registry.canonical(venue, *market);
            match scale.price(*px) {
                Ok(px) => {
                    let taken = self.market.mid(self.now, MarketId::at(venue, symbol), px);
                    self.judge(venue, symbol, taken);
                }
                Err(error) => self.refuse(venue, symbol, unscalable(error)),
            }
        }
    }

    fn past_candles(
        &mut self,
        venue: Venue,
        market: Symbol,
        interval: Interval,
        candles: Vec<Candle>,
    ) {
        // They may come when the market is followed no more.
        let wanted = self.config.accept_any_symbol || self.slot(venue).demanded.contains(&market);
        if !wanted {
            return;
        }
        let (symbol, scale) = self.registry.canonical(venue, market);
        let scaled = match scale {
            Scale::ONE => Ok(candles),
            scale => candles.into_iter().map(|c| scale.candle(c)).collect(),
        };
        match scaled {
            Ok(candles) => {
                let id = MarketId::at(venue, symbol);
                let taken = self.market.past_candles(self.now, id, interval, &candles);
                self.judge(venue, symbol, taken);
            }
            Err(error) => self.refuse(venue, symbol, unscalable(error)),
        }
    }
}

/// A figure that is exact in the venue's units and not in the canonical ones.
const fn unscalable(_: DecimalError) -> &'static str {
    "not_in_canonical_units"
}
