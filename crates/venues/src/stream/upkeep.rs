//! What time brings: attempts, commands and requests that are due, and an eye on the open connections.

use super::commands::Kind;
use super::link::Phase;
use super::market::{Listed, Market, Subscribed};
use super::rest::subject;
use super::session::channels_of;
use super::{Asked, BookRule, ChannelId, Dialect, Proof, Session, Stream, Want};
use crate::session::{Lane, Loss, Output, RequestKind};
use hypersentry_model::status::Connection;
use hypersentry_model::{Symbol, Timestamp};

impl<D: Dialect> Session<D> {
    /// Does all that may be done at `now`, and finds out when there will be more to do.
    pub(super) fn settle(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.config.accept_any_symbol {
            return;
        }
        for lane in Self::all_lanes() {
            self.settle_lane(now, lane, out);
        }
        self.fetch(now, out);
        self.dirty = false;
        let lanes = Self::all_lanes().filter_map(|lane| self.lane_due(now, lane));
        self.due = lanes.chain(self.rest_due(now)).min();
    }

    fn settle_lane(&mut self, now: Timestamp, lane: Lane, out: &mut Vec<Output>) {
        let limits = Self::limits();
        let Some(state) = self.lanes.get_mut(usize::from(lane.0)) else {
            return;
        };
        match state.link.phase {
            Phase::Opening { until } if until <= now => {
                out.push(Output::Close(lane));
                self.reason = Some("the connection did not open in time".to_owned());
                state.link.closing(now, false, limits);
            }
            Phase::Closing { until, at_once } if until <= now => {
                state.link.ended(now, at_once, limits);
            }
            Phase::Open { since } if state.tick_at <= now => self.tick(now, lane, since, out),
            _ => {}
        }
        if matches!(self.phase(lane), Some(Phase::Waiting { until }) if until <= now) {
            self.open(now, lane, out);
        }
        self.send(now, lane, out);
        if self.is_open(lane) && self.is_settled(lane) {
            self.show_lane(lane, Connection::Live);
        }
    }

    fn lane_due(&self, now: Timestamp, lane: Lane) -> Option<Timestamp> {
        let state = self.lanes.get(usize::from(lane.0))?;
        if !state.link.is_open() {
            return state.link.until();
        }
        let more = self.to_subscribe(now, lane).next().is_some();
        let command = state.commands.due(more);
        [Some(state.tick_at), command].into_iter().flatten().min()
    }

    /// Whether nothing is to be found out or awaited any more on this lane.
    fn is_settled(&self, lane: Lane) -> bool {
        let shape = Self::shape();
        self.markets.values().all(|market| match market.listed {
            Listed::Unknown => false,
            Listed::Absent => true,
            Listed::Trading { .. } => channels_of(shape, lane).all(|channel| {
                let i = usize::from(channel);
                let never = shape.channels.get(i).map(|c| c.asked) == Some(Asked::Never);
                let stream = market.streams.get(i);
                never || stream.is_some_and(|s| s.subscribed == Subscribed::Yes)
            }),
        })
    }

    /// Looks after an open connection.
    fn tick(&mut self, now: Timestamp, lane: Lane, since: Timestamp, out: &mut Vec<Output>) {
        let limits = Self::limits();
        let shape = Self::shape();
        let Some(state) = self.lanes.get_mut(usize::from(lane.0)) else {
            return;
        };
        state.tick_at = now.plus_ms(limits.tick_ms);
        state.link.note_life(now, limits);
        let overdue = state.commands.overdue(now, limits);
        let silent = state.last_frame.plus_ms(limits.silence_ms) <= now;
        let (mut subscribed, mut quiet) = (false, false);
        for market in self.markets.values() {
            for channel in channels_of(shape, lane) {
                let i = usize::from(channel);
                let (Some(spec), Some(stream)) = (shape.channels.get(i), market.streams.get(i))
                else {
                    continue;
                };
                if stream.subscribed == Subscribed::Yes {
                    subscribed = true;
                    quiet |= matches!(spec.proof, Proof::Answers | Proof::Checks)
                        && stream.proved_at.plus_ms(limits.quiet_ms) <= now;
                }
            }
        }
        if let Some(kind) = overdue {
            let reason = match kind {
                Kind::Subscribe => "SUBSCRIBE was not answered",
                Kind::Unsubscribe => "UNSUBSCRIBE was not answered",
                Kind::Probe => "a probe was not answered",
            };
            return self.reconnect(now, lane, reason, false, out);
        }
        if subscribed && silent {
            let reason = format!("no frame for {} s", limits.silence_ms / 1_000);
            return self.reconnect(now, lane, &reason, false, out);
        }
        if since.plus_ms(limits.connection_max_ms) <= now {
            let reason = "planned, before the venue's limit of age";
            return self.reconnect(now, lane, reason, true, out);
        }
        if let Some(channel) = Self::book_channel()
            && channels_of(shape, lane).any(|c| c == channel)
            && !self.revive_books(now, lane, channel, out)
        {
            return;
        }
        self.give_up_silent_trades(now, lane, out);
        self.give_up_absent_books(now, lane, out);
        if subscribed
            && self.is_open(lane)
            && let Some(state) = self.lanes.get_mut(usize::from(lane.0))
        {
            state.commands.want_probe(now, quiet, limits);
        }
    }

    /// Subscribes anew to books that best prices are ahead of. Says whether the connection is still good.
    fn revive_books(
        &mut self,
        now: Timestamp,
        lane: Lane,
        channel: ChannelId,
        out: &mut Vec<Output>,
    ) -> bool {
        let limits = Self::limits();
        let dead: Vec<Symbol> = self
            .markets
            .iter()
            .filter(|(_, market)| {
                let stream = market.streams.get(usize::from(channel));
                market.book_dead(now, limits)
                    && stream.is_some_and(|s| s.subscribed == Subscribed::Yes)
            })
            .map(|(symbol, _)| *symbol)
            .collect();
        for symbol in dead {
            self.counts.gaps += 1;
            if let Some(market) = self.markets.get_mut(&symbol) {
                market.revivals += 1;
                if market.revivals > limits.book_dead_max {
                    market.revivals = 0;
                    self.reconnect(now, lane, "depth updates stay away", false, out);
                    return false;
                }
            }
            self.drop_stream(Stream { symbol, channel }, Loss::Gap, out);
        }
        true
    }

    /// Streams of this lane that are to be asked for.
    fn to_subscribe(&self, now: Timestamp, lane: Lane) -> impl Iterator<Item = Stream> {
        let shape = Self::shape();
        let wanted = self.markets.iter().filter(|(_, m)| m.trades_now());
        let any = self.markets.values().any(|m| m.trades_now());
        let spec = |channel: ChannelId| shape.channels.get(usize::from(channel));
        let once = channels_of(shape, lane).filter(move |channel| {
            let state = self.once.get(usize::from(*channel));
            any && spec(*channel).is_some_and(|c| c.asked == Asked::Once)
                && state == Some(&Subscribed::No)
        });
        let once = once.map(|channel| Stream {
            symbol: Symbol::ANY,
            channel,
        });
        let each = wanted.flat_map(move |(symbol, market)| {
            channels_of(shape, lane)
                .filter(move |channel| {
                    let stream = market.streams.get(usize::from(*channel));
                    spec(*channel).is_some_and(|c| c.asked == Asked::ByMarket)
                        && stream
                            .is_some_and(|s| s.subscribed == Subscribed::No && s.revive_at <= now)
                })
                .map(|channel| Stream {
                    symbol: *symbol,
                    channel,
                })
        });
        once.chain(each)
    }

    /// Sends the next command, if one may go.
    fn send(&mut self, now: Timestamp, lane: Lane, out: &mut Vec<Output>) {
        if !self.is_open(lane) {
            return;
        }
        let limits = Self::limits();
        let most = limits.streams_per_command.max(1);
        let streams: Vec<Stream> = self.to_subscribe(now, lane).take(most).collect();
        let Some(state) = self.lanes.get_mut(usize::from(lane.0)) else {
            return;
        };
        let next = state.commands.next(now, &self.dialect, &streams, limits);
        let Some((id, kind, text)) = next else {
            return;
        };
        out.push(Output::Send(lane, text));
        if kind != Kind::Subscribe {
            return;
        }
        for stream in streams {
            let asked = Subscribed::Asked(id);
            if stream.symbol == Symbol::ANY {
                if let Some(once) = self.once.get_mut(usize::from(stream.channel)) {
                    *once = asked;
                }
            } else if let Some(market) = self.markets.get_mut(&stream.symbol)
                && let Some(stream) = market.stream(stream.channel)
            {
                stream.subscribed = asked;
            }
        }
    }

    /// Whether anything is wanted of the venue.
    fn is_wanted(&self) -> bool {
        self.lanes.iter().any(|lane| lane.link.phase != Phase::Down)
    }

    /// Whether the market's book is stale or lost, so that one from REST is better than nothing.
    pub(super) fn needs_repair(&self, now: Timestamp, symbol: Symbol) -> bool {
        let (Some(market), Some(channel)) = (self.markets.get(&symbol), Self::book_channel())
        else {
            return false;
        };
        let stream = market.streams.get(usize::from(channel));
        let after = Self::limits().repair_after_ms;
        market.trades_now()
            && !self.has_book_of_its_own(now, market)
            && stream.is_none_or(|s| s.proved_at.plus_ms(after) <= now)
    }

    /// Whether the stream brings the book by itself on a connection that speaks, or holds changes for it. One that stands in would not go
    /// with the changes that follow.
    fn has_book_of_its_own(&self, now: Timestamp, market: &Market) -> bool {
        match Self::shape().book {
            BookRule::InBand(_) => market.splice.is_synced() && now < self.lively_until(),
            BookRule::Ranges | BookRule::Links => market.splice.wants_snapshot(),
        }
    }

    /// From when on the market's book may be asked for to stand in for its stream.
    fn repair_at(&self, symbol: Symbol) -> Option<Timestamp> {
        let market = self.markets.get(&symbol)?;
        let stream = market.streams.get(usize::from(Self::book_channel()?))?;
        let stale = stream.proved_at.plus_ms(Self::limits().repair_after_ms);
        let at = stale.max(market.repair_at).max(self.rest.repair_at);
        let (own, at) = match Self::shape().book {
            BookRule::InBand(_) if market.splice.is_synced() => {
                (false, at.max(self.lively_until()))
            }
            BookRule::InBand(_) => (false, at),
            BookRule::Ranges | BookRule::Links => (market.splice.wants_snapshot(), at),
        };
        (market.trades_now() && !own).then_some(at)
    }

    /// What is to be asked for over REST next, and from when on: what is first in the list goes first.
    fn wants(&self, now: Timestamp) -> [Option<(Timestamp, Want)>; 7] {
        let limits = Self::limits();
        let list = self.rest.listings.front().cloned();
        let list = list.filter(|_| !self.rest.awaits_listings());
        let listing = list.map(|markets| (now, Want::Markets(markets)));
        let free = |kind: RequestKind, symbol: &Symbol| !self.rest.awaits(kind, *symbol);
        let book = self
            .markets
            .iter()
            .filter(|(symbol, market)| {
                Self::joins_snapshots()
                    && (market.splice.wants_snapshot() || market.reach.wants_snapshot())
                    && free(RequestKind::Book, symbol)
            })
            .map(|(symbol, market)| (market.book_at, *symbol))
            .min_by_key(|(at, _)| *at);
        let repair = false;
        let book = book.map(|(at, symbol)| (at, Want::Book { symbol, repair }));
        let trades = self.markets.iter().find_map(|(symbol, market)| {
            let want = market.trades.want(*symbol)?;
            free(RequestKind::Trades, symbol).then_some((now, want))
        });
        let candles = self.rest.next_candles(limits).map(|want| (now, want));
        let repair = self
            .markets
            .keys()
            .filter(|symbol| free(RequestKind::Book, symbol))
            .filter_map(|symbol| Some((self.repair_at(*symbol)?, *symbol)))
            .min_by_key(|(at, _)| *at);
        let repair = repair.map(|(at, symbol)| {
            (
                at,
                Want::Book {
                    symbol,
                    repair: true,
                },
            )
        });
        let check = self.next_check();
        [
            listing,
            book,
            trades,
            check,
            candles,
            repair,
            self.next_poll(),
        ]
    }

    /// The poll that is due first.
    fn next_poll(&self) -> Option<(Timestamp, Want)> {
        let polls = Self::shape().polls.iter().enumerate();
        let each = polls.flat_map(|(i, poll)| {
            let venue = (!poll.by_market).then(|| {
                let at = self.rest.poll_at.get(i).copied();
                at.map(|at| (at, Want::Poll(poll.what, Symbol::ANY)))
            });
            let markets = self
                .markets
                .iter()
                .filter(move |(_, market)| poll.by_market && market.trades_now());
            let markets = markets.filter_map(move |(symbol, market)| {
                Some((*market.poll_at.get(i)?, Want::Poll(poll.what, *symbol)))
            });
            venue.flatten().into_iter().chain(markets)
        });
        each.filter(|(_, want)| {
            let (kind, symbol) = subject(want);
            !self.rest.awaits(kind, symbol)
        })
        .min_by_key(|(at, _)| *at)
    }

    fn rest_due(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.is_wanted() {
            return None;
        }
        let overdue = self.rest.overdue_at();
        if !self.rest.has_room(Self::limits()) {
            return overdue;
        }
        let wants = self.wants(now);
        let first = wants.into_iter().flatten().map(|(at, _)| at);
        let refresh = self
            .rest
            .refresh_at
            .filter(|_| !self.rest.awaits_listings());
        let next = first.chain(refresh).min();
        let next = next.map(|at| at.max(self.rest.not_before));
        [overdue, next].into_iter().flatten().min()
    }

    /// Makes the next request, if one may be made.
    fn fetch(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if !self.is_wanted() {
            return;
        }
        let limits = Self::limits();
        if self.rest.poll_at.is_empty() {
            let first = |poll: &super::Poll| match poll.at_once {
                true => now,
                false => now.plus_ms(poll.every_ms),
            };
            self.rest.poll_at = Self::shape().polls.iter().map(first).collect();
        }
        while let Some(overdue) = self.rest.take_overdue(now) {
            self.failed(now, overdue, false);
        }
        while self.rest.has_room(limits) && self.rest.not_before <= now {
            if self.rest.refresh_at.is_some_and(|at| at <= now) {
                self.rest.refresh_at = None;
                self.rest.want_listings(self.markets.keys(), limits);
            }
            let wants = self.wants(now).into_iter().flatten();
            let Some((_, want)) = wants.into_iter().find(|(at, _)| *at <= now) else {
                return;
            };
            let ask = self.dialect.request(&want);
            self.note_asked(now, &want, ask.is_none());
            let job = match want {
                Want::Candles { .. } => self.rest.candles.pop_front(),
                _ => None,
            };
            if let Some(ask) = ask {
                out.push(Output::Fetch(self.rest.send(now, want, job, ask, limits)));
            }
        }
    }

    /// The wish is being met, or the venue is unable to.
    fn note_asked(&mut self, now: Timestamp, want: &Want, unable: bool) {
        let limits = Self::limits();
        match want {
            Want::Markets(_) => {
                self.rest.listings.pop_front();
            }
            Want::Book { symbol, repair } => {
                if *repair {
                    self.rest.repair_at = now.plus_ms(limits.repair_spacing_ms);
                }
                if let Some(market) = self.markets.get_mut(symbol) {
                    market.repair_at = now.plus_ms(limits.repair_after_ms);
                    if unable {
                        market.book_at = now.plus_ms(limits.book_retry_ms);
                    }
                }
            }
            Want::Trades { symbol, .. } => {
                if let Some(market) = self.markets.get_mut(symbol).filter(|_| unable) {
                    market.trades.failed(0);
                }
            }
            Want::Check { symbol, feed } => {
                self.rest.check_at = now.plus_ms(limits.check_spacing_ms);
                if let Some(market) = self.markets.get_mut(symbol) {
                    let again = now.plus_ms(limits.check_again_ms);
                    market.checks.asked(*feed, again);
                }
            }
            Want::Candles { .. } => {}
            Want::Poll(what, symbol) => {
                for (i, poll) in Self::shape().polls.iter().enumerate() {
                    let at = match self.markets.get_mut(symbol) {
                        Some(market) if poll.by_market => market.poll_at.get_mut(i),
                        _ => self.rest.poll_at.get_mut(i),
                    };
                    if poll.what == *what
                        && let Some(at) = at
                    {
                        *at = now.plus_ms(poll.every_ms);
                    }
                }
            }
        }
    }
}
