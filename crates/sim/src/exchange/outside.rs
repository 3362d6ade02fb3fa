//! What an owner needs who shows the exchange a market that comes from outside.

use std::collections::BTreeSet;

use super::address::Address;
use super::book::Book;
use super::spec::{MarketSpec, OpenInterest};
use super::state::{Exchange, Market};

impl Exchange {
    /// Lists markets after those that there are, by their asset ids; those that are known stay as they are.
    pub fn list(&mut self, specs: &[MarketSpec]) {
        for spec in specs.iter().skip(self.markets.len()) {
            self.markets.push(Market {
                spec: spec.clone(),
                book: Book::default(),
                mark: None,
                oracle: None,
                open_interest: OpenInterest::Free,
            });
        }
    }

    /// Takes the street away everywhere: nothing is filled until it is shown again.
    pub fn clear_street(&mut self) {
        for market in &mut self.markets {
            market.book.clear_street();
        }
    }

    /// The markets in which an account has an order, a position or a TWAP.
    #[must_use]
    pub fn busy(&self, user: Address) -> BTreeSet<usize> {
        let Some(account) = self.accounts.get(&user) else {
            return BTreeSet::new();
        };
        let orders = account.open.iter().filter_map(|oid| self.orders.get(oid));
        let twaps = self.twaps.values().filter(|twap| twap.owner == user);
        orders
            .map(|order| order.asked.coin)
            .chain(account.positions.keys().copied())
            .chain(twaps.map(|twap| twap.asked.coin))
            .collect()
    }
}
