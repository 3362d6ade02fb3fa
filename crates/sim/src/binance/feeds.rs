//! Who gets what when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::frames::{self, Depth, DepthUpdate, Scales};
use super::perp::{publish_liquidations, publish_marks};
use super::stream::{Kind, Route, Stream, speeds};
use crate::faults::VenueFaults;
use crate::generator::{
    Level, Liquidation, Market, Place, Side, SpotTrade, StepEvents, Touched, Trade, VenueBook,
};
use crate::hub::{FeedName, Hub, Payload};
use crate::session::ClientId;
use crate::venue::Venue;

/// Trades kept for REST answers.
const MOST_TRADES: usize = 2_048;

/// The diffs of one speed: what changed since the last one.
#[derive(Debug)]
pub(super) struct DiffStream {
    pub(super) every_ms: i64,
    pub(super) touched: Touched,
    pub(super) last_update_id: u64,
    next_ms: i64,
}

/// One symbol's feeds.
#[derive(Debug)]
pub(super) struct SymbolFeed {
    pub(super) coin: usize,
    pub(super) symbol: &'static str,
    lower: String,
    pub(super) scales: Scales,
    pub(super) diffs: Vec<DiffStream>,
    shown_touch: Option<[(i64, Level); 2]>,
    pub(super) next_mark_ms: [i64; 2],
    pub(super) next_force_ms: i64,
    /// The largest liquidation of the second.
    pub(super) largest: Option<Liquidation>,
    next_fill: u64,
    next_aggregate: u64,
    /// Spot's trades; USD-M's are with its market.
    tape: VecDeque<Trade>,
}

/// The connections of one of the venues by stream name.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(super) venue: Venue,
    pub(crate) hub: Hub<Stream>,
    /// Names of each connection, unknown streams too, and what it serves.
    names: BTreeMap<ClientId, (BTreeSet<String>, Route)>,
    /// Instruments by lower-case symbol.
    symbols: BTreeMap<String, usize>,
}

/// One of the venues.
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(crate) streams: Streams,
    pub(super) symbols: Vec<SymbolFeed>,
}

/// A symbol's book at a venue.
pub(super) fn book_of(venue: Venue, market: &Market, coin: usize) -> Option<&VenueBook> {
    let coin = market.coins().get(coin)?;
    match venue {
        Venue::BinanceSpot => coin.spot.as_ref(),
        _ => coin.outlet(Place::BinanceUsdm).map(|outlet| &outlet.market),
    }
}

pub(super) fn book_mut(venue: Venue, market: &mut Market, coin: usize) -> Option<&mut VenueBook> {
    let coin = market.coins_mut().get_mut(coin)?;
    match venue {
        Venue::BinanceSpot => coin.spot.as_mut(),
        _ => coin
            .outlet_mut(Place::BinanceUsdm)
            .map(|outlet| &mut outlet.market),
    }
}

impl Streams {
    pub(super) fn open(&mut self, id: ClientId, route: Route) {
        self.names.insert(id, (BTreeSet::new(), route));
    }

    pub(crate) fn leave(&mut self, id: ClientId) {
        self.names.remove(&id);
        self.hub.leave(id);
    }

    fn stream(&self, name: &str) -> Option<Stream> {
        Stream::parse(self.venue, name, |lower| self.symbols.get(lower).copied())
    }

    /// False when the connection would have more than `most` streams; then nothing is added.
    pub(super) fn subscribe(&mut self, id: ClientId, names: &[String], most: usize) -> bool {
        let streams: Vec<Option<Stream>> = names.iter().map(|name| self.stream(name)).collect();
        let Some((known, route)) = self.names.get_mut(&id) else {
            return true;
        };
        let new = names.iter().filter(|name| !known.contains(*name)).count();
        if known.len() + new > most {
            return false;
        }
        known.extend(names.iter().cloned());
        let route = *route;
        for stream in streams
            .into_iter()
            .flatten()
            .filter(|stream| route.serves(stream.kind))
        {
            self.hub.subscribe(id, stream);
        }
        true
    }

    pub(super) fn unsubscribe(&mut self, id: ClientId, names: &[String]) {
        for name in names {
            if self
                .names
                .get_mut(&id)
                .is_some_and(|(known, _)| known.remove(name))
                && let Some(stream) = self.stream(name)
            {
                self.hub.unsubscribe(id, &stream);
            }
        }
    }

    pub(super) fn names(&self, id: ClientId) -> Vec<String> {
        self.names
            .get(&id)
            .map(|(names, _)| names.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Sends a payload to the subscribers of a symbol's stream; it is made only if there are any.
    pub(super) fn send(
        &mut self,
        feed: &SymbolFeed,
        kind: Kind,
        now_ms: i64,
        faults: &mut VenueFaults,
        payload: impl FnOnce() -> String,
    ) {
        let stream = Stream {
            coin: feed.coin,
            kind,
        };
        if !self.hub.wanted(&stream) {
            return;
        }
        let channel = kind.channel(self.venue);
        let name = format!("{}@{channel}", feed.lower);
        let feed_name = FeedName {
            channel: &channel,
            symbol: feed.symbol,
        };
        self.hub.send(&stream, feed_name, now_ms, faults, || {
            Payload::of_stream(&name, payload())
        });
    }
}

impl Feeds {
    pub(crate) fn new(venue: Venue, market: &mut Market, seed: u64) -> Self {
        let now_ms = market.now_ms();
        let mut symbols = Vec::new();
        let mut by_name = BTreeMap::new();
        for coin in 0..market.coins().len() {
            let found = &market.coins()[coin];
            let symbol = match venue {
                Venue::BinanceSpot => found.instrument.spot.as_ref().map(|listing| listing.symbol),
                _ => found
                    .outlet(Place::BinanceUsdm)
                    .map(|outlet| outlet.listing.symbol),
            };
            let (Some(symbol), Some(scales)) = (symbol, Scales::of(venue, market, coin)) else {
                continue;
            };
            let Some(book) = book_mut(venue, market, coin) else {
                continue;
            };
            book.book.take_touched();
            let diffs = speeds(venue)
                .iter()
                .map(|every_ms| DiffStream {
                    every_ms: *every_ms,
                    touched: Touched::default(),
                    last_update_id: book.book.update_id(),
                    next_ms: now_ms + every_ms,
                })
                .collect();
            let first_id = 1_000_000_000 + seed % 1_000_000 * 1_000 + coin as u64 * 97;
            let lower = symbol.to_ascii_lowercase();
            by_name.insert(lower.clone(), coin);
            symbols.push(SymbolFeed {
                coin,
                symbol,
                lower,
                scales,
                diffs,
                shown_touch: None,
                next_mark_ms: [now_ms; 2],
                next_force_ms: now_ms,
                largest: None,
                next_fill: first_id * 3,
                next_aggregate: first_id * 2,
                tape: VecDeque::new(),
            });
        }
        let streams = Streams {
            venue,
            hub: Hub::default(),
            names: BTreeMap::new(),
            symbols: by_name,
        };
        Self { streams, symbols }
    }

    /// The feed of a symbol in the venue's upper-case spelling.
    pub(super) fn feed(&self, symbol: &str) -> Option<&SymbolFeed> {
        self.symbols.iter().find(|feed| feed.symbol == symbol)
    }

    /// The newest trades of a symbol, oldest first.
    pub(super) fn tape<'a>(
        &'a self,
        feed: &'a SymbolFeed,
        market: &'a Market,
    ) -> &'a VecDeque<Trade> {
        match market
            .coins()
            .get(feed.coin)
            .and_then(|coin| coin.outlet(Place::BinanceUsdm))
        {
            Some(outlet) if self.streams.venue == Venue::BinanceUsdm => &outlet.tape,
            _ => &feed.tape,
        }
    }

    /// Sends what a step brought about.
    pub(crate) fn publish(
        &mut self,
        market: &mut Market,
        events: &StepEvents,
        faults: &mut VenueFaults,
    ) {
        let now_ms = market.now_ms();
        self.streams.hub.release(now_ms, faults);
        let venue = self.streams.venue;
        for feed in &mut self.symbols {
            let Some(book) = book_mut(venue, market, feed.coin) else {
                continue;
            };
            let touched = book.book.take_touched();
            for diff in &mut feed.diffs {
                diff.add(&touched);
            }
            let (trades, liquidations) = if venue == Venue::BinanceSpot {
                (feed.aggregate(&events.spot_trades, now_ms), Vec::new())
            } else {
                market.coins_mut()[feed.coin]
                    .outlet_mut(Place::BinanceUsdm)
                    .map(|outlet| {
                        (
                            std::mem::take(&mut outlet.new_trades),
                            std::mem::take(&mut outlet.new_liquidations),
                        )
                    })
                    .unwrap_or_default()
            };
            publish_trades(&mut self.streams, feed, &trades, now_ms, faults);
            let Some(book) = book_of(venue, market, feed.coin) else {
                continue;
            };
            publish_ticker(&mut self.streams, feed, book, now_ms, faults);
            for index in 0..feed.diffs.len() {
                publish_depth(&mut self.streams, feed, index, book, now_ms, faults);
            }
            if venue == Venue::BinanceUsdm {
                publish_marks(&mut self.streams, feed, market, now_ms, faults);
                publish_liquidations(&mut self.streams, feed, liquidations, now_ms, faults);
            }
        }
    }
}

impl SymbolFeed {
    /// Fills of one taker order at one price are one aggregate.
    fn aggregate(&mut self, fills: &[SpotTrade], now_ms: i64) -> Vec<Trade> {
        let mut trades: Vec<Trade> = Vec::new();
        let mut order = None;
        for fill in fills.iter().filter(|fill| fill.coin == self.coin) {
            let id = self.next_fill;
            self.next_fill += 1;
            if order.replace((fill.order, fill.px)) == Some((fill.order, fill.px))
                && let Some(last) = trades.last_mut()
            {
                last.lots += fill.lots;
                last.last_id = id;
                continue;
            }
            trades.push(Trade {
                first_id: id,
                last_id: id,
                aggregate_id: self.next_aggregate,
                px: fill.px,
                lots: fill.lots,
                taker: fill.taker,
                time_ms: now_ms - 1,
            });
            self.next_aggregate += 1;
        }
        self.tape.extend(&trades);
        let surplus = self.tape.len().saturating_sub(MOST_TRADES);
        self.tape.drain(..surplus);
        trades
    }
}

fn publish_trades(
    streams: &mut Streams,
    feed: &SymbolFeed,
    trades: &[Trade],
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    for trade in trades {
        let times = (faults.stamp(now_ms), faults.stamp(trade.time_ms));
        for fill in trade.fills() {
            streams.send(feed, Kind::Trade, now_ms, faults, || {
                frames::trade(feed.symbol, feed.scales, times, fill, trade)
            });
        }
        streams.send(feed, Kind::AggTrade, now_ms, faults, || {
            frames::agg_trade(Some((feed.symbol, times.0)), feed.scales, times.1, trade)
        });
    }
}

fn publish_ticker(
    streams: &mut Streams,
    feed: &mut SymbolFeed,
    book: &VenueBook,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    let (Some(bid), Some(ask)) = (book.book.best(Side::Bid), book.book.best(Side::Ask)) else {
        return;
    };
    if feed.shown_touch.replace([bid, ask]) == Some([bid, ask]) {
        return;
    }
    let event_ms = faults.stamp(now_ms);
    let feed = &*feed;
    streams.send(feed, Kind::BookTicker, now_ms, faults, || {
        frames::book_ticker(
            feed.symbol,
            feed.scales,
            (book.book.update_id(), event_ms),
            bid,
            ask,
        )
    });
}

fn publish_depth(
    streams: &mut Streams,
    feed: &mut SymbolFeed,
    index: usize,
    book: &VenueBook,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    let diff = &mut feed.diffs[index];
    if now_ms < diff.next_ms {
        return;
    }
    let every_ms = diff.every_ms;
    diff.next_ms = (now_ms.div_euclid(every_ms) + 1) * every_ms;
    let last = book.book.update_id();
    if diff.last_update_id == last {
        return;
    }
    let touched = std::mem::take(&mut diff.touched);
    let previous = std::mem::replace(&mut diff.last_update_id, last);
    let feed = &*feed;
    let scales = feed.scales;
    let perp = streams.venue == Venue::BinanceUsdm;
    let event_ms = faults.stamp(now_ms);
    let update = |b, a| {
        frames::text(&DepthUpdate {
            e: "depthUpdate",
            E: event_ms,
            T: perp.then_some(event_ms - 1),
            s: feed.symbol,
            // USD-M's numbers go on between two changes: only `pu` links them.
            U: if perp {
                (previous + 2).min(last)
            } else {
                previous + 1
            },
            u: last,
            pu: perp.then_some(previous),
            b,
            a,
        })
    };
    streams.send(feed, Kind::Diff { every_ms }, now_ms, faults, || {
        let now = |side, px: &i64| {
            scales.pair(*px, book.book.get(side, *px).map_or(0, |level| level.lots))
        };
        // Best first.
        update(
            touched
                .bids
                .iter()
                .rev()
                .map(|px| now(Side::Bid, px))
                .collect(),
            touched.asks.iter().map(|px| now(Side::Ask, px)).collect(),
        )
    });
    for levels in [5, 10, 20] {
        streams.send(
            feed,
            Kind::Partial { levels, every_ms },
            now_ms,
            faults,
            || {
                let (bids, asks) = (
                    scales.levels(book, Side::Bid, levels),
                    scales.levels(book, Side::Ask, levels),
                );
                if perp {
                    return update(bids, asks);
                }
                frames::text(&Depth {
                    lastUpdateId: last,
                    E: None,
                    T: None,
                    bids,
                    asks,
                })
            },
        );
    }
}

impl DiffStream {
    fn add(&mut self, touched: &Touched) {
        self.touched.bids.extend(&touched.bids);
        self.touched.asks.extend(&touched.asks);
    }
}
