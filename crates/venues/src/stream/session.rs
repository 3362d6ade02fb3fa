//! The session: its state, and what the rim tells it.

use super::commands::Commands;
use super::link::{Link, Phase};
use super::market::{Listed, Market, Subscribed};
use super::rest::Rest;
use super::{Asked, ChannelId, Dialect, Limits, Said, Shape, Stream};
use crate::rooms::Rooms;
use crate::session::{Feed, Input, Lane, Listing, Loss, Output, SessionConfig, SessionStatus};
use hypersentry_model::status::Connection;
use hypersentry_model::{Payload, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Counters for the status.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Counts {
    pub(super) frames: u64,
    pub(super) gaps: u64,
    pub(super) trade_gaps: u64,
    pub(super) duplicates: u64,
    refused: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
}

impl Counts {
    /// Codes are few: they are constants.
    pub(super) fn refuse(&mut self, code: &str) {
        count(&mut self.refused, code);
    }

    pub(super) fn skip(&mut self, name: &str) {
        count(&mut self.skipped, name);
    }
}

/// Names that are counted apart; the others are counted together.
const NAMES_MAX: usize = 64;

fn count(map: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(n) = map.get_mut(name) {
        *n += 1;
    } else if map.len() < NAMES_MAX {
        map.insert(name.to_owned(), 1);
    } else {
        *map.entry("other".to_owned()).or_default() += 1;
    }
}

/// One connection.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct LaneState {
    pub(super) link: Link,
    pub(super) commands: Commands,
    pub(super) last_frame: Timestamp,
    pub(super) tick_at: Timestamp,
}

/// The state machine behind a venue's connections.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound = "")]
pub struct Session<D: Dialect> {
    pub(super) dialect: D,
    pub(super) config: SessionConfig,
    pub(super) lanes: Vec<LaneState>,
    /// Channels that are asked for once, in the order of [`Shape::channels`].
    pub(super) once: Vec<Subscribed>,
    pub(super) rest: Rest,
    pub(super) markets: BTreeMap<Symbol, Market>,
    /// What the venue's list said, at most [`super::answers::LISTINGS_MAX`].
    pub(super) listings: BTreeMap<Symbol, Listing>,
    pub(super) counts: Counts,
    pub(super) reason: Option<String>,
    shown: Connection,
    since: Timestamp,
    pub(super) due: Option<Timestamp>,
    last_due: Timestamp,
    /// Something may have to be sent or asked.
    pub(super) dirty: bool,
    /// Users should see a change.
    pub(super) changed: bool,
    /// Kept for its room.
    #[serde(skip)]
    pub(super) said: Vec<Said>,
    #[serde(skip)]
    pub(super) rooms: Rooms,
}

impl<D: Dialect> Session<D> {
    /// A session that has seen nothing.
    pub fn new(config: SessionConfig) -> Self {
        let lane = |i: u8| LaneState {
            link: Link::new(config.jitter_seed.wrapping_add(u64::from(i))),
            commands: Commands::default(),
            last_frame: Timestamp::default(),
            tick_at: Timestamp::default(),
        };
        Self {
            dialect: D::default(),
            lanes: (0..Self::shape().lanes.max(1)).map(lane).collect(),
            once: vec![Subscribed::No; Self::shape().channels.len()],
            config,
            rest: Rest::default(),
            markets: BTreeMap::new(),
            listings: BTreeMap::new(),
            counts: Counts::default(),
            reason: None,
            shown: Connection::Down,
            since: Timestamp::default(),
            due: None,
            last_due: Timestamp::from_ns(i64::MIN),
            dirty: false,
            changed: false,
            said: Vec::new(),
            rooms: Rooms::new(),
        }
    }

    pub(super) fn shape() -> &'static Shape {
        const { &D::SHAPE }
    }

    pub(super) fn limits() -> &'static Limits {
        &Self::shape().limits
    }

    /// The channel of the book.
    pub(super) fn book_channel() -> Option<ChannelId> {
        let mut channels = Self::shape().channels.iter();
        let at = channels.position(|channel| channel.feeds.contains(&Feed::Book))?;
        ChannelId::try_from(at).ok()
    }

    /// The channel of the trades: the first that has them.
    pub(super) fn trades_channel() -> Option<ChannelId> {
        let mut channels = Self::shape().channels.iter();
        let at = channels.position(|channel| channel.feeds.contains(&Feed::Trades))?;
        ChannelId::try_from(at).ok()
    }

    /// Takes one input.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Frame(lane, frame) => self.frame(now, lane, frame, out),
            Input::Demand(wanted) => self.demand(now, wanted, out),
            Input::Opened(lane) => self.opened(now, lane, out),
            Input::Closed { lane, reason } => self.closed(now, lane, reason, out),
            Input::Answer {
                key,
                status,
                retry_after_s,
                body,
                sent,
            } => self.answered(now, key, (status, retry_after_s), body, sent, out),
            Input::Due => {
                self.last_due = now;
                self.dirty = true;
            }
            Input::Resync(symbol) => self.resync(symbol, out),
            Input::Checked { symbol, same } => self.checked(now, symbol, same, out),
            Input::WantCandles {
                symbol,
                interval,
                from_ms,
                to_ms,
            } => {
                if !self.config.accept_any_symbol && from_ms <= to_ms {
                    let span = (from_ms, to_ms);
                    self.rest
                        .want_candles(symbol, interval, span, Self::limits());
                    self.dirty = true;
                }
            }
        }
        if std::mem::take(&mut self.dirty) {
            self.settle(now, out);
        }
        if std::mem::take(&mut self.changed) {
            self.show(now);
            out.push(Output::StatusChanged);
        }
    }

    /// Takes back what was applied, for its room.
    pub fn take_back(&mut self, payload: Payload) {
        self.rooms.take_back(payload);
    }

    /// When `Input::Due` is wanted next.
    pub fn next_due(&self) -> Option<Timestamp> {
        let after_last = Timestamp::from_ns(self.last_due.ns().saturating_add(1));
        self.due.map(|due| due.max(after_last))
    }

    /// Counters and streams.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        let mut streams = Vec::new();
        for (symbol, market) in &self.markets {
            // Of an unlisted market no stream should be there.
            if market.listed != Listed::Absent {
                market.status(*symbol, now, Self::shape(), &mut streams);
            }
        }
        SessionStatus {
            connection: self.shown,
            since: self.since,
            reconnects: self.lanes.iter().map(|lane| lane.link.reconnects).sum(),
            reason: self.rest.pause(now).or_else(|| self.reason.clone()),
            rtt_ns: self.lanes.iter().find_map(|lane| lane.commands.rtt_ns),
            frames: self.counts.frames,
            gaps: self.counts.gaps,
            duplicates: self.counts.duplicates,
            refused: self.counts.refused.clone(),
            skipped: self.counts.skipped.clone(),
            streams,
        }
    }

    /// Trade ids that were missing between two trades, in runs.
    pub fn trade_gaps(&self) -> u64 {
        self.counts.trade_gaps
    }

    /// The state of all connections together: the worst of them.
    fn show(&mut self, now: Timestamp) {
        let is = |shown| move |lane: &LaneState| lane.link.shown == shown;
        let shown = if self.lanes.iter().all(is(Connection::Down)) {
            Connection::Down
        } else if self.lanes.iter().any(is(Connection::Reconnecting)) {
            Connection::Reconnecting
        } else if self.lanes.iter().all(is(Connection::Live)) {
            Connection::Live
        } else {
            Connection::Connecting
        };
        if self.shown != shown {
            self.shown = shown;
            self.since = now;
        }
    }

    pub(super) fn show_lane(&mut self, lane: Lane, shown: Connection) {
        if let Some(state) = self.lanes.get_mut(usize::from(lane.0))
            && state.link.shown != shown
        {
            state.link.shown = shown;
            self.changed = true;
        }
    }

    pub(super) fn all_lanes() -> impl Iterator<Item = Lane> {
        (0..Self::shape().lanes.max(1)).map(Lane)
    }

    fn demand(&mut self, now: Timestamp, wanted: &BTreeSet<Symbol>, out: &mut Vec<Output>) {
        self.dirty = true;
        if self.config.accept_any_symbol {
            for symbol in wanted {
                self.recorded_market(now, *symbol);
            }
            return;
        }
        let most = Self::limits().symbols_max;
        let wanted: BTreeSet<Symbol> = wanted.iter().take(most).copied().collect();
        let gone: Vec<Symbol> = self
            .markets
            .keys()
            .filter(|symbol| !wanted.contains(symbol))
            .copied()
            .collect();
        for symbol in gone {
            self.drop_market(symbol, Loss::Dropped, out);
            self.markets.remove(&symbol);
            self.dialect.forget(symbol);
            self.rest.candles.retain(|job| job.symbol != symbol);
            if Self::limits().listings_per_request.is_some() {
                self.listings.remove(&symbol);
            }
        }
        let new: Vec<Symbol> = wanted
            .iter()
            .filter(|symbol| !self.markets.contains_key(symbol))
            .copied()
            .collect();
        for symbol in &new {
            self.markets
                .insert(*symbol, Market::new(now, Self::shape()));
        }
        // A whole list that was read already knows them.
        if Self::limits().listings_per_request.is_none() && !self.listings.is_empty() {
            self.list(now, &new, out);
        } else if !new.is_empty() {
            self.rest.want_listings(new.iter(), Self::limits());
        }
        if self.markets.is_empty() {
            self.shut(out);
        } else {
            for lane in Self::all_lanes() {
                if self.phase(lane) == Some(Phase::Down) {
                    self.open(now, lane, out);
                    self.show_lane(lane, Connection::Connecting);
                }
            }
        }
    }

    /// Nothing is wanted any more.
    fn shut(&mut self, out: &mut Vec<Output>) {
        self.rest.clear();
        for lane in Self::all_lanes() {
            if matches!(
                self.phase(lane),
                Some(Phase::Opening { .. } | Phase::Open { .. })
            ) {
                out.push(Output::Close(lane));
            }
            self.reset_once(lane);
            if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
                state.link.phase = Phase::Down;
            }
            self.show_lane(lane, Connection::Down);
        }
    }

    pub(super) fn phase(&self, lane: Lane) -> Option<Phase> {
        let state = self.lanes.get(usize::from(lane.0));
        state.map(|state| state.link.phase)
    }

    pub(super) fn is_open(&self, lane: Lane) -> bool {
        matches!(self.phase(lane), Some(Phase::Open { .. }))
    }

    pub(super) fn open(&mut self, now: Timestamp, lane: Lane, out: &mut Vec<Output>) {
        if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
            out.push(Output::Open(lane));
            state.link.opening(now, Self::limits());
        }
    }

    fn opened(&mut self, now: Timestamp, lane: Lane, out: &mut Vec<Output>) {
        let recorded = self.config.accept_any_symbol;
        let Some(state) = self.lanes.get_mut(usize::from(lane.0)) else {
            return;
        };
        let expected = matches!(state.link.phase, Phase::Opening { .. });
        if !expected && !recorded {
            // One that we had given up.
            if !state.link.is_open() {
                out.push(Output::Close(lane));
            }
            return;
        }
        self.dirty = true;
        state.link.phase = Phase::Open { since: now };
        state.commands.reset();
        state.last_frame = now;
        state.tick_at = now.plus_ms(Self::limits().tick_ms);
        if recorded {
            for lane in Self::all_lanes() {
                self.show_lane(lane, Connection::Live);
            }
        }
    }

    fn closed(&mut self, now: Timestamp, lane: Lane, reason: &str, out: &mut Vec<Output>) {
        self.dirty = true;
        let Some(phase) = self.phase(lane) else {
            return;
        };
        let mut soon = false;
        match phase {
            Phase::Open { .. } => self.lost(now, lane, reason, out),
            Phase::Opening { .. } => {
                self.reason = Some(short(reason));
                self.changed = true;
            }
            Phase::Closing { at_once, .. } => soon = at_once,
            Phase::Down | Phase::Waiting { .. } => return,
        }
        if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
            state.link.ended(now, soon, Self::limits());
        }
    }

    /// The connection is no more, or is good for nothing: what came by it is withdrawn.
    fn lost(&mut self, now: Timestamp, lane: Lane, reason: &str, out: &mut Vec<Output>) {
        if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
            state.link.note_life(now, Self::limits());
            state.link.reconnects += 1;
            state.commands.reset();
        }
        self.reason = Some(short(reason));
        self.show_lane(lane, Connection::Reconnecting);
        self.changed = true;
        self.reset_once(lane);
        let shape = Self::shape();
        for (symbol, market) in &mut self.markets {
            for channel in channels_of(shape, lane) {
                market.lose(*symbol, channel, Loss::Disconnected, shape, out);
            }
        }
    }

    fn reset_once(&mut self, lane: Lane) {
        for channel in channels_of(Self::shape(), lane) {
            if let Some(once) = self.once.get_mut(usize::from(channel)) {
                *once = Subscribed::No;
            }
        }
    }

    /// Closes the connection to make it anew.
    pub(super) fn reconnect(
        &mut self,
        now: Timestamp,
        lane: Lane,
        reason: &str,
        at_once: bool,
        out: &mut Vec<Output>,
    ) {
        if self.is_open(lane) {
            out.push(Output::Close(lane));
            self.lost(now, lane, reason, out);
            if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
                state.link.closing(now, at_once, Self::limits());
            }
            self.dirty = true;
        }
    }

    /// Gives up all streams of a market.
    pub(super) fn drop_market(&mut self, symbol: Symbol, loss: Loss, out: &mut Vec<Output>) {
        for channel in 0..Self::shape().channels.len() {
            if let Ok(channel) = ChannelId::try_from(channel) {
                self.drop_stream(Stream { symbol, channel }, loss, out);
            }
        }
    }

    /// Gives up one stream; it is asked for anew if the market still trades.
    pub(super) fn drop_stream(&mut self, stream: Stream, loss: Loss, out: &mut Vec<Output>) {
        let shape = Self::shape();
        let (Some(market), Some(spec)) = (
            self.markets.get_mut(&stream.symbol),
            shape.channels.get(usize::from(stream.channel)),
        ) else {
            return;
        };
        let subscribed = market.stream(stream.channel).map(|s| s.subscribed);
        let asked = subscribed.is_some_and(|s| s != Subscribed::No);
        if asked
            && spec.asked == Asked::ByMarket
            && let Some(state) = self.lanes.get_mut(usize::from(spec.lane.0))
        {
            state.commands.leaving.insert(stream);
        }
        market.lose(stream.symbol, stream.channel, loss, shape, out);
        self.changed = true;
        self.dirty = true;
    }
}

/// The channels of a connection.
pub(super) fn channels_of(shape: &'static Shape, lane: Lane) -> impl Iterator<Item = ChannelId> {
    let channels = shape.channels.iter().zip(0..);
    channels
        .filter(move |(channel, _)| channel.lane == lane || shape.lanes <= 1)
        .map(|(_, id)| id)
}

/// Foreign words go into status: not at any length.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
