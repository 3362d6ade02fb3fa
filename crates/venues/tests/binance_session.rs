//! The session against scripts: what it asks for, when, and what it makes of the answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::status::{Connection, Sync};
use hypersentry_model::{Freshness, Payload, Symbol, Timestamp, Venue};
use hypersentry_venues::session::{
    Feed, Input, Loss, Output, RequestKey, RequestKind, Session, SessionConfig,
};
use std::collections::BTreeSet;

/// A session, its clock, and what it said so far.
struct Desk {
    session: Session,
    now: Timestamp,
    out: Vec<Output>,
    sent: Vec<Timestamp>,
    asked: Vec<Timestamp>,
    /// Ids of commands that wait for `ack`.
    unanswered: Vec<u64>,
    /// The streams of the connection, as the venue would know them.
    streams: BTreeSet<String>,
    /// The venue lists the streams at once when asked.
    lists: bool,
}

const START_MS: i64 = 1_723_161_250_000;

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

impl Desk {
    fn new(wanted: &[&str]) -> Self {
        Self::with(wanted, false)
    }

    fn with(wanted: &[&str], accept_any_symbol: bool) -> Self {
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

    fn step(&mut self, input: Input<'_>) {
        let from = self.out.len();
        self.session.step(self.now, input, &mut self.out);
        let mut list = None;
        for output in &self.out[from..] {
            match output {
                Output::Send(text) => {
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
                Output::Fetch(_) => self.asked.push(self.now),
                Output::Open => {
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
        if let Some(id) = list.filter(|_| self.lists) {
            let streams = serde_json::json!(self.streams);
            self.frame(&format!(r#"{{"result":{streams},"id":{id}}}"#));
        }
    }

    fn demand(&mut self, wanted: &[&str]) {
        let wanted: BTreeSet<Symbol> = wanted.iter().map(|name| symbol(name)).collect();
        self.step(Input::Demand(&wanted));
    }

    fn wait(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while let Some(due) = self.session.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Due);
        }
        self.now = end;
    }

    fn frame(&mut self, frame: &str) {
        self.step(Input::Frame(frame.as_bytes()));
    }

    fn close(&mut self) {
        self.step(Input::Closed { reason: "reset" });
    }

    fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The newest request.
    fn request(&self) -> Option<(RequestKey, String)> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Fetch(request) => Some((request.key.clone(), request.path.clone())),
            _ => None,
        })
    }

    fn answer_with(&mut self, status: u16, retry_after_s: Option<u32>, body: &str) {
        let (key, _) = self.request().expect("a request");
        self.step(Input::Answer {
            key: &key,
            status,
            retry_after_s,
            body: body.as_bytes(),
        });
    }

    fn answer(&mut self, body: &str) {
        self.answer_with(200, None, body);
    }

    /// The newest command.
    fn command(&self) -> Option<serde_json::Value> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Send(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
    }

    /// Accepts what was sent.
    fn ack(&mut self) {
        for id in std::mem::take(&mut self.unanswered) {
            self.frame(&format!(r#"{{"result":null,"id":{id}}}"#));
        }
    }

    fn depth(&mut self, name: &str, first: u64, last: u64) {
        self.frame(&depth(name, first, last));
    }

    fn ticker(&mut self, name: &str, seq: u64) {
        self.frame(&format!(
            r#"{{"stream":"x","data":{{"u":{seq},"s":"{name}","b":"1.00000000","B":"2.00000000","a":"3.00000000","A":"4.00000000"}}}}"#
        ));
    }

    /// Open, listed and subscribed.
    fn live(wanted: &[&str]) -> Self {
        let mut desk = Self::new(wanted);
        desk.step(Input::Opened);
        desk.answer(&listings(wanted));
        desk.wait(400);
        desk.ack();
        desk
    }

    /// As `live`, with a book up to 20.
    fn synced(name: &str) -> Self {
        let mut desk = Self::live(&[name]);
        desk.depth(name, 8, 12);
        desk.wait(300);
        desk.answer(&book(20));
        desk
    }

    fn connection(&self) -> Connection {
        self.session.status(self.now).connection
    }
}

fn depth(name: &str, first: u64, last: u64) -> String {
    format!(
        r#"{{"stream":"x","data":{{"e":"depthUpdate","E":1723161255208,"s":"{name}","U":{first},"u":{last},"b":[["1.00000000","2.00000000"]],"a":[]}}}}"#
    )
}

fn trade(name: &str, id: u64) -> String {
    format!(
        r#"{{"stream":"x","data":{{"e":"trade","E":1,"s":"{name}","t":{id},"p":"1.00000000","q":"2.00000000","T":1,"m":true,"M":true}}}}"#
    )
}

fn book(last: u64) -> String {
    format!(r#"{{"lastUpdateId":{last},"bids":[["1.00000000","9.00000000"]],"asks":[]}}"#)
}

fn listings(names: &[&str]) -> String {
    let listing = |name: &&str| {
        format!(
            r#"{{"symbol":"{name}","status":"TRADING","filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.01000000"}},{{"filterType":"LOT_SIZE","stepSize":"0.00001000"}}]}}"#
        )
    };
    let listed: Vec<String> = names.iter().map(listing).collect();
    format!(r#"{{"rateLimits":[],"symbols":[{}]}}"#, listed.join(","))
}

/// In short: what an output is.
fn names(out: &[Output]) -> Vec<String> {
    let name = |output: &Output| match output {
        Output::Open => "open".to_owned(),
        Output::Close => "close".to_owned(),
        Output::Send(text) => {
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
        Output::StatusChanged => String::new(),
    };
    out.iter().map(name).filter(|n| !n.is_empty()).collect()
}

/// As `names`, without what keeps quiet streams proved.
fn acts(out: &[Output]) -> Vec<String> {
    let mut names = names(out);
    names.retain(|n| n != "LIST_SUBSCRIPTIONS" && !n.starts_with("proof"));
    names
}

#[test]
fn from_demand_to_a_book() {
    let mut desk = Desk::new(&["BTCUSDT", "ETHUSDT"]);
    assert_eq!(
        acts(&desk.take()),
        [
            "open",
            "fetch /api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D"
        ]
    );
    assert_eq!(desk.connection(), Connection::Connecting);
    let mut desk = Desk::new(&["BTCUSDT", "ETHUSDT"]);
    desk.step(Input::Opened);
    desk.wait(5_000);
    assert!(
        desk.command().is_none(),
        "no stream before the market is known"
    );
    desk.answer(&listings(&["BTCUSDT", "ETHUSDT"]));
    let command = desk.command().unwrap();
    assert_eq!(command["method"], "SUBSCRIBE");
    assert_eq!(
        command["params"],
        serde_json::json!([
            "btcusdt@depth@100ms",
            "btcusdt@trade",
            "btcusdt@bookTicker",
            "ethusdt@depth@100ms",
            "ethusdt@trade",
            "ethusdt@bookTicker"
        ])
    );
    assert!(acts(&desk.out).contains(&"grid BTCUSDT 2 5".to_owned()));
    assert_eq!(desk.connection(), Connection::Connecting);
    desk.ack();
    assert_eq!(desk.connection(), Connection::Live);
    desk.take();
    desk.wait(900);
    assert_eq!(desk.request(), None, "no snapshot before the first update");
    desk.depth("BTCUSDT", 8, 12);
    desk.depth("ETHUSDT", 100, 100);
    assert_eq!(
        acts(&desk.take()),
        ["fetch /api/v3/depth?symbol=BTCUSDT&limit=1000"]
    );
    let key = RequestKey {
        kind: RequestKind::Book,
        symbol: symbol("BTCUSDT"),
        attempt: 2,
    };
    desk.depth("BTCUSDT", 13, 14);
    desk.depth("BTCUSDT", 15, 15);
    let body = book(13);
    desk.step(Input::Answer {
        key: &key,
        status: 200,
        retry_after_s: None,
        body: body.as_bytes(),
    });
    assert_eq!(
        acts(&desk.take()),
        ["snapshot 13", "delta 14", "delta 15"],
        "one at a time, spaced"
    );
    desk.wait(250);
    assert_eq!(
        acts(&desk.take()),
        ["fetch /api/v3/depth?symbol=ETHUSDT&limit=1000"]
    );
    desk.depth("BTCUSDT", 16, 20);
    desk.ticker("BTCUSDT", 20);
    desk.frame(&trade("BTCUSDT", 5));
    assert_eq!(acts(&desk.take()), ["delta 20", "Bbo", "Trades"]);
    let status = desk.session.status(desk.now);
    let shown: Vec<_> = status
        .streams
        .iter()
        .map(|s| {
            (
                s.channel.as_str(),
                s.symbol.to_string(),
                s.sync,
                s.mark.state,
            )
        })
        .collect();
    let (fresh, missing) = (Freshness::Fresh, Freshness::Missing);
    assert_eq!(
        shown,
        [
            ("bookTicker", "BTCUSDT".to_owned(), None, fresh),
            (
                "depth@100ms",
                "BTCUSDT".to_owned(),
                Some(Sync::Synced),
                fresh
            ),
            ("trade", "BTCUSDT".to_owned(), None, fresh),
            ("bookTicker", "ETHUSDT".to_owned(), None, missing),
            (
                "depth@100ms",
                "ETHUSDT".to_owned(),
                Some(Sync::Syncing),
                missing
            ),
            ("trade", "ETHUSDT".to_owned(), None, missing),
        ]
    );
}

#[test]
fn a_gap_withdraws_the_book_until_the_next_snapshot() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.depth("BTCUSDT", 22, 23);
    assert_eq!(
        acts(&desk.take()),
        ["lost Gap", "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000"]
    );
    let status = desk.session.status(desk.now);
    assert_eq!(status.gaps, 1);
    assert_eq!(status.streams[1].mark.state, Freshness::Missing);
    desk.depth("BTCUSDT", 24, 25);
    assert!(acts(&desk.take()).is_empty());
}

#[test]
fn an_old_snapshot_is_asked_for_again_after_a_second() {
    let mut desk = Desk::live(&["BTCUSDT"]);
    desk.wait(1_000);
    desk.depth("BTCUSDT", 8, 12);
    desk.answer(&book(5));
    desk.take();
    desk.wait(999);
    assert_eq!(desk.request(), None);
    desk.wait(1);
    desk.answer(&book(10));
    assert_eq!(
        acts(&desk.take()),
        [
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 10",
            "delta 12"
        ]
    );
}

#[test]
fn requests_are_spaced_and_commands_are_few() {
    let wanted: Vec<String> = (0..100).map(|i| format!("S{i:03}USDT")).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let mut desk = Desk::new(&wanted);
    desk.step(Input::Opened);
    desk.answer(&listings(&wanted));
    for _ in 0..4 {
        desk.wait(350);
        desk.ack();
    }
    assert_eq!(desk.connection(), Connection::Live);
    for name in &wanted {
        desk.depth(name, 8, 12);
    }
    for _ in 0..30 {
        desk.answer(&book(12));
        desk.wait(300);
    }
    assert!(
        desk.sent
            .windows(2)
            .all(|w| w[1].ns_since(w[0]) >= 340_000_000)
    );
    assert!(
        desk.asked
            .windows(2)
            .all(|w| w[1].ns_since(w[0]) >= 250_000_000)
    );
    assert!(desk.asked.len() > 30);
}

#[test]
fn an_unanswered_book_request_is_repeated_and_its_late_answer_ignored() {
    let mut desk = Desk::live(&["BTCUSDT"]);
    desk.wait(300);
    desk.depth("BTCUSDT", 8, 12);
    let (late, _) = desk.request().unwrap();
    for _ in 0..12 {
        desk.wait(1_000);
        desk.depth("BTCUSDT", 12, 12);
    }
    let (next, _) = desk.request().unwrap();
    assert_ne!(late, next);
    desk.take();
    desk.step(Input::Answer {
        key: &late,
        status: 200,
        retry_after_s: None,
        body: book(12).as_bytes(),
    });
    assert!(acts(&desk.take()).is_empty());
}

#[test]
fn the_venue_may_ask_for_silence() {
    for (status, told, quiet_ms) in [
        (429, Some(7), 7_000),
        (429, None, 1_000),
        (418, Some(600), 600_000),
        (418, None, 120_000),
    ] {
        let mut desk = Desk::live(&["BTCUSDT", "ETHUSDT"]);
        desk.wait(300);
        desk.depth("BTCUSDT", 8, 12);
        desk.depth("ETHUSDT", 8, 12);
        desk.answer_with(status, told, "");
        let reason = desk.session.status(desk.now).reason.unwrap();
        assert!(reason.contains(&status.to_string()), "{reason}");
        desk.take();
        let end = desk.now.plus_ms(quiet_ms);
        while desk.now.plus_ms(900) < end {
            desk.wait(800);
            desk.depth("BTCUSDT", 12, 12);
            // The connection breaks and comes back: the ban stays.
            if desk.out.iter().any(|o| *o == Output::Open) {
                desk.take();
                desk.step(Input::Opened);
            }
            desk.ack();
            assert_eq!(desk.request(), None, "{status} {told:?} at {:?}", desk.now);
        }
        desk.wait(end.ns_since(desk.now) / 1_000_000 - 1);
        assert_eq!(desk.request(), None);
        desk.wait(1);
        assert!(desk.request().is_some(), "{status} {told:?}");
        assert_ne!(desk.session.status(desk.now).reason, Some(reason));
    }
}

#[test]
fn failures_without_a_word_double_the_delay() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    let mut delays = Vec::new();
    for _ in 0..8 {
        desk.answer_with(0, None, "no route");
        desk.take();
        let from = desk.now;
        while desk.request().is_none() {
            desk.now = desk.session.next_due().unwrap();
            desk.step(Input::Due);
            if desk.out.contains(&Output::Close) {
                desk.close();
            }
        }
        delays.push(desk.now.ns_since(from) / 1_000_000);
    }
    assert_eq!(
        delays,
        [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    );
}

#[test]
fn unlisted_markets_are_found_by_halving() {
    let mut desk = Desk::new(&["AAAUSDT", "BADUSDT", "CCCUSDT", "HALTUSDT"]);
    desk.step(Input::Opened);
    let error = r#"{"code":-1121,"msg":"Invalid symbol."}"#;
    for _ in 0..8 {
        let Some((_, path)) = desk.request() else {
            break;
        };
        if path.contains("BADUSDT") {
            desk.answer_with(400, None, error);
        } else {
            let mut body = listings(&["AAAUSDT", "CCCUSDT", "HALTUSDT"]);
            let halted = r#""HALTUSDT","status":"BREAK""#;
            body = body.replace(r#""HALTUSDT","status":"TRADING""#, halted);
            desk.answer(&body);
        }
        desk.out.retain(|o| !matches!(o, Output::Fetch(_)));
        desk.wait(250);
    }
    let said = acts(&desk.out);
    for expected in [
        "unlisted BADUSDT",
        "unlisted HALTUSDT",
        "grid AAAUSDT 2 5",
        "grid CCCUSDT 2 5",
    ] {
        assert_eq!(
            said.iter().filter(|n| *n == expected).count(),
            1,
            "{said:?}"
        );
    }
    let mut asked = BTreeSet::new();
    for output in &desk.out {
        if let Output::Send(text) = output {
            for name in ["aaausdt", "badusdt", "cccusdt", "haltusdt"] {
                if text.contains(name) {
                    asked.insert(name);
                }
            }
        }
    }
    assert_eq!(asked, BTreeSet::from(["aaausdt", "cccusdt"]));
    assert!(desk.session.status(desk.now).streams.len() == 6);
    // The list is read again after an hour.
    while desk.request().is_none() {
        desk.now = desk.session.next_due().unwrap();
        desk.step(Input::Due);
        if desk.out.contains(&Output::Open) {
            desk.out.clear();
            desk.step(Input::Opened);
        }
    }
    let hours = desk.now.ns_since(Timestamp::from_ms(START_MS)) / 3_600_000_000_000;
    assert_eq!(hours, 1);
}

#[test]
fn a_command_without_an_answer_ends_the_connection() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened);
    desk.answer(&listings(&["BTCUSDT"]));
    desk.take();
    for _ in 0..19 {
        desk.wait(500);
        desk.depth("BTCUSDT", 1, 1);
    }
    assert!(!desk.out.contains(&Output::Close));
    desk.wait(1_000);
    assert!(desk.out.contains(&Output::Close));
    let status = desk.session.status(desk.now);
    assert_eq!(status.connection, Connection::Reconnecting);
    assert!(status.reason.unwrap().contains("SUBSCRIBE"));
}

#[test]
fn a_refused_command_ends_the_connection() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened);
    desk.answer(&listings(&["BTCUSDT"]));
    let id = desk.command().unwrap()["id"].clone();
    desk.frame(r#"{"error":{"code":2,"msg":"Invalid request"},"id":999}"#);
    assert!(!desk.out.contains(&Output::Close));
    desk.frame(&format!(
        r#"{{"error":{{"code":2,"msg":"Invalid request"}},"id":{id}}}"#
    ));
    assert!(desk.out.contains(&Output::Close));
}

#[test]
fn a_lost_connection_comes_back_whole() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.ticker("BTCUSDT", 50);
    desk.frame(&trade("BTCUSDT", 5));
    desk.wait(100);
    desk.take();
    desk.close();
    assert_eq!(acts(&desk.take()), ["lost Disconnected"]);
    let status = desk.session.status(desk.now);
    assert_eq!(status.connection, Connection::Reconnecting);
    assert_eq!(
        status.streams[1].mark.state,
        Freshness::Fresh,
        "right when stamped"
    );
    assert_eq!(
        (status.reconnects, status.reason.as_deref()),
        (1, Some("reset"))
    );
    desk.wait(700);
    assert_eq!(acts(&desk.take()), ["open"]);
    desk.depth("BTCUSDT", 21, 22);
    assert!(acts(&desk.take()).is_empty(), "not open yet");
    desk.step(Input::Opened);
    assert_eq!(acts(&desk.out), ["SUBSCRIBE"]);
    desk.ack();
    assert_eq!(desk.connection(), Connection::Live);
    desk.take();
    desk.ticker("BTCUSDT", 40);
    desk.depth("BTCUSDT", 30, 31);
    desk.answer(&book(31));
    desk.frame(&trade("BTCUSDT", 5));
    desk.frame(&trade("BTCUSDT", 8));
    assert_eq!(
        acts(&desk.take()),
        [
            "Bbo",
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 31",
            "Trades"
        ]
    );
    let status = desk.session.status(desk.now);
    assert_eq!((status.gaps, status.duplicates), (0, 1));
    let Session::BinanceSpot(session) = &desk.session else {
        panic!("of Binance");
    };
    assert_eq!(session.trade_gaps(), 1);
}

#[test]
fn reconnects_back_off_and_never_give_up() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.answer(&listings(&["BTCUSDT"]));
    let mut delays = Vec::new();
    for _ in 0..40 {
        desk.take();
        desk.close();
        let from = desk.now;
        while !desk.out.contains(&Output::Open) {
            desk.now = desk.session.next_due().unwrap();
            desk.step(Input::Due);
        }
        delays.push(desk.now.ns_since(from) / 1_000_000);
    }
    for (delay, base) in delays.iter().zip([500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
        assert!((base..=base + base / 4).contains(delay), "{delays:?}");
    }
    assert!(delays[4..].iter().all(|d| (5_000..=6_250).contains(d)));
    assert!(delays[4..].windows(2).any(|w| w[0] != w[1]), "jitter");
    // A connection that lived resets the delay.
    desk.step(Input::Opened);
    for _ in 0..40 {
        desk.wait(1_000);
        desk.frame(&trade("BTCUSDT", 1));
        desk.ack();
    }
    desk.take();
    desk.close();
    desk.wait(625);
    assert!(desk.out.contains(&Output::Open));
    // One that does not open in time has failed.
    desk.take();
    desk.wait(15_000);
    assert_eq!(acts(&desk.out)[0], "close");
    desk.close();
    desk.wait(1_250);
    assert!(desk.out.contains(&Output::Open));
}

#[test]
fn silence_ends_the_connection() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.lists = false;
    desk.take();
    desk.wait(9_400);
    assert!(!desk.out.contains(&Output::Close));
    desk.wait(1_200);
    assert!(desk.out.contains(&Output::Close));
    assert!(acts(&desk.out).contains(&"lost Disconnected".to_owned()));
    // Whether its end is told or not.
    desk.wait(3_000);
    assert!(desk.out.contains(&Output::Open));
}

fn list_answer(desk: &mut Desk) {
    let command = desk.command().unwrap();
    assert_eq!(command["method"], "LIST_SUBSCRIPTIONS");
    let id = &command["id"];
    desk.frame(&format!(
        r#"{{"result":["btcusdt@trade","btcusdt@depth@100ms","btcusdt@bookTicker"],"id":{id}}}"#
    ));
}

#[test]
fn quiet_streams_are_proved_every_second() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.lists = false;
    let from = desk.now;
    let mut proofs: Vec<(String, Timestamp)> = Vec::new();
    while desk.now.ns_since(from) < 20_000_000_000 {
        desk.take();
        desk.wait(10);
        if desk.command().is_some() {
            desk.wait(80);
            list_answer(&mut desk);
        }
        let said = names(&desk.out)
            .into_iter()
            .filter(|n| n.starts_with("proof"));
        proofs.extend(said.map(|name| (name, desk.now)));
    }
    for feed in ["proof Book", "proof Bbo", "proof Trades"] {
        let at: Vec<Timestamp> = proofs
            .iter()
            .filter(|(name, _)| name == feed)
            .map(|(_, at)| *at)
            .collect();
        assert!(at.len() >= 12, "{feed}: {}", at.len());
        let steps: Vec<i64> = at
            .windows(2)
            .map(|w| w[1].ns_since(w[0]) / 1_000_000)
            .collect();
        assert!(
            steps.iter().all(|ms| (200..=1_800).contains(ms)),
            "{steps:?}"
        );
    }
    let status = desk.session.status(desk.now);
    assert_eq!(status.rtt_ns, Some(80_000_000));
    assert_eq!(status.streams[1].mark.state, Freshness::Fresh);
}

#[test]
fn best_prices_ahead_of_the_book_refuse_it_proof_and_then_renew_it() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.ticker("BTCUSDT", 20);
    desk.ticker("BTCUSDT", 21);
    let from = desk.now;
    let mut book_proofs = Vec::new();
    while !desk
        .out
        .iter()
        .any(|o| matches!(o, Output::BookLost { .. }))
    {
        desk.take();
        desk.wait(10);
        if names(&desk.out).contains(&"proof Book".to_owned()) {
            book_proofs.push(desk.now.ns_since(from) / 1_000_000);
        }
    }
    let took = desk.now.ns_since(from) / 1_000_000;
    assert!((5_000..5_600).contains(&took), "{took}");
    assert!(!book_proofs.is_empty() && book_proofs.iter().all(|ms| *ms <= 2_000));
    desk.wait(800);
    let said = acts(&desk.take());
    assert_eq!(said[0], "lost Gap");
    assert_eq!(said[1..3], ["UNSUBSCRIBE", "SUBSCRIBE"]);
}

#[test]
fn best_prices_that_depth_reaches_are_no_doubt() {
    let mut desk = Desk::synced("BTCUSDT");
    for i in 0..100 {
        desk.ticker("BTCUSDT", 21 + i);
        desk.wait(100);
        desk.depth("BTCUSDT", 21 + i, 21 + i);
    }
    assert_eq!(desk.session.status(desk.now).gaps, 0);
    assert!(
        !desk
            .out
            .iter()
            .any(|o| matches!(o, Output::BookLost { .. }))
    );
    assert!(!acts(&desk.out).contains(&"UNSUBSCRIBE".to_owned()));
    desk.ticker("BTCUSDT", 100);
    let refused = desk.session.status(desk.now).refused;
    assert_eq!(refused.get("bbo_out_of_order"), Some(&1));
}

#[test]
fn the_venue_announces_its_end_and_age_ends_a_connection_at_once() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.take();
    desk.frame(r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}"#);
    assert_eq!(acts(&desk.out), ["close", "lost Disconnected"]);
    desk.close();
    assert_eq!(acts(&desk.out)[2], "open");
    // Not in a circle.
    desk.step(Input::Opened);
    desk.take();
    desk.frame(r#"{"e":"serverShutdown","E":1}"#);
    desk.close();
    assert!(!desk.out.contains(&Output::Open));

    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened);
    desk.wait((23 * 60 + 49) * 60_000);
    assert!(!desk.out.contains(&Output::Close));
    desk.wait(60_000);
    assert!(desk.out.contains(&Output::Close));
    desk.take();
    desk.close();
    assert!(desk.out.contains(&Output::Open));
}

#[test]
fn demand_changes() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.demand(&["ETHUSDT"]);
    desk.wait(350);
    assert_eq!(
        acts(&desk.out),
        [
            "lost Dropped",
            "fetch /api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%5D",
            "UNSUBSCRIBE"
        ]
    );
    desk.ack();
    desk.depth("BTCUSDT", 21, 22);
    assert_eq!(desk.session.status(desk.now).skipped["unasked"], 1);
    desk.answer(&listings(&["ETHUSDT"]));
    desk.wait(400);
    assert_eq!(desk.command().unwrap()["params"][0], "ethusdt@depth@100ms");
    desk.take();
    desk.demand(&[]);
    assert_eq!(acts(&desk.out), ["close"]);
    assert_eq!(desk.connection(), Connection::Down);
    desk.close();
    desk.take();
    desk.wait(60_000);
    assert!(desk.out.is_empty());
    desk.demand(&["ETHUSDT"]);
    assert!(desk.out.contains(&Output::Open));
}

#[test]
fn a_resync_is_a_new_book() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.step(Input::Resync(symbol("BTCUSDT")));
    assert_eq!(acts(&desk.out), ["lost Gap"]);
    desk.depth("BTCUSDT", 21, 22);
    desk.answer(&book(22));
    assert_eq!(
        acts(&desk.out)[1..],
        [
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 22"
        ]
    );
    assert_eq!(desk.session.status(desk.now).gaps, 0);
}

#[test]
fn a_bare_recording_needs_no_connection() {
    let mut desk = Desk::with(&[], true);
    desk.depth("BTCUSDT", 8, 12);
    desk.ticker("ETHUSDT", 8);
    let key = RequestKey {
        kind: RequestKind::Book,
        symbol: symbol("BTCUSDT"),
        attempt: 0,
    };
    let snapshot = |desk: &mut Desk, last: u64| {
        let body = book(last);
        desk.step(Input::Answer {
            key: &key,
            status: 200,
            retry_after_s: None,
            body: body.as_bytes(),
        });
    };
    snapshot(&mut desk, 9);
    desk.depth("BTCUSDT", 13, 13);
    assert_eq!(
        acts(&desk.take()),
        ["Bbo", "snapshot 9", "delta 12", "delta 13"]
    );
    assert_eq!(desk.connection(), Connection::Live);
    snapshot(&mut desk, 13);
    desk.wait(60_000);
    assert!(acts(&desk.take()).is_empty(), "a hole in time is no loss");
    desk.close();
    assert_eq!(acts(&desk.take()), ["lost Disconnected"]);
    for i in 0..300 {
        desk.frame(&trade(&format!("S{i}"), 1));
    }
    assert_eq!(acts(&desk.take()).len(), 254);
    assert_eq!(
        desk.session.status(desk.now).skipped["too_many_symbols"],
        46
    );
}

#[test]
fn a_proof_names_its_market_and_feed() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.frame(&trade("BTCUSDT", 5));
    desk.wait(300);
    desk.take();
    desk.frame(&trade("BTCUSDT", 5));
    desk.frame(&trade("BTCUSDT", 4));
    assert_eq!(
        desk.take(),
        [Output::Proof {
            symbol: symbol("BTCUSDT"),
            feed: Feed::Trades
        }]
    );
    assert_eq!(desk.session.status(desk.now).duplicates, 2);
    desk.depth("BTCUSDT", 50, 50);
    assert!(desk.out.contains(&Output::BookLost {
        symbol: symbol("BTCUSDT"),
        loss: Loss::Gap
    }));
}
