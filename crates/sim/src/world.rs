//! The market, both venues and the active faults behind one lock.
//!
//! The lock is held for a step, a subscription or a snapshot, never across an await. Because a subscription and its first
//! frame are made under the same lock as a step, no client can miss or repeat what lies between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::faults::{Fault, Scenario, ScenarioCursor, Venue, VenueFaults, millis};
use crate::generator::{Market, StepEvents};
use crate::limits::Limits;
use crate::{binance_spot, hyperliquid};

/// Milliseconds per step of the market.
pub(crate) const STEP_MS: i64 = 10;
/// Steps before the doors open, so that recent trades exist; coarser, to start soon.
const WARM_UP_MS: i64 = 60_000;
const WARM_UP_STEP_MS: i64 = 50;

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) market: Market,
    events: StepEvents,
    pub(crate) hyperliquid: hyperliquid::Feeds,
    pub(crate) binance_spot: binance_spot::Feeds,
    pub(crate) hyperliquid_faults: VenueFaults,
    pub(crate) binance_spot_faults: VenueFaults,
    pub(crate) limits: Limits,
    scenario: Option<ScenarioCursor>,
    silent: [watch::Sender<bool>; 2],
}

impl World {
    pub(crate) fn new(seed: u64, start_ms: i64, scenario: Option<&Scenario>) -> Self {
        let mut market = Market::new(seed, start_ms - WARM_UP_MS);
        let limits = scenario
            .map(|scenario| scenario.limits.clone())
            .unwrap_or_default();
        let mut world = Self {
            hyperliquid: hyperliquid::Feeds::new(&market),
            binance_spot: binance_spot::Feeds::new(&mut market, seed),
            market,
            events: StepEvents::default(),
            hyperliquid_faults: VenueFaults::default(),
            binance_spot_faults: VenueFaults::default(),
            limits,
            scenario: None,
            silent: [watch::Sender::new(false), watch::Sender::new(false)],
        };
        while world.market.now_ms() + WARM_UP_STEP_MS <= start_ms {
            world.step(WARM_UP_STEP_MS);
        }
        world.scenario = scenario.map(|scenario| ScenarioCursor::new(scenario, start_ms));
        world
    }

    pub(crate) fn step(&mut self, dt_ms: i64) {
        self.market.step(dt_ms, &mut self.events);
        let now_ms = self.market.now_ms();
        while let Some(fault) = self.scenario.as_mut().and_then(|cursor| cursor.due(now_ms)) {
            tracing::info!(?fault, "scenario step");
            self.apply(fault);
        }
        self.hyperliquid
            .publish(&self.market, &self.events, &self.hyperliquid_faults);
        self.binance_spot.publish(
            &mut self.market,
            &self.events,
            &mut self.binance_spot_faults,
        );
        self.show_silence();
    }

    pub(crate) fn apply(&mut self, fault: Fault) {
        let now_ms = self.market.now_ms();
        let until = |for_ms: u64| now_ms.saturating_add(millis(for_ms));
        match fault {
            Fault::DropConnections {
                venue: Venue::Hyperliquid,
            } => self.hyperliquid.cut_all(),
            Fault::DropConnections {
                venue: Venue::BinanceSpot,
            } => self.binance_spot.cut_all(),
            Fault::RefuseConnections { venue, for_ms } => {
                self.faults(venue).refuse_until = until(for_ms);
            }
            Fault::SilenceChannel {
                venue,
                channel,
                symbol,
                for_ms,
            } => {
                self.faults(venue)
                    .silence_channel(channel, symbol, until(for_ms));
            }
            Fault::SilenceVenue { venue, for_ms } => {
                self.faults(venue).silent_until = until(for_ms);
                self.show_silence();
            }
            Fault::DuplicateTrades {
                venue,
                symbol,
                for_ms,
            } => {
                self.faults(venue).duplicate(symbol, until(for_ms));
            }
            Fault::Delay {
                venue,
                delay_ms,
                for_ms,
            } => {
                self.faults(venue).set_delay(delay_ms, until(for_ms));
            }
            Fault::SkipDepthDiff { symbol, count } => self.binance_spot_faults.skip(symbol, count),
            Fault::SendFrame {
                venue: Venue::Hyperliquid,
                symbol,
                form,
            } => {
                self.hyperliquid
                    .send_wrong(&self.market, &symbol, form, &self.hyperliquid_faults);
            }
            Fault::SendFrame {
                venue: Venue::BinanceSpot,
                symbol,
                form,
            } => {
                self.binance_spot.send_wrong(
                    &mut self.market,
                    &symbol,
                    form,
                    &self.binance_spot_faults,
                );
            }
            Fault::RateLimitStorm { venue, for_ms } => self.faults(venue).set_storm(until(for_ms)),
            Fault::SlowRest {
                venue,
                delay_ms,
                for_ms,
            } => {
                self.faults(venue).set_slow_rest(delay_ms, until(for_ms));
            }
            Fault::HoldRegime { regime, for_ms } => {
                self.market
                    .force_regime(regime, millis(for_ms) as f64 / 1_000.0);
            }
        }
    }

    /// Ends all lasting faults.
    pub(crate) fn clear_faults(&mut self) {
        self.hyperliquid_faults = VenueFaults::default();
        self.binance_spot_faults = VenueFaults::default();
        self.show_silence();
    }

    pub(crate) fn faults(&mut self, venue: Venue) -> &mut VenueFaults {
        match venue {
            Venue::Hyperliquid => &mut self.hyperliquid_faults,
            Venue::BinanceSpot => &mut self.binance_spot_faults,
        }
    }

    /// Tells a connection when its venue falls silent and speaks again.
    pub(crate) fn silence(&self, venue: Venue) -> watch::Receiver<bool> {
        self.silent[venue as usize].subscribe()
    }

    fn show_silence(&self) {
        let now_ms = self.market.now_ms();
        for (sender, faults) in self
            .silent
            .iter()
            .zip([&self.hyperliquid_faults, &self.binance_spot_faults])
        {
            let silent = now_ms < faults.silent_until;
            sender.send_if_modified(|shown| std::mem::replace(shown, silent) != silent);
        }
    }
}

/// The world, shared between the stepping task, the sessions and the REST handlers.
#[derive(Debug, Clone)]
pub(crate) struct SharedWorld(Arc<Mutex<World>>);

impl SharedWorld {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        // A panic under the lock is a defect that tests show; the market itself stays usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session;

    const START_MS: i64 = 1_739_550_037_000;

    /// Every frame of both venues over some seconds, as a client of all feeds gets them.
    fn frames(seed: u64) -> Vec<String> {
        let mut world = World::new(seed, START_MS, None);
        let (outbox, mut inbox) = session::outbox(100_000);
        world
            .hyperliquid
            .subscribe_all(outbox.clone(), &world.market);
        let names: Vec<String> = ["btcusdt", "ethusdt", "dogeusdt"]
            .iter()
            .flat_map(|symbol| {
                [
                    "depth@100ms",
                    "depth",
                    "trade",
                    "aggTrade",
                    "bookTicker",
                    "depth20",
                ]
                .map(|kind| format!("{symbol}@{kind}"))
            })
            .collect();
        world.binance_spot.subscribe_all(outbox, &names);
        for _ in 0..1_500 {
            world.step(STEP_MS);
        }
        inbox.drain()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let first = frames(41);
        assert!(first.len() > 2_000, "{} frames", first.len());
        assert!(first == frames(41));
        assert!(first != frames(42));
    }

    #[test]
    fn the_start_lies_at_the_wanted_time_with_trades_behind_it() {
        let world = World::new(43, START_MS, None);
        assert!((START_MS - world.market.now_ms()) < WARM_UP_STEP_MS);
        assert!(world.hyperliquid.recent_trades(0, &world.market).len() >= 10);
    }
}
