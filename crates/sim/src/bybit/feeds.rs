//! Who gets what when.

use std::collections::BTreeMap;

use super::frames;
use super::ticker::{self, Fields};
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::{Day, Liquidation, Market, Outlet, Place, Side};
use crate::hub::{FeedName, Hub, Payload};
use crate::view::BookView;

/// Milliseconds between tickers, and between messages of liquidations.
const TICKER_EVERY_MS: i64 = 100;
const LIQUIDATIONS_EVERY_MS: i64 = 500;
/// An unchanged best bid and offer comes again after so long.
const REPEAT_MS: i64 = 3_000;
/// Trades in one message.
const MOST_TRADES: usize = 1_024;

/// A topic without its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Trades,
    /// The best 1, 50 or 200 levels.
    Book(usize),
    Ticker,
    Liquidations,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::Trades,
        Self::Book(1),
        Self::Book(50),
        Self::Book(200),
        Self::Ticker,
        Self::Liquidations,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trades => "publicTrade",
            Self::Book(1) => "orderbook.1",
            Self::Book(50) => "orderbook.50",
            Self::Book(_) => "orderbook.200",
            Self::Ticker => "tickers",
            Self::Liquidations => "allLiquidation",
        }
    }
}

/// How often a book is told: 10, 20 and 100 ms.
fn every_ms(depth: usize) -> i64 {
    match depth {
        1 => 10,
        50 => 20,
        _ => 100,
    }
}

/// A topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Topic {
    pub(super) kind: Kind,
    /// Index into the instruments.
    pub(super) coin: usize,
}

/// What subscribers of a book have been told.
#[derive(Debug)]
struct Shown {
    view: BookView,
    update: u64,
    next_ms: i64,
    told_ms: i64,
}

#[derive(Debug)]
struct SymbolFeed {
    coin: usize,
    symbol: &'static str,
    /// By depth; only while somebody follows.
    books: BTreeMap<usize, Shown>,
    ticker: Option<Fields>,
    next_ticker_ms: i64,
    day: Option<Day>,
    liquidations: Vec<Liquidation>,
    next_liquidations_ms: i64,
}

/// All connections of the venue.
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(crate) hub: Hub<Topic>,
    symbols: Vec<SymbolFeed>,
}

pub(super) fn outlet(market: &Market, coin: usize) -> Option<&Outlet> {
    market.coins().get(coin)?.outlet(Place::Bybit)
}

impl Feeds {
    pub(crate) fn new(market: &Market) -> Self {
        let symbols = (0..market.coins().len())
            .filter_map(|coin| Some((coin, outlet(market, coin)?.listing.symbol)))
            .map(|(coin, symbol)| SymbolFeed {
                coin,
                symbol,
                books: BTreeMap::new(),
                ticker: None,
                next_ticker_ms: 0,
                day: None,
                liquidations: Vec::new(),
                next_liquidations_ms: 0,
            })
            .collect();
        Self {
            hub: Hub::default(),
            symbols,
        }
    }

    /// The instrument of a symbol.
    pub(super) fn coin(&self, symbol: &str) -> Option<usize> {
        self.symbols
            .iter()
            .find(|feed| feed.symbol == symbol)
            .map(|feed| feed.coin)
    }

    pub(super) fn coins(&self) -> impl Iterator<Item = usize> {
        self.symbols.iter().map(|feed| feed.coin)
    }

    /// The snapshot after an acknowledgement: what the other subscribers know, so that the next change fits all.
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
            .symbols
            .iter_mut()
            .find(|feed| feed.coin == topic.coin)?;
        let symbol = feed.symbol;
        match topic.kind {
            Kind::Book(depth) => {
                let shown = feed.books.entry(depth).or_insert_with(|| Shown {
                    view: BookView::of(&outlet.market.book, depth),
                    update: outlet.market.book.update_id(),
                    next_ms: now_ms + every_ms(depth),
                    told_ms: now_ms,
                });
                let wrong = |px| faults.snapshot_px(symbol, now_ms, px);
                Some(frames::book(
                    outlet,
                    (depth, "snapshot"),
                    &shown.view,
                    (shown.update, stamp),
                    wrong,
                ))
            }
            Kind::Ticker => {
                let day = Day::remembered(&mut feed.day, outlet, now_ms);
                let fields = feed
                    .ticker
                    .get_or_insert_with(|| ticker::fields(outlet, day, stamp));
                Some(ticker::message(outlet, "snapshot", fields, stamp))
            }
            Kind::Trades | Kind::Liquidations => None,
        }
    }

    /// The ticker of a symbol as REST tells it.
    pub(super) fn ticker(&mut self, coin: usize, market: &Market, stamp: i64) -> Option<Fields> {
        let outlet = outlet(market, coin)?;
        let feed = self.symbols.iter_mut().find(|feed| feed.coin == coin)?;
        let day = Day::remembered(&mut feed.day, outlet, market.now_ms());
        Some(ticker::fields(outlet, day, stamp))
    }

    /// Sends what a step brought about.
    pub(crate) fn publish(&mut self, market: &mut Market, faults: &mut VenueFaults) {
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        self.hub.release(now_ms, faults);
        for feed in &mut self.symbols {
            let Some(outlet) = market.coins_mut()[feed.coin].outlet_mut(Place::Bybit) else {
                continue;
            };
            // The views below are compared; nobody needs the changed prices.
            outlet.market.book.take_touched();
            let trades = std::mem::take(&mut outlet.new_trades);
            feed.liquidations.append(&mut outlet.new_liquidations);
            let outlet = &*outlet;
            let fills: Vec<_> = trades
                .iter()
                .flat_map(|trade| trade.fills().map(move |(id, lots)| (*trade, id, lots)))
                .collect();
            let offset = stamp - now_ms;
            for part in fills.chunks(MOST_TRADES) {
                send(&mut self.hub, feed, Kind::Trades, now_ms, faults, || {
                    frames::trades(outlet, part, |ms| ms + offset, stamp)
                });
            }
            for depth in [1, 50, 200] {
                publish_book(&mut self.hub, feed, depth, outlet, now_ms, faults);
            }
            publish_ticker(&mut self.hub, feed, outlet, now_ms, faults);
            if now_ms >= feed.next_liquidations_ms {
                feed.next_liquidations_ms =
                    (now_ms.div_euclid(LIQUIDATIONS_EVERY_MS) + 1) * LIQUIDATIONS_EVERY_MS;
                let all = std::mem::take(&mut feed.liquidations);
                if !all.is_empty() {
                    send(
                        &mut self.hub,
                        feed,
                        Kind::Liquidations,
                        now_ms,
                        faults,
                        || frames::liquidations(outlet, &all, |ms| ms + offset, stamp),
                    );
                }
            }
        }
    }

    /// Sends a wrong frame to whoever is subscribed to something of the symbol.
    pub(crate) fn send_wrong(
        &mut self,
        market: &Market,
        symbol: &str,
        form: FrameForm,
        faults: &mut VenueFaults,
    ) {
        let Some(feed) = self.symbols.iter_mut().find(|feed| feed.symbol == symbol) else {
            return;
        };
        let Some(outlet) = outlet(market, feed.coin) else {
            return;
        };
        let now_ms = market.now_ms();
        let stamp = faults.stamp(now_ms);
        let (Some((bid, level)), Some((ask, _))) = (
            outlet.market.book.best(Side::Bid),
            outlet.market.book.best(Side::Ask),
        ) else {
            return;
        };
        let text = match form {
            FrameForm::CrossedBook => {
                let wrong = ask + (ask - bid).max(1);
                // Every followed book gets it, and its next change says that nothing rests there.
                for depth in [50, 200] {
                    let Some(shown) = feed.books.get_mut(&depth) else {
                        continue;
                    };
                    shown.view.bids.insert(0, (wrong, level));
                    shown.update += 1;
                    let view = BookView {
                        bids: vec![(wrong, level)],
                        asks: Vec::new(),
                    };
                    let text = frames::book(
                        outlet,
                        (depth, "delta"),
                        &view,
                        (shown.update, stamp),
                        |px| px,
                    );
                    send(
                        &mut self.hub,
                        feed,
                        Kind::Book(depth),
                        now_ms,
                        faults,
                        || text,
                    );
                }
                return;
            }
            FrameForm::CrossedBbo => {
                let mut fields = Fields::new();
                fields.insert("bid1Price", frames::px(outlet, ask));
                fields.insert("ask1Price", frames::px(outlet, bid));
                let text = ticker::message(outlet, "delta", &fields, stamp);
                if let Some(shown) = &mut feed.ticker {
                    shown.extend(fields);
                }
                send(&mut self.hub, feed, Kind::Ticker, now_ms, faults, || text);
                return;
            }
            FrameForm::MalformedJson => {
                format!("{{\"topic\":\"publicTrade.{symbol}\",\"type\":\"snapshot\",\"data\":[{{")
            }
            FrameForm::MissingField => format!(
                "{{\"topic\":\"publicTrade.{symbol}\",\"type\":\"snapshot\",\"ts\":{stamp},\"data\":[{{\"T\":{stamp},\
                 \"s\":\"{symbol}\",\"S\":\"Buy\",\"v\":\"1\",\"i\":\"x\",\"BT\":false}}]}}"
            ),
            FrameForm::UnknownChannel | FrameForm::ServerShutdown => {
                format!(
                    "{{\"topic\":\"notInTheDocumentation.{symbol}\",\"type\":\"snapshot\",\"ts\":{stamp},\"data\":{{}}}}"
                )
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
    feed: &SymbolFeed,
    kind: Kind,
    now_ms: i64,
    faults: &mut VenueFaults,
    text: impl FnOnce() -> String,
) {
    let name = FeedName {
        channel: kind.name(),
        symbol: feed.symbol,
    };
    hub.send(
        &Topic {
            kind,
            coin: feed.coin,
        },
        name,
        now_ms,
        faults,
        || Payload::plain(text()),
    );
}

fn publish_book(
    hub: &mut Hub<Topic>,
    feed: &mut SymbolFeed,
    depth: usize,
    outlet: &Outlet,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    if !feed.books.contains_key(&depth) {
        return;
    }
    if !hub.wanted(&Topic {
        kind: Kind::Book(depth),
        coin: feed.coin,
    }) {
        feed.books.remove(&depth);
        return;
    }
    let Some(shown) = feed.books.get_mut(&depth) else {
        return;
    };
    if now_ms < shown.next_ms {
        return;
    }
    shown.next_ms = (now_ms.div_euclid(every_ms(depth)) + 1) * every_ms(depth);
    let view = BookView::of(&outlet.market.book, depth);
    let changes = shown.view.changes(&view);
    let repeats = depth == 1 && now_ms - shown.told_ms >= REPEAT_MS;
    if changes.is_empty() && !repeats {
        return;
    }
    shown.told_ms = now_ms;
    // A repetition has the number of what it repeats.
    shown.update += u64::from(!changes.is_empty());
    shown.view = view;
    let (kind, told) = if depth == 1 {
        ("snapshot", &shown.view)
    } else {
        ("delta", &changes)
    };
    let text = frames::book(
        outlet,
        (depth, kind),
        told,
        (shown.update, faults.stamp(now_ms)),
        |px| px,
    );
    send(hub, feed, Kind::Book(depth), now_ms, faults, || text);
}

fn publish_ticker(
    hub: &mut Hub<Topic>,
    feed: &mut SymbolFeed,
    outlet: &Outlet,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    if feed.ticker.is_none() || now_ms < feed.next_ticker_ms {
        return;
    }
    feed.next_ticker_ms = (now_ms.div_euclid(TICKER_EVERY_MS) + 1) * TICKER_EVERY_MS;
    if !hub.wanted(&Topic {
        kind: Kind::Ticker,
        coin: feed.coin,
    }) {
        feed.ticker = None;
        return;
    }
    let stamp = faults.stamp(now_ms);
    let fields = ticker::fields(
        outlet,
        Day::remembered(&mut feed.day, outlet, now_ms),
        stamp,
    );
    let changed = ticker::changed(feed.ticker.as_ref().unwrap_or(&Fields::new()), &fields);
    feed.ticker = Some(fields);
    if !changed.is_empty() {
        send(hub, feed, Kind::Ticker, now_ms, faults, || {
            ticker::message(outlet, "delta", &changed, stamp)
        });
    }
}
