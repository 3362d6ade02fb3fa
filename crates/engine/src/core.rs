//! The deterministic whole: venue sessions, market core, publication.
//!
//! Core time is the greatest receive time seen. Before an input at `t` is taken, everything that is due by `t` happens, in the order of
//! (due, kind, venue), each at its own due time; so it does not matter whether or when idle ticks fall.

use crate::Publication;
use crate::config::CoreConfig;
use crate::input::Input;
use hypersentry_market::{Market, MarketConfig, MarketId, Rules};
use hypersentry_model::agg::{Instrument, TsSource};
use hypersentry_model::event::{Feed, Loss};
use hypersentry_model::status::VenueStatus;
use hypersentry_model::{
    Envelope, EventType, MarketEvent, Mode, Payload, Source, Symbol, Timestamp, Venue,
};
use hypersentry_venues::session::{self, Lane, Output, Request, Session, SessionConfig};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

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
}

/// How often a venue's status is told while anything in it changes. Frames are counted in it, so a living feed always changes it.
const STATUS_EVERY_MS: i64 = 1_000;

/// The pause doubles up to 2 to this power while nothing changes: recordings may pause for months.
const MAX_QUIET: u32 = 6;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Slot {
    session: Session,
    /// What the market core refused, by code.
    refused: BTreeMap<String, u64>,
    status_seq: u64,
    status_due: Timestamp,
    told: Option<VenueStatus>,
    /// How often in a row there was nothing to tell.
    quiet: u32,
}

/// The core. Its serialised form is a checkpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Core {
    config: CoreConfig,
    now: Timestamp,
    slots: BTreeMap<Venue, Slot>,
    market: Market,
}

impl Core {
    /// A core that has seen nothing.
    pub fn new(config: CoreConfig) -> Self {
        let market = Market::new(MarketConfig {
            run_id: config.run_id.clone(),
            mode: config.mode,
            grid_ms: config.grid_ms,
            depth: config.depth,
            rules: Rules::default(),
        });
        Self {
            config,
            now: Timestamp::default(),
            slots: BTreeMap::new(),
            market,
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

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.earliest().map(|(at, _)| at)
    }

    fn earliest(&self) -> Option<(Timestamp, Due)> {
        let sessions = self
            .slots
            .iter()
            .filter_map(|(venue, slot)| Some((slot.session.next_due()?, Due::Session(*venue))));
        let market = self.market.next_due().map(|at| (at, Due::Market));
        let statuses = self
            .slots
            .iter()
            .map(|(venue, slot)| (slot.status_due, Due::Status(*venue)));
        sessions.chain(market).chain(statuses).min()
    }

    /// Takes one input that was received at `receive`.
    pub fn step(&mut self, receive: Timestamp, input: &Input, out: &mut Vec<Effect>) {
        let at = self.stamp(receive);
        self.run_due(at, out);
        self.now = at;
        let (venue, input) = match input {
            Input::Tick => return,
            Input::Demand(venue, symbols) => (*venue, session::Input::Demand(symbols)),
            Input::Opened(venue, lane) => (*venue, session::Input::Opened(*lane)),
            Input::Closed(venue, lane, reason) => (
                *venue,
                session::Input::Closed {
                    lane: *lane,
                    reason,
                },
            ),
            Input::Frame(venue, lane, frame) => (*venue, session::Input::Frame(*lane, frame)),
            Input::Answer(venue, answer) => (
                *venue,
                session::Input::Answer {
                    key: &answer.key,
                    status: answer.status,
                    retry_after_s: answer.retry_after_s,
                    body: &answer.body,
                    sent: answer.sent,
                },
            ),
        };
        self.session_step(venue, input, out);
    }

    fn run_due(&mut self, until: Timestamp, out: &mut Vec<Effect>) {
        while let Some((at, due)) = self.earliest().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            match due {
                Due::Session(venue) => self.session_step(venue, session::Input::Due, out),
                Due::Market => {
                    let mut told = Vec::new();
                    self.market.publish(self.now, &mut told);
                    out.extend(told.into_iter().map(|t| Effect::Publish(t.into())));
                }
                Due::Status(venue) => self.publish_status(venue, out),
            }
        }
    }

    fn session_step(&mut self, venue: Venue, input: session::Input<'_>, out: &mut Vec<Effect>) {
        let now = self.now;
        let config = &self.config;
        let slot = self.slots.entry(venue).or_insert_with(|| Slot {
            session: Session::new(
                venue,
                SessionConfig {
                    jitter_seed: config.jitter_seed,
                    accept_any_symbol: config.accept_any_symbol,
                },
            ),
            refused: BTreeMap::new(),
            status_seq: 0,
            status_due: now.next_on_grid(config.grid_ms),
            told: None,
            quiet: 0,
        });
        let happened = !matches!(input, session::Input::Due);
        if happened && std::mem::take(&mut slot.quiet) > 0 {
            slot.status_due = now.next_on_grid(config.grid_ms);
        }
        let mut said = Vec::new();
        slot.session.step(now, input, &mut said);
        let mut queue = VecDeque::from(said);
        while let Some(output) = queue.pop_front() {
            match output {
                Output::Open(lane) => out.push(Effect::Open(venue, lane)),
                Output::Close(lane) => out.push(Effect::Close(venue, lane)),
                Output::Send(lane, text) => out.push(Effect::Send(venue, lane, text)),
                Output::Fetch(request) => out.push(Effect::Fetch(venue, request)),
                Output::StatusChanged => self.status_soon(venue),
                Output::Event {
                    feed,
                    event,
                    replayed,
                } => {
                    if let Some(symbol) = self.market_event(venue, feed, &event, replayed) {
                        // The book was withdrawn: the session must fetch it anew. What it says comes next.
                        let mut said = Vec::new();
                        if let Some(slot) = self.slots.get_mut(&venue) {
                            slot.session
                                .step(now, session::Input::Resync(symbol), &mut said);
                        }
                        said.into_iter().rev().for_each(|o| queue.push_front(o));
                    }
                }
                Output::Proof { symbol, feed } => {
                    let id = self.id(venue, symbol);
                    self.market.proof(now, id, feed);
                }
                Output::BookLost { symbol, loss } => {
                    let id = self.id(venue, symbol);
                    self.market.book_lost(now, id, loss);
                    self.status_soon(venue);
                }
                Output::Grid {
                    symbol,
                    px_decimals,
                    sz_decimals,
                } => {
                    let id = self.id(venue, symbol);
                    let instrument = Instrument {
                        venue_symbol: symbol,
                        px_decimals,
                        sz_decimals,
                    };
                    if let Err(refusal) = self.market.instrument(now, id, instrument) {
                        self.refuse(venue, refusal.code());
                    }
                }
                Output::Unlisted(symbol) => {
                    let id = self.id(venue, symbol);
                    self.market.book_lost(now, id, Loss::Dropped);
                    self.status_soon(venue);
                }
                // INTEGRATION: to be wired.
                Output::Listings(_)
                | Output::Following { .. }
                | Output::Broken { .. }
                | Output::Repaired { .. }
                | Output::Repair { .. }
                | Output::Candles { .. }
                | Output::VenueTime { .. } => {}
            }
        }
    }

    /// Gives an event to the market core. The symbol comes back when its book must be fetched anew.
    fn market_event(
        &mut self,
        venue: Venue,
        feed: Feed,
        event: &MarketEvent,
        replayed: bool,
    ) -> Option<Symbol> {
        if let Payload::Mids(mids) = &event.payload {
            self.mids(venue, mids);
            return None;
        }
        let id = self.id(venue, event.symbol);
        let refusal = self
            .market
            .event(self.now, id, feed, event, replayed)
            .err()?;
        self.refuse(venue, refusal.code());
        let in_sequence = match &event.payload {
            Payload::BookDelta(_) => true,
            Payload::BookSnapshot(snapshot) => snapshot.last_seq.is_some(),
            _ => false,
        };
        in_sequence.then_some(event.symbol)
    }

    /// Mid prices reach the markets that are watched; the venue sends those of all its markets.
    fn mids(&mut self, venue: Venue, mids: &hypersentry_model::event::Mids) {
        let Some(markets) = self.config.symbols.markets.get(&venue) else {
            return;
        };
        let known: Vec<_> = markets
            .iter()
            .filter_map(|(symbol, market)| Some((*symbol, *mids.px_by_symbol.get(market)?)))
            .collect();
        for (symbol, px) in known {
            if let Err(refusal) = self.market.mid(self.now, MarketId::at(venue, symbol), px) {
                self.refuse(venue, refusal.code());
            }
        }
    }

    fn id(&self, venue: Venue, market: Symbol) -> MarketId {
        MarketId::at(venue, self.config.symbols.canonical(venue, market))
    }

    fn refuse(&mut self, venue: Venue, code: &str) {
        if let Some(slot) = self.slots.get_mut(&venue) {
            *slot.refused.entry(code.to_owned()).or_default() += 1;
        }
        self.status_soon(venue);
    }

    fn status_soon(&mut self, venue: Venue) {
        let at = self.now.next_on_grid(self.config.grid_ms);
        if let Some(slot) = self.slots.get_mut(&venue) {
            slot.status_due = slot.status_due.min(at);
        }
    }

    fn publish_status(&mut self, venue: Venue, out: &mut Vec<Effect>) {
        let now = self.now;
        let Some(slot) = self.slots.get_mut(&venue) else {
            return;
        };
        let status = slot.session.status(now);
        let mut refused = status.refused;
        for (code, count) in &slot.refused {
            *refused.entry(code.clone()).or_default() += count;
        }
        let mut streams = status.streams;
        for stream in &mut streams {
            if stream.symbol != Symbol::ANY {
                stream.symbol = self.config.symbols.canonical(venue, stream.symbol);
            }
        }
        let data = VenueStatus {
            ts_source: TsSource::Receive,
            now_ms: now.ms(),
            run_id: self.config.run_id.clone(),
            mode: self.config.mode,
            connection: status.connection,
            since_ms: status.since.ms(),
            reconnects: status.reconnects,
            reason: status.reason,
            rtt_ms: status.rtt_ns.map(|ns| (ns as f64 / 1e4).round() / 100.0),
            frames: status.frames,
            gaps: status.gaps,
            duplicates: status.duplicates,
            refused,
            refused_by: Vec::new(),
            latency_ms: None,
            clock: None,
            budget: Vec::new(),
            cooldown_until_ms: None,
            skipped: status.skipped,
            streams,
        };
        // Told again only if something besides the time differs.
        let same = slot.told.as_ref().is_some_and(|told| {
            VenueStatus {
                now_ms: told.now_ms,
                ..data.clone()
            } == *told
        });
        slot.quiet = if same {
            (slot.quiet + 1).min(MAX_QUIET)
        } else {
            0
        };
        let grid = self.config.grid_ms;
        slot.status_due = now
            .plus_ms((STATUS_EVERY_MS << slot.quiet) - grid)
            .next_on_grid(grid);
        if same {
            return;
        }
        slot.told = Some(data.clone());
        slot.status_seq += 1;
        let told = Envelope {
            event_type: EventType::VenueStatus,
            symbol: Symbol::ANY,
            ts_ms: now.ms(),
            source: Source::Venue(venue),
            seq: slot.status_seq,
            data,
        };
        out.push(Effect::Publish(Publication::Status(Box::new(told))));
    }
}

/// What may be due. The order of the variants decides between equal times: sessions first, so that what they learn is told on the same grid point.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Due {
    Session(Venue),
    Market,
    Status(Venue),
}
