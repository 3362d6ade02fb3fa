//! The deterministic whole: venue sessions, market core, conviction engine, publication.
//!
//! Core time is the greatest receive time seen. Before an input at `t` is taken, everything that is due by `t` happens, in the order of
//! (due, kind, venue), each at its own due time; so it does not matter whether or when idle ticks fall.

use crate::Publication;
use crate::config::CoreConfig;
use crate::input::Input;
use crate::registry::{Directory, Registry};
use alpha::Alpha;
use demand::Demand;
use hypersentry_market::{Market, MarketConfig, MarketId};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::{Interval, Mode, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::session::{self, Lane, Request};
use serde::{Deserialize, Serialize};
use slot::Slot;
use std::collections::BTreeMap;

/// The conviction engine on its grid.
pub mod alpha;
/// Which markets are followed.
mod demand;
/// Past candles that are to be asked for.
mod history;
/// What sessions say, brought to the market core.
mod outputs;
/// What of markets that are followed no more.
mod scope;
/// One venue.
mod slot;
/// The same inputs under other constants.
mod what_if;

/// What the core wants from the rim or says to clients.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open a WebSocket of the venue.
    Open(Venue, Lane),
    /// Close it.
    Close(Venue, Lane),
    /// Send this text.
    Send(Venue, Lane, String),
    /// Make this request.
    Fetch(Venue, Request),
    /// Tell clients.
    Publish(Publication),
    /// Nobody follows this market any more: its streams end, and go on with a snapshot if it is followed again.
    Release(MarketId),
}

/// The core. Its serialised form is a checkpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Core {
    config: CoreConfig,
    now: Timestamp,
    slots: BTreeMap<Venue, Slot>,
    market: Market,
    registry: Registry,
    demand: Demand,
    #[serde(default)]
    alpha: Alpha,
    /// What a session says at the moment; empty between inputs, and kept for its room.
    #[serde(skip)]
    said: Vec<session::Output>,
}

impl Core {
    /// A core that has seen nothing.
    pub fn new(config: CoreConfig) -> Self {
        let market = Market::new(MarketConfig {
            run_id: config.run_id.clone(),
            mode: config.mode,
            grid_ms: config.grid_ms,
            depth: config.depth,
            rules: config.rules.clone(),
            cadences: scope::cadences(&config),
        });
        Self {
            registry: Registry::new(config.symbols.clone()),
            demand: Demand::new(&config),
            config,
            now: Timestamp::default(),
            slots: BTreeMap::new(),
            market,
            alpha: Alpha::default(),
            said: Vec::new(),
        }
    }

    /// The configuration.
    pub const fn config(&self) -> &CoreConfig {
        &self.config
    }

    /// Lets all events say this mode instead of the recorded one.
    pub(crate) const fn show_as(&mut self, mode: Mode) {
        self.config.mode = mode;
        self.market.show_as(mode);
    }

    /// Core time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The core time that an input received at `receive` gets.
    pub fn stamp(&self, receive: Timestamp) -> Timestamp {
        self.now.max(receive)
    }

    /// The market core, for reading.
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// The conviction engine, for reading.
    pub const fn alpha(&self) -> &Alpha {
        &self.alpha
    }

    /// The markets that are known, and a number that changes with them.
    pub const fn directory(&self) -> (u64, &Directory) {
        (self.registry.revision(), self.registry.directory())
    }

    /// The newest candles that are known of a market, oldest first. Reading changes nothing.
    pub fn candles(
        &self,
        source: Source,
        symbol: Symbol,
        interval: Interval,
        limit: usize,
    ) -> Vec<CandleRow> {
        let id = MarketId { source, symbol };
        self.market.candles(id, interval, limit)
    }

    /// Whether asking the venue would give more candles of a market: it is followed, and was not asked for them yet.
    pub fn lacks_history(&self, source: Source, symbol: Symbol, interval: Interval) -> bool {
        source.venue().is_some_and(|venue| {
            let slot = self.slots.get(&venue);
            let market = self.registry.market(venue, symbol);
            slot.zip(market).is_some_and(|(slot, market)| {
                slot.demanded.contains(&market) && slot.history.lacks(symbol, interval)
            })
        })
    }

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.earliest().map(|(at, _)| at)
    }

    fn earliest(&self) -> Option<(Timestamp, Due)> {
        let slots = self.slots.iter().flat_map(|(venue, slot)| {
            let session = slot.session.next_due();
            let history = slot.history.due();
            [
                session.map(|at| (at, Due::Session(*venue))),
                history.map(|at| (at, Due::History(*venue))),
                Some((slot.status_due, Due::Status(*venue))),
            ]
        });
        let market = self.market.next_due().map(|at| (at, Due::Market));
        let demand = self.demand.due().map(|at| (at, Due::Demand));
        let alpha = self.alpha.due().map(|at| (at, Due::Alpha));
        let own = [market, demand, alpha].into_iter().flatten();
        slots.flatten().chain(own).min()
    }

    /// Takes one input that was received at `receive`.
    pub fn step(&mut self, receive: Timestamp, input: &Input, out: &mut Vec<Effect>) {
        let at = self.stamp(receive);
        self.run_due(at, out);
        self.now = at;
        if !matches!(input, Input::Tick) {
            self.alpha.heard(at);
        }
        let (venue, input) = match input {
            Input::Tick => return,
            Input::Demand(venue, markets) => return self.begin(*venue, markets, out),
            Input::Watched(symbols) => {
                self.demand.watched(at, symbols);
                return self.follow(out);
            }
            Input::Used(venue, usage) => {
                let slot = self.slot(*venue);
                slot.usage = usage.clone();
                return self.status_soon(*venue);
            }
            Input::History(source, symbol, interval) => {
                return self.history(*source, *symbol, *interval);
            }
            Input::Opened(venue, lane) => (*venue, session::Input::Opened(*lane)),
            Input::Closed(venue, lane, reason) => {
                let lane = *lane;
                (*venue, session::Input::Closed { lane, reason })
            }
            Input::Frame(venue, lane, frame) => (*venue, session::Input::Frame(*lane, frame)),
            Input::Answer(venue, answer) => {
                self.slot(*venue).stale_answers += u64::from(answer.stale);
                let input = session::Input::Answer {
                    key: &answer.key,
                    status: answer.status,
                    retry_after_s: answer.retry_after_s,
                    body: &answer.body,
                    sent: answer.sent,
                };
                (*venue, input)
            }
        };
        self.session_step(venue, input, out);
        self.follow_if_listed(out);
    }

    fn run_due(&mut self, until: Timestamp, out: &mut Vec<Effect>) {
        while let Some((at, due)) = self.earliest().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            match due {
                Due::Session(venue) => {
                    self.session_step(venue, session::Input::Due, out);
                    self.follow_if_listed(out);
                }
                Due::History(venue) => self.ask_history(venue, out),
                Due::Demand => {
                    self.demand.expire(self.now);
                    self.follow(out);
                }
                Due::Market => {
                    let mut told = Vec::new();
                    self.market.publish(self.now, &mut told);
                    out.extend(told.into_iter().map(|t| Effect::Publish(t.into())));
                }
                Due::Status(venue) => self.publish_status(venue, out),
                Due::Alpha => self.judge_all(out),
            }
        }
    }

    /// The lowest and the highest offset of a venue's clock that the evidence allows, in nanoseconds.
    pub fn venue_offset(&self, venue: Venue, now: Timestamp) -> Option<(i64, i64)> {
        self.slots.get(&venue)?.offset(now)
    }

    fn slot(&mut self, venue: Venue) -> &mut Slot {
        let (config, now) = (&self.config, self.now);
        let new = || Slot::new(venue, config, now);
        self.slots.entry(venue).or_insert_with(new)
    }

    fn status_soon(&mut self, venue: Venue) {
        let (now, grid) = (self.now, self.config.grid_ms);
        self.slot(venue).status_soon(now, grid);
    }

    fn publish_status(&mut self, venue: Venue, out: &mut Vec<Effect>) {
        let (now, config, registry) = (self.now, &self.config, &self.registry);
        let canonical = |market| registry.canonical(venue, market).0;
        let outliers = self.market.outliers(venue);
        let told = self
            .slots
            .get_mut(&venue)
            .and_then(|slot| slot.publish(venue, now, config, outliers, canonical));
        out.extend(told.map(|e| Effect::Publish(Publication::Status(Box::new(e)))));
    }
}

/// What may be due. The order of the variants decides between equal times: sessions first, so that what they learn is told on the same grid point;
/// the conviction engine last, so that it judges what was told.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Due {
    Session(Venue),
    Demand,
    History(Venue),
    Market,
    Status(Venue),
    Alpha,
}
