//! The look at the market, with the paper venue's clock.

use hypersentry_model::Symbol;
use hypersentry_trading::{AskPlan, AskViews, Door, Eyes, Later, PlanAnswer, Sight, Views};
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use std::sync::Arc;

/// Bound of the venue's time, in milliseconds: it is this machine's own, and the exchange sees it with each look.
const CLOCK_MS: i64 = 200;

/// A look at the market with the paper venue's time, which is this machine's.
#[derive(Debug)]
pub struct PaperEyes {
    real: Arc<dyn Eyes>,
    door: Arc<dyn Door>,
}

impl PaperEyes {
    /// Through the eyes that see the real market.
    pub fn new(real: Arc<dyn Eyes>, door: Arc<dyn Door>) -> Self {
        Self { real, door }
    }
}

impl Eyes for PaperEyes {
    fn opine(&self, ask: AskViews) -> Later<'_, Option<Views>> {
        self.real.opine(ask)
    }

    fn plan(&self, ask: AskPlan) -> Later<'_, PlanAnswer> {
        self.real.plan(ask)
    }

    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let sight = self.real.look(symbol).await;
            Sight {
                venue_time: Some(VenueTime {
                    ms: self.door.now().ms(),
                    uncertainty_ms: CLOCK_MS,
                }),
                ..sight
            }
        })
    }
}
