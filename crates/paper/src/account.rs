//! One account: an exchange of its own, and where its orders stand in the venue's market.

use crate::queue::{Print, Queue};
use crate::shown::Shown;
use crate::taken::Taken;
use crate::venue::Prices;
use hypersentry_sim::exchange::{Address, Exchange, Side, Turn, UserEvent, UserFrame};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;
const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// One market, as the account stands in it.
#[derive(Clone, Debug, Default)]
struct Stand {
    queue: Queue,
    taken: Taken,
    /// Street lots that the exchange has, by level; as many as the book shows.
    street: BTreeMap<(Side, i64), i64>,
    /// The book that all of this was last brought to; none while it is not followed.
    version: Option<u64>,
    /// The exchange's count of changes that the queue has.
    changes: u64,
}

/// What is seen of a market, with a number that grows with each look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) before: Option<&'a Shown>,
    pub(crate) book: &'a Shown,
    pub(crate) prices: Prices,
    pub(crate) version: u64,
    pub(crate) share_percent: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: Address,
    pub(crate) exchange: Exchange,
    /// Markets in which it has something, and those that it was active in lately.
    stands: BTreeMap<usize, Stand>,
    events: Vec<(Address, UserEvent)>,
    next_funding_ms: i64,
    /// It is not as it was saved last.
    changed: bool,
}

impl Account {
    pub(crate) fn new(user: Address, exchange: Exchange) -> Self {
        let now_ms = exchange.now_ms();
        Self {
            user,
            exchange,
            stands: BTreeMap::new(),
            events: Vec::new(),
            next_funding_ms: (now_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS,
            changed: true,
        }
    }

    /// Hours of funding that passed while nobody looked are not paid.
    pub(crate) fn restart(&mut self, now_ms: i64) {
        self.next_funding_ms = (now_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS;
    }

    /// The account as text, where it changed since the last call.
    pub(crate) fn take_changed(&mut self) -> Option<String> {
        let changed = std::mem::take(&mut self.changed);
        changed
            .then(|| serde_json::to_string(&self.exchange).ok())
            .flatten()
    }

    /// Markets that must be looked at for it.
    pub(crate) fn busy(&self) -> BTreeSet<usize> {
        self.exchange.busy(self.user)
    }

    /// Time goes on. Of markets in which it has nothing any more it remembers what it took there.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        let busy = self.busy();
        self.stands.retain(|coin, stand| {
            let stays = busy.contains(coin);
            if !stays {
                clear(&mut self.exchange, *coin, stand);
            }
            stays || !stand.taken.is_empty()
        });
        self.exchange.advance(now_ms);
        self.settle(None);
    }

    /// Trades of the venue, then its book and prices.
    pub(crate) fn look(&mut self, coin: usize, sight: Sight<'_>, prints: &[Print], now_ms: i64) {
        let held = self.stands.get(&coin).and_then(|stand| stand.version);
        // Of what it did not follow it takes the book alone, as after a gap.
        let followed = held.is_some_and(|version| version + 1 == sight.version);
        if followed {
            for print in prints {
                self.print(coin, *print, sight, now_ms);
            }
        }
        let before = sight.before.filter(|_| followed);
        let stand = self.stands.entry(coin).or_default();
        stand.queue.book(before, sight.book, now_ms);
        stand.taken.book(before, sight.book);
        stand.version = Some(sight.version);
        self.show(coin, sight);
        self.price(coin, sight);
    }

    /// Brings a market up to the last look, for what is about to happen there.
    pub(crate) fn catch_up(&mut self, coin: usize, sight: Sight<'_>, now_ms: i64) {
        let held = self.stands.get(&coin).and_then(|stand| stand.version);
        if held != Some(sight.version) {
            self.look(coin, sight, &[], now_ms);
        }
    }

    /// A market is not seen any more: its street is gone, and nothing is filled.
    pub(crate) fn blind(&mut self, coin: usize) {
        if let Some(stand) = self.stands.get_mut(&coin) {
            clear(&mut self.exchange, coin, stand);
        }
    }

    fn print(&mut self, coin: usize, print: Print, sight: Sight<'_>, now_ms: i64) {
        let stand = self.stands.entry(coin).or_default();
        for hit in stand.queue.print(print, now_ms) {
            // One that may not be filled any more is cancelled by the exchange instead.
            let _trade = self
                .exchange
                .street_take(hit.oid, hit.px, hit.lots, print.taker);
            self.settle(Some((coin, sight.book)));
        }
    }

    /// Shows the exchange what may be taken.
    fn show(&mut self, coin: usize, sight: Sight<'_>) {
        let Some(stand) = self.stands.get_mut(&coin) else {
            return;
        };
        let mut wanted = BTreeMap::new();
        for side in SIDES {
            for (px, lots) in sight.book.side(side) {
                let may = stand.taken.available(side, *px, *lots, sight.share_percent);
                if may > 0 {
                    wanted.insert((side, *px), may);
                }
            }
        }
        // What is gone goes first: the new levels of one side may stand where the other's were.
        let exchange = &mut self.exchange;
        stand.street.retain(|(side, px), _| {
            let stays = wanted.contains_key(&(*side, *px));
            if !stays {
                exchange.street_level(coin, *side, *px, 0);
            }
            stays
        });
        for ((side, px), lots) in wanted {
            let stand = self.stands.entry(coin).or_default();
            // It may meet an order of the account; what that took is taken off again when it is settled.
            if stand.street.insert((side, px), lots) != Some(lots) {
                self.exchange.street_level(coin, side, px, lots);
                self.settle(Some((coin, sight.book)));
            }
        }
    }

    fn price(&mut self, coin: usize, sight: Sight<'_>) {
        let Prices { mark, oracle, .. } = sight.prices;
        let Some(mark) = mark else { return };
        let oracle = oracle.unwrap_or(mark);
        let Some(known) = self.exchange.markets().get(coin) else {
            return;
        };
        if known.mark != Some(mark) || known.oracle != Some(oracle) {
            self.exchange.mark(coin, mark, oracle);
            self.settle(Some((coin, sight.book)));
        }
    }

    /// The hour's funding of every market with a position, by the rate that is known now; none where none is known.
    pub(crate) fn fund(&mut self, now_ms: i64, rate_of: impl Fn(usize) -> Option<i64>) {
        if now_ms < self.next_funding_ms {
            return;
        }
        self.next_funding_ms = (now_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS;
        let account = self.exchange.account(self.user);
        let coins: Vec<usize> =
            account.map_or_else(Vec::new, |it| it.positions.keys().copied().collect());
        for coin in coins {
            if let Some(rate) = rate_of(coin) {
                self.exchange.fund(coin, rate);
            }
        }
        self.settle(None);
    }

    /// Performs a request. The markets of its orders were caught up with.
    pub(crate) fn perform(
        &mut self,
        signer: Address,
        body: &Value,
        turn: Turn,
        coins: &BTreeMap<usize, Sight<'_>>,
    ) -> Option<Value> {
        if turn == Turn::First {
            // What takes nothing is judged by all that the venue shows, also where the account has taken its share.
            for (coin, sight) in coins {
                self.show_whole(*coin, *sight);
            }
        }
        let answer = self.exchange.post(signer, body).ok();
        self.changed = true;
        let first = coins.iter().next().map(|(coin, sight)| (*coin, sight.book));
        self.settle(first);
        for (coin, sight) in coins {
            self.keep(*coin, Some(sight.book));
            self.show(*coin, *sight);
        }
        answer
    }

    /// One lot at least on every level that is shown, unless an order of the account would meet it.
    fn show_whole(&mut self, coin: usize, sight: Sight<'_>) {
        let stand = self.stands.entry(coin).or_default();
        for side in SIDES {
            for px in sight.book.side(side).keys() {
                let Some(market) = self.exchange.markets().get(coin) else {
                    return;
                };
                let meets = market.book.crossed_by_street(side, *px).is_some();
                if !meets && !stand.street.contains_key(&(side, *px)) {
                    stand.street.insert((side, *px), 1);
                    self.exchange.street_level(coin, side, *px, 1);
                }
            }
        }
    }

    /// Takes what came out: what was taken from levels, what the user is told. New orders come behind what `book` shows.
    fn settle(&mut self, book: Option<(usize, &Shown)>) {
        let out = self.exchange.take_output();
        for take in out.takes {
            let stand = self.stands.entry(take.coin).or_default();
            stand.taken.take(take.side, take.px, take.lots);
            if let Some(left) = stand.street.get_mut(&(take.side, take.px)) {
                *left -= take.lots;
            }
            stand.street.retain(|_, lots| *lots > 0);
        }
        self.changed |= !out.events.is_empty();
        self.events.extend(out.events);
        let coins: Vec<usize> = self.stands.keys().copied().collect();
        for coin in coins {
            let shown = book.filter(|(of, _)| *of == coin).map(|(_, book)| book);
            self.keep(coin, shown);
        }
    }

    /// Brings the queue to the orders that rest. Without a book an order that is new waits for it: it comes behind all that is shown then.
    fn keep(&mut self, coin: usize, book: Option<&Shown>) {
        let now_ms = self.exchange.now_ms();
        let (Some(market), Some(stand)) = (
            self.exchange.markets().get(coin),
            self.stands.get_mut(&coin),
        ) else {
            return;
        };
        if stand.changes == market.book.changes() {
            return;
        }
        stand.changes = market.book.changes();
        for side in SIDES {
            let resting = market.book.resting(side);
            stand.queue.keep(side, resting, book, now_ms);
        }
    }

    /// What the user is told since.
    pub(crate) fn take_frames(&mut self) -> Vec<(Address, UserFrame)> {
        let events = std::mem::take(&mut self.events);
        self.exchange.block_frames(&events)
    }

    /// Lots before a resting order, where that is known.
    pub(crate) fn ahead(&self, oid: u64) -> Option<i64> {
        let order = self.exchange.order(oid)?;
        let stand = self.stands.get(&order.asked.coin)?;
        stand.queue.ahead(order.asked.side, order.asked.px, oid)
    }
}

/// Takes the street away.
fn clear(exchange: &mut Exchange, coin: usize, stand: &mut Stand) {
    stand.version = None;
    for (side, px) in std::mem::take(&mut stand.street).into_keys() {
        exchange.street_level(coin, side, px, 0);
    }
}
