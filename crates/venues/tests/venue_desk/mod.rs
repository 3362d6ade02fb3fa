//! A session, its clock, and a venue of the test's own that answers what the session sends and asks.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test binary uses a part of it"
)]

use hypersentry_model::{MarketEvent, Payload, Price, Size, Symbol, Timestamp, Venue};
use hypersentry_venues::session::{
    Feed, Input, Lane, Output, Request, Session, SessionConfig, SessionStatus,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The other end of the connection.
pub trait Counterpart {
    const VENUE: Venue;
    /// A new connection is open: nothing is subscribed.
    fn opened(&mut self);
    /// Answers a command, frame by frame.
    fn hear(&mut self, text: &str, now: Timestamp) -> Vec<String>;
    /// Answers a REST request.
    fn answer(&mut self, path: &str, now: Timestamp) -> (u16, String);
}

enum Todo {
    Open,
    Close,
    Frame(String),
    Fetch(Request),
    Check(MarketEvent),
}

pub const START_MS: i64 = 1_723_161_250_000;

pub fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// One side of a book.
pub type Side = BTreeMap<Price, Size>;

/// What the outputs say of how far a feed was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    since: Option<Timestamp>,
    spans: Vec<(Timestamp, Timestamp)>,
}

impl Seen {
    fn note(&mut self, now: Timestamp, output: &Output) {
        match output {
            Output::Following { .. } => self.since = self.since.or(Some(now)),
            Output::Broken { since, .. } => {
                self.spans
                    .extend(self.since.take().map(|from| (from, *since)));
                for span in &mut self.spans {
                    span.1 = span.1.min(*since);
                }
            }
            Output::Repaired { from, to, .. } => self.spans.push((*from, *to)),
            _ => {}
        }
    }

    /// Whether the outputs say that nothing of this moment is missing.
    pub fn covers(&self, at: Timestamp) -> bool {
        let open = self.since.is_some_and(|since| since < at);
        open || self.spans.iter().any(|(from, to)| *from < at && at < *to)
    }
}

/// What the outputs say of a market's book.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Book {
    pub bids: Side,
    pub asks: Side,
    pub seq: Option<u64>,
}

pub struct Desk<C> {
    pub session: Session,
    pub now: Timestamp,
    pub venue: C,
    pub out: Vec<Output>,
    todo: VecDeque<Todo>,
    open: bool,
    /// Whether REST is answered.
    pub answers: bool,
    /// Books as the outputs tell them; none while they may not be read.
    pub books: BTreeMap<Symbol, Book>,
    /// Ids of all trades, and whether they came as history.
    pub trades: BTreeMap<(Symbol, String), bool>,
    /// How far trades were seen, by market.
    pub seen: BTreeMap<Symbol, Seen>,
}

impl<C: Counterpart> Desk<C> {
    pub fn new(venue: C, wanted: &[&str]) -> Self {
        let config = SessionConfig {
            jitter_seed: 7,
            accept_any_symbol: false,
        };
        let mut desk = Self {
            session: Session::new(C::VENUE, config),
            now: Timestamp::from_ms(START_MS),
            venue,
            out: Vec::new(),
            todo: VecDeque::new(),
            open: false,
            answers: true,
            books: BTreeMap::new(),
            trades: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        desk.demand(wanted);
        desk
    }

    /// Open, listed, subscribed and quiet.
    pub fn live(venue: C, wanted: &[&str]) -> Self {
        let mut desk = Self::new(venue, wanted);
        desk.wait(2_000);
        desk
    }

    pub fn demand(&mut self, wanted: &[&str]) {
        let wanted: BTreeSet<Symbol> = wanted.iter().map(|name| symbol(name)).collect();
        self.step(Input::Demand(&wanted));
        self.pump();
    }

    pub fn step(&mut self, input: Input<'_>) {
        let from = self.out.len();
        self.session.step(self.now, input, &mut self.out);
        for output in &self.out[from..] {
            match output {
                Output::Open(_) => self.todo.push_back(Todo::Open),
                Output::Close(_) => self.todo.push_back(Todo::Close),
                Output::Fetch(request) => self.todo.push_back(Todo::Fetch(request.clone())),
                Output::Check(event) => self.todo.push_back(Todo::Check(event.clone())),
                Output::Send(_, text) => {
                    let frames = self.venue.hear(text, self.now);
                    self.todo.extend(frames.into_iter().map(Todo::Frame));
                }
                _ => {}
            }
        }
        if matches!(input, Input::Due) {
            let next = self.session.next_due();
            assert!(next.is_none_or(|next| next > self.now), "due again at once");
        }
        self.note(from);
    }

    /// Checks and keeps what the new outputs say.
    fn note(&mut self, from: usize) {
        for output in &self.out[from..] {
            if let Output::Following { symbol, feed, .. }
            | Output::Broken { symbol, feed, .. }
            | Output::Repaired { symbol, feed, .. } = output
                && *feed == Feed::Trades
            {
                self.seen.entry(*symbol).or_default().note(self.now, output);
            }
            match output {
                Output::BookLost { symbol, .. } => {
                    self.books.remove(symbol);
                }
                Output::Event {
                    feed,
                    event,
                    replayed,
                } => match &event.payload {
                    Payload::Trade(trade) => {
                        let id = (event.symbol, trade.id.to_string());
                        let before = self.trades.insert(id, *replayed);
                        assert_eq!(before, None, "trade {} came twice", trade.id);
                    }
                    Payload::BookSnapshot(book) if *feed == Feed::Book => {
                        let side = |levels: &[hypersentry_model::Level]| {
                            levels.iter().map(|level| (level.px, level.sz)).collect()
                        };
                        let book = Book {
                            bids: side(&book.bids),
                            asks: side(&book.asks),
                            seq: book.last_seq,
                        };
                        self.books.insert(event.symbol, book);
                    }
                    Payload::BookDelta(delta) => {
                        let book = self.books.get_mut(&event.symbol);
                        let book = book.expect("a change comes after a snapshot");
                        for (side, levels) in
                            [(&mut book.bids, &delta.bids), (&mut book.asks, &delta.asks)]
                        {
                            for level in levels {
                                if level.sz.is_zero() {
                                    side.remove(&level.px);
                                } else {
                                    side.insert(level.px, level.sz);
                                }
                            }
                        }
                        book.seq = delta.last_seq;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// Does what the session asked for, until it asks for nothing more.
    pub fn pump(&mut self) {
        for _ in 0..10_000 {
            let Some(todo) = self.todo.pop_front() else {
                return;
            };
            match todo {
                Todo::Open => {
                    self.open = true;
                    self.venue.opened();
                    self.step(Input::Opened(Lane::MAIN));
                }
                Todo::Close => self.closed("closed as asked"),
                Todo::Frame(frame) => self.step(Input::Frame(Lane::MAIN, frame.as_bytes())),
                Todo::Fetch(_) if !self.answers => {}
                Todo::Check(event) => self.compare(&event),
                Todo::Fetch(request) => {
                    let (status, body) = self.venue.answer(&request.path, self.now);
                    self.step(Input::Answer {
                        key: &request.key,
                        status,
                        retry_after_s: None,
                        body: body.as_bytes(),
                        sent: Some(self.now),
                    });
                }
            }
        }
        panic!("the session does not come to rest");
    }

    /// Compares REST's book with the one that was told, as the market core does.
    fn compare(&mut self, event: &MarketEvent) {
        let symbol = event.symbol;
        let (Some(book), Payload::BookSnapshot(first)) = (self.books.get(&symbol), &event.payload)
        else {
            return;
        };
        let told = |level: &hypersentry_model::Level| (level.px, level.sz);
        let bids = book.bids.iter().rev().map(|(px, sz)| (*px, *sz));
        let asks = book.asks.iter().map(|(px, sz)| (*px, *sz));
        let same = bids.take(first.bids.len()).eq(first.bids.iter().map(told))
            && asks.take(first.asks.len()).eq(first.asks.iter().map(told));
        self.step(Input::Checked { symbol, same });
    }

    /// Brings these frames.
    pub fn frames(&mut self, frames: impl IntoIterator<Item = String>) {
        for frame in frames {
            self.step(Input::Frame(Lane::MAIN, frame.as_bytes()));
            self.pump();
        }
    }

    /// The connection ends.
    pub fn cut(&mut self) {
        self.closed("reset");
        self.pump();
    }

    fn closed(&mut self, reason: &str) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        self.venue.opened();
        // What was on its way is lost.
        self.todo.retain(|todo| !matches!(todo, Todo::Frame(_)));
        self.step(Input::Closed {
            lane: Lane::MAIN,
            reason,
        });
    }

    pub fn wait(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        self.pump();
        while let Some(due) = self.session.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Due);
            self.pump();
        }
        self.now = end;
    }

    /// A session survives being written down at any point.
    pub fn write_down(&mut self) {
        let text = serde_json::to_string(&self.session).unwrap();
        let read: Session = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        self.session = read;
    }

    pub fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    pub fn status(&self) -> SessionStatus {
        self.session.status(self.now)
    }

    /// What the outputs say of following, losing and mending, in short.
    pub fn story(&self) -> Vec<String> {
        let tell = |output: &Output| {
            Some(match output {
                Output::Following { feed, grade, .. } => format!("following {feed:?} {grade:?}"),
                Output::Broken { feed, .. } => format!("broken {feed:?}"),
                Output::Repaired { feed, .. } => format!("repaired {feed:?}"),
                Output::Repair { feed, .. } => format!("repair {feed:?}"),
                Output::BookLost { loss, .. } => format!("lost {loss:?}"),
                Output::Unlisted(symbol) => format!("unlisted {symbol}"),
                Output::Close(_) => "close".to_owned(),
                Output::Event {
                    event, replayed, ..
                } => match &event.payload {
                    Payload::Trade(trade) if *replayed => format!("past trade {}", trade.id),
                    Payload::Trade(trade) => format!("trade {}", trade.id),
                    Payload::BookSnapshot(_) => "snapshot".to_owned(),
                    Payload::BookDelta(_) => "delta".to_owned(),
                    _ => return None,
                },
                _ => return None,
            })
        };
        self.out.iter().filter_map(tell).collect()
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let path = |output: &Output| match output {
            Output::Fetch(request) => Some(request.path.clone()),
            _ => None,
        };
        self.out.iter().filter_map(path).collect()
    }
}
