//! One venue within the core: its session, and what is told of its health.

use super::history::History;
use crate::config::CoreConfig;
use crate::input::Usage;
use hypersentry_market::Refusal;
use hypersentry_model::agg::TsSource;
use hypersentry_model::event::Feed;
use hypersentry_model::status::{RefusedRow, VenueStatus};
use hypersentry_model::{Envelope, EventType, MarketEvent, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::offset::Offset;
use hypersentry_venues::session::{Session, SessionConfig};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How often a venue's status is told while anything in it changes. Frames are counted in it, so a living feed always changes it.
const STATUS_EVERY_MS: i64 = 1_000;

/// The pause doubles up to 2 to this power while nothing changes: recordings may pause for months.
const MAX_QUIET: u32 = 6;

/// Pairs of symbol and code that are counted apart; the rest is counted under `*`.
const MAX_REFUSED: usize = 1_024;

/// Of these, the most frequent that clients are told.
const REFUSED_TOLD: usize = 64;

/// Events of which the median delay is told.
const DELAYS: usize = 101;

/// A venue.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Slot {
    pub(super) session: Session,
    /// The venue has begun: a recording or the rim spoke of it.
    pub(super) begun: bool,
    /// The markets that the session follows, in the venue's spelling.
    pub(super) demanded: BTreeSet<Symbol>,
    pub(super) history: History,
    pub(super) usage: Usage,
    pub(super) stale_answers: u64,
    pub(super) clock: Offset,
    /// Receive time less event time of the last events, in nanoseconds, oldest first; at most [`DELAYS`].
    delays: VecDeque<i64>,
    /// What the market core refused, by canonical symbol and code.
    refused: BTreeMap<(Symbol, String), u64>,
    status_seq: u64,
    pub(super) status_due: Timestamp,
    told: Option<VenueStatus>,
    /// How often in a row there was nothing to tell.
    quiet: u32,
}

impl Slot {
    pub(super) fn new(venue: Venue, config: &CoreConfig, now: Timestamp) -> Self {
        Self {
            session: Session::new(
                venue,
                SessionConfig {
                    jitter_seed: config.jitter_seed,
                    accept_any_symbol: config.accept_any_symbol,
                },
            ),
            begun: false,
            demanded: BTreeSet::new(),
            history: History::default(),
            usage: Usage::default(),
            stale_answers: 0,
            clock: Offset::default(),
            delays: VecDeque::new(),
            refused: BTreeMap::new(),
            status_seq: 0,
            status_due: now.next_on_grid(config.grid_ms),
            told: None,
            quiet: 0,
        }
    }

    /// Something came from the venue: its status is told at its usual pace again.
    pub(super) fn wake(&mut self, now: Timestamp, grid_ms: i64) {
        if std::mem::take(&mut self.quiet) > 0 {
            self.status_due = now.next_on_grid(grid_ms);
        }
    }

    /// The status is to be told at the next grid point.
    pub(super) fn status_soon(&mut self, now: Timestamp, grid_ms: i64) {
        self.status_due = self.status_due.min(now.next_on_grid(grid_ms));
    }

    /// Notes the time of an event that came as it happened.
    pub(super) fn timed(&mut self, now: Timestamp, feed: Feed, event: &MarketEvent) {
        let timely = matches!(feed, Feed::Trades | Feed::Book | Feed::BookTop | Feed::Bbo);
        if let (Some(venue_time), true) = (event.venue_time, timely) {
            self.clock.event(venue_time, now);
            if self.delays.len() >= DELAYS {
                self.delays.pop_front();
            }
            self.delays.push_back(now.ns_since(venue_time));
        }
    }

    /// The bounds of the venue's clock.
    pub(super) fn offset(&self, now: Timestamp) -> Option<(i64, i64)> {
        self.clock.bounds(now)
    }

    pub(super) fn refuse(&mut self, symbol: Symbol, code: &str) {
        let key = (symbol, code.to_owned());
        let symbol = if self.refused.len() < MAX_REFUSED || self.refused.contains_key(&key) {
            symbol
        } else {
            Symbol::ANY
        };
        *self.refused.entry((symbol, key.1)).or_default() += 1;
    }

    /// The median delay, by the venue's clock as far as we know it. Without an estimate there is none: it might as well be negative.
    fn latency_ms(&self, now: Timestamp) -> Option<f64> {
        let offset = self.clock.middle(now)?;
        let mut sorted: Vec<i64> = self.delays.iter().copied().collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2)?;
        Some(((median + offset) as f64 / 1e4).round() / 100.0)
    }

    /// The status as an event, if anything in it changed.
    pub(super) fn publish(
        &mut self,
        venue: Venue,
        now: Timestamp,
        config: &CoreConfig,
        outliers: impl Iterator<Item = (Symbol, u64)>,
        canonical: impl Fn(Symbol) -> Symbol,
    ) -> Option<Envelope<VenueStatus>> {
        let status = self.session.status(now);
        let mut refused = status.refused;
        let mut refused_by = Vec::with_capacity(self.refused.len());
        for ((symbol, code), count) in &self.refused {
            *refused.entry(code.clone()).or_default() += count;
            refused_by.push(RefusedRow {
                symbol: *symbol,
                code: code.clone(),
                count: *count,
            });
        }
        // These are known to be wrong only after they were taken in, so that the market counts them.
        for (symbol, count) in outliers {
            let code = Refusal::Outlier.code().to_owned();
            *refused.entry(code.clone()).or_default() += count;
            refused_by.push(RefusedRow {
                symbol,
                code,
                count,
            });
        }
        refused_by.sort_by_key(|row| std::cmp::Reverse(row.count));
        refused_by.truncate(REFUSED_TOLD);
        let mut streams = status.streams;
        for stream in &mut streams {
            if stream.symbol != Symbol::ANY {
                stream.symbol = canonical(stream.symbol);
            }
        }
        let data = VenueStatus {
            ts_source: TsSource::Receive,
            now_ms: now.ms(),
            run_id: config.run_id.clone(),
            mode: config.mode,
            connection: status.connection,
            since_ms: status.since.ms(),
            reconnects: status.reconnects,
            reason: status.reason,
            rtt_ms: status.rtt_ns.map(|ns| (ns as f64 / 1e4).round() / 100.0),
            frames: status.frames,
            gaps: status.gaps,
            duplicates: status.duplicates,
            refused,
            refused_by,
            latency_ms: self.latency_ms(now),
            clock: self.clock.told(now),
            budget: self.usage.budget.clone(),
            cooldown_until_ms: self.usage.cooldown_until_ms.filter(|at| *at > now.ms()),
            stale_answers: self.stale_answers,
            skipped: status.skipped,
            streams,
        };
        // Told again only if something besides the time differs. The bound of the clock widens by itself.
        let same = self.told.as_ref().is_some_and(|told| {
            VenueStatus {
                now_ms: told.now_ms,
                clock: told.clock,
                latency_ms: told.latency_ms,
                ..data.clone()
            } == *told
        });
        self.quiet = if same {
            (self.quiet + 1).min(MAX_QUIET)
        } else {
            0
        };
        self.status_due = now
            .plus_ms((STATUS_EVERY_MS << self.quiet) - config.grid_ms)
            .next_on_grid(config.grid_ms);
        if same {
            return None;
        }
        self.told = Some(data.clone());
        self.status_seq += 1;
        Some(Envelope {
            event_type: EventType::VenueStatus,
            symbol: Symbol::ANY,
            ts_ms: now.ms(),
            source: Source::Venue(venue),
            seq: self.status_seq,
            data,
        })
    }
}
