//! A session, its clock and a venue that answers what it is told to.

use hypersentry_model::status::Connection;
use hypersentry_model::{Payload, Symbol, Timestamp, Venue};
use hypersentry_venues::session::{
    Input, Lane, Output, RequestKey, RequestKind, Session, SessionConfig,
};
use std::collections::BTreeSet;

/// A session, its clock, and what it said so far.
pub(crate) struct Desk {
    pub(crate) session: Session,
    pub(crate) now: Timestamp,
    pub(crate) out: Vec<Output>,
    pub(crate) sent: Vec<Timestamp>,
    pub(crate) asked: Vec<Timestamp>,
    /// Ids of commands that wait for `ack`.
    unanswered: Vec<u64>,
    /// The streams of the connection, as the venue would know them.
    streams: BTreeSet<String>,
    /// The venue lists the streams at once when asked.
    pub(crate) lists: bool,
}

pub(crate) const START_MS: i64 = 1_723_161_250_000;

pub(crate) fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

impl Desk {
    pub(crate) fn new(wanted: &[&str]) -> Self {
        Self::with(wanted, false)
    }

    pub(crate) fn with(wanted: &[&str], accept_any_symbol: bool) -> Self {
        let config = SessionConfig {
            jitter_seed: 7,
            accept_any_symbol,
        };
        let mut desk = Self {
            session: Session::new(Venue::BinanceSpot, config),
            now: Timestamp::from_ms(START_MS),
            out: Vec::new(),
            sent: Vec::new(),
            asked: Vec::new(),
            unanswered: Vec::new(),
            streams: BTreeSet::new(),
            lists: true,
        };
        desk.demand(wanted);
        desk
    }

    pub(crate) fn step(&mut self, input: Input<'_>) {
        let from = self.out.len();
        self.session.step(self.now, input, &mut self.out);
        let mut list = None;
        let mut upkeep = Vec::new();
        for output in &self.out[from..] {
            match output {
                Output::Send(_, text) => {
                    self.sent.push(self.now);
                    let command: serde_json::Value = serde_json::from_str(text).unwrap();
                    let id = command["id"].as_u64().unwrap();
                    let streams = command["params"].as_array().cloned().unwrap_or_default();
                    let streams = streams.iter().map(|s| s.as_str().unwrap().to_owned());
                    match command["method"].as_str().unwrap() {
                        "SUBSCRIBE" => self.streams.extend(streams),
                        "UNSUBSCRIBE" => streams.for_each(|s| {
                            self.streams.remove(&s);
                        }),
                        _ => {
                            list = Some(id);
                            continue;
                        }
                    }
                    self.unanswered.push(id);
                }
                Output::Fetch(request) => {
                    self.asked.push(self.now);
                    if is_upkeep(&request.path) {
                        upkeep.push(request.clone());
                    }
                }
                Output::Open(_) => {
                    self.streams.clear();
                    self.unanswered.clear();
                }
                _ => {}
            }
        }
        if matches!(input, Input::Due) {
            let next = self.session.next_due();
            assert!(next.is_none_or(|next| next > self.now), "due again at once");
        }
        // A session survives being written down at any point.
        let text = serde_json::to_string(&self.session).unwrap();
        let read: Session = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        self.session = read;
        for request in upkeep {
            let body = match request.key.kind {
                RequestKind::Time => format!(r#"{{"serverTime":{}}}"#, self.now.ms()),
                _ => book(1),
            };
            self.step(Input::Answer {
                key: &request.key,
                status: 200,
                retry_after_s: None,
                body: body.as_bytes(),
                sent: Some(self.now),
            });
        }
        if let Some(id) = list.filter(|_| self.lists) {
            let streams = serde_json::json!(self.streams);
            self.frame(&format!(r#"{{"result":{streams},"id":{id}}}"#));
        }
    }

    pub(crate) fn demand(&mut self, wanted: &[&str]) {
        let wanted: BTreeSet<Symbol> = wanted.iter().map(|name| symbol(name)).collect();
        self.step(Input::Demand(&wanted));
    }

    pub(crate) fn wait(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while let Some(due) = self.session.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Due);
        }
        self.now = end;
    }

    pub(crate) fn frame(&mut self, frame: &str) {
        self.step(Input::Frame(Lane::MAIN, frame.as_bytes()));
    }

    pub(crate) fn close(&mut self) {
        self.step(Input::Closed {
            lane: Lane::MAIN,
            reason: "reset",
        });
    }

    pub(crate) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The newest request, upkeep aside.
    pub(crate) fn request(&self) -> Option<(RequestKey, String)> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Fetch(request) if !is_upkeep(&request.path) => {
                Some((request.key.clone(), request.path.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn answer_with(&mut self, status: u16, retry_after_s: Option<u32>, body: &str) {
        let (key, _) = self.request().expect("a request");
        self.step(Input::Answer {
            key: &key,
            status,
            retry_after_s,
            body: body.as_bytes(),
            sent: None,
        });
    }

    pub(crate) fn answer(&mut self, body: &str) {
        self.answer_with(200, None, body);
    }

    /// The newest command.
    pub(crate) fn command(&self) -> Option<serde_json::Value> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Send(_, text) => serde_json::from_str(text).ok(),
            _ => None,
        })
    }

    /// Accepts what was sent.
    pub(crate) fn ack(&mut self) {
        for id in std::mem::take(&mut self.unanswered) {
            self.frame(&format!(r#"{{"result":null,"id":{id}}}"#));
        }
    }

    pub(crate) fn depth(&mut self, name: &str, first: u64, last: u64) {
        self.frame(&depth(name, first, last));
    }

    pub(crate) fn ticker(&mut self, name: &str, seq: u64) {
        self.frame(&format!(
            r#"{{"stream":"x","data":{{"u":{seq},"s":"{name}","b":"1.00000000","B":"2.00000000","a":"3.00000000","A":"4.00000000"}}}}"#
        ));
    }

    /// Open, listed and subscribed.
    pub(crate) fn live(wanted: &[&str]) -> Self {
        let mut desk = Self::new(wanted);
        desk.step(Input::Opened(Lane::MAIN));
        desk.answer(&listings(wanted));
        desk.wait(400);
        desk.ack();
        desk
    }

    /// As `live`, with a book up to 20.
    pub(crate) fn synced(name: &str) -> Self {
        let mut desk = Self::live(&[name]);
        desk.depth(name, 8, 12);
        desk.wait(300);
        desk.answer(&book(20));
        desk
    }

    pub(crate) fn connection(&self) -> Connection {
        self.session.status(self.now).connection
    }
}

pub(crate) fn depth(name: &str, first: u64, last: u64) -> String {
    format!(
        r#"{{"stream":"x","data":{{"e":"depthUpdate","E":1723161255208,"s":"{name}","U":{first},"u":{last},"b":[["1.00000000","2.00000000"]],"a":[]}}}}"#
    )
}

pub(crate) fn trade(name: &str, id: u64) -> String {
    format!(
        r#"{{"stream":"x","data":{{"e":"aggTrade","E":1,"s":"{name}","a":{id},"p":"1.00000000","q":"2.00000000","f":1,"l":1,"T":1,"m":true,"M":true}}}}"#
    )
}

/// The body of a page of trades.
pub(crate) fn trades(ids: std::ops::RangeInclusive<u64>) -> String {
    let trade = |id| {
        format!(
            r#"{{"a":{id},"p":"1.00000000","q":"2.00000000","f":1,"l":1,"T":1,"m":true,"M":true}}"#
        )
    };
    let trades: Vec<String> = ids.map(trade).collect();
    format!("[{}]", trades.join(","))
}

/// The id of a replayed trade.
pub(crate) fn replayed(output: &Output) -> Option<String> {
    match output {
        Output::Event {
            event,
            replayed: true,
            ..
        } => match &event.payload {
            Payload::Trade(trade) => Some(trade.id.to_string()),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn book(last: u64) -> String {
    format!(r#"{{"lastUpdateId":{last},"bids":[["1.00000000","9.00000000"]],"asks":[]}}"#)
}

pub(crate) fn listings(names: &[&str]) -> String {
    let listing = |name: &&str| {
        format!(
            r#"{{"symbol":"{name}","status":"TRADING","baseAsset":"{name}","quoteAsset":"USDT","filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.01000000"}},{{"filterType":"LOT_SIZE","stepSize":"0.00001000"}}]}}"#
        )
    };
    let listed: Vec<String> = names.iter().map(listing).collect();
    format!(r#"{{"rateLimits":[],"symbols":[{}]}}"#, listed.join(","))
}

/// In short: what an output is.
pub(crate) fn names(out: &[Output]) -> Vec<String> {
    let name = |output: &Output| match output {
        Output::Open(_) => "open".to_owned(),
        Output::Close(_) => "close".to_owned(),
        Output::Send(_, text) => {
            let command: serde_json::Value = serde_json::from_str(text).unwrap();
            command["method"].as_str().unwrap().to_owned()
        }
        Output::Fetch(request) => format!("fetch {}", request.path),
        Output::Event { feed, event, .. } => match &event.payload {
            Payload::BookDelta(delta) => format!("delta {}", delta.last_seq.unwrap()),
            Payload::BookSnapshot(book) => format!("snapshot {}", book.last_seq.unwrap()),
            _ => format!("{feed:?}"),
        },
        Output::Proof { feed, .. } => format!("proof {feed:?}"),
        Output::BookLost { loss, .. } => format!("lost {loss:?}"),
        Output::Grid {
            symbol,
            px_decimals,
            sz_decimals,
        } => format!("grid {symbol} {px_decimals} {sz_decimals}"),
        Output::Unlisted(symbol) => format!("unlisted {symbol}"),
        // Not told apart here.
        _ => String::new(),
    };
    out.iter().map(name).filter(|n| !n.is_empty()).collect()
}

/// What the desk answers by itself: the venue's clock, and books that stand in for stale ones.
fn is_upkeep(path: &str) -> bool {
    path.ends_with("/time") || path.ends_with("limit=100")
}

/// As `names`, without what keeps quiet streams proved, clocks compared and stale books repaired.
pub(crate) fn acts(out: &[Output]) -> Vec<String> {
    let mut names = names(out);
    names.retain(|n| n != "LIST_SUBSCRIPTIONS" && !n.starts_with("proof") && !is_upkeep(n));
    names
}
