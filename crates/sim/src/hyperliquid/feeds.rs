//! Who gets what when.

use std::collections::{BTreeMap, VecDeque};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

use super::frames;
use super::rounding::Rounding;
use super::subscription::Subscription;
use crate::faults::VenueFaults;
use crate::generator::{Bar, Interval, Level, Market, PerpTrade, Side, StepEvents};
use crate::hub::{FeedName, Hub, Payload};

/// Milliseconds between standard books, fast books, contexts and mids; each on the first block after it.
const BOOK_EVERY_MS: i64 = 5_000;
const FAST_BOOK_EVERY_MS: i64 = 500;
const CONTEXT_EVERY_MS: i64 = 1_000;
const MIDS_EVERY_MS: i64 = 5_000;
/// Trades that a new subscriber gets first.
const RECENT_TRADES: usize = 30;

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
    pub(crate) hub: Hub<Subscription>,
    coins: Vec<CoinFeed>,
    /// The open bar of every candle feed with subscribers.
    bars: BTreeMap<(usize, Interval), Bar>,
    next_mids_ms: i64,
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
            hub: Hub::default(),
            coins,
            bars: BTreeMap::new(),
            next_mids_ms: 0,
        }
    }

    /// Forgets the open bars that nobody follows.
    pub(super) fn forget_bars(&mut self) {
        let hub = &self.hub;
        self.bars.retain(|(coin, interval), _| {
            hub.wanted(&Subscription::Candle {
                coin: *coin,
                interval: *interval,
            })
        });
    }

    /// The first frame after an acknowledgement.
    pub(super) fn first(
        &mut self,
        subscription: &Subscription,
        market: &Market,
        faults: &VenueFaults,
    ) -> Option<Utf8Bytes> {
        let time = faults.stamp(market.block_ms());
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
                shown_book(market, (*coin, *rounding, *fast), time, faults),
            ),
            Subscription::Bbo { coin } => {
                frames::frame(channel, frames::bbo(&market.coins()[*coin], time))
            }
            Subscription::Trades { coin } => {
                let recent = self.recent_trades(*coin, market, faults);
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
            // The exchange has these.
            Subscription::User { .. } | Subscription::ActiveAssetData { .. } => return None,
        })
    }

    /// Oldest first.
    pub(crate) fn recent_trades(
        &self,
        coin: usize,
        market: &Market,
        faults: &VenueFaults,
    ) -> Vec<frames::TradeJson> {
        self.coins[coin]
            .recent
            .iter()
            .map(|(time, trade)| frames::trade(&market.coins()[coin], faults.stamp(*time), trade))
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
    pub(crate) fn publish(
        &mut self,
        market: &Market,
        events: &StepEvents,
        faults: &mut VenueFaults,
    ) {
        let Some(time) = events.block_ms else { return };
        let stamp = faults.stamp(time);
        self.hub.release(time, faults);
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
                coin.perp.book.shown_best(Side::Bid),
                coin.perp.book.shown_best(Side::Ask),
            ];
            due.push(Due {
                book: pass(time, &mut feed.next_book_ms, BOOK_EVERY_MS),
                fast_book: pass(time, &mut feed.next_fast_book_ms, FAST_BOOK_EVERY_MS),
                context: pass(time, &mut feed.next_context_ms, CONTEXT_EVERY_MS),
                bbo: std::mem::replace(&mut feed.shown_touch, touch) != touch,
            });
        }
        let mids_due = pass(time, &mut self.next_mids_ms, MIDS_EVERY_MS);
        let wanted: Vec<Subscription> = self.hub.wanted_topics().cloned().collect();
        for subscription in &wanted {
            let symbol = subscription
                .coin()
                .map_or("", |coin| market.coins()[coin].instrument.coin);
            let channel = subscription.channel();
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
                        shown_book(market, (*coin, *rounding, *fast), stamp, faults),
                    )
                }
                Subscription::Bbo { coin } if due[*coin].bbo => {
                    frames::frame(channel, frames::bbo(&market.coins()[*coin], stamp))
                }
                Subscription::ActiveAssetCtx { coin } if due[*coin].context => {
                    context_frame(market, *coin)
                }
                Subscription::Trades { coin } => {
                    let Some(new) = trades.get(coin) else {
                        continue;
                    };
                    let of_coin = &market.coins()[*coin];
                    let list: Vec<_> = new
                        .iter()
                        .map(|trade| frames::trade(of_coin, stamp, trade))
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
            let name = FeedName { channel, symbol };
            self.hub
                .send(subscription, name, time, faults, || Payload::plain(text));
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
}

#[derive(Debug, Clone, Copy)]
struct Due {
    book: bool,
    fast_book: bool,
    context: bool,
    bbo: bool,
}

/// True when `next` has come; then moves it on.
pub(super) fn pass(now_ms: i64, next: &mut i64, every_ms: i64) -> bool {
    if now_ms < *next {
        return false;
    }
    *next = now_ms + every_ms;
    true
}

/// The book as the venue shows it, which may be wrong.
fn shown_book(
    market: &Market,
    (coin, rounding, fast): (usize, Rounding, bool),
    time: i64,
    faults: &VenueFaults,
) -> frames::BookJson {
    let coin = &market.coins()[coin];
    frames::book(coin, time, (rounding, fast), |px| {
        faults.snapshot_px(coin.instrument.coin, market.now_ms(), px)
    })
}

fn context_frame(market: &Market, coin: usize) -> Utf8Bytes {
    let coin = &market.coins()[coin];
    let data: Value =
        json!({"coin": coin.instrument.coin, "ctx": frames::asset_context(market, coin)});
    frames::frame("activeAssetCtx", data)
}
