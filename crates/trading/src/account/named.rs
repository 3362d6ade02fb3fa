//! What a key named before.

use super::Account;
use crate::error::TradeError;
use crate::view::OrderView;
use hypersentry_execution::keys::Key;
use hypersentry_execution::order::Cloid;

impl Account {
    /// The orders that a key named, for whoever missed the answer; none if it never came.
    pub(super) fn find(&self, key: &str) -> Result<Vec<OrderView>, TradeError> {
        let first = self.relay.named(&Key::new(key)?);
        if let Some(named) = self.cancelled_all.of(key) {
            let views = named.iter().filter_map(|cloid| self.order_view(cloid));
            return Ok(views.collect());
        }
        Ok(first.map(|first| self.group(&first)).unwrap_or_default())
    }

    /// The orders of a request that was made before.
    pub(super) fn repeated(
        &self,
        key: &Key,
        body: [u8; 32],
    ) -> Result<Option<Vec<OrderView>>, TradeError> {
        if self.native_of(key.as_str(), body)? {
            return Ok(Some(Vec::new()));
        }
        self.cancelled_all.seen(key.as_str(), body)?;
        let first = self.relay.seen(key, body)?;
        Ok(first.map(|first| self.group(&first)))
    }

    pub(super) fn group(&self, first: &Cloid) -> Vec<OrderView> {
        if let Some(pair) = self.replaced_pair(first) {
            return pair;
        }
        let legs = self
            .relay
            .orders()
            .filter(|order| order.intent().group == *first);
        let legs = legs.map(|order| order.intent().cloid);
        let mut views: Vec<OrderView> = legs.filter_map(|cloid| self.order_view(&cloid)).collect();
        views.sort_by_key(|view| view.leg);
        views
    }
}
