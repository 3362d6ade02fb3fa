//! A venue with one market, two routes and a memory.

use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Timestamp, TradeId, Venue};
use hypersentry_venues::session::{
    Feed, Input, Lane, Loss, Output, Request, Session, SessionConfig,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const NAME: &str = "BTCUSDT";

pub(crate) fn symbol() -> Symbol {
    Symbol::new(NAME).unwrap()
}

/// Size by price of one side.
type Side = BTreeMap<u64, u64>;

/// A session, its clock, the venue's truth, and what the session made of it.
pub(crate) struct Desk {
    pub(crate) session: Session,
    pub(crate) now: Timestamp,
    pub(crate) out: Vec<Output>,
    pub(crate) asked: Vec<Request>,
    /// Commands that were not answered: lane and JSON.
    commands: Vec<(Lane, serde_json::Value)>,
    /// The bids after each update id.
    books: BTreeMap<u64, Side>,
    last_u: u64,
    /// When each trade happened, by id from 1.
    pub(crate) trades: Vec<Timestamp>,
    /// The book that the outputs describe.
    book: Option<(Side, u64)>,
    /// Trades that the outputs told.
    pub(crate) seen: BTreeSet<u64>,
    pub(crate) repaired: u64,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let config = SessionConfig {
            jitter_seed: 5,
            accept_any_symbol: false,
        };
        let mut desk = Self {
            session: Session::new(Venue::BinanceUsdm, config),
            now: Timestamp::from_ms(1_723_161_250_000),
            out: Vec::new(),
            asked: Vec::new(),
            commands: Vec::new(),
            books: BTreeMap::from([(100, Side::new())]),
            last_u: 100,
            trades: Vec::new(),
            book: None,
            seen: BTreeSet::new(),
            repaired: 0,
        };
        desk.step(Input::Demand(&BTreeSet::from([symbol()])));
        desk
    }

    /// Both connections open, listed, subscribed.
    pub(crate) fn live() -> Self {
        let mut desk = Self::new();
        desk.open();
        desk.settle();
        desk
    }

    pub(crate) fn step(&mut self, input: Input<'_>) {
        let from = self.out.len();
        self.session.step(self.now, input, &mut self.out);
        // A session survives being written down at any point.
        let text = serde_json::to_string(&self.session).unwrap();
        self.session = serde_json::from_str(&text).unwrap();
        for i in from..self.out.len() {
            self.hear(i);
        }
    }

    fn hear(&mut self, i: usize) {
        match &self.out[i] {
            Output::Send(lane, text) => {
                let command = serde_json::from_str(text).unwrap();
                self.commands.push((*lane, command));
            }
            Output::Open(lane) | Output::Close(lane) => {
                let lane = *lane;
                self.commands.retain(|(other, _)| *other != lane);
            }
            Output::Fetch(request) => self.asked.push(request.clone()),
            Output::BookLost { loss, .. } => {
                assert!(matches!(loss, Loss::Gap | Loss::Disconnected));
                assert!(self.book.take().is_some(), "there was a book to lose");
            }
            Output::Event { event, .. } => self.take(event.clone()),
            Output::Repaired { feed, from, to, .. } => {
                assert_eq!(*feed, Feed::Trades);
                self.repaired += 1;
                for (at, id) in self.trades.iter().zip(1..) {
                    let within = from < at && at < to;
                    assert!(!within || self.seen.contains(&id), "trade {id} is missing");
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, event: MarketEvent) {
        match event.payload {
            Payload::Trade(trade) => {
                let TradeId::Number(id) = trade.id else {
                    panic!("{trade:?}");
                };
                assert!(self.seen.insert(id), "trade {id} came twice");
            }
            Payload::BookSnapshot(book) => {
                let mut side = Side::new();
                set(&mut side, &book.bids);
                self.book = Some((side, book.last_seq.unwrap()));
            }
            Payload::BookDelta(delta) => {
                let (side, seq) = self.book.as_mut().expect("a snapshot comes first");
                set(side, &delta.bids);
                *seq = delta.last_seq.unwrap();
            }
            _ => {}
        }
        if let Some((side, seq)) = &self.book {
            // A snapshot may stand before changes that follow in the same breath.
            let truth = self.books.range(..=*seq).next_back().unwrap().1;
            assert_eq!(side, truth, "the book at {seq}");
        }
    }

    pub(crate) fn has_book(&self) -> bool {
        self.book.is_some()
    }

    pub(crate) fn wait(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while let Some(due) = self.session.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Due);
            let next = self.session.next_due();
            assert!(next.is_none_or(|next| next > self.now), "due again at once");
        }
        self.now = end;
    }

    pub(crate) fn frame(&mut self, lane: u8, frame: &str) {
        self.step(Input::Frame(Lane(lane), frame.as_bytes()));
    }

    pub(crate) fn open(&mut self) {
        for lane in [Lane(0), Lane(1)] {
            self.step(Input::Opened(lane));
        }
    }

    pub(crate) fn close(&mut self, lane: u8) {
        self.step(Input::Closed {
            lane: Lane(lane),
            reason: "reset",
        });
    }

    /// Answers all commands and requests until there are none for a while.
    pub(crate) fn settle(&mut self) {
        for _ in 0..60 {
            self.answer_commands();
            self.answer_requests(0);
            self.wait(100);
        }
    }

    pub(crate) fn answer_commands(&mut self) {
        for (lane, command) in std::mem::take(&mut self.commands) {
            let id = &command["id"];
            let result = match command["method"].as_str().unwrap() {
                "LIST_SUBSCRIPTIONS" if lane == Lane(0) => {
                    r#"["btcusdt@depth@100ms","btcusdt@bookTicker"]"#
                }
                "LIST_SUBSCRIPTIONS" => {
                    r#"["btcusdt@aggTrade","btcusdt@markPrice@1s","btcusdt@forceOrder"]"#
                }
                _ => "null",
            };
            self.frame(lane.0, &format!(r#"{{"result":{result},"id":{id}}}"#));
        }
    }

    /// Answers all requests; books are `lag` updates old.
    pub(crate) fn answer_requests(&mut self, lag: usize) {
        for request in std::mem::take(&mut self.asked) {
            let body = self.body(&request.path, lag);
            self.answer(&request, 200, &body);
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, status: u16, body: &str) {
        self.step(Input::Answer {
            key: &request.key,
            status,
            retry_after_s: None,
            body: body.as_bytes(),
            sent: Some(self.now),
        });
    }

    fn body(&self, path: &str, lag: usize) -> String {
        if path.contains("exchangeInfo") {
            return format!(
                r#"{{"serverTime":{},"rateLimits":[],"symbols":[{{"symbol":"{NAME}","contractType":"PERPETUAL","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.10"}},{{"filterType":"LOT_SIZE","stepSize":"0.001"}}]}}]}}"#,
                self.now.ms()
            );
        }
        if path.contains("openInterest") {
            return format!(
                r#"{{"symbol":"{NAME}","openInterest":"10.5","time":{}}}"#,
                self.now.ms()
            );
        }
        if path.contains("fundingInfo") {
            return format!(r#"[{{"symbol":"{NAME}","fundingIntervalHours":4}}]"#);
        }
        if path.ends_with("/time") {
            return format!(r#"{{"serverTime":{}}}"#, self.now.ms());
        }
        if let Some((_, from)) = path.split_once("fromId=") {
            let (from, limit) = from.split_once("&limit=").unwrap();
            let from: usize = from.parse().unwrap();
            let limit: usize = limit.parse().unwrap();
            let ids = (1..=self.trades.len()).filter(|id| *id >= from).take(limit);
            let trade =
                |id| format!(r#"{{"a":{id},"p":"1.0","q":"2.0","f":1,"l":1,"T":1,"m":true}}"#);
            let trades: Vec<String> = ids.map(trade).collect();
            return format!("[{}]", trades.join(","));
        }
        if path.contains("klines") {
            let row = |open: i64| {
                let close = open + 59_999;
                format!(r#"[{open},"1","2","0.5","1.5","10",{close},"1",3,"1","1","0"]"#)
            };
            return format!("[{},{}]", row(60_000), row(120_000));
        }
        assert!(path.contains("/depth"), "{path}");
        let (at, bids) = self
            .books
            .iter()
            .rev()
            .nth(lag)
            .unwrap_or_else(|| self.books.first_key_value().unwrap());
        let levels = json(bids);
        format!(r#"{{"lastUpdateId":{at},"E":1,"T":1,"bids":[{levels}],"asks":[]}}"#)
    }

    /// The book changes. Gives the frame that tells it.
    pub(crate) fn change(&mut self, px: u64, sz: u64, skip: u64) -> String {
        let (prev, mut side) = {
            let (at, side) = self.books.last_key_value().unwrap();
            (*at, side.clone())
        };
        let px = px % 8 + 1;
        side.insert(px, sz);
        side.retain(|_, sz| *sz > 0);
        // Ids are the venue's, not the book's: they jump.
        let first = prev + 1 + skip;
        let last = first + 2;
        self.last_u = last;
        self.books.insert(last, side);
        let level = json(&Side::from([(px, sz)]));
        format!(
            r#"{{"e":"depthUpdate","E":1,"T":1,"s":"{NAME}","U":{first},"u":{last},"pu":{prev},"b":[{level}],"a":[]}}"#
        )
    }

    /// A trade happens. Gives the frame that tells it.
    pub(crate) fn trade(&mut self) -> String {
        self.trades.push(self.now);
        agg_trade(self.trades.len())
    }
}

pub(crate) fn agg_trade(id: usize) -> String {
    format!(
        r#"{{"e":"aggTrade","E":1,"a":{id},"s":"{NAME}","p":"1.0","q":"2.0","f":1,"l":1,"T":1,"m":true}}"#
    )
}

fn json(side: &Side) -> String {
    let levels = side.iter().rev();
    let levels: Vec<String> = levels
        .map(|(px, sz)| format!(r#"["{px}.0","{sz}"]"#))
        .collect();
    levels.join(",")
}

fn set(side: &mut Side, levels: &[Level]) {
    const ONE: i128 = 1_000_000_000_000;
    for level in levels {
        side.insert(
            (level.px.units() / ONE) as u64,
            (level.sz.units() / ONE) as u64,
        );
    }
    side.retain(|_, sz| *sz > 0);
}
