//! Who gets what when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

use super::frames;
use super::subscription::Subscription;
use crate::faults::VenueFaults;
use crate::generator::{Bar, Interval, Level, Market, PerpTrade, Side, StepEvents};
use crate::limits::Windows;
use crate::session::{ClientId, Outbox};

/// Milliseconds between standard books, fast books, contexts and mids; each on the first block after it.
const BOOK_EVERY_MS: i64 = 5_000;
const FAST_BOOK_EVERY_MS: i64 = 500;
const CONTEXT_EVERY_MS: i64 = 1_000;
const MIDS_EVERY_MS: i64 = 5_000;
/// Trades that a new subscriber gets first.
const RECENT_TRADES: usize = 30;

#[derive(Debug)]
struct Client {
    outbox: Outbox,
    address: IpAddr,
    subscriptions: BTreeSet<Subscription>,
}

type Touch = [Option<(i64, Level)>; 2];

/// The state of one coin's feeds.
#[derive(Debug, Default)]
struct CoinFeed {
    next_book_ms: i64,
    next_fast_book_ms: i64,
    next_context_ms: i64,
    shown_touch: Touch,
    recent: VecDeque<(i64, PerpTrade)>,
}

/// All connections of the venue and what they are subscribed to.
#[derive(Debug)]
pub(crate) struct Feeds {
    clients: BTreeMap<ClientId, Client>,
    next_client: ClientId,
    pub(super) subscribers: BTreeMap<Subscription, BTreeSet<ClientId>>,
    coins: Vec<CoinFeed>,
    /// The open bar of every candle feed with subscribers.
    bars: BTreeMap<(usize, Interval), Bar>,
    next_mids_ms: i64,
    pub(super) attempts: Windows,
    pub(super) messages: Windows,
    pub(super) rest_weight: Windows,
}

/// What came of a subscription.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subscribed {
    Done,
    Already,
    TooMany,
}

impl Feeds {
    pub(crate) fn new(market: &Market) -> Self {
        let coins = (0..market.coins().len())
            .map(|index| {
                // The coins do not all speak in the same block.
                let offset = market.now_ms() + index as i64 * 170;
                CoinFeed {
                    next_book_ms: offset + BOOK_EVERY_MS / 2,
                    next_fast_book_ms: offset % FAST_BOOK_EVERY_MS,
                    next_context_ms: offset,
                    ..CoinFeed::default()
                }
            })
            .collect();
        Self {
            clients: BTreeMap::new(),
            next_client: 1,
            subscribers: BTreeMap::new(),
            coins,
            bars: BTreeMap::new(),
            next_mids_ms: 0,
            attempts: Windows::default(),
            messages: Windows::default(),
            rest_weight: Windows::default(),
        }
    }

    pub(super) fn connections_of(&self, address: IpAddr) -> usize {
        self.clients
            .values()
            .filter(|client| client.address == address)
            .count()
    }

    pub(super) fn join(&mut self, outbox: Outbox, address: IpAddr) -> ClientId {
        let id = self.next_client;
        self.next_client += 1;
        self.clients.insert(
            id,
            Client {
                outbox,
                address,
                subscriptions: BTreeSet::new(),
            },
        );
        id
    }

    pub(super) fn leave(&mut self, id: ClientId) {
        if let Some(client) = self.clients.remove(&id) {
            for subscription in &client.subscriptions {
                self.drop_subscriber(subscription, id);
            }
        }
    }

    /// Ends every connection.
    pub(crate) fn cut_all(&self) {
        for client in self.clients.values() {
            client.outbox.cut();
        }
    }

    /// Sends to one client, unless the venue is silent.
    pub(super) fn answer(&self, id: ClientId, text: Utf8Bytes, now_ms: i64, faults: &VenueFaults) {
        if now_ms < faults.silent_until {
            return;
        }
        if let Some(client) = self.clients.get(&id) {
            client.outbox.send(text, faults.delay_ms(now_ms));
        }
    }

    pub(super) fn has(&self, id: ClientId, subscription: &Subscription) -> bool {
        self.clients
            .get(&id)
            .is_some_and(|client| client.subscriptions.contains(subscription))
    }

    pub(super) fn subscribe(
        &mut self,
        id: ClientId,
        subscription: &Subscription,
        most: usize,
    ) -> Subscribed {
        if self.has(id, subscription) {
            return Subscribed::Already;
        }
        let Some(address) = self.clients.get(&id).map(|client| client.address) else {
            return Subscribed::Already;
        };
        let count: usize = self
            .clients
            .values()
            .filter(|client| client.address == address)
            .map(|client| client.subscriptions.len())
            .sum();
        if count >= most {
            return Subscribed::TooMany;
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.subscriptions.insert(subscription.clone());
        }
        self.subscribers
            .entry(subscription.clone())
            .or_default()
            .insert(id);
        Subscribed::Done
    }

    pub(super) fn unsubscribe(&mut self, id: ClientId, subscription: &Subscription) -> bool {
        let known = self
            .clients
            .get_mut(&id)
            .is_some_and(|client| client.subscriptions.remove(subscription));
        if known {
            self.drop_subscriber(subscription, id);
        }
        known
    }

    fn drop_subscriber(&mut self, subscription: &Subscription, id: ClientId) {
        if let Some(ids) = self.subscribers.get_mut(subscription) {
            ids.remove(&id);
            if ids.is_empty() {
                self.subscribers.remove(subscription);
                if let Subscription::Candle { coin, interval } = subscription {
                    self.bars.remove(&(*coin, *interval));
                }
            }
        }
    }

    /// The first frame after an acknowledgement.
    pub(super) fn first(
        &mut self,
        subscription: &Subscription,
        market: &Market,
    ) -> Option<Utf8Bytes> {
        let time = market.block_ms();
        let channel = subscription.channel();
        Some(match subscription {
            Subscription::AllMids { .. } => {
                frames::frame(channel, json!({"mids": frames::mids(market)}))
            }
            Subscription::L2Book {
                coin,
                rounding,
                fast,
            } => frames::frame(
                channel,
                frames::book(&market.coins()[*coin], time, *rounding, *fast),
            ),
            Subscription::Bbo { coin } => {
                frames::frame(channel, frames::bbo(&market.coins()[*coin], time))
            }
            Subscription::Trades { coin } => {
                let recent = self.recent_trades(*coin, market);
                if recent.is_empty() {
                    return None;
                }
                frames::frame(channel, recent)
            }
            Subscription::Candle { coin, interval } => {
                let bar = self.open_bar(*coin, *interval, market)?;
                frames::frame(
                    channel,
                    frames::candle(&market.coins()[*coin], *interval, &bar),
                )
            }
            Subscription::ActiveAssetCtx { coin } => context_frame(market, *coin),
        })
    }

    /// Oldest first.
    pub(crate) fn recent_trades(&self, coin: usize, market: &Market) -> Vec<frames::TradeJson> {
        self.coins[coin]
            .recent
            .iter()
            .map(|(time, trade)| frames::trade(&market.coins()[coin], *time, trade))
            .collect()
    }

    fn open_bar(&mut self, coin: usize, interval: Interval, market: &Market) -> Option<Bar> {
        let now_ms = market.block_ms();
        if let Some(bar) = self.bars.get(&(coin, interval))
            && bar.open_ms == interval.bucket(now_ms)
        {
            return Some(*bar);
        }
        let source = market.coins()[coin].candles.source(interval.bucket(now_ms));
        let bar = source.bars(interval, now_ms, now_ms, 1).pop()?;
        self.bars.insert((coin, interval), bar);
        Some(bar)
    }

    /// Sends what a step brought about. Everything of one block carries the block's time.
    pub(crate) fn publish(&mut self, market: &Market, events: &StepEvents, faults: &VenueFaults) {
        let Some(time) = events.block_ms else { return };
        let mut trades: BTreeMap<usize, Vec<&PerpTrade>> = BTreeMap::new();
        for trade in &events.perp_trades {
            trades.entry(trade.coin).or_default().push(trade);
            let recent = &mut self.coins[trade.coin].recent;
            recent.push_back((time, trade.clone()));
            if recent.len() > RECENT_TRADES {
                recent.pop_front();
            }
        }
        self.update_bars(market, time, &trades);
        let mut due = Vec::with_capacity(self.coins.len());
        for (coin, feed) in market.coins().iter().zip(&mut self.coins) {
            let touch = [
                coin.perp.book.best(Side::Bid),
                coin.perp.book.best(Side::Ask),
            ];
            due.push(Due {
                book: pass(time, &mut feed.next_book_ms, BOOK_EVERY_MS),
                fast_book: pass(time, &mut feed.next_fast_book_ms, FAST_BOOK_EVERY_MS),
                context: pass(time, &mut feed.next_context_ms, CONTEXT_EVERY_MS),
                bbo: std::mem::replace(&mut feed.shown_touch, touch) != touch,
            });
        }
        let mids_due = pass(time, &mut self.next_mids_ms, MIDS_EVERY_MS);
        if time < faults.silent_until {
            return;
        }
        for (subscription, ids) in &self.subscribers {
            let symbol = subscription
                .coin()
                .map_or("", |coin| market.coins()[coin].instrument.coin);
            let channel = subscription.channel();
            if faults.channel_silent(channel, symbol, time) {
                continue;
            }
            let mut copies = 1;
            let text = match subscription {
                Subscription::AllMids { .. } if mids_due => {
                    frames::frame(channel, json!({"mids": frames::mids(market)}))
                }
                Subscription::L2Book {
                    coin,
                    rounding,
                    fast,
                } if (if *fast {
                    due[*coin].fast_book
                } else {
                    due[*coin].book
                }) =>
                {
                    frames::frame(
                        channel,
                        frames::book(&market.coins()[*coin], time, *rounding, *fast),
                    )
                }
                Subscription::Bbo { coin } if due[*coin].bbo => {
                    frames::frame(channel, frames::bbo(&market.coins()[*coin], time))
                }
                Subscription::ActiveAssetCtx { coin } if due[*coin].context => {
                    context_frame(market, *coin)
                }
                Subscription::Trades { coin } => {
                    let Some(new) = trades.get(coin) else {
                        continue;
                    };
                    copies += usize::from(faults.duplicates(symbol, time));
                    let of_coin = &market.coins()[*coin];
                    let list: Vec<_> = new
                        .iter()
                        .map(|trade| frames::trade(of_coin, time, trade))
                        .collect();
                    frames::frame(channel, list)
                }
                Subscription::Candle { coin, interval } if trades.contains_key(coin) => {
                    let Some(bar) = self.bars.get(&(*coin, *interval)) else {
                        continue;
                    };
                    frames::frame(
                        channel,
                        frames::candle(&market.coins()[*coin], *interval, bar),
                    )
                }
                _ => continue,
            };
            for _ in 0..copies {
                self.send(ids, &text, time, faults);
            }
        }
    }

    fn update_bars(
        &mut self,
        market: &Market,
        time: i64,
        trades: &BTreeMap<usize, Vec<&PerpTrade>>,
    ) {
        for ((coin, interval), bar) in &mut self.bars {
            let bucket = interval.bucket(time);
            if bar.open_ms != bucket {
                *bar = Bar::at(bucket, bar.close);
            }
            for trade in trades.get(coin).into_iter().flatten() {
                bar.add_trade(trade.px, trade.lots);
            }
        }
        debug_assert!(market.block_ms() == time);
    }

    pub(super) fn send(
        &self,
        ids: &BTreeSet<ClientId>,
        text: &Utf8Bytes,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        let delay_ms = faults.delay_ms(now_ms);
        for client in ids.iter().filter_map(|id| self.clients.get(id)) {
            client.outbox.send(text.clone(), delay_ms);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Due {
    book: bool,
    fast_book: bool,
    context: bool,
    bbo: bool,
}

/// True when `next` has come; then moves it on.
fn pass(now_ms: i64, next: &mut i64, every_ms: i64) -> bool {
    if now_ms < *next {
        return false;
    }
    *next = now_ms + every_ms;
    true
}

fn context_frame(market: &Market, coin: usize) -> Utf8Bytes {
    let coin = &market.coins()[coin];
    let data: Value =
        json!({"coin": coin.instrument.coin, "ctx": frames::asset_context(market, coin)});
    frames::frame("activeAssetCtx", data)
}

#[cfg(test)]
impl Feeds {
    /// A client of every feed of every coin.
    pub(crate) fn subscribe_all(&mut self, outbox: Outbox, market: &Market) {
        let id = self.join(outbox, IpAddr::from([127, 0, 0, 1]));
        let interval = Interval::Minutes(1);
        for coin in 0..market.coins().len() {
            let rounding = super::rounding::Rounding::default();
            for subscription in [
                Subscription::L2Book {
                    coin,
                    rounding,
                    fast: false,
                },
                Subscription::L2Book {
                    coin,
                    rounding,
                    fast: true,
                },
                Subscription::Bbo { coin },
                Subscription::Trades { coin },
                Subscription::Candle { coin, interval },
                Subscription::ActiveAssetCtx { coin },
                Subscription::AllMids { dex: None },
            ] {
                self.subscribe(id, &subscription, usize::MAX);
                self.first(&subscription, market);
            }
        }
    }
}
