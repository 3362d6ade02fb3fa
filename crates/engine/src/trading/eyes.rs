//! A look at a market: as clients see it where it is followed, else as the venue tells it when it is asked.

use super::VENUE;
use crate::desk::Desk;
use crate::opinion;
use hypersentry_execution::auto::Reason;
use hypersentry_market::MarketId;
use hypersentry_model::freshness::limit;
use hypersentry_model::{
    Clock, Freshness, Level, Price, Size, Source, Stamp, Stamped, Symbol, Timestamp,
};
use hypersentry_trading::{AskPlan, AskViews, Door, Eyes, Later, PlanAnswer, Sight, Views};
use hypersentry_venues::hyperliquid::account::{Depth, depth, depth_request};
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::session::RequestClass;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Levels of a side that a look brings: a risk check walks no further.
const LEVELS: usize = 200;
/// An answer serves for so long; a book weighs 2 of the 1,200 a minute.
const SERVES_MS: i64 = 1_000;
/// A look waits no longer for the venue: the account has other things to do. The answer serves the next look.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Markets whose answers are held.
const MOST_HELD: usize = 32;

type Side = Stamped<Vec<(Price, Size)>>;

/// Looks at the market that clients see.
pub struct MarketEyes {
    desk: Desk,
    clock: Arc<dyn Clock>,
    asking: Option<Arc<Asking>>,
}

/// The way to ask the venue, and what it answered lately.
struct Asking {
    door: Arc<dyn Door>,
    clock: Arc<dyn Clock>,
    /// At most [`MOST_HELD`].
    held: Mutex<BTreeMap<Symbol, (Side, Side)>>,
}

impl std::fmt::Debug for MarketEyes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MarketEyes").finish_non_exhaustive()
    }
}

impl MarketEyes {
    /// Through an engine's desk: markets that nobody follows are not seen.
    pub fn new(desk: Desk, clock: Arc<dyn Clock>) -> Self {
        Self {
            desk,
            clock,
            asking: None,
        }
    }

    /// The venue is asked for the book of a market that is not followed, or whose feed is stale.
    #[must_use]
    pub fn asking(mut self, door: Arc<dyn Door>) -> Self {
        self.asking = Some(Arc::new(Asking {
            door,
            clock: Arc::clone(&self.clock),
            held: Mutex::default(),
        }));
        self
    }
}

impl Asking {
    fn held(&self, symbol: Symbol, now: Timestamp) -> Option<(Side, Side)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let sides = held.get(&symbol)?;
        let age_ms = now.ns_since(sides.0.stamp.as_of) / 1_000_000;
        (0..=SERVES_MS).contains(&age_ms).then(|| sides.clone())
    }

    async fn ask(&self, symbol: Symbol) -> Option<(Side, Side)> {
        let ask = depth_request(symbol);
        // An answer is as old as its question at the most.
        let asked = self.clock.now();
        let got = self
            .door
            .post("/info", ask.body, RequestClass::Account, ask.weight)
            .await;
        if got.status != 200 {
            return None;
        }
        let book = depth(symbol, &got.body)
            .inspect_err(|error| tracing::warn!(%symbol, %error, "the book cannot be read"));
        let sides = stamped(book.ok()?, asked);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_HELD && !held.contains_key(&symbol) {
            let oldest = held.iter().min_by_key(|(_, sides)| sides.0.stamp.as_of);
            if let Some(oldest) = oldest.map(|(symbol, _)| *symbol) {
                held.remove(&oldest);
            }
        }
        held.insert(symbol, sides.clone());
        Some(sides)
    }

    async fn look(self: Arc<Self>, symbol: Symbol) -> Option<(Side, Side)> {
        if let Some(held) = self.held(symbol, self.clock.now()) {
            return Some(held);
        }
        let asked = tokio::spawn(async move { self.ask(symbol).await });
        tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?
    }
}

fn stamped(book: Depth, at: Timestamp) -> (Side, Side) {
    let side = |value| Stamped {
        value,
        stamp: Stamp::at(at),
        source: Source::Venue(VENUE),
        limit_ms: limit::BOOK_MS,
    };
    (side(book.bids), side(book.asks))
}

fn mid(bids: &Side, asks: &Side) -> Option<Stamped<Price>> {
    let (bid, ask) = (bids.value.first()?.0, asks.value.first()?.0);
    let middle = Price::from_units((bid.units() + ask.units()) / 2);
    Some(bids.clone().map(|_| middle))
}

fn sight(sides: Option<(Side, Side)>, venue_time: Option<VenueTime>) -> Sight {
    let (bids, asks) = sides.unzip();
    Sight {
        mid: bids
            .as_ref()
            .zip(asks.as_ref())
            .and_then(|(b, a)| mid(b, a)),
        bids,
        asks,
        venue_time,
    }
}

impl Eyes for MarketEyes {
    fn opine(&self, ask: AskViews) -> Later<'_, Option<Views>> {
        Box::pin(async move {
            let read = self.desk.read(move |core| opinion::views(core, &ask));
            read.await.ok()
        })
    }

    fn plan(&self, ask: AskPlan) -> Later<'_, PlanAnswer> {
        Box::pin(async move {
            let read = self.desk.read(move |core| opinion::plan(core, &ask));
            let stopping = |_| Reason::new("stopping", "the engine does not answer");
            read.await.map_err(stopping).flatten()
        })
    }

    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let now = self.clock.now();
            let seen = self.desk.read(move |core| {
                let held = core.market().held(MarketId::at(VENUE, symbol));
                let book = held.and_then(|held| held.book());
                let offset = core.venue_offset(VENUE, now);
                let sides = book.map(|book| {
                    let side = |levels: &[Level]| -> Side {
                        let levels = levels.iter().take(LEVELS);
                        Stamped {
                            value: levels.map(|level| (level.px, level.sz)).collect(),
                            stamp: book.stamp,
                            source: Source::Venue(VENUE),
                            limit_ms: book.limit_ms,
                        }
                    };
                    (side(book.bids), side(book.asks))
                });
                (sides, offset)
            });
            let (sides, offset) = seen.await.unwrap_or_default();
            let time = offset.map(|(low, high)| venue_time(now, low, high));
            let seen = sight(sides, time);
            let fresh = seen
                .mid
                .is_some_and(|mid| mid.freshness(now) == Freshness::Fresh);
            let asking = self
                .asking
                .as_ref()
                .filter(|_| !fresh && symbol != Symbol::ANY);
            let Some(asking) = asking else {
                return seen;
            };
            match Arc::clone(asking).look(symbol).await {
                Some(sides) => sight(Some(sides), time),
                None => seen,
            }
        })
    }
}

/// The venue's time from the bounds of its clock's offset, in nanoseconds.
fn venue_time(now: Timestamp, low: i64, high: i64) -> VenueTime {
    let middle = low + (high - low) / 2;
    let bound = (high - low) / 2;
    VenueTime {
        ms: (now.ns() + middle).div_euclid(1_000_000),
        uncertainty_ms: bound.div_euclid(1_000_000) + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_trading::Got;
    use hypersentry_venues::hyperliquid::exchange::Address;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    #[test]
    fn the_venues_time_lies_within_its_bound() {
        let now = Timestamp::from_ms(1_000_000);
        let time = venue_time(now, -20_000_000, 60_000_000);
        assert_eq!(
            time,
            VenueTime {
                ms: 1_000_020,
                uncertainty_ms: 41
            }
        );
    }

    /// A venue that has a book of one market.
    #[derive(Debug, Default)]
    struct Books {
        asked: AtomicU32,
        ms: AtomicI64,
    }

    impl Clock for Books {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(self.ms.load(Ordering::SeqCst))
        }
    }

    impl Door for Books {
        fn now(&self) -> Timestamp {
            Clock::now(self)
        }
        fn post(
            &self,
            path: &'static str,
            body: String,
            _: RequestClass,
            _: u32,
        ) -> Later<'_, Got> {
            assert_eq!(path, "/info");
            self.asked.fetch_add(1, Ordering::SeqCst);
            let known = body.contains("PUMP");
            Box::pin(async move {
                let book = r#"{"coin":"PUMP","time":1,"levels":[[{"px":"9","sz":"1","n":1}],[{"px":"11","sz":"2","n":1}]]}"#;
                Got {
                    status: if known { 200 } else { 500 },
                    body: if known { book.into() } else { "null".into() },
                }
            })
        }
        fn stream_url(&self) -> String {
            String::new()
        }
        fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
            Box::pin(async { Ok(()) })
        }
        fn stream_ended(&self, _: Address) {}
    }

    #[tokio::test]
    async fn a_market_that_nobody_follows_is_asked_for_and_not_too_often() {
        let books = Arc::new(Books::default());
        books.ms.store(1_000, Ordering::SeqCst);
        let (desk, counter) = Desk::pair(&crate::config::SymbolMap::default());
        // Nobody answers at the desk: the engine is busy or stopping.
        drop(counter);
        let clock: Arc<dyn Clock> = Arc::<Books>::clone(&books);
        let blind = MarketEyes::new(desk, clock);
        let pump = Symbol::new("PUMP").unwrap();
        assert_eq!(blind.look(pump).await.mid, None);
        let eyes = blind.asking(Arc::<Books>::clone(&books));
        let asked = || books.asked.load(Ordering::SeqCst);
        let seen = eyes.look(pump).await;
        let mid = seen.mid.unwrap();
        assert_eq!(mid.value, Price::parse("10").unwrap());
        assert_eq!(mid.stamp, Stamp::at(Timestamp::from_ms(1_000)));
        assert_eq!(seen.asks.unwrap().value[0].1, Size::parse("2").unwrap());
        books.ms.store(2_000, Ordering::SeqCst);
        assert!(eyes.look(pump).await.mid.is_some());
        assert_eq!(asked(), 1);
        books.ms.store(2_001, Ordering::SeqCst);
        assert_eq!(eyes.look(pump).await.mid.unwrap().stamp.as_of.ms(), 2_001);
        assert_eq!(asked(), 2);
        assert_eq!(eyes.look(Symbol::new("NONE").unwrap()).await.mid, None);
        // The venue's time alone needs no book.
        assert_eq!(eyes.look(Symbol::ANY).await.mid, None);
        assert_eq!(asked(), 3);
        for n in 0..2 * MOST_HELD {
            let symbol = Symbol::new(&format!("S{n}")).unwrap();
            eyes.look(symbol).await;
        }
        assert!(eyes.asking.unwrap().held.lock().unwrap().len() <= MOST_HELD);
    }
}
