//! What REST answers change.

use super::market::{Listed, Subscribed};
use super::rest::InFlight;
use super::{Answer, Answered, Asked, Dialect, Session, Want};
use crate::session::{Feed, Lane, Listing, Loss, Output, RequestKey, RequestKind};
use hypersentry_model::event::{BookSnapshot, Candle};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};

/// Markets of a venue's list that are remembered.
pub(super) const LISTINGS_MAX: usize = 8_192;

impl<D: Dialect> Session<D> {
    pub(super) fn answered(
        &mut self,
        now: Timestamp,
        key: &RequestKey,
        (status, retry_after_s): (u16, Option<u32>),
        body: &[u8],
        sent: Option<Timestamp>,
        out: &mut Vec<Output>,
    ) {
        self.dirty = true;
        if self.config.accept_any_symbol {
            if key.kind == RequestKind::Book && status == 200 {
                self.recorded_market(now, key.symbol);
                self.recorded_book(now, key.symbol, body, out);
            }
            return;
        }
        let refused = matches!(status, 418 | 429);
        if let Some(request) = self.rest.take(key) {
            if status == 200 {
                self.good(now, request, body, sent, out);
            } else if !refused && self.dialect.unknown_market(status, body) {
                self.unknown(now, request, out);
            } else {
                self.failed(now, request, (400..500).contains(&status) && !refused);
            }
        }
        // A late answer may tell it too.
        if refused {
            self.rest
                .pause_for(now, status, retry_after_s, Self::limits());
            self.changed = true;
        }
    }

    fn recorded_book(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        body: &[u8],
        out: &mut Vec<Output>,
    ) {
        let repair = false;
        match self.dialect.answer(&Want::Book { symbol, repair }, body) {
            Ok(Answered {
                answer: Answer::Book { book, venue_time },
                ..
            }) => self.join(now, (symbol, repair), venue_time, book, out),
            Ok(_) => {}
            Err(error) => self.counts.refuse(error.code),
        }
    }

    fn good(
        &mut self,
        now: Timestamp,
        request: InFlight,
        body: &[u8],
        sent: Option<Timestamp>,
        out: &mut Vec<Output>,
    ) {
        let answered = match self.dialect.answer(&request.want, body) {
            Ok(answered) => answered,
            Err(error) => {
                self.counts.refuse(error.code);
                return self.failed(now, request, false);
            }
        };
        if let (Some(sent), Some(venue)) = (sent, answered.venue_time) {
            out.push(Output::VenueTime { sent, venue });
        }
        let kind = request.key.kind;
        match (answered.answer, &request.want) {
            (Answer::Listings(listings), Want::Markets(asked)) => {
                self.take_listings(now, asked, listings, out);
            }
            (Answer::Book { book, venue_time }, Want::Book { symbol, repair }) => {
                self.book_answer(now, (*symbol, *repair), venue_time, book, out);
            }
            (Answer::Book { book, venue_time }, Want::Check { symbol, .. }) => {
                out.push(Output::Check(MarketEvent {
                    symbol: *symbol,
                    venue_time,
                    payload: Payload::BookSnapshot(book),
                }));
            }
            (Answer::Trades(trades), Want::Check { symbol, .. }) => {
                let newest = trades.into_iter().find_map(|event| match event.payload {
                    Payload::Trade(trade) => Some(trade.id),
                    _ => None,
                });
                self.newest_trade(now, *symbol, newest, out);
            }
            (Answer::Trades(trades), Want::Trades { symbol, from, .. }) => {
                self.page(*symbol, *from, trades, out);
            }
            (Answer::Candles(candles), Want::Candles { to_ms, .. }) => {
                self.candles(request.job, *to_ms, candles, out);
            }
            (Answer::Events(events), _) => {
                for (feed, event) in events {
                    self.polled(feed, event, out);
                }
            }
            _ => {}
        }
        self.rest.succeeded(now, kind, Self::limits());
    }

    /// A book that the stream waits for is joined; else it stands in for the stream.
    fn book_answer(
        &mut self,
        now: Timestamp,
        (symbol, repair): (Symbol, bool),
        venue_time: Option<Timestamp>,
        book: BookSnapshot,
        out: &mut Vec<Output>,
    ) {
        let Some(market) = self.markets.get(&symbol) else {
            return;
        };
        let renews = market.reach.wants_snapshot() && !repair;
        if Self::joins_snapshots() && (market.splice.wants_snapshot() || renews) {
            self.join(now, (symbol, repair), venue_time, book, out);
        } else if self.needs_repair(now, symbol) {
            if !Self::joins_snapshots() && market.splice.is_synced() {
                // What would follow on the dead connection would not go with it.
                let channel = Self::book_channel().unwrap_or_default();
                let spec = Self::shape().channels.get(usize::from(channel));
                let lane = spec.map_or(Lane::MAIN, |spec| spec.lane);
                let reason = "REST answers, and the connection does not";
                self.reconnect(now, lane, reason, false, out);
            }
            out.push(Output::Repair {
                feed: Feed::Book,
                event: MarketEvent {
                    symbol,
                    venue_time,
                    payload: Payload::BookSnapshot(book),
                },
            });
        }
    }

    fn candles(
        &mut self,
        job: Option<super::rest::CandleJob>,
        reached_ms: i64,
        mut page: Vec<Candle>,
        out: &mut Vec<Output>,
    ) {
        let Some(mut job) = job else {
            return;
        };
        page.retain(|c| (job.from_ms..=job.to_ms).contains(&c.open_ms));
        page.sort_by_key(|candle| candle.open_ms);
        page.dedup_by_key(|candle| candle.open_ms);
        job.got.append(&mut page);
        job.from_ms = reached_ms.saturating_add(1);
        if job.from_ms <= job.to_ms {
            self.rest.candles.push_front(job);
        } else {
            out.push(Output::Candles {
                symbol: job.symbol,
                interval: job.interval,
                candles: job.got,
            });
        }
    }

    /// A figure that is asked for again and again: it has no stream.
    fn polled(&mut self, feed: Feed, event: MarketEvent, out: &mut Vec<Output>) {
        if self.markets.contains_key(&event.symbol) {
            out.push(Output::Event {
                feed,
                event,
                replayed: false,
            });
        }
    }

    /// The request failed and will be made again, where it must be; other books come first. One of little weight that the venue `refuses`
    /// by itself says nothing about the next one.
    pub(super) fn failed(&mut self, now: Timestamp, request: InFlight, refuses: bool) {
        let limits = Self::limits();
        let mut light = false;
        if let Some(market) = self.markets.get_mut(&request.key.symbol) {
            match request.key.kind {
                RequestKind::Book => market.book_at = now.plus_ms(limits.book_retry_ms),
                RequestKind::Trades => {
                    let most = if refuses { 0 } else { limits.trades_pages_max };
                    market.trades.failed(most);
                    light = true;
                }
                _ => {}
            }
        }
        light |= matches!(
            request.want,
            Want::Candles { .. } | Want::Poll(..) | Want::Check { .. }
        );
        self.rest.failed(now, request, refuses && light, limits);
    }

    /// One market of the request does not exist.
    fn unknown(&mut self, now: Timestamp, request: InFlight, out: &mut Vec<Output>) {
        let kind = request.key.kind;
        match &request.want {
            Want::Markets(several) if several.len() > 1 => self.rest.halve(several),
            Want::Markets(one) => {
                if let Some(symbol) = one.first() {
                    self.absent(*symbol, out);
                }
            }
            Want::Poll(_, symbol) if *symbol == Symbol::ANY => {}
            Want::Book { symbol, .. }
            | Want::Trades { symbol, .. }
            | Want::Check { symbol, .. }
            | Want::Candles { symbol, .. }
            | Want::Poll(_, symbol) => self.absent(*symbol, out),
        }
        self.rest.succeeded(now, kind, Self::limits());
    }

    fn take_listings(
        &mut self,
        now: Timestamp,
        asked: &[Symbol],
        listings: Vec<Listing>,
        out: &mut Vec<Output>,
    ) {
        if Self::limits().listings_per_request.is_none() {
            self.listings.clear();
        }
        for symbol in asked {
            self.listings.remove(symbol);
        }
        for listing in listings {
            if self.listings.len() < LISTINGS_MAX {
                self.listings.insert(listing.symbol, listing);
            }
        }
        if self.rest.listings.is_empty() {
            out.push(Output::Listings(self.listings.values().copied().collect()));
        }
        if asked.is_empty() {
            let all: Vec<Symbol> = self.markets.keys().copied().collect();
            self.list(now, &all, out);
        } else {
            self.list(now, asked, out);
        }
    }

    /// Tells these markets what the list says of them.
    pub(super) fn list(&mut self, now: Timestamp, symbols: &[Symbol], out: &mut Vec<Output>) {
        for symbol in symbols {
            let listing = self.listings.get(symbol).filter(|listing| listing.trading);
            let Some(listing) = listing else {
                self.absent(*symbol, out);
                continue;
            };
            let (px_decimals, sz_decimals) = (listing.px_decimals, listing.sz_decimals);
            let listed = Listed::Trading {
                px_decimals,
                sz_decimals,
            };
            let Some(market) = self.markets.get_mut(symbol) else {
                continue;
            };
            if market.listed == listed {
                continue;
            }
            market.listed = listed;
            let polls = Self::shape().polls.iter();
            let first = |poll: &super::Poll| match poll.at_once {
                true => now,
                false => now.plus_ms(poll.every_ms),
            };
            market.poll_at = polls.map(first).collect();
            out.push(Output::Grid {
                symbol: *symbol,
                px_decimals,
                sz_decimals,
            });
            // What the whole venue's channels say is there already.
            for (spec, channel) in Self::shape().channels.iter().zip(0..) {
                let once = self.once.get(usize::from(channel));
                if spec.asked == Asked::Once && once == Some(&Subscribed::Yes) {
                    self.begun(now, *symbol, channel, out);
                }
            }
        }
    }

    /// The venue does not list the market, or it does not trade.
    pub(super) fn absent(&mut self, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if market.listed != Listed::Absent {
            market.listed = Listed::Absent;
            self.drop_market(symbol, Loss::Dropped, out);
            out.push(Output::Unlisted(symbol));
            self.changed = true;
        }
    }
}
