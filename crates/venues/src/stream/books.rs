//! Books: changes and snapshots, in sequence or withdrawn.

use super::market::Market;
use super::reach::{Reach, Renewed};
use super::splice::{Diff, Joined, Numbering, Offered};
use super::{BookRule, ChannelId, Dialect, Session, Stream};
use crate::session::{Feed, Loss, Output};
use hypersentry_model::event::{BookDelta, BookSnapshot};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};

impl<D: Dialect> Session<D> {
    fn numbering() -> Numbering {
        Numbering {
            rule: Self::shape().book,
            held_max: Self::limits().held_max,
        }
    }

    /// Whether books begin with a snapshot from REST.
    pub(super) fn joins_snapshots() -> bool {
        !matches!(Self::shape().book, BookRule::InBand(_))
    }

    /// A change came.
    pub(super) fn change(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        symbol: Symbol,
        venue_time: Option<Timestamp>,
        delta: BookDelta,
        out: &mut Vec<Output>,
    ) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if let Some(last) = delta.last_seq {
            market.note_depth(last);
        }
        market.revivals = 0;
        market.checks.book_spoke();
        if let Some(stream) = market.stream(channel) {
            stream.revived = 0;
        }
        let idle = !market.splice.is_synced() && !market.splice.wants_snapshot();
        let diff = Diff { venue_time, delta };
        match market.splice.offer(Self::numbering(), diff) {
            Offered::Apply(mut diff) => {
                market.reach.note(&diff, Self::limits().held_max);
                market.reach.cut(&mut diff.delta);
                if let Some(stream) = market.stream(channel) {
                    stream.event(now);
                }
                let payload = Payload::BookDelta(diff.delta);
                out.push(event(symbol, diff.venue_time, payload));
            }
            // The first one lets the snapshot be asked for.
            Offered::Held => self.dirty |= idle,
            Offered::Old => {
                if market.book_provable(now, Self::limits()) {
                    self.prove(now, symbol, channel, out);
                }
            }
            Offered::Gap { had_book } => {
                self.counts.gaps += 1;
                self.dirty = true;
                market.reach = Reach::default();
                if !Self::joins_snapshots() {
                    // It is withdrawn with its stream; the next snapshot comes with a new subscription.
                    market.splice.begin(0);
                    self.drop_stream(Stream { symbol, channel }, Loss::Gap, out);
                } else if had_book {
                    self.book_lost(symbol, out);
                }
            }
            Offered::Overflow => self.counts.skip("depth_overflow"),
        }
    }

    /// A snapshot came over the stream.
    pub(super) fn whole(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        symbol: Symbol,
        venue_time: Option<Timestamp>,
        book: BookSnapshot,
        out: &mut Vec<Output>,
    ) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        let last = book.last_seq.unwrap_or(0);
        market.splice.begin(last);
        market.revivals = 0;
        market.checks.book_spoke();
        market.note_depth(last);
        self.begin(now, symbol, channel, venue_time, book, out);
    }

    /// A snapshot came over REST: joins it to the held changes. `repair`: it was asked for as a stand-in.
    pub(super) fn join(
        &mut self,
        now: Timestamp,
        (symbol, repair): (Symbol, bool),
        venue_time: Option<Timestamp>,
        book: BookSnapshot,
        out: &mut Vec<Output>,
    ) {
        let (Some(market), Some(channel)) = (self.markets.get_mut(&symbol), Self::book_channel())
        else {
            return;
        };
        let recorded = self.config.accept_any_symbol;
        let last = book.last_seq.unwrap_or(0);
        let rule = Self::shape().book;
        let renewed = market.splice.held().and_then(|held| {
            let renewed = market.reach.renew(rule, last, held)?;
            if let Renewed::Begin(follow) = &renewed {
                market
                    .splice
                    .renew(rule, last, follow.last().map(Diff::last));
            }
            Some(renewed)
        });
        let joined = match renewed {
            Some(Renewed::Begin(follow)) => Joined::Begin(follow),
            Some(Renewed::TooOld) => Joined::TooOld,
            None => market.splice.join(rule, last, recorded),
        };
        match joined {
            Joined::Begin(mut follow) => {
                // A recording cannot ask again when prices have moved on: it goes on with what it is told.
                if !recorded {
                    let limits = Self::limits();
                    let most = if repair {
                        limits.repair_depth
                    } else {
                        limits.book_depth
                    };
                    market.reach = Reach::of(&book, most as usize);
                }
                for diff in &mut follow {
                    market.reach.cut(&mut diff.delta);
                }
                market.note_depth(last);
                let depth = if recorded {
                    book.depth
                } else {
                    Self::limits().book_depth
                };
                let book = BookSnapshot { depth, ..book };
                self.begin(now, symbol, channel, venue_time, book, out);
                for diff in follow {
                    let payload = Payload::BookDelta(diff.delta);
                    out.push(event(symbol, diff.venue_time, payload));
                }
            }
            Joined::TooOld => market.book_at = now.plus_ms(Self::limits().book_retry_ms),
            Joined::NothingHeld => {}
            Joined::Unwanted => self.counts.skip("unwanted_snapshot"),
        }
    }

    fn begin(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        channel: ChannelId,
        venue_time: Option<Timestamp>,
        book: BookSnapshot,
        out: &mut Vec<Output>,
    ) {
        self.changed = true;
        out.push(event(symbol, venue_time, Payload::BookSnapshot(book)));
        if let Some(market) = self.markets.get_mut(&symbol) {
            if let Some(stream) = market.stream(channel) {
                stream.event(now);
            }
            market.follow(symbol, channel, Self::shape(), out);
        }
    }

    /// The market core finds the book unusable.
    pub(super) fn resync(&mut self, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if !market.splice.is_synced() {
            return;
        }
        if Self::joins_snapshots() {
            market.splice = Default::default();
            market.reach = Reach::default();
            self.book_lost(symbol, out);
        } else if let Some(channel) = Self::book_channel() {
            self.drop_stream(Stream { symbol, channel }, Loss::Gap, out);
        }
    }

    /// The book is withdrawn while its stream goes on.
    fn book_lost(&mut self, symbol: Symbol, out: &mut Vec<Output>) {
        out.push(Output::BookLost {
            symbol,
            loss: Loss::Gap,
        });
        if let (Some(market), Some(channel)) = (self.markets.get_mut(&symbol), Self::book_channel())
        {
            let stamp = market.stream(channel).and_then(|s| s.stamp.take());
            let since = stamp.map(|stamp| stamp.proved_at);
            market.break_off(symbol, channel, since, Self::shape(), out);
        }
        self.changed = true;
        self.dirty = true;
    }

    /// The stream gave a sign of life: tells it, unless it just was.
    pub(super) fn prove(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        channel: ChannelId,
        out: &mut Vec<Output>,
    ) {
        let market: Option<&mut Market> = self.markets.get_mut(&symbol);
        let stream = market.and_then(|market| market.stream(channel));
        let worth = stream.is_some_and(|stream| stream.prove(now, Self::limits()));
        if let Some(spec) = Self::shape().channels.get(usize::from(channel))
            && worth
        {
            let proof = |feed: &Feed| Output::Proof {
                symbol,
                feed: *feed,
            };
            out.extend(spec.feeds.iter().map(proof));
        }
    }
}

fn event(symbol: Symbol, venue_time: Option<Timestamp>, payload: Payload) -> Output {
    Output::Event {
        feed: Feed::Book,
        event: MarketEvent {
            symbol,
            venue_time,
            payload,
        },
        replayed: false,
    }
}
