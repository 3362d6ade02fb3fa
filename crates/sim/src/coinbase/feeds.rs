//! Who gets what when.

use super::frames;
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::{Market, Outlet, Place, Side, Touched, Trade};
use crate::hub::{FeedName, Hub, Payload};
use crate::session::ClientId;

/// Milliseconds between the updates of a book, and between heartbeats.
const BOOK_EVERY_MS: i64 = 50;
const HEARTBEAT_EVERY_MS: i64 = 1_000;

/// A channel by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Matches,
    Level2Batch,
    Heartbeat,
    Ticker,
}

impl Channel {
    pub(super) const ALL: [Self; 4] = [
        Self::Matches,
        Self::Level2Batch,
        Self::Heartbeat,
        Self::Ticker,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Level2Batch => "level2_batch",
            Self::Heartbeat => "heartbeat",
            Self::Ticker => "ticker",
        }
    }
}

/// A channel of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Topic {
    pub(super) channel: Channel,
    /// Index into the instruments.
    pub(super) coin: usize,
}

#[derive(Debug)]
struct ProductFeed {
    coin: usize,
    symbol: &'static str,
    touched: Touched,
    next_book_ms: i64,
    next_heartbeat_ms: i64,
}

/// All connections of the venue.
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(crate) hub: Hub<Topic>,
    products: Vec<ProductFeed>,
}

pub(super) fn outlet(market: &Market, coin: usize) -> Option<&Outlet> {
    market.coins().get(coin)?.outlet(Place::Coinbase)
}

/// A product's sequence counts everything that happens to it: orders and fills.
pub(super) fn sequence(outlet: &Outlet) -> u64 {
    outlet.market.book.update_id() + outlet.tape.back().map_or(0, |trade| trade.last_id)
}

impl Feeds {
    pub(crate) fn new(market: &mut Market) -> Self {
        let now_ms = market.now_ms();
        let mut products = Vec::new();
        for (coin, found) in market.coins_mut().iter_mut().enumerate() {
            if let Some(outlet) = found.outlet_mut(Place::Coinbase) {
                outlet.market.book.take_touched();
                products.push(ProductFeed {
                    coin,
                    symbol: outlet.listing.symbol,
                    touched: Touched::default(),
                    next_book_ms: now_ms,
                    next_heartbeat_ms: now_ms + coin as i64 * 70,
                });
            }
        }
        Self {
            hub: Hub::default(),
            products,
        }
    }

    /// The instrument of a product.
    pub(super) fn coin(&self, product: &str) -> Option<usize> {
        self.products
            .iter()
            .find(|feed| feed.symbol == product)
            .map(|feed| feed.coin)
    }

    pub(super) fn symbols(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.products.iter().map(|feed| (feed.coin, feed.symbol))
    }

    pub(crate) fn subscribed(&self, id: ClientId) -> bool {
        self.hub.topics(id).next().is_some()
    }

    /// The first frame after an acknowledgement.
    pub(super) fn first(
        &self,
        topic: Topic,
        market: &Market,
        faults: &VenueFaults,
    ) -> Option<String> {
        let outlet = outlet(market, topic.coin)?;
        let now_ms = market.now_ms();
        let last = outlet.tape.back();
        match topic.channel {
            Channel::Matches => {
                let trade = last?;
                let fill = trade.fills().next_back()?;
                let at = (sequence(outlet), faults.stamp(trade.time_ms));
                Some(frames::matched("last_match", outlet, trade, fill, at))
            }
            Channel::Level2Batch => Some(frames::snapshot(outlet, faults.stamp(now_ms), |px| {
                faults.snapshot_px(outlet.listing.symbol, now_ms, px)
            })),
            Channel::Ticker => Some(frames::ticker(
                outlet,
                last?,
                sequence(outlet),
                faults.stamp(now_ms),
            )),
            Channel::Heartbeat => None,
        }
    }

    /// Sends what a step brought about.
    pub(crate) fn publish(&mut self, market: &mut Market, faults: &mut VenueFaults) {
        let now_ms = market.now_ms();
        self.hub.release(now_ms, faults);
        for feed in &mut self.products {
            let Some(outlet) = market.coins_mut()[feed.coin].outlet_mut(Place::Coinbase) else {
                continue;
            };
            let touched = outlet.market.book.take_touched();
            feed.touched.bids.extend(&touched.bids);
            feed.touched.asks.extend(&touched.asks);
            let trades = std::mem::take(&mut outlet.new_trades);
            publish_trades(&mut self.hub, feed, outlet, &trades, now_ms, faults);
            publish_book(&mut self.hub, feed, outlet, now_ms, faults);
            if now_ms < feed.next_heartbeat_ms {
                continue;
            }
            feed.next_heartbeat_ms += HEARTBEAT_EVERY_MS;
            // After a jump of the clock the missed beats do not come.
            feed.next_heartbeat_ms = feed.next_heartbeat_ms.max(now_ms);
            let stamp = faults.stamp(now_ms);
            send(
                &mut self.hub,
                feed,
                Channel::Heartbeat,
                now_ms,
                faults,
                || {
                    let last = outlet.tape.back().map_or(0, |trade| trade.last_id);
                    frames::heartbeat(outlet, sequence(outlet), last, stamp)
                },
            );
        }
    }

    /// Sends a wrong frame to whoever is subscribed to something of the product.
    pub(crate) fn send_wrong(
        &mut self,
        market: &Market,
        symbol: &str,
        form: FrameForm,
        faults: &mut VenueFaults,
    ) {
        let Some(feed) = self.products.iter_mut().find(|feed| feed.symbol == symbol) else {
            return;
        };
        let Some(outlet) = outlet(market, feed.coin) else {
            return;
        };
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        let text = match form {
            FrameForm::CrossedBook | FrameForm::CrossedBbo => {
                let (Some((bid, level)), Some((ask, _))) = (
                    outlet.market.book.best(Side::Bid),
                    outlet.market.book.best(Side::Ask),
                ) else {
                    return;
                };
                let wrong = ask + (ask - bid).max(1);
                // The next update says that nothing rests there.
                feed.touched.bids.insert(wrong);
                let text =
                    frames::update(outlet, stamp, [(Side::Bid, wrong, Some(level))].into_iter());
                send(
                    &mut self.hub,
                    feed,
                    Channel::Level2Batch,
                    now_ms,
                    faults,
                    || text,
                );
                return;
            }
            FrameForm::MalformedJson => {
                format!("{{\"type\":\"match\",\"product_id\":\"{symbol}\",\"trade_id\":")
            }
            FrameForm::MissingField => {
                format!(
                    "{{\"type\":\"match\",\"product_id\":\"{symbol}\",\"trade_id\":1,\"size\":\"1\",\"side\":\"buy\"}}"
                )
            }
            FrameForm::UnknownChannel | FrameForm::ServerShutdown => {
                format!("{{\"type\":\"not_in_the_documentation\",\"product_id\":\"{symbol}\"}}")
            }
        };
        let coin = feed.coin;
        self.hub.send_to_where(
            |topic| topic.coin == coin,
            &Payload::plain(text),
            now_ms,
            faults,
        );
    }
}

fn send(
    hub: &mut Hub<Topic>,
    feed: &ProductFeed,
    channel: Channel,
    now_ms: i64,
    faults: &mut VenueFaults,
    text: impl FnOnce() -> String,
) {
    let name = FeedName {
        channel: channel.name(),
        symbol: feed.symbol,
    };
    let topic = Topic {
        channel,
        coin: feed.coin,
    };
    hub.send(&topic, name, now_ms, faults, || Payload::plain(text()));
}

fn publish_trades(
    hub: &mut Hub<Topic>,
    feed: &ProductFeed,
    outlet: &Outlet,
    trades: &[Trade],
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    // Each fill moves the sequence on; the newest has the sequence of now.
    let mut left: u64 = trades.iter().map(Trade::count).sum();
    for trade in trades {
        let stamp = faults.stamp(trade.time_ms);
        for fill in trade.fills() {
            left -= 1;
            let at = (sequence(outlet) - left, stamp);
            send(hub, feed, Channel::Matches, now_ms, faults, || {
                frames::matched("match", outlet, trade, fill, at)
            });
        }
        let at = sequence(outlet) - left;
        send(hub, feed, Channel::Ticker, now_ms, faults, || {
            frames::ticker(outlet, trade, at, stamp)
        });
    }
}

fn publish_book(
    hub: &mut Hub<Topic>,
    feed: &mut ProductFeed,
    outlet: &Outlet,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    if now_ms < feed.next_book_ms {
        return;
    }
    feed.next_book_ms = (now_ms.div_euclid(BOOK_EVERY_MS) + 1) * BOOK_EVERY_MS;
    let touched = std::mem::take(&mut feed.touched);
    if touched.bids.is_empty() && touched.asks.is_empty() {
        return;
    }
    let stamp = faults.stamp(now_ms);
    send(hub, feed, Channel::Level2Batch, now_ms, faults, || {
        let level = |side, px: &i64| (side, *px, outlet.market.book.get(side, *px));
        let bids = touched.bids.iter().rev().map(|px| level(Side::Bid, px));
        frames::update(
            outlet,
            stamp,
            bids.chain(touched.asks.iter().map(|px| level(Side::Ask, px))),
        )
    });
}
