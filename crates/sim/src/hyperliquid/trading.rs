//! The exchange beside the generated market: what ties the two together.
//!
//! The generated book is shown to the exchange level by level, its mark and oracle prices and its hourly funding as they are. What
//! users take from the street is taken from the generated book too. Until the first account is paid in nothing of this happens,
//! so that market data alone costs nothing more.
//!
//! Users' resting orders are guests of the generated book: the public sees them, and generated takers meet them by price and time.
//! The exchange has the last word on each such trade, because only it knows whether an order may still be filled. Users' trades
//! are on the public tape and in the candles, with the same block or, if a request brought them about, with the next.

use std::collections::BTreeMap;

use serde_json::Value;

use super::actions::Performed;
use super::feeds::pass;
use super::frames::frame;
use super::mempool::{Answered, Fate, Mempool};
use super::subscription::{Subscription, UserFeed};
use crate::exchange::{
    Address, Exchange, MarketSpec, Micro, PublicTrade, Refusal, Rules, Side, UserFrame,
};
use crate::generator::{Guest, Level, Market, PerpTrade, Side as BookSide, StepEvents, mix};
use crate::hub::{FeedName, Payload};
use crate::venue::Venue;
use crate::world::World;

/// Milliseconds between repetitions of the streams that send all there is (measured at the venue: 4 to 5 s), and of
/// `activeAssetData` (as often as contexts: not documented).
const STATES_EVERY_MS: i64 = 5_000;
const ASSETS_EVERY_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;
/// Levels of the generated book that users leave standing.
const KEEP: usize = 3;
/// Users' trades that wait for a block; more are not told.
const MOST_TAPE: usize = 4_096;
const SIDES: [(Side, BookSide); 2] = [(Side::Buy, BookSide::Bid), (Side::Sell, BookSide::Ask)];

/// The exchange and what it was shown.
#[derive(Debug)]
pub(crate) struct Trading {
    pub(super) exchange: Exchange,
    /// Lots by price that the exchange was shown, by coin and side; as many as the generated book has.
    shown: Vec<[BTreeMap<i64, i64>; 2]>,
    next_funding_ms: i64,
    next_states_ms: i64,
    next_assets_ms: i64,
    active: bool,
    /// Users' trades that wait for the next block; at most [`MOST_TAPE`].
    tape: Vec<PerpTrade>,
    /// Signed actions are performed with the next block; else each at once, as a block of its own.
    pub(crate) by_block: bool,
    pub(super) mempool: Mempool,
    /// By coin, the state of users' resting orders that the generated book has.
    seated: Vec<u64>,
}

impl Trading {
    pub(crate) fn new(market: &Market) -> Self {
        let specs = market
            .coins()
            .iter()
            .map(|coin| {
                let of = &coin.instrument;
                MarketSpec::new(of.coin, of.sz_decimals, of.max_leverage)
            })
            .collect();
        Self {
            exchange: Exchange::new(specs, Rules::default(), market.now_ms()),
            shown: vec![<[BTreeMap<i64, i64>; 2]>::default(); market.coins().len()],
            next_funding_ms: 0,
            next_states_ms: 0,
            next_assets_ms: 0,
            active: false,
            tape: Vec::new(),
            by_block: false,
            mempool: Mempool::default(),
            seated: vec![0; market.coins().len()],
        }
    }

    /// Lets a key sign for an account.
    pub(crate) fn admit_agent(&mut self, user: Address, agent: Address) -> Result<(), Refusal> {
        self.exchange.admit_agent(user, agent)
    }

    /// Pays an account in; the first one wakes the exchange.
    pub(crate) fn pay_in(
        &mut self,
        market: &Market,
        user: Address,
        amount: Micro,
    ) -> Result<(), Refusal> {
        if !self.active {
            self.active = true;
            self.exchange.advance(market.now_ms());
            self.next_funding_ms = (market.now_ms().div_euclid(HOUR_MS) + 1) * HOUR_MS;
            self.show_books(market);
            self.show_marks(market);
        }
        self.exchange.pay_in(user, amount)
    }

    /// Hands users' trades over to the step that begins.
    pub(crate) fn hand_over(&mut self, events: &mut StepEvents) {
        for trade in self.tape.drain(..) {
            events.add_perp(trade);
        }
    }

    /// Shows a finished block to the exchange. The frames are those that users are told.
    pub(crate) fn step(
        &mut self,
        market: &mut Market,
        events: &mut StepEvents,
    ) -> Vec<(Address, UserFrame)> {
        let Some(time) = events.block_ms else {
            return Vec::new();
        };
        self.exchange.advance(time);
        if !self.active {
            self.perform_block(time);
            return Vec::new();
        }
        self.fill_guests(market, events);
        self.show_books(market);
        self.show_marks(market);
        if time >= self.next_funding_ms {
            self.next_funding_ms += HOUR_MS;
            for (index, coin) in market.coins().iter().enumerate() {
                let rate = (coin.context.funding() * 1e10).round() as i64;
                self.exchange.fund(index, rate);
            }
        }
        self.perform_block(time);
        self.settle(market)
    }

    /// Performs the actions of a block. They see the street as it stands at its end.
    fn perform_block(&mut self, block_ms: i64) {
        for action in self.mempool.take_block(block_ms) {
            let answer = self.exchange.post(action.signer, &action.body);
            let (late_ms, performed) = match action.fate {
                Fate::Told(late_ms) => (
                    late_ms,
                    answer.map_or(Performed::Unreadable, Performed::Answer),
                ),
                Fate::Lost => (0, Performed::Lost),
                Fate::Status(status) => (0, Performed::Failed(status)),
            };
            self.mempool.answer(Answered {
                due_ms: block_ms + late_ms,
                to: action.to,
                performed,
            });
        }
    }

    /// Performs a request whose signer is known.
    pub(super) fn post(
        &mut self,
        market: &mut Market,
        signer: Address,
        body: &Value,
    ) -> (Option<Value>, Vec<(Address, UserFrame)>) {
        self.exchange.advance(market.now_ms());
        let answer = self.exchange.post(signer, body).ok();
        (answer, self.settle(market))
    }

    /// Has the exchange fill the users' orders that the generated takers met, and moves the others up as those in the book did.
    fn fill_guests(&mut self, market: &Market, events: &mut StepEvents) {
        let exchange = &mut self.exchange;
        events.perp_trades.retain_mut(|trade| {
            let Some(oid) = trade.guest else {
                return true;
            };
            let taker = match trade.taker {
                BookSide::Bid => Side::Buy,
                BookSide::Ask => Side::Sell,
            };
            let Some(done) = exchange.street_take(oid, trade.px, trade.lots, taker) else {
                return false;
            };
            *trade = on_tape(&done);
            true
        });
        for coin in market.coins() {
            for (_, theirs) in SIDES {
                for (_, guest) in coin.perp.book.guests.all(theirs) {
                    exchange.move_up(guest.id, guest.ahead);
                }
            }
        }
    }

    /// Seats users' resting orders in the generated book, where they changed.
    fn seat_guests(&mut self, market: &mut Market) {
        let markets = self.exchange.markets().iter();
        for ((known, coin), seated) in markets.zip(market.coins_mut()).zip(&mut self.seated) {
            let guests = &mut coin.perp.book.guests;
            if known.book.changes() == *seated {
                continue;
            }
            *seated = known.book.changes();
            *guests = Default::default();
            for (side, theirs) in SIDES {
                for rest in known.book.resting(side) {
                    let guest = Guest {
                        id: rest.oid,
                        lots: rest.lots,
                        ahead: rest.ahead,
                    };
                    guests.seat(theirs, rest.px, guest);
                }
            }
        }
    }

    fn show_books(&mut self, market: &Market) {
        let Self {
            exchange, shown, ..
        } = self;
        for (index, (coin, shown)) in market.coins().iter().zip(shown).enumerate() {
            let book = &coin.perp.book;
            // What is gone goes first: the new levels of one side may stand where the other's were.
            for ((side, theirs), shown) in SIDES.into_iter().zip(shown.iter_mut()) {
                shown.retain(|px, _| {
                    let stays = book.get(theirs, *px).is_some();
                    if !stays {
                        exchange.street_level(index, side, *px, 0);
                    }
                    stays
                });
            }
            for ((side, theirs), shown) in SIDES.into_iter().zip(shown.iter_mut()) {
                for (px, level) in book.levels(theirs) {
                    if shown.insert(px, level.lots) != Some(level.lots) {
                        exchange.street_level(index, side, px, level.lots);
                    }
                }
            }
        }
    }

    fn show_marks(&mut self, market: &Market) {
        for (index, coin) in market.coins().iter().enumerate() {
            let (mark, oracle) = (
                coin.context.mark.round() as i64,
                coin.context.oracle.round() as i64,
            );
            let known = &self.exchange.markets()[index];
            if known.mark != Some(mark) || known.oracle != Some(oracle) {
                self.exchange.mark(index, mark, oracle);
            }
        }
    }

    /// Takes from the generated book what users took, and makes frames of what they are told.
    fn settle(&mut self, market: &mut Market) -> Vec<(Address, UserFrame)> {
        let out = self.exchange.take_output();
        for take in out.takes {
            let slot = usize::from(take.side == Side::Sell);
            let theirs = SIDES[slot].1;
            let book = &mut market.coins_mut()[take.coin].perp.book;
            if let Some(level) = book.get(theirs, take.px) {
                let lots = level.lots - take.lots;
                if lots > 0 {
                    let orders = level.orders;
                    book.set(theirs, take.px, Level { lots, orders });
                } else if book.len(theirs) > KEEP {
                    book.remove(theirs, take.px);
                }
            }
            // As the exchange has it now; where the two differ the next block shows the generated book again.
            let left = self.exchange.markets()[take.coin]
                .book
                .street(take.side, take.px);
            let shown = &mut self.shown[take.coin][slot];
            if left > 0 {
                shown.insert(take.px, left);
            } else {
                shown.remove(&take.px);
            }
        }
        let now_ms = market.now_ms();
        for trade in out.trades {
            let coin = &mut market.coins_mut()[trade.coin];
            coin.candles.add_trade(now_ms, trade.px, trade.lots);
            if self.tape.len() < MOST_TAPE {
                self.tape.push(on_tape(&trade));
            }
        }
        self.seat_guests(market);
        self.exchange.block_frames(&out.events)
    }
}

/// A user's trade as the tape has it. The street's side is an address of nobody.
fn on_tape(trade: &PublicTrade) -> PerpTrade {
    let mut hash = [0; 32];
    for (part, salt) in hash.chunks_exact_mut(8).zip(1_u64..) {
        part.copy_from_slice(&mix(trade.tid ^ (salt << 50)).to_be_bytes());
    }
    let [buyer, seller] = trade
        .users
        .map(|user| user.map_or([0x5e; 20], |user| user.0));
    PerpTrade {
        coin: trade.coin,
        px: trade.px,
        lots: trade.lots,
        taker: match trade.taker {
            Side::Buy => BookSide::Bid,
            Side::Sell => BookSide::Ask,
        },
        tid: trade.tid,
        hash,
        buyer,
        seller,
        guest: None,
    }
}

/// Sends users' frames to those who follow them.
pub(crate) fn publish(world: &mut World, frames: Vec<(Address, UserFrame)>) {
    let World {
        market,
        hyperliquid,
        faults,
        ..
    } = world;
    let now_ms = market.now_ms();
    for (user, told) in frames {
        let Some(feed) = UserFeed::of_channel(told.channel) else {
            continue;
        };
        let topic = Subscription::User { feed, user };
        let name = FeedName {
            channel: told.channel,
            symbol: "",
        };
        let faults = &mut faults[Venue::Hyperliquid];
        hyperliquid.hub.send(&topic, name, now_ms, faults, || {
            Payload::plain(frame(told.channel, told.data))
        });
    }
}

/// Repeats the streams that send all there is. What it is at a block is known only after the block, so this comes last.
pub(crate) fn repeat_states(world: &mut World, block_ms: i64) {
    let World {
        market,
        hyperliquid,
        trading,
        faults,
        ..
    } = world;
    let states = pass(block_ms, &mut trading.next_states_ms, STATES_EVERY_MS);
    let assets = pass(block_ms, &mut trading.next_assets_ms, ASSETS_EVERY_MS);
    if !states && !assets {
        return;
    }
    let wanted: Vec<Subscription> = hyperliquid
        .hub
        .wanted_topics()
        .filter(|topic| match topic {
            Subscription::User { feed, .. } => states && feed.is_state(),
            Subscription::ActiveAssetData { .. } => assets,
            _ => false,
        })
        .cloned()
        .collect();
    for topic in wanted {
        let (told, symbol) = match &topic {
            Subscription::User { feed, user } => {
                (trading.exchange.state_frame(*user, feed.kind()), "")
            }
            Subscription::ActiveAssetData { user, coin } => (
                trading.exchange.active_asset_frame(*user, *coin),
                market.coins()[*coin].instrument.coin,
            ),
            _ => continue,
        };
        let Some(told) = told else { continue };
        let name = FeedName {
            channel: told.channel,
            symbol,
        };
        let faults = &mut faults[Venue::Hyperliquid];
        hyperliquid.hub.send(&topic, name, block_ms, faults, || {
            Payload::plain(frame(told.channel, told.data))
        });
    }
}
