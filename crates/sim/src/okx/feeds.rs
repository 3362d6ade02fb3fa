//! Who gets what when.

use std::collections::BTreeMap;

use serde_json::Value;

use super::frames;
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::{Day, Liquidation, Market, Outlet, Place, Side};
use crate::hub::{FeedName, Hub, Payload};
use crate::view::BookView;

/// Levels of `books`, and milliseconds between its updates.
pub(super) const LEVELS: usize = 400;
const BOOK_EVERY_MS: i64 = 100;
/// A book in which nothing happens says so after this time.
const BOOK_KEPT_ALIVE_MS: i64 = 60_000;
const LIQUIDATION_EVERY_MS: i64 = 1_000;

/// A channel by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Trades,
    Books,
    BestPrices,
    OpenInterest,
    FundingRate,
    MarkPrice,
    IndexTickers,
    Tickers,
    Liquidations,
}

impl Channel {
    pub(super) const ALL: [Self; 9] = [
        Self::Trades,
        Self::Books,
        Self::BestPrices,
        Self::OpenInterest,
        Self::FundingRate,
        Self::MarkPrice,
        Self::IndexTickers,
        Self::Tickers,
        Self::Liquidations,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Books => "books",
            Self::BestPrices => "bbo-tbt",
            Self::OpenInterest => "open-interest",
            Self::FundingRate => "funding-rate",
            Self::MarkPrice => "mark-price",
            Self::IndexTickers => "index-tickers",
            Self::Tickers => "tickers",
            Self::Liquidations => "liquidation-orders",
        }
    }
}

/// The channels that tell a value now and then, and how often in milliseconds.
const POLLED: [(Channel, i64); 5] = [
    (Channel::OpenInterest, 3_000),
    (Channel::FundingRate, 30_000),
    (Channel::MarkPrice, 1_000),
    (Channel::IndexTickers, 1_000),
    (Channel::Tickers, 200),
];

/// All instruments of a type.
pub(super) const EVERY: usize = usize::MAX;

/// A channel of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Topic {
    pub(super) channel: Channel,
    /// Index into the instruments, or [`EVERY`].
    pub(super) coin: usize,
}

/// What subscribers of a book have been told.
#[derive(Debug)]
struct Shown {
    view: BookView,
    seq: u64,
    next_ms: i64,
    told_ms: i64,
}

#[derive(Debug)]
struct InstrumentFeed {
    coin: usize,
    symbol: &'static str,
    family: &'static str,
    /// Only while somebody follows.
    book: Option<Shown>,
    /// The best prices that were told last.
    best: BookView,
    day: Option<Day>,
    next_ms: BTreeMap<Channel, i64>,
    liquidation: Option<Liquidation>,
    next_liquidation_ms: i64,
}

/// All connections of the venue.
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(crate) hub: Hub<Topic>,
    instruments: Vec<InstrumentFeed>,
}

pub(super) fn outlet(market: &Market, coin: usize) -> Option<&Outlet> {
    market.coins().get(coin)?.outlet(Place::Okx)
}

impl Feeds {
    pub(crate) fn new(market: &Market) -> Self {
        let instruments = (0..market.coins().len())
            .filter_map(|coin| Some((coin, &outlet(market, coin)?.listing)))
            .map(|(coin, listing)| InstrumentFeed {
                coin,
                symbol: listing.symbol,
                family: listing.spelling.family,
                book: None,
                best: BookView::default(),
                day: None,
                next_ms: BTreeMap::new(),
                liquidation: None,
                next_liquidation_ms: 0,
            })
            .collect();
        Self {
            hub: Hub::default(),
            instruments,
        }
    }

    /// The instrument of an id; an index has the id of the underlying.
    pub(super) fn coin(&self, channel: Option<Channel>, id: &str) -> Option<usize> {
        let index = channel == Some(Channel::IndexTickers);
        self.instruments
            .iter()
            .find(|feed| id == if index { feed.family } else { feed.symbol })
            .map(|feed| feed.coin)
    }

    pub(super) fn coins(&self) -> impl Iterator<Item = usize> {
        self.instruments.iter().map(|feed| feed.coin)
    }

    /// The frame after an acknowledgement: a book as the other subscribers know it, or the value of now.
    pub(super) fn first(
        &mut self,
        topic: Topic,
        market: &Market,
        faults: &VenueFaults,
    ) -> Option<String> {
        let outlet = outlet(market, topic.coin)?;
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        let feed = self
            .instruments
            .iter_mut()
            .find(|feed| feed.coin == topic.coin)?;
        if topic.channel == Channel::Books {
            let shown = feed.book.get_or_insert_with(|| Shown {
                view: BookView::of(&outlet.market.book, LEVELS),
                seq: outlet.market.book.update_id(),
                next_ms: now_ms + BOOK_EVERY_MS,
                told_ms: now_ms,
            });
            let wrong = |px| faults.snapshot_px(feed.symbol, now_ms, px);
            return Some(frames::books(
                outlet,
                &shown.view,
                (None, shown.seq),
                stamp,
                wrong,
            ));
        }
        value(feed, topic.channel, outlet, now_ms, stamp)
    }

    /// Sends what a step brought about.
    pub(crate) fn publish(&mut self, market: &mut Market, faults: &mut VenueFaults) {
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        self.hub.release(now_ms, faults);
        for feed in &mut self.instruments {
            let Some(outlet) = market.coins_mut()[feed.coin].outlet_mut(Place::Okx) else {
                continue;
            };
            // The views below are compared; nobody needs the changed prices.
            outlet.market.book.take_touched();
            let trades = std::mem::take(&mut outlet.new_trades);
            let liquidations = std::mem::take(&mut outlet.new_liquidations);
            let outlet = &*outlet;
            for trade in &trades {
                let at = faults.stamp(trade.time_ms);
                send(&mut self.hub, feed, Channel::Trades, now_ms, faults, || {
                    frames::frame("trades", outlet, &frames::trade(outlet, trade, at))
                });
            }
            publish_book(&mut self.hub, feed, outlet, now_ms, faults);
            publish_best(&mut self.hub, feed, outlet, now_ms, faults);
            for (channel, every_ms) in POLLED {
                let next_ms = feed.next_ms.entry(channel).or_default();
                if now_ms < *next_ms {
                    continue;
                }
                *next_ms = (now_ms.div_euclid(every_ms) + 1) * every_ms;
                if self.hub.wanted(&Topic {
                    channel,
                    coin: feed.coin,
                }) && let Some(text) = value(feed, channel, outlet, now_ms, stamp)
                {
                    send(&mut self.hub, feed, channel, now_ms, faults, || text);
                }
            }
            // Of each second only the newest order is told.
            feed.liquidation = liquidations.last().copied().or(feed.liquidation);
            if now_ms >= feed.next_liquidation_ms
                && let Some(one) = feed.liquidation.take()
            {
                feed.next_liquidation_ms = now_ms + LIQUIDATION_EVERY_MS;
                let at = faults.stamp(one.time_ms);
                let name = FeedName {
                    channel: Channel::Liquidations.name(),
                    symbol: "SWAP",
                };
                let topic = Topic {
                    channel: Channel::Liquidations,
                    coin: EVERY,
                };
                self.hub.send(&topic, name, now_ms, faults, || {
                    Payload::plain(frames::liquidation(outlet, &one, at))
                });
            }
        }
    }

    /// Sends a wrong frame to whoever is subscribed to something of the instrument.
    pub(crate) fn send_wrong(
        &mut self,
        market: &Market,
        symbol: &str,
        form: FrameForm,
        faults: &mut VenueFaults,
    ) {
        let Some(feed) = self
            .instruments
            .iter_mut()
            .find(|feed| feed.symbol == symbol)
        else {
            return;
        };
        let Some(outlet) = outlet(market, feed.coin) else {
            return;
        };
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        let text = match form {
            FrameForm::CrossedBook | FrameForm::CrossedBbo => {
                let (Some((bid, level)), Some((ask, _)), Some(shown)) = (
                    outlet.market.book.best(Side::Bid),
                    outlet.market.book.best(Side::Ask),
                    &mut feed.book,
                ) else {
                    return;
                };
                // The chain stays whole: the next change says that nothing rests at the wrong price.
                let wrong = (ask + (ask - bid).max(1), level);
                shown.view.bids.insert(0, wrong);
                let previous = shown.seq;
                shown.seq += 1;
                let view = BookView {
                    bids: vec![wrong],
                    asks: Vec::new(),
                };
                let text =
                    frames::books(outlet, &view, (Some(previous), shown.seq), stamp, |px| px);
                send(&mut self.hub, feed, Channel::Books, now_ms, faults, || text);
                return;
            }
            FrameForm::MalformedJson => {
                format!("{{\"arg\":{{\"channel\":\"trades\",\"instId\":\"{symbol}\"}},\"data\":[{{")
            }
            FrameForm::MissingField => format!(
                "{{\"arg\":{{\"channel\":\"trades\",\"instId\":\"{symbol}\"}},\"data\":[{{\"instId\":\"{symbol}\",\
                 \"tradeId\":\"1\",\"sz\":\"1\",\"side\":\"buy\",\"ts\":\"{stamp}\"}}]}}"
            ),
            FrameForm::UnknownChannel => {
                format!(
                    "{{\"arg\":{{\"channel\":\"not-in-the-documentation\",\"instId\":\"{symbol}\"}},\"data\":[]}}"
                )
            }
            FrameForm::ServerShutdown => super::NOTICE.to_owned(),
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

/// The value of now of a channel that is not a sequence of events.
fn value(
    feed: &mut InstrumentFeed,
    channel: Channel,
    outlet: &Outlet,
    now_ms: i64,
    stamp: i64,
) -> Option<String> {
    let data: Value = match channel {
        Channel::OpenInterest => frames::open_interest(outlet, stamp),
        Channel::FundingRate => frames::funding_rate(outlet, stamp),
        Channel::MarkPrice => frames::mark_price(outlet, stamp),
        Channel::IndexTickers => {
            let data = frames::index_ticker(
                outlet,
                Day::remembered(&mut feed.day, outlet, now_ms),
                stamp,
            )?;
            let arg = serde_json::json!({"channel": channel.name(), "instId": feed.family});
            return Some(serde_json::json!({"arg": arg, "data": [data]}).to_string());
        }
        Channel::BestPrices => {
            feed.best = BookView::of(&outlet.market.book, 1);
            Some(frames::best(outlet, &feed.best, stamp))
        }
        Channel::Tickers => frames::ticker(
            outlet,
            Day::remembered(&mut feed.day, outlet, now_ms),
            stamp,
        ),
        Channel::Trades | Channel::Books | Channel::Liquidations => None,
    }?;
    Some(frames::frame(channel.name(), outlet, &data))
}

fn send(
    hub: &mut Hub<Topic>,
    feed: &InstrumentFeed,
    channel: Channel,
    now_ms: i64,
    faults: &mut VenueFaults,
    text: impl FnOnce() -> String,
) {
    let symbol = if channel == Channel::IndexTickers {
        feed.family
    } else {
        feed.symbol
    };
    let name = FeedName {
        channel: channel.name(),
        symbol,
    };
    hub.send(
        &Topic {
            channel,
            coin: feed.coin,
        },
        name,
        now_ms,
        faults,
        || Payload::plain(text()),
    );
}

/// Best prices are told when they change.
fn publish_best(
    hub: &mut Hub<Topic>,
    feed: &mut InstrumentFeed,
    outlet: &Outlet,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    let channel = Channel::BestPrices;
    let topic = Topic {
        channel,
        coin: feed.coin,
    };
    if !hub.wanted(&topic) {
        return;
    }
    let best = BookView::of(&outlet.market.book, 1);
    if best == feed.best {
        return;
    }
    feed.best = best;
    let data = frames::best(outlet, &feed.best, faults.stamp(now_ms));
    send(hub, feed, channel, now_ms, faults, || {
        frames::frame(channel.name(), outlet, &data)
    });
}

fn publish_book(
    hub: &mut Hub<Topic>,
    feed: &mut InstrumentFeed,
    outlet: &Outlet,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    if feed.book.is_some()
        && !hub.wanted(&Topic {
            channel: Channel::Books,
            coin: feed.coin,
        })
    {
        feed.book = None;
    }
    let Some(shown) = &mut feed.book else { return };
    if now_ms < shown.next_ms {
        return;
    }
    shown.next_ms = (now_ms.div_euclid(BOOK_EVERY_MS) + 1) * BOOK_EVERY_MS;
    let view = BookView::of(&outlet.market.book, LEVELS);
    let changes = shown.view.changes(&view);
    if changes.is_empty() && now_ms - shown.told_ms < BOOK_KEPT_ALIVE_MS {
        return;
    }
    let previous = shown.seq;
    // Ids go on by irregular steps; when nothing happened the id is the one before.
    if !changes.is_empty() {
        shown.seq = outlet.market.book.update_id().max(previous + 1);
    }
    shown.view = view;
    shown.told_ms = now_ms;
    let text = frames::books(
        outlet,
        &changes,
        (Some(previous), shown.seq),
        faults.stamp(now_ms),
        |px| px,
    );
    send(hub, feed, Channel::Books, now_ms, faults, || text);
}
