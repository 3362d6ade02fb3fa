//! What each label on orders holds and has done at one account.
//!
//! The venue knows nothing of labels: it nets all trades of an account in a market. A strategy holds what its own trades come to, and is flat when the
//! account is: what closed it, whoever sent that, closed it for all.

use super::Account;
use crate::error::TradeError;
use crate::log::{By, Said};
use hypersentry_execution::audit::What;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::risk::Standing;
use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use hypersentry_venues::hyperliquid::account::Fill;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Labels at one account.
pub(crate) const MOST_STRATEGIES: usize = 32;
/// Trades that are remembered as counted; older ones count as known.
const MOST_TRADES: usize = 2_000;

/// What is kept of a strategy in the log.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Kept {
    /// The UTC day, counted from 1970.
    day: i64,
    /// What its positions were worth when the day was seen first; missing without a price.
    opened: Option<Usd>,
    /// Paid since then for what was bought, less what was got for what was sold, with fees. Funding is the account's.
    paid: Usd,
    /// Base units by market, negative when short; as many as there are markets.
    held: BTreeMap<Symbol, Size>,
    /// The trade that is counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trade: Option<(Timestamp, u64)>,
}

impl Kept {
    /// Adds `size`, negative for what is sold, at a price.
    fn trade(&mut self, symbol: Symbol, size: Size, px: Price, fee: Usd) {
        let held = self.held.entry(symbol).or_default();
        *held = held.checked_add(size).unwrap_or(*held);
        if held.is_zero() {
            self.held.remove(&symbol);
        }
        let paid = px.notional(size).ok().and_then(|it| it.checked_add(fee));
        let paid = paid.and_then(|it| self.paid.checked_add(it));
        self.paid = paid.unwrap_or(self.paid);
    }

    /// What its positions are worth; negative when they are short.
    fn worth(&self, mark: impl Fn(Symbol) -> Option<Price>) -> Option<Usd> {
        let mut held = self.held.iter();
        held.try_fold(Usd::ZERO, |sum, (symbol, size)| {
            sum.checked_add(mark(*symbol)?.notional(*size).ok()?)
        })
    }
}

#[derive(Clone, Debug, Default)]
struct Book {
    kept: Kept,
    /// Times of the orders of the last minute.
    lately: VecDeque<Timestamp>,
    /// The UTC day and its orders that could open.
    today: (i64, u32),
}

/// The strategies of an account; at most [`MOST_STRATEGIES`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    each: BTreeMap<String, Book>,
    /// At most [`MOST_TRADES`].
    trades: BTreeSet<(Timestamp, u64)>,
}

impl Books {
    /// Whether one holds something.
    pub(crate) fn hold(&self) -> bool {
        self.each.values().any(|book| !book.kept.held.is_empty())
    }

    /// Takes up what the log says of one.
    pub(crate) fn recall(&mut self, strategy: String, kept: Kept) {
        if let Some((at, tid)) = kept.trade {
            self.counts(at, tid);
        }
        self.each.entry(strategy).or_default().kept = kept;
    }

    /// Whether a trade is a new one.
    fn counts(&mut self, at: Timestamp, tid: u64) -> bool {
        let full = self.trades.len() >= MOST_TRADES;
        let old = full && self.trades.first().is_some_and(|first| (at, tid) < *first);
        if old || !self.trades.insert((at, tid)) {
            return false;
        }
        while self.trades.len() > MOST_TRADES {
            self.trades.pop_first();
        }
        true
    }

    /// Whether one more label fits.
    pub(super) fn admit(&self, strategy: &str) -> Result<(), TradeError> {
        if self.each.len() < MOST_STRATEGIES || self.each.contains_key(strategy) {
            return Ok(());
        }
        let text = format!("{MOST_STRATEGIES} strategies have orders at this account already");
        Err(TradeError::new("too_many_strategies", text))
    }

    /// Those that hold something in a market.
    fn holding(&self, symbol: Symbol) -> Vec<String> {
        let each = self.each.iter();
        let held = each.filter(|(_, book)| book.kept.held.contains_key(&symbol));
        held.map(|(label, _)| label.clone()).collect()
    }

    fn book(&mut self, strategy: &str, day: i64) -> &mut Book {
        let first = || Book {
            kept: Kept {
                day,
                opened: Some(Usd::ZERO),
                ..Kept::default()
            },
            ..Book::default()
        };
        self.each.entry(strategy.to_owned()).or_insert_with(first)
    }

    /// An order of this UTC day that could open, found at a start.
    pub(super) fn opened(&mut self, strategy: &str, day: i64) {
        let book = self.book(strategy, day);
        let before = if book.today.0 == day { book.today.1 } else { 0 };
        book.today = (day, before.saturating_add(1));
    }

    /// Orders of the last minute, found at a start.
    pub(super) fn sent_before(&mut self, strategy: &str, at: Timestamp) {
        if let Some(book) = self.each.get_mut(strategy) {
            book.lately.push_back(at);
        }
    }

    /// Orders were sent, so many of which could open.
    pub(super) fn sent(&mut self, strategy: &str, now: Timestamp, count: usize, opens: usize) {
        let day = now.ms().div_euclid(86_400_000);
        let book = self.book(strategy, day);
        while (book.lately.front()).is_some_and(|at| now >= at.plus_ms(60_000)) {
            book.lately.pop_front();
        }
        book.lately.extend(std::iter::repeat_n(now, count));
        let before = if book.today.0 == day { book.today.1 } else { 0 };
        let opens = u32::try_from(opens).unwrap_or(u32::MAX);
        book.today = (day, before.saturating_add(opens));
    }
}

impl Account {
    /// Counts a trade of one of our orders, once.
    pub(super) fn count_strategy(&mut self, cloid: &Cloid, fill: &Fill) {
        if let Some(strategy) = self.extras.get(cloid).map(|it| it.strategy.clone()) {
            self.count_labelled(&strategy, fill);
        }
    }

    /// Counts a trade of a label's, once.
    pub(super) fn count_labelled(&mut self, strategy: &str, fill: &Fill) {
        if !self.strategies.counts(fill.at, fill.tid) {
            return;
        }
        let day = self.now().ms().div_euclid(86_400_000);
        let size = if fill.is_buy {
            fill.size
        } else {
            Size::from_units(-fill.size.units())
        };
        let kept = &mut self.strategies.book(strategy, day).kept;
        kept.trade(fill.symbol, size, fill.px, fill.fee);
        kept.trade = Some((fill.at, fill.tid));
        self.keep_strategy(strategy);
    }

    /// After a trade: ends what strategies hold in a market in which the account holds nothing. Not before the account was compared with the venue since
    /// the start: until then the books are those of the last tie, and what labels hold is as of their last trade.
    pub(super) fn flattened_by_trade(&mut self, symbol: Symbol, px: Price) {
        if self.figures.matched.is_some() {
            self.flatten_strategies(symbol, px);
        }
    }

    /// Ends what strategies hold in a market in which the account holds nothing: whatever brought it there closed the rest of each, at this price.
    fn flatten_strategies(&mut self, symbol: Symbol, px: Price) {
        let position = self.figures.position(symbol);
        if self.figures.ledger.is_none() || position.is_none_or(|it| !it.value.is_zero()) {
            return;
        }
        for label in self.strategies.holding(symbol) {
            let Some(book) = self.strategies.each.get_mut(&label) else {
                continue;
            };
            let held = book.kept.held.get(&symbol).copied().unwrap_or_default();
            let back = Size::from_units(-held.units());
            book.kept.trade(symbol, back, px, Usd::ZERO);
            self.keep_strategy(&label);
        }
    }

    /// The first look of a UTC day is what the day's loss is reckoned from. What was closed while nobody looked is closed at the mark price.
    pub(super) fn open_strategies(&mut self, day: i64) {
        let each = self.strategies.each.values();
        let held: BTreeSet<Symbol> = each.flat_map(|it| it.kept.held.keys().copied()).collect();
        for symbol in held {
            // After a start the books may lack what a TWAP of the venue's traded: then the venue has a position, and nothing was closed.
            let told = self.figures.positions.as_ref();
            let told = told.is_some_and(|(it, _)| it.held.contains_key(&symbol));
            if let Some(px) = self.figures.mark(symbol).filter(|_| !told) {
                self.flatten_strategies(symbol, px);
            }
        }
        let labels: Vec<String> = self.strategies.each.keys().cloned().collect();
        for label in labels {
            let mark = |symbol| self.figures.mark(symbol);
            let Some(book) = self.strategies.each.get_mut(&label) else {
                continue;
            };
            if book.kept.day == day && book.kept.opened.is_some() {
                continue;
            }
            let Some(opened) = book.kept.worth(mark) else {
                continue;
            };
            book.kept.day = day;
            book.kept.opened = Some(opened);
            book.kept.paid = Usd::ZERO;
            self.keep_strategy(&label);
        }
    }

    fn keep_strategy(&self, strategy: &str) {
        if let Some(book) = self.strategies.each.get(strategy) {
            let said = Said::Strategy {
                strategy: strategy.to_owned(),
                book: Box::new(book.kept.clone()),
            };
            self.note_said(What::Noted, None, &By::default(), said);
        }
    }

    /// What a strategy has and has done, for an order in a market. Its equity is the account's.
    pub(super) fn strategy_standing(
        &self,
        strategy: &str,
        symbol: Symbol,
        now: Timestamp,
    ) -> Standing {
        let day = now.ms().div_euclid(86_400_000);
        let empty = Book::default();
        let known = self.strategies.each.get(strategy);
        let book = known.unwrap_or(&empty);
        let mark = |symbol| self.figures.mark(symbol);
        let equity = self.figures.equity();
        let stamped = |value| equity.map(|equity| equity.map(|_| value));
        let loss = match known {
            None => Some(Usd::ZERO),
            Some(_) if book.kept.day != day => None,
            Some(_) => book.kept.opened.and_then(|opened| {
                let paid = opened.checked_add(book.kept.paid)?;
                paid.checked_sub(book.kept.worth(mark)?)
            }),
        };
        let mut resting = self.resting(Some(strategy), now);
        let held = |symbol: Symbol| book.kept.held.get(&symbol).copied().unwrap_or_default();
        let (buying, selling) = resting.remove(&symbol).unwrap_or_default();
        let markets = book.kept.held.keys().chain(resting.keys());
        let markets: BTreeSet<Symbol> = markets.copied().filter(|it| *it != symbol).collect();
        let exposed = markets.into_iter().try_fold(Usd::ZERO, |sum, market| {
            let rests = resting.get(&market).copied().unwrap_or_default();
            let worth = super::scopes::exposure(held(market), rests, mark(market)?)?;
            sum.checked_add(worth)
        });
        let lately = book.lately.iter();
        let lately = lately.filter(|at| now < at.plus_ms(60_000)).count();
        Standing {
            equity,
            position: equity.map(|equity| equity.map(|_| held(symbol))),
            buying,
            selling,
            elsewhere: Usd::ZERO,
            others: exposed.and_then(stamped),
            orders_in_minute: u32::try_from(lately).unwrap_or(u32::MAX),
            orders_in_day: if book.today.0 == day { book.today.1 } else { 0 },
            day_loss: loss.and_then(stamped),
            shut: None,
        }
    }
}

#[cfg(test)]
mod tests;
