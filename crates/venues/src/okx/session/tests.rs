//! The session against a small venue that keeps a book and numbers its fills.

mod properties;
mod scripts;

use super::{Okx, Session};
use crate::session::{Feed, Input, Lane, Output, Request, RequestKind, SessionConfig};
use hypersentry_model::{Payload, Size, Symbol, Timestamp, TradeId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const START_MS: i64 = 1_750_000_000_000;
const BTC: &str = "BTC-USDT-SWAP";

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

/// Contracts by price, of one side.
type Side = BTreeMap<i64, i64>;

/// The venue: one market.
#[derive(Default)]
struct Venue {
    bids: Side,
    asks: Side,
    seq: i64,
    /// The book at each number.
    books: BTreeMap<i64, (Side, Side)>,
    /// Trades as they were told: the id of the last fill, and how many they add up. A trade of `n` fills has ids one after the other.
    trades: Vec<(u64, u64)>,
    subscribed: BTreeSet<String>,
    /// The last frame, to be sent again.
    last: Option<String>,
}

impl Venue {
    fn new() -> Self {
        let mut venue = Self {
            seq: 1_000,
            ..Self::default()
        };
        for step in 1..=5 {
            venue.bids.insert(1_000 - step, 10 * step);
            venue.asks.insert(1_000 + step, 10 * step);
        }
        venue.note();
        venue
    }

    fn note(&mut self) {
        let book = (self.bids.clone(), self.asks.clone());
        self.books.insert(self.seq, book);
    }

    fn frame(channel: &str, action: Option<&str>, data: &Value) -> String {
        let mut frame = json!({"arg": {"channel": channel, "instId": BTC}, "data": [data]});
        if let Some(action) = action {
            frame["action"] = json!(action);
        }
        frame.to_string()
    }

    fn snapshot(&self) -> String {
        let side =
            |side: &Side| -> Vec<Value> { side.iter().map(|(px, sz)| level(*px, *sz)).collect() };
        let mut bids = side(&self.bids);
        bids.reverse();
        let data = json!({"asks": side(&self.asks), "bids": bids, "ts": START_MS.to_string(),
            "checksum": 0, "prevSeqId": -1, "seqId": self.seq});
        Self::frame("books", Some("snapshot"), &data)
    }

    /// Changes a level, by an irregular step of the number.
    fn change(&mut self, px: i64, sz: i64) -> String {
        let before = self.seq;
        self.seq += 1 + px % 7;
        let bid = px < 1_000;
        let side = if bid { &mut self.bids } else { &mut self.asks };
        match sz {
            0 => side.remove(&px),
            _ => side.insert(px, sz),
        };
        self.note();
        let levels = [level(px, sz)];
        let (bids, asks) = if bid {
            (&levels[..], &[][..])
        } else {
            (&[][..], &levels[..])
        };
        let data = json!({"asks": asks, "bids": bids, "ts": START_MS.to_string(),
            "checksum": 0, "prevSeqId": before, "seqId": self.seq});
        Self::frame("books", Some("update"), &data)
    }

    fn newest(&self) -> u64 {
        self.trades.last().map_or(100, |(id, _)| *id)
    }

    fn trade(&mut self, fills: u64) -> String {
        let id = self.newest() + fills;
        self.trades.push((id, fills));
        Self::told(id, fills)
    }

    fn told(id: u64, fills: u64) -> String {
        let data = json!({"instId": BTC, "tradeId": id.to_string(), "px": "1000", "sz": fills.to_string(),
            "side": "buy", "ts": START_MS.to_string(), "count": fills.to_string()});
        Self::frame("trades", None, &data)
    }

    /// The fills before `after`, newest first, one contract each.
    fn history(&self, after: Option<u64>) -> String {
        let newest = after
            .map_or(self.newest(), |after| after - 1)
            .min(self.newest());
        let rows: Vec<Value> = (101..=newest)
            .rev()
            .take(100)
            .map(|id| json!({"instId": BTC, "tradeId": id.to_string(), "px": "1000", "sz": "1", "side": "buy", "ts": START_MS.to_string()}))
            .collect();
        json!({"code": "0", "msg": "", "data": rows}).to_string()
    }
}

fn level(px: i64, sz: i64) -> Value {
    json!([px.to_string(), sz.to_string(), "0", "1"])
}

fn instruments() -> String {
    let swap = |name: &str, index: &str, kind: &str, value: &str, state: &str| {
        json!({"instType": "SWAP", "instId": name, "uly": index, "ctType": kind, "ctVal": value,
            "ctMult": "1", "tickSz": "0.1", "lotSz": "0.1", "state": state})
    };
    json!({"code": "0", "msg": "", "data": [
        swap(BTC, "BTC-USDT", "linear", "0.01", "live"),
        swap("ETH-USDT-SWAP", "ETH-USDT", "linear", "0.1", "suspend"),
        swap("BTC-USD-SWAP", "BTC-USD", "inverse", "100", "live"),
    ]})
    .to_string()
}

/// The session and the venue, and what became of it.
struct Desk {
    session: Session,
    venue: Venue,
    ms: i64,
    /// Frames on their way.
    frames: VecDeque<String>,
    out: Vec<Output>,
    open: bool,
    /// Requests are answered with this status.
    status: u16,
    /// The book as a client has it, with its number; `None` while it may not be read.
    book: Option<(u64, Side, Side)>,
    /// Ids of fills that were given.
    given: BTreeSet<u64>,
}

impl Desk {
    fn new() -> Self {
        let config = SessionConfig {
            jitter_seed: 3,
            accept_any_symbol: false,
        };
        let mut desk = Self {
            session: Session::new(config),
            venue: Venue::new(),
            ms: START_MS,
            frames: VecDeque::new(),
            out: Vec::new(),
            open: false,
            status: 200,
            book: None,
            given: BTreeSet::new(),
        };
        let wanted = BTreeSet::from([symbol(BTC)]);
        desk.step(Input::Demand(&wanted));
        desk
    }

    fn live() -> Self {
        let mut desk = Self::new();
        desk.pass(3_000);
        desk
    }

    fn step(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        let now = Timestamp::from_ms(self.ms);
        self.session.step(now, input, &mut out);
        let due = self.session.next_due();
        if matches!(input, Input::Due) {
            assert!(due.is_none_or(|due| due > now), "due again at once");
        }
        for output in &out {
            self.heed(output);
        }
        let fetches: Vec<Request> = out
            .iter()
            .filter_map(|output| match output {
                Output::Fetch(request) => Some(request.clone()),
                _ => None,
            })
            .collect();
        let checks: Vec<bool> = out.iter().filter_map(|o| self.compare(o)).collect();
        let opens = out.contains(&Output::Open(Lane::MAIN));
        let closes = out.contains(&Output::Close(Lane::MAIN));
        self.out.append(&mut out);
        if closes {
            self.close();
        }
        if opens {
            self.open = true;
            self.frames.clear();
            self.venue.subscribed.clear();
            self.step(Input::Opened(Lane::MAIN));
        }
        for request in fetches {
            self.answer(&request);
        }
        for same in checks {
            let symbol = symbol(BTC);
            self.step(Input::Checked { symbol, same });
        }
    }

    /// As the market core: whether REST's book is the one that a client has.
    fn compare(&self, output: &Output) -> Option<bool> {
        let Output::Check(event) = output else {
            return None;
        };
        let Payload::BookSnapshot(first) = &event.payload else {
            panic!("no book");
        };
        let (_, bids, asks) = self.book.as_ref()?;
        let side = |levels: &[hypersentry_model::Level]| -> Side {
            let px = |level: &hypersentry_model::Level| (level.px.units() / 10i128.pow(12)) as i64;
            let sz = |level: &hypersentry_model::Level| (level.sz.units() / 10i128.pow(10)) as i64;
            levels.iter().map(|level| (px(level), sz(level))).collect()
        };
        Some(*bids == side(&first.bids) && *asks == side(&first.asks))
    }

    fn close(&mut self) {
        if self.open {
            self.open = false;
            self.frames.clear();
            self.step(Input::Closed {
                lane: Lane::MAIN,
                reason: "gone",
            });
        }
    }

    fn answer(&mut self, request: &Request) {
        assert!(request.weight > 0);
        let after = request.path.split_once("&after=").map(|(_, rest)| {
            let digits = rest.split('&').next().unwrap();
            digits.parse().unwrap()
        });
        let body = match request.key.kind {
            RequestKind::Markets => instruments(),
            RequestKind::Trades => self.venue.history(after),
            RequestKind::Time => {
                json!({"code": "0", "data": [{"ts": self.ms.to_string()}]}).to_string()
            }
            RequestKind::Check(Feed::Trades) => self.venue.history(None),
            RequestKind::Book | RequestKind::Check(_) => {
                let book: Value = serde_json::from_str(&self.venue.snapshot()).unwrap();
                json!({"code": "0", "data": book["data"]}).to_string()
            }
            other => panic!("{other:?}"),
        };
        let sent = Some(Timestamp::from_ms(self.ms));
        let status = self.status;
        self.step(Input::Answer {
            key: &request.key,
            status,
            retry_after_s: None,
            body: body.as_bytes(),
            sent,
        });
    }

    /// Takes note of an output as a client of the market would.
    fn heed(&mut self, output: &Output) {
        match output {
            Output::Send(_, text) => self.sent(text),
            Output::BookLost { .. } => self.book = None,
            Output::Event {
                feed: Feed::Book,
                event,
                ..
            } => self.heed_book(&event.payload),
            Output::Event {
                feed: Feed::Trades,
                event,
                replayed,
            } => {
                let Payload::Trade(trade) = &event.payload else {
                    panic!("no trade");
                };
                let TradeId::Number(id) = trade.id else {
                    panic!("no number");
                };
                // A fill is a contract of 0.01.
                let fills = (trade.sz.units() / 10i128.pow(Size::SCALE - 2)) as u64;
                assert!(!replayed || fills == 1);
                for id in id + 1 - fills..=id {
                    assert!(self.given.insert(id), "fill {id} was given twice");
                }
            }
            _ => {}
        }
    }

    fn heed_book(&mut self, payload: &Payload) {
        let side = |levels: &[hypersentry_model::Level], side: &mut Side| {
            for level in levels {
                let px = (level.px.units() / 10i128.pow(12)) as i64;
                match (level.sz.units() / 10i128.pow(10)) as i64 {
                    0 => side.remove(&px),
                    sz => side.insert(px, sz),
                };
            }
        };
        match payload {
            Payload::BookSnapshot(book) => {
                let (mut bids, mut asks) = (Side::new(), Side::new());
                side(&book.bids, &mut bids);
                side(&book.asks, &mut asks);
                self.book = Some((book.last_seq.unwrap(), bids, asks));
            }
            Payload::BookDelta(delta) => {
                let (seq, bids, asks) = self.book.as_mut().expect("a snapshot comes first");
                side(&delta.bids, bids);
                side(&delta.asks, asks);
                *seq = delta.last_seq.unwrap();
            }
            other => panic!("no book: {other:?}"),
        }
        let (seq, bids, asks) = self.book.as_ref().unwrap();
        let seq = i64::try_from(*seq).unwrap();
        let (true_bids, true_asks) = &self.venue.books[&seq];
        assert_eq!((bids, asks), (true_bids, true_asks), "the book at {seq}");
    }

    /// What the venue does with a command.
    fn sent(&mut self, text: &str) {
        if text == "ping" {
            return self.frames.push_back("pong".to_owned());
        }
        let command: Value = serde_json::from_str(text).unwrap();
        for arg in command["args"].as_array().unwrap() {
            let event = command["op"].as_str().unwrap();
            let ack = json!({"event": event, "arg": arg, "connId": "a1"});
            self.frames.push_back(ack.to_string());
            let channel = arg["channel"].as_str().unwrap().to_owned();
            if event == "unsubscribe" {
                self.venue.subscribed.remove(&channel);
                continue;
            }
            match channel.as_str() {
                "books" => self.frames.push_back(self.venue.snapshot()),
                // The newest trade comes again with each subscription, as recorded.
                "trades" => {
                    if let Some((id, fills)) = self.venue.trades.last() {
                        self.frames.push_back(Venue::told(*id, *fills));
                    }
                }
                _ => {}
            }
            self.venue.subscribed.insert(channel);
        }
    }

    /// Sends a frame of a channel, unless nobody listens.
    fn tell(&mut self, channel: &str, frame: String) {
        if self.open && self.venue.subscribed.contains(channel) {
            self.venue.last = Some(frame.clone());
            self.frames.push_back(frame);
        }
    }

    fn deliver(&mut self) {
        while let Some(frame) = self.frames.pop_front() {
            self.step(Input::Frame(Lane::MAIN, frame.as_bytes()));
        }
    }

    /// Lets time pass; frames arrive at once.
    fn pass(&mut self, ms: i64) {
        self.deliver();
        let end = self.ms + ms;
        while let Some(due) = self.session.next_due() {
            let due = due.ms().max(self.ms);
            if due > end {
                break;
            }
            // Due points lie on whole milliseconds or within them.
            self.ms = due + 1;
            self.step(Input::Due);
            self.deliver();
        }
        self.ms = self.ms.max(end);
    }

    fn said(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }
}
