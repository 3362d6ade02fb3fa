//! Who gets what when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use axum::extract::ws::Utf8Bytes;

use super::frames::{self, Aggregate, Depth, DepthUpdate, Scales};
use super::stream::{Kind, Stream};
use crate::faults::VenueFaults;
use crate::generator::{Level, Market, Side, SpotTrade, StepEvents, Touched};
use crate::limits::{Window, Windows};
use crate::session::{ClientId, Outbox};

const FAST_EVERY_MS: i64 = 100;
const SLOW_EVERY_MS: i64 = 1_000;

#[derive(Debug)]
struct Client {
    outbox: Outbox,
    /// Payloads are wrapped with their stream's name.
    combined: bool,
    /// By name, unknown streams too.
    names: BTreeSet<String>,
    messages: Window,
}

/// The diffs of one speed: what changed since the last one.
#[derive(Debug, Default)]
pub(super) struct DiffStream {
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
    pub(super) fast: DiffStream,
    slow: DiffStream,
    shown_touch: Option<[(i64, Level); 2]>,
    next_trade: u64,
    next_aggregate: u64,
}

/// All connections of the venue and what they are subscribed to.
#[derive(Debug)]
pub(crate) struct Feeds {
    clients: BTreeMap<ClientId, Client>,
    next_client: ClientId,
    pub(super) subscribers: BTreeMap<Stream, BTreeSet<ClientId>>,
    pub(super) symbols: Vec<SymbolFeed>,
    pub(super) attempts: Windows,
    pub(super) rest: BTreeMap<IpAddr, super::rest::Account>,
}

impl Feeds {
    pub(crate) fn new(market: &mut Market, seed: u64) -> Self {
        let now_ms = market.now_ms();
        let mut symbols = Vec::new();
        for (index, coin) in market.coins_mut().iter_mut().enumerate() {
            let (Some(spot), Some(listing)) = (&mut coin.spot, &coin.instrument.spot) else {
                continue;
            };
            spot.book.take_touched();
            let stream = |every: i64| DiffStream {
                touched: Touched::default(),
                last_update_id: spot.book.update_id(),
                next_ms: now_ms + every,
            };
            let first_id = 1_000_000_000 + seed % 1_000_000 * 1_000 + index as u64 * 97;
            symbols.push(SymbolFeed {
                coin: index,
                symbol: listing.symbol,
                lower: listing.symbol.to_ascii_lowercase(),
                fast: stream(FAST_EVERY_MS),
                slow: stream(SLOW_EVERY_MS),
                scales: Scales::of(coin),
                shown_touch: None,
                next_trade: first_id * 3,
                next_aggregate: first_id * 2,
            });
        }
        Self {
            clients: BTreeMap::new(),
            next_client: 1,
            subscribers: BTreeMap::new(),
            symbols,
            attempts: Windows::default(),
            rest: BTreeMap::new(),
        }
    }

    /// The instrument of a symbol in the venue's upper-case spelling.
    pub(super) fn coin_of(&self, symbol: &str) -> Option<usize> {
        self.symbols
            .iter()
            .find(|feed| feed.symbol == symbol)
            .map(|feed| feed.coin)
    }

    pub(super) fn join(&mut self, outbox: Outbox, combined: bool) -> ClientId {
        let id = self.next_client;
        self.next_client += 1;
        let client = Client {
            outbox,
            combined,
            names: BTreeSet::new(),
            messages: Window::default(),
        };
        self.clients.insert(id, client);
        id
    }

    pub(super) fn leave(&mut self, id: ClientId) {
        if let Some(client) = self.clients.remove(&id) {
            for name in &client.names {
                self.drop_subscriber(name, id);
            }
        }
    }

    pub(crate) fn cut_all(&self) {
        for client in self.clients.values() {
            client.outbox.cut();
        }
    }

    /// Sends to one client, unless the venue is silent.
    pub(super) fn answer(&self, id: ClientId, text: String, now_ms: i64, faults: &VenueFaults) {
        if now_ms < faults.silent_until {
            return;
        }
        if let Some(client) = self.clients.get(&id) {
            client.outbox.send(text.into(), faults.delay_ms(now_ms));
        }
    }

    /// Counts a message of the client; false when it is one too many in a second.
    pub(super) fn admit_message(&mut self, id: ClientId, now_ms: i64, most: u64) -> bool {
        self.clients
            .get_mut(&id)
            .is_none_or(|client| client.messages.admit(now_ms, 1_000, 1, most))
    }

    /// False when the connection would have more than `most` streams; then nothing is added.
    pub(super) fn subscribe(&mut self, id: ClientId, names: &[String], most: usize) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return true;
        };
        let new = names
            .iter()
            .filter(|name| !client.names.contains(*name))
            .count();
        if client.names.len() + new > most {
            return false;
        }
        client.names.extend(names.iter().cloned());
        for name in names {
            if let Some(stream) = self.stream(name) {
                self.subscribers.entry(stream).or_default().insert(id);
            }
        }
        true
    }

    pub(super) fn unsubscribe(&mut self, id: ClientId, names: &[String]) {
        for name in names {
            if self
                .clients
                .get_mut(&id)
                .is_some_and(|client| client.names.remove(name))
            {
                self.drop_subscriber(name, id);
            }
        }
    }

    pub(super) fn names(&self, id: ClientId) -> Vec<String> {
        self.clients
            .get(&id)
            .map(|client| client.names.iter().cloned().collect())
            .unwrap_or_default()
    }

    pub(super) fn combined(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.combined)
    }

    pub(super) fn set_combined(&mut self, id: ClientId, combined: bool) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.combined = combined;
        }
    }

    fn stream(&self, name: &str) -> Option<Stream> {
        Stream::parse(name, |lower| {
            self.symbols
                .iter()
                .find(|feed| feed.lower == lower)
                .map(|feed| feed.coin)
        })
    }

    fn drop_subscriber(&mut self, name: &str, id: ClientId) {
        let Some(stream) = self.stream(name) else {
            return;
        };
        if let Some(ids) = self.subscribers.get_mut(&stream) {
            ids.remove(&id);
            if ids.is_empty() {
                self.subscribers.remove(&stream);
            }
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
        let mut symbols = std::mem::take(&mut self.symbols);
        for feed in &mut symbols {
            let Some(spot) = &mut market.coins_mut()[feed.coin].spot else {
                continue;
            };
            let touched = spot.book.take_touched();
            feed.fast.add(&touched);
            feed.slow.add(&touched);
            self.publish_trades(feed, &events.spot_trades, now_ms, faults);
            self.publish_ticker(feed, market, now_ms, faults);
            for fast in [true, false] {
                self.publish_depth(feed, fast, market, now_ms, faults);
            }
        }
        self.symbols = symbols;
    }

    fn publish_trades(
        &self,
        feed: &mut SymbolFeed,
        trades: &[SpotTrade],
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        let copies = 1 + usize::from(faults.duplicates(feed.symbol, now_ms));
        let mut open: Option<Aggregate> = None;
        for trade in trades.iter().filter(|trade| trade.coin == feed.coin) {
            let id = feed.next_trade;
            feed.next_trade += 1;
            for _ in 0..copies {
                self.send(feed, Kind::Trade, now_ms, faults, || {
                    frames::trade(feed.symbol, feed.scales, now_ms, id, trade)
                });
            }
            match &mut open {
                Some(aggregate)
                    if aggregate.trade.order == trade.order && aggregate.trade.px == trade.px =>
                {
                    aggregate.trade.lots += trade.lots;
                    aggregate.last = id;
                }
                _ => {
                    self.publish_aggregate(feed, open.take(), copies, now_ms, faults);
                    open = Some(Aggregate {
                        id: feed.next_aggregate,
                        trade: *trade,
                        first: id,
                        last: id,
                    });
                    feed.next_aggregate += 1;
                }
            }
        }
        self.publish_aggregate(feed, open, copies, now_ms, faults);
    }

    fn publish_aggregate(
        &self,
        feed: &SymbolFeed,
        aggregate: Option<Aggregate>,
        copies: usize,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        let Some(aggregate) = aggregate else { return };
        for _ in 0..copies {
            self.send(feed, Kind::AggTrade, now_ms, faults, || {
                frames::agg_trade(feed.symbol, feed.scales, now_ms, &aggregate)
            });
        }
    }

    fn publish_ticker(
        &self,
        feed: &mut SymbolFeed,
        market: &Market,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        let Some(spot) = &market.coins()[feed.coin].spot else {
            return;
        };
        let (Some(bid), Some(ask)) = (spot.book.best(Side::Bid), spot.book.best(Side::Ask)) else {
            return;
        };
        if feed.shown_touch.replace([bid, ask]) == Some([bid, ask]) {
            return;
        }
        self.send(feed, Kind::BookTicker, now_ms, faults, || {
            frames::book_ticker(feed.symbol, feed.scales, spot.book.update_id(), bid, ask)
        });
    }

    fn publish_depth(
        &self,
        feed: &mut SymbolFeed,
        fast: bool,
        market: &Market,
        now_ms: i64,
        faults: &mut VenueFaults,
    ) {
        let Some(spot) = &market.coins()[feed.coin].spot else {
            return;
        };
        let diffs = if fast { &mut feed.fast } else { &mut feed.slow };
        if now_ms < diffs.next_ms {
            return;
        }
        let every = if fast { FAST_EVERY_MS } else { SLOW_EVERY_MS };
        diffs.next_ms = (now_ms.div_euclid(every) + 1) * every;
        if diffs.last_update_id == spot.book.update_id() {
            return;
        }
        let touched = std::mem::take(&mut diffs.touched);
        let first = std::mem::replace(&mut diffs.last_update_id, spot.book.update_id()) + 1;
        let feed = &*feed;
        let scales = feed.scales;
        if !(fast && faults.take_skip(feed.symbol)) {
            self.send(feed, Kind::Diff { fast }, now_ms, faults, || {
                let now = |side, px: &i64| {
                    scales.pair(*px, spot.book.get(side, *px).map_or(0, |level| level.lots))
                };
                frames::text(&DepthUpdate {
                    e: "depthUpdate",
                    E: now_ms,
                    s: feed.symbol,
                    U: first,
                    u: spot.book.update_id(),
                    // Best first.
                    b: touched
                        .bids
                        .iter()
                        .rev()
                        .map(|px| now(Side::Bid, px))
                        .collect(),
                    a: touched.asks.iter().map(|px| now(Side::Ask, px)).collect(),
                })
            });
        }
        for levels in [5, 10, 20] {
            self.send(feed, Kind::Partial { levels, fast }, now_ms, faults, || {
                frames::text(&Depth {
                    lastUpdateId: spot.book.update_id(),
                    bids: scales.levels(spot, Side::Bid, levels),
                    asks: scales.levels(spot, Side::Ask, levels),
                })
            });
        }
    }

    /// Sends a payload to the subscribers of a stream; it is made only if there are any.
    pub(super) fn send(
        &self,
        feed: &SymbolFeed,
        kind: Kind,
        now_ms: i64,
        faults: &VenueFaults,
        payload: impl FnOnce() -> String,
    ) {
        let Some(ids) = self.subscribers.get(&Stream {
            coin: feed.coin,
            kind,
        }) else {
            return;
        };
        let channel = kind.channel();
        if now_ms < faults.silent_until || faults.channel_silent(&channel, feed.symbol, now_ms) {
            return;
        }
        let raw = payload();
        let wrapped = format!("{{\"stream\":\"{}@{channel}\",\"data\":{raw}}}", feed.lower);
        let (raw, wrapped) = (Utf8Bytes::from(raw), Utf8Bytes::from(wrapped));
        let delay_ms = faults.delay_ms(now_ms);
        for client in ids.iter().filter_map(|id| self.clients.get(id)) {
            let text = if client.combined { &wrapped } else { &raw };
            client.outbox.send(text.clone(), delay_ms);
        }
    }
}

impl DiffStream {
    fn add(&mut self, touched: &Touched) {
        self.touched.bids.extend(&touched.bids);
        self.touched.asks.extend(&touched.asks);
    }
}

#[cfg(test)]
impl Feeds {
    pub(crate) fn subscribe_all(&mut self, outbox: Outbox, names: &[String]) {
        let id = self.join(outbox, false);
        assert!(self.subscribe(id, names, usize::MAX));
    }
}
