//! One market of one source: what is held, and when clients must next be told.

use crate::bar::Print;
use crate::book::OrderBook;
use crate::candles::{ByInterval, Candles};
use crate::completeness::Completeness;
use crate::figures::GivenFigures;
use crate::flow::{Flow, WindowSum};
use crate::given::{Given, give};
use crate::guard::{self, Refusal};
use crate::heard::{Heard, HeardTrade};
use crate::ladder::Ladder;
use crate::market::MarketConfig;
use crate::pace::Paces;
use crate::quarantine::Quarantine;
use crate::rules::Rules;
use crate::shown::PROOF_REPUBLISH_MS;
use crate::tape::Tape;
use crate::view::{News, View};
use hypersentry_model::agg::{AggUpdate, CandleRow, Instrument, Quality, TapeRow, TsSource};
use hypersentry_model::event::{BookSnapshot, Candle, Feed, Loss};
use hypersentry_model::{
    Coverage, Grade, Interval, Level, MarketEvent, Payload, Price, Stamp, Timestamp, Trade,
    TradeId, Usd,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Prices past the guard, or held by it.
mod guarded;

/// A market that is watched. A market of which only the mid price is known has none of this.
///
/// Memory, beside the struct itself and what clients were told of it (a few kB together): each book 32 bytes a level in runs of 4 kB (at
/// most 20,000 levels a side), 100 rows of tape (14 kB), 4.8 kB of volume windows once it trades, candles (at most 270 kB, see
/// [`Candles`]), at most 128 spans for each feed that breaks (3 kB).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct MarketState {
    pub(crate) instrument: Option<Instrument>,
    pub(crate) given: GivenFigures,
    pub(crate) book: OrderBook,
    pub(crate) book_stamp: Option<Stamp>,
    /// The faster book of the first levels, on venues that have one.
    pub(crate) top: OrderBook,
    pub(crate) top_stamp: Option<Stamp>,
    /// The book was lost with its connection: clients keep the last levels, which age.
    pub(crate) hold_book: bool,
    pub(crate) tape: Tape,
    pub(crate) trades_stamp: Option<Stamp>,
    /// When the last price was traded, in ms: the venue's time, or ours where its clock runs ahead.
    price_ms: i64,
    pub(crate) flow: Flow,
    /// Where somebody samples the trades: those since it asked last.
    #[serde(default)]
    pub(crate) heard: Option<Heard>,
    pub(crate) quarantine: Quarantine,
    candles: Candles,
    /// What was seen of each feed that was ever followed.
    feeds: BTreeMap<Feed, Completeness>,
    /// Feeds that have not spoken since their figure came over REST.
    repaired: BTreeSet<Feed>,
    /// Newest venue time since the last publication.
    venue_ms: Option<i64>,
    /// When something happened last.
    at: Timestamp,
    told: Option<Box<View>>,
    told_at: Option<Timestamp>,
    version: u64,
    due: Option<Timestamp>,
    #[serde(default)]
    paces: Paces,
}

impl MarketState {
    /// Nothing known yet; the stream goes on after `version`.
    pub(crate) fn begin(paces: Paces, version: u64) -> Self {
        Self {
            paces,
            version,
            ..Self::default()
        }
    }

    pub(crate) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// What clients were told last.
    pub(crate) fn told(&self) -> Option<&View> {
        self.told.as_deref()
    }

    fn due_by(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |d| d.min(at)));
    }

    /// Stamps of what is more than a single value.
    const fn stamp(&mut self, feed: Feed) -> Option<&mut Option<Stamp>> {
        match feed {
            Feed::Book => Some(&mut self.book_stamp),
            Feed::BookTop => Some(&mut self.top_stamp),
            Feed::Trades => Some(&mut self.trades_stamp),
            _ => None,
        }
    }

    /// Takes an event, or holds it as an outlier: whether it was taken. `rest` says that it stands in for a feed that is stale or lost.
    pub(crate) fn event(
        &mut self,
        now: Timestamp,
        feed: Feed,
        event: &MarketEvent,
        replayed: bool,
        rest: bool,
        config: &MarketConfig,
    ) -> Result<bool, Refusal> {
        let rule = &config.rules.outliers;
        let mut taken = true;
        match &event.payload {
            Payload::Trade(trade) if replayed => {
                self.trade(now, feed, event.venue_time, trade, replayed)?;
            }
            Payload::Trade(trade) => {
                taken = self.guarded_trade(now, feed, event.venue_time, trade, rule)?;
            }
            Payload::BookSnapshot(snapshot) => {
                self.beside_best(now, snapshot, rule)?;
                let book = if feed == Feed::BookTop {
                    &mut self.top
                } else {
                    &mut self.book
                };
                book.apply_snapshot(snapshot)?;
                self.hold_book = false;
            }
            Payload::BookDelta(change) => {
                self.book
                    .apply_delta(change)
                    .inspect_err(|_| self.hold_book = false)?;
            }
            Payload::Bbo(bbo) => taken = self.guarded_bbo(now, feed, bbo, rule)?,
            Payload::AssetContext(context) => {
                taken = self.guarded_context(now, feed, context, rule)?;
            }
            Payload::OpenInterest(open) => self.given.open_interest(open, feed, now)?,
            Payload::Funding(funding) => self.given.funding(funding, feed, now),
            Payload::Candle(candle) => {
                if let Some(interval) = Interval::parse(&candle.interval) {
                    self.past_candles(now, interval, std::slice::from_ref(candle), config.grid_ms)?;
                }
                return Ok(true);
            }
            // Mids come through `mid`, liquidations through a core of their own.
            Payload::Mids(_) | Payload::Liquidation(_) => return Ok(true),
        }
        // What is held proves nothing: the figure that stays may well be old.
        if taken && let Some(stamp) = self.stamp(feed) {
            stamp.get_or_insert(Stamp::at(now)).touch(now);
        }
        if rest {
            self.repaired.insert(feed);
        } else {
            if !self.repaired.is_empty() {
                self.repaired.remove(&feed);
            }
            if !replayed {
                self.paces.spoke(feed, now);
            }
        }
        self.at = now;
        self.venue_ms = self.venue_ms.max(event.venue_time.map(Timestamp::ms));
        self.due_by(now.next_on_grid(config.grid_ms));
        Ok(taken)
    }

    fn trade(
        &mut self,
        now: Timestamp,
        feed: Feed,
        venue_time: Option<Timestamp>,
        trade: &Trade,
        replayed: bool,
    ) -> Result<(), Refusal> {
        guard::trade(trade)?;
        let notional = trade.px.notional(trade.sz).map_err(|_| Refusal::TooLarge)?;
        let at = venue_time.map_or(now, |t| t.min(now));
        if self.given.price.is_none() || at.ms() >= self.price_ms {
            give(&mut self.given.price, Some(trade.px), feed, now);
            self.price_ms = at.ms();
        } else if let Some(price) = &mut self.given.price {
            price.stamp.touch(now);
        }
        self.flow.trade(now, at, trade.side, notional);
        if let (Some(heard), false) = (&mut self.heard, replayed) {
            heard.push(HeardTrade {
                px: trade.px,
                notional,
                side: trade.side,
                at,
            });
        }
        self.candles.trade(&Print {
            ms: at.ms(),
            id: match trade.id {
                TradeId::Number(id) => id,
                TradeId::Text(_) => 0,
            },
            px: trade.px,
            sz: trade.sz,
            notional,
            side: trade.side,
            replayed,
        });
        self.tape.push(TapeRow {
            id: trade.id.clone(),
            px: trade.px,
            sz: trade.sz,
            side: trade.side,
            ts_ms: venue_time.unwrap_or(now).ms(),
            replayed,
        });
        Ok(())
    }

    /// An event of a feed came that is held elsewhere.
    pub(crate) fn heard(&mut self, now: Timestamp, feed: Feed, grid_ms: i64) {
        if self.paces.spoke(feed, now) {
            self.due_by(now.next_on_grid(grid_ms));
        }
    }

    /// No feed is expected to speak any more.
    pub(crate) fn rest(&mut self, now: Timestamp, grid_ms: i64) {
        self.paces.rest();
        self.due_by(now.next_on_grid(grid_ms));
    }

    pub(crate) fn following(&mut self, now: Timestamp, feed: Feed, grade: Grade, grid_ms: i64) {
        self.paces.follow(feed, now);
        self.feeds.entry(feed).or_default().following(now, grade);
        self.keep_forgotten(feed);
        self.due_by(now.next_on_grid(grid_ms));
    }

    /// What the ledger forgets must not be lost to the sums over it.
    fn keep_forgotten(&mut self, feed: Feed) {
        if let Some(held) = self.feeds.get_mut(&feed) {
            let forgotten = held.take_forgotten();
            if feed == Feed::Trades {
                self.candles.keep(&forgotten);
            }
        }
    }

    /// Takes closed candles of the venue itself, oldest first.
    pub(crate) fn past_candles(
        &mut self,
        now: Timestamp,
        interval: Interval,
        candles: &[Candle],
        grid_ms: i64,
    ) -> Result<(), Refusal> {
        let feed = self.feeds.get(&Feed::Trades);
        self.candles.past(interval, candles, feed, now)?;
        self.at = now;
        self.due_by(now.next_on_grid(grid_ms));
        Ok(())
    }

    /// The newest candles, oldest first, as of the last thing that happened.
    pub(crate) fn candles(&self, interval: Interval, limit: usize) -> Vec<CandleRow> {
        let feed = self.feeds.get(&Feed::Trades);
        self.candles.rows(interval, limit, feed, self.at)
    }

    /// The newest candles that clients may know: they are told beside the trades, never without their stamp.
    pub(crate) fn last_candles(&self, now: Timestamp) -> ByInterval<Option<CandleRow>> {
        if self.trades_stamp.is_none() {
            return ByInterval::default();
        }
        self.candles.last(self.feeds.get(&Feed::Trades), now)
    }

    pub(crate) fn broken(&mut self, now: Timestamp, feed: Feed, since: Timestamp, grid_ms: i64) {
        self.feeds.entry(feed).or_default().broken(now, since);
        self.keep_forgotten(feed);
        if feed == Feed::Trades {
            self.candles.retell(since, now);
        }
        self.due_by(now.next_on_grid(grid_ms));
    }

    pub(crate) fn repaired(
        &mut self,
        now: Timestamp,
        feed: Feed,
        from: Timestamp,
        to: Timestamp,
        grid_ms: i64,
    ) {
        let held = self.feeds.entry(feed).or_default();
        held.repaired(now, from, to);
        self.keep_forgotten(feed);
        if feed == Feed::Trades {
            self.candles.retell(from, to);
        }
        self.due_by(now.next_on_grid(grid_ms));
    }

    /// How much of a feed was seen from `from_ms` until `now`.
    pub(crate) fn coverage(&self, feed: Feed, from_ms: i64, now: Timestamp) -> Coverage {
        let held = self.feeds.get(&feed);
        held.map_or(Coverage::NONE, |f| f.coverage(from_ms, now.ms()))
    }

    /// The sum of the trades of the last `MS` milliseconds, with its stamp.
    pub(crate) fn window<const MS: u32>(
        &self,
        net: Usd,
        now: Timestamp,
    ) -> Option<(WindowSum<MS>, Stamp)> {
        let from_ms = Flow::begin_ms(now, i64::from(MS) / 1_000);
        let coverage = self.coverage(Feed::Trades, from_ms, now);
        Some((WindowSum { net, coverage }, self.trades_stamp?))
    }

    pub(crate) fn mid(&mut self, now: Timestamp, px: Price, grid_ms: i64) -> Result<(), Refusal> {
        if !px.is_positive() {
            return Err(Refusal::PriceNotPositive);
        }
        give(&mut self.given.mid, Some(px), Feed::Mids, now);
        self.paces.spoke(Feed::Mids, now);
        self.due_by(now.next_on_grid(grid_ms));
        Ok(())
    }

    /// Begins with the mid price that was held before anything else of the market was known.
    pub(crate) const fn with_mid(mut self, mid: Option<Given<Price>>) -> Self {
        self.given.mid = mid;
        self
    }

    pub(crate) fn proof(&mut self, now: Timestamp, feed: Feed, grid_ms: i64) {
        let mut proved = self.given.prove(feed, now);
        if let Some(Some(stamp)) = self.stamp(feed) {
            stamp.prove(now);
            proved = true;
        }
        self.at = self.at.max(now);
        if self.paces.proved(feed, now) {
            self.due_by(now.next_on_grid(grid_ms));
        }
        if proved {
            let at = self
                .told_at
                .map_or(now, |t| now.max(t.plus_ms(PROOF_REPUBLISH_MS - grid_ms)));
            self.due_by(at.next_on_grid(grid_ms));
        }
    }

    /// What is wrong with the data beside its age.
    pub(crate) fn quality(&self, now: Timestamp) -> Quality {
        let missing = self.feeds.iter().filter_map(|(feed, held)| {
            let seconds = held.missing_ms(now) / 1_000;
            (seconds > 0).then(|| (feed.name().to_owned(), seconds))
        });
        Quality {
            degraded: self
                .paces
                .missed(now)
                .map(|feed| feed.name().to_owned())
                .collect(),
            quarantined: self.quarantine.held(),
            outliers: self.quarantine.refused(),
            missing_s: missing.collect(),
            repaired_from: (!self.repaired.is_empty()).then(|| "rest".to_owned()),
        }
    }

    /// Whether the first levels of the book are these; `None` while it may not be read.
    pub(crate) fn book_agrees(&self, first: &BookSnapshot) -> Option<bool> {
        let view = self.book.read()?;
        let same =
            |held: &Ladder, told: &[Level]| held.iter().take(told.len()).eq(told.iter().copied());
        Some(same(view.bids, &first.bids) && same(view.asks, &first.asks))
    }

    pub(crate) fn book_lost(&mut self, now: Timestamp, loss: Loss, grid_ms: i64) {
        self.book.lose();
        self.top.lose();
        self.hold_book = loss == Loss::Disconnected;
        self.due_by(now.next_on_grid(grid_ms));
    }

    pub(crate) fn grid(&mut self, now: Timestamp, instrument: Instrument, grid_ms: i64) {
        if self.instrument.as_ref() != Some(&instrument) {
            self.instrument = Some(instrument);
            self.due_by(now.next_on_grid(grid_ms));
        }
    }

    /// What clients must be told at `now`, if anything, with the venue time that it carries.
    pub(crate) fn publish(
        &mut self,
        now: Timestamp,
        depth: usize,
        rules: &Rules,
        grid_ms: i64,
    ) -> Option<(AggUpdate, i64)> {
        self.at = now;
        self.flow.advance(now);
        self.release_standing(now, &rules.outliers);
        let mut view = View::take(self, self.told.as_deref(), depth, rules, now);
        let update = match self.told.as_deref() {
            None => {
                self.tape.take_unpublished();
                self.candles.forget_untold();
                Some(view.snapshot(depth, self.tape.rows().cloned().collect()))
            }
            Some(told) => {
                let (rows, dropped) = self.tape.take_unpublished();
                let tell = told.may_tell_candles(now) && self.trades_stamp.is_some();
                let feed = self.feeds.get(&Feed::Trades);
                let news = News {
                    rows,
                    dropped,
                    candles: tell.then(|| self.candles.take_untold(feed, now)),
                    more_candles: self.candles.has_untold(),
                };
                view.delta(told, news, now)
            }
        };
        let held = self.quarantine.due(now, &rules.outliers);
        let due = [view.due(), held, self.paces.due(now)];
        let due = due.into_iter().flatten().min();
        self.due = due.map(|t| t.next_on_grid(grid_ms));
        let mut update = update?;
        update.base_version = self.told.is_some().then_some(self.version);
        self.version += 1;
        update.version = self.version;
        update.now_ms = now.ms();
        let ts_ms = self.venue_ms.take().unwrap_or_else(|| {
            update.ts_source = Some(TsSource::Receive);
            now.ms()
        });
        self.told = Some(Box::new(view));
        self.told_at = Some(now);
        Some((update, ts_ms))
    }

    /// What clients know, as a snapshot of the current version.
    pub(crate) fn snapshot(&self, depth: usize) -> Option<AggUpdate> {
        let told = self.told.as_ref()?;
        let mut update = told.snapshot(depth, self.tape.published().cloned().collect());
        update.version = self.version;
        update.now_ms = self.told_at?.ms();
        Some(update)
    }
}
