//! The market, the venues and the active faults behind one lock.
//!
//! The lock is held for a step, a subscription or a snapshot, never across an await. Because a subscription and its first
//! frame are made under the same lock as a step, no client can miss or repeat what lies between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::exchange::{Address, Micro, Refusal, USD};
use crate::faults::{ActionFault, Fault, Scenario, ScenarioCursor, VenueFaults, millis};
use crate::generator::{Market, OutlierAt, Place, StepEvents, symbols};
use crate::limits::Limits;
use crate::rest::{Ledger, Usage};
use crate::venue::{PerVenue, Venue};
use crate::{binance, bybit, coinbase, hyperliquid, okx};

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
    pub(crate) trading: hyperliquid::Trading,
    pub(crate) binance_spot: binance::Feeds,
    pub(crate) binance_usdm: binance::Feeds,
    pub(crate) coinbase: coinbase::Feeds,
    pub(crate) bybit: bybit::Feeds,
    pub(crate) okx: okx::Feeds,
    pub(crate) faults: PerVenue<VenueFaults>,
    pub(crate) ledgers: PerVenue<Ledger>,
    pub(crate) limits: Limits,
    scenario: Option<ScenarioCursor>,
    silent: PerVenue<watch::Sender<bool>>,
}

impl World {
    /// A world of `coins` coins that opens at `start_ms`.
    pub(crate) fn new(seed: u64, start_ms: i64, coins: usize, scenario: Option<&Scenario>) -> Self {
        let mut market = Market::new(seed, start_ms - WARM_UP_MS, coins);
        let limits = scenario
            .map(|scenario| scenario.limits.clone())
            .unwrap_or_default();
        let mut world = Self {
            hyperliquid: hyperliquid::Feeds::new(&market),
            trading: hyperliquid::Trading::new(&market),
            binance_spot: binance::Feeds::new(Venue::BinanceSpot, &mut market, seed),
            binance_usdm: binance::Feeds::new(Venue::BinanceUsdm, &mut market, seed),
            coinbase: coinbase::Feeds::new(&mut market),
            bybit: bybit::Feeds::new(&market),
            okx: okx::Feeds::new(&market),
            market,
            events: StepEvents::default(),
            faults: PerVenue::default(),
            ledgers: PerVenue::default(),
            limits,
            scenario: None,
            silent: PerVenue::from_fn(|_| watch::Sender::new(false)),
        };
        while world.market.now_ms() + WARM_UP_STEP_MS <= start_ms {
            world.step(WARM_UP_STEP_MS);
        }
        world.scenario = scenario.map(|scenario| ScenarioCursor::new(scenario, start_ms));
        for (name, dollars) in scenario.iter().flat_map(|scenario| &scenario.accounts) {
            let amount = Micro::from(*dollars) * USD;
            // The scenario's check has read the addresses and counted them.
            let paid = Address::parse(name).map(|user| world.pay_in(user, amount));
            debug_assert!(matches!(paid, Some(Ok(()))), "{name}");
        }
        world
    }

    pub(crate) fn step(&mut self, dt_ms: i64) {
        self.trading.hand_over(&mut self.events);
        self.market.step(dt_ms, &mut self.events);
        let now_ms = self.market.now_ms();
        while let Some(fault) = self.scenario.as_mut().and_then(|cursor| cursor.due(now_ms)) {
            tracing::info!(?fault, "scenario step");
            self.apply(fault);
        }
        let told = self.trading.step(&mut self.market, &mut self.events);
        self.market.close_block(&self.events);
        let Self {
            market,
            events,
            faults,
            ..
        } = self;
        self.hyperliquid
            .publish(market, events, &mut faults[Venue::Hyperliquid]);
        self.binance_spot
            .publish(market, events, &mut faults[Venue::BinanceSpot]);
        self.binance_usdm
            .publish(market, events, &mut faults[Venue::BinanceUsdm]);
        self.coinbase.publish(market, &mut faults[Venue::Coinbase]);
        self.bybit.publish(market, &mut faults[Venue::Bybit]);
        self.okx.publish(market, &mut faults[Venue::Okx]);
        hyperliquid::publish(self, told);
        if let Some(block_ms) = self.events.block_ms {
            hyperliquid::repeat_states(self, block_ms);
        }
        hyperliquid::deliver(self);
        self.show_silence();
    }

    /// Pays an account of Hyperliquid's exchange in, or with a negative amount out.
    pub(crate) fn pay_in(&mut self, user: Address, amount: Micro) -> Result<(), Refusal> {
        self.trading.pay_in(&self.market, user, amount)
    }

    /// Lets a key sign for an account of Hyperliquid's exchange.
    pub(crate) fn admit_agent(&mut self, user: Address, agent: Address) -> Result<(), Refusal> {
        self.trading.admit_agent(user, agent)
    }

    pub(crate) fn apply(&mut self, fault: Fault) {
        let now_ms = self.market.now_ms();
        let until = |for_ms: u64| now_ms.saturating_add(millis(for_ms));
        match fault {
            Fault::DropConnections { venue } => self.cut_all(venue),
            Fault::RefuseConnections { venue, for_ms } => {
                self.faults[venue].refuse_until = until(for_ms)
            }
            Fault::SilenceChannel {
                venue,
                channel,
                symbol,
                for_ms,
            } => {
                self.faults[venue].silence_channel(channel, symbol, until(for_ms));
            }
            Fault::SilenceVenue { venue, for_ms } => {
                self.faults[venue].silent_until = until(for_ms);
                self.show_silence();
            }
            Fault::DuplicateTrades {
                venue,
                symbol,
                for_ms,
            } => self.faults[venue].duplicate(symbol, until(for_ms)),
            Fault::Delay {
                venue,
                delay_ms,
                for_ms,
            } => self.faults[venue].set_delay(delay_ms, until(for_ms)),
            Fault::SkipDepthDiff { symbol, count } => {
                self.faults[Venue::BinanceSpot].skip("depth@100ms".into(), symbol, count);
            }
            Fault::SkipFrames {
                venue,
                channel,
                symbol,
                count,
            } => self.faults[venue].skip(channel, symbol, count),
            Fault::DuplicateFrames {
                venue,
                channel,
                symbol,
                count,
            } => {
                self.faults[venue].repeat(channel, symbol, count);
            }
            Fault::ReorderFrames {
                venue,
                channel,
                symbol,
                count,
            } => {
                self.faults[venue].reorder(channel, symbol, count);
            }
            Fault::LateFrames {
                venue,
                channel,
                symbol,
                delay_ms,
                for_ms,
            } => {
                self.faults[venue].set_late(channel, symbol, delay_ms, until(for_ms));
            }
            Fault::WrongSnapshot {
                venue,
                symbol,
                for_ms,
            } => {
                self.faults[venue].set_wrong_snapshot(symbol, until(for_ms));
            }
            Fault::ClockStep { venue, step_ms } => self.faults[venue].step_clock(step_ms),
            Fault::Ban { venue, for_ms } => self.faults[venue].banned_until = until(for_ms),
            Fault::Maintenance { venue, for_ms } => self.maintain(venue, until(for_ms)),
            Fault::OutlierPrint {
                venue,
                symbol,
                move_bps,
            } => self.print_outlier(venue, &symbol, move_bps),
            Fault::SendFrame {
                venue,
                symbol,
                form,
            } => {
                let Self { market, faults, .. } = self;
                let faults = &mut faults[venue];
                match venue {
                    Venue::Hyperliquid => {
                        self.hyperliquid.send_wrong(market, &symbol, form, faults)
                    }
                    Venue::BinanceSpot => {
                        self.binance_spot.send_wrong(market, &symbol, form, faults)
                    }
                    Venue::BinanceUsdm => {
                        self.binance_usdm.send_wrong(market, &symbol, form, faults)
                    }
                    Venue::Coinbase => self.coinbase.send_wrong(market, &symbol, form, faults),
                    Venue::Bybit => self.bybit.send_wrong(market, &symbol, form, faults),
                    Venue::Okx => self.okx.send_wrong(market, &symbol, form, faults),
                }
            }
            Fault::RateLimitStorm { venue, for_ms } => self.faults[venue].set_storm(until(for_ms)),
            Fault::SlowRest {
                venue,
                delay_ms,
                for_ms,
            } => self.faults[venue].set_slow_rest(delay_ms, until(for_ms)),
            Fault::LoseAnswers { count, performed } => {
                self.faults[Venue::Hyperliquid]
                    .befall_actions(count, ActionFault::Lost { performed });
            }
            Fault::FailRequests {
                count,
                status,
                performed,
            } => {
                let fault = ActionFault::Failed { status, performed };
                self.faults[Venue::Hyperliquid].befall_actions(count, fault);
            }
            Fault::LateAnswers {
                count,
                delay_ms,
                action_waits,
            } => {
                let fault = ActionFault::Late {
                    delay_ms: millis(delay_ms),
                    action_waits,
                };
                self.faults[Venue::Hyperliquid].befall_actions(count, fault);
            }
            Fault::HoldRegime { regime, for_ms } => {
                self.market
                    .force_regime(regime, millis(for_ms) as f64 / 1_000.0);
            }
            Fault::PriceShock { move_bps, over_ms } => self.market.push(move_bps, millis(over_ms)),
        }
    }

    fn cut_all(&self, venue: Venue) {
        match venue {
            Venue::Hyperliquid => self.hyperliquid.hub.cut_all(),
            Venue::BinanceSpot => self.binance_spot.streams.hub.cut_all(),
            Venue::BinanceUsdm => self.binance_usdm.streams.hub.cut_all(),
            Venue::Coinbase => self.coinbase.hub.cut_all(),
            Venue::Bybit => self.bybit.hub.cut_all(),
            Venue::Okx => self.okx.hub.cut_all(),
        }
    }

    /// Binance and OKX announce it; the others just close.
    fn maintain(&mut self, venue: Venue, until: i64) {
        let now_ms = self.market.now_ms();
        self.faults[venue].maintenance_until = until;
        let stamp = self.faults[venue].stamp(now_ms);
        let shutdown = format!("{{\"e\":\"serverShutdown\",\"E\":{stamp}}}");
        let (code, reason) = (1012, "service restart");
        match venue {
            Venue::Hyperliquid => self.hyperliquid.hub.close_all(now_ms, None, code, reason),
            Venue::BinanceSpot => {
                self.binance_spot
                    .streams
                    .hub
                    .close_all(now_ms, Some(&shutdown), code, reason)
            }
            Venue::BinanceUsdm => {
                self.binance_usdm
                    .streams
                    .hub
                    .close_all(now_ms, Some(&shutdown), code, reason)
            }
            Venue::Coinbase => self.coinbase.hub.close_all(now_ms, None, code, reason),
            Venue::Bybit => self.bybit.hub.close_all(now_ms, None, code, reason),
            Venue::Okx => {
                self.okx
                    .hub
                    .close_all(now_ms, Some(okx::NOTICE), 4008, "service upgrade")
            }
        }
    }

    fn print_outlier(&mut self, venue: Venue, symbol: &str, move_bps: i64) {
        let at = match venue {
            Venue::Hyperliquid => OutlierAt::Hyperliquid,
            Venue::BinanceSpot => OutlierAt::BinanceSpot,
            Venue::BinanceUsdm => OutlierAt::Place(Place::BinanceUsdm),
            Venue::Coinbase => OutlierAt::Place(Place::Coinbase),
            Venue::Bybit => OutlierAt::Place(Place::Bybit),
            Venue::Okx => OutlierAt::Place(Place::Okx),
        };
        let coin = self
            .market
            .coins()
            .iter()
            .position(|coin| coin.symbol(venue) == Some(symbol));
        if let Some(coin) = coin {
            self.market
                .print_outlier(coin, at, move_bps, &mut self.events);
        }
    }

    /// Ends all lasting faults. What a clock was stepped by stays.
    pub(crate) fn clear_faults(&mut self) {
        for venue in Venue::ALL {
            self.faults[venue].clear();
        }
        self.show_silence();
    }

    /// The symbols of a venue by its own spelling.
    pub(crate) fn symbols(&self, venue: Venue) -> Vec<&'static str> {
        symbols(venue, self.market.coins().len())
    }

    /// What a venue was asked for so far.
    pub(crate) fn usage(&self, venue: Venue) -> Usage {
        let subscriptions = match venue {
            Venue::Hyperliquid => self.hyperliquid.hub.subscribed,
            Venue::BinanceSpot => self.binance_spot.streams.hub.subscribed,
            Venue::BinanceUsdm => self.binance_usdm.streams.hub.subscribed,
            Venue::Coinbase => self.coinbase.hub.subscribed,
            Venue::Bybit => self.bybit.hub.subscribed,
            Venue::Okx => self.okx.hub.subscribed,
        };
        Usage {
            subscriptions,
            ..self.ledgers[venue].usage.clone()
        }
    }

    /// Tells a connection when its venue falls silent and speaks again.
    pub(crate) fn silence(&self, venue: Venue) -> watch::Receiver<bool> {
        self.silent[venue].subscribe()
    }

    fn show_silence(&self) {
        let now_ms = self.market.now_ms();
        for (venue, sender) in self.silent.iter() {
            let silent = now_ms < self.faults[venue].silent_until;
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
