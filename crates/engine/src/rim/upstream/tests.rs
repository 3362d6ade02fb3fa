//! The gate against a server that answers as it is told, and a clock that stands still until it is moved.

use super::*;
use hypersentry_model::{ManualClock, Mode, Symbol};
use hypersentry_venues::ledger::Window;
use hypersentry_venues::session::RequestKey;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const VENUE: Venue = Venue::Bybit;
const START_MS: i64 = 1_700_000_000_000;

/// Status, further header lines, body.
type Page = (u16, &'static str, &'static str);

/// A venue's REST server.
struct Server {
    /// Lines of the requests that came.
    asked: Arc<Mutex<Vec<String>>>,
    /// What the next requests get; the last one stays.
    pages: Arc<Mutex<Vec<Page>>>,
    /// Answers wait until it opens.
    door: watch::Sender<bool>,
    address: String,
}

impl Server {
    async fn start(pages: &[Page]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let pages = Arc::new(Mutex::new(pages.to_vec()));
        let (door, opened) = watch::channel(true);
        let (notes, script) = (Arc::clone(&asked), Arc::clone(&pages));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (notes, script) = (Arc::clone(&notes), Arc::clone(&script));
                tokio::spawn(serve(socket, notes, script, opened.clone()));
            }
        });
        Self {
            asked,
            pages,
            door,
            address,
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer_with(&self, pages: &[Page]) {
        *self.pages.lock().unwrap() = pages.to_vec();
    }
}

async fn serve(
    mut socket: TcpStream,
    notes: Arc<Mutex<Vec<String>>>,
    script: Arc<Mutex<Vec<Page>>>,
    mut door: watch::Receiver<bool>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let text = String::from_utf8(head).unwrap();
    notes
        .lock()
        .unwrap()
        .push(text.lines().next().unwrap().to_owned());
    door.wait_for(|open| *open).await.unwrap();
    let (status, headers, body) = {
        let mut script = script.lock().unwrap();
        match script.len() {
            1 => script[0],
            _ => script.remove(0),
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    // Whoever asked may be gone.
    let _ = socket.write_all(answer.as_bytes()).await;
}

/// The gate before a server.
struct Place {
    upstream: Upstream,
    server: Server,
    clock: Arc<ManualClock>,
    attempts: AtomicUsize,
}

impl Place {
    async fn of(pages: &[Page], limits: Option<Limits>) -> Self {
        let server = Server::start(pages).await;
        let endpoints = Endpoints {
            ws: Vec::new(),
            rest: server.address.clone(),
        };
        let mut config = EngineConfig::new(Mode::Live, BTreeMap::from([(VENUE, endpoints)]));
        config.limits.extend(limits.map(|limits| (VENUE, limits)));
        let clock = Arc::new(ManualClock::new(Timestamp::from_ms(START_MS)));
        let http = rest::client(&config).unwrap();
        let told: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        Self {
            upstream: Upstream::new(&config, http, told),
            server,
            clock,
            attempts: AtomicUsize::new(0),
        }
    }

    fn request(&self, class: RequestClass, kind: RequestKind, path: &str) -> Request {
        let attempt = self.attempts.fetch_add(1, Ordering::SeqCst) as u32 + 1;
        Request {
            key: RequestKey {
                kind,
                symbol: Symbol::ANY,
                attempt,
            },
            path: path.to_owned(),
            body: None,
            class,
            weight: 1,
        }
    }

    async fn fetch(&self, class: RequestClass, kind: RequestKind) -> Answer {
        self.upstream
            .fetch(VENUE, self.request(class, kind, "/x"))
            .await
    }

    async fn list(&self) -> Answer {
        self.fetch(RequestClass::Metadata, RequestKind::Markets)
            .await
    }

    async fn time(&self) -> Answer {
        self.fetch(RequestClass::Metadata, RequestKind::Time).await
    }

    fn pass(&self, ms: i64) {
        self.clock.advance_to(self.clock.now().plus_ms(ms));
    }

    /// Milliseconds until requests are made again.
    fn cooldown_ms(&self) -> Option<i64> {
        let gate = self.upstream.gate(VENUE).unwrap();
        let now = self.clock.now();
        let until = gate.ledger.cooldown_until(now)?;
        Some(until.ns_since(now) / 1_000_000)
    }
}

#[tokio::test]
async fn equal_requests_under_way_are_one() {
    let place = Place::of(&[(200, "", "list")], None).await;
    place.server.door.send_replace(false);
    let ask = |path| {
        let request = place.request(RequestClass::Metadata, RequestKind::Markets, path);
        place.upstream.fetch(VENUE, request)
    };
    let answers = async { tokio::join!(ask("/a"), ask("/a"), ask("/a"), ask("/b")) };
    // All four are asked for before the first answer is given.
    let open = async {
        while place.server.asked() < 2 {
            tokio::task::yield_now().await;
        }
        place.server.door.send_replace(true);
    };
    let ((a, b, c, d), ()) = tokio::join!(answers, open);
    let mut asked = place.server.asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]);
    // Each gets the answer under its own name.
    let attempts: Vec<u32> = [&a, &b, &c, &d].iter().map(|x| x.key.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4]);
    for answer in [a, b, c, d] {
        assert_eq!((answer.status, &answer.body[..]), (200, &b"list"[..]));
        assert!(!answer.stale);
    }
    assert!(place.upstream.gate(VENUE).unwrap().flights.is_empty());
    // What is over is not shared.
    assert_eq!(ask("/a").await.status, 200);
    assert_eq!(place.server.asked(), 3);
}

#[tokio::test]
async fn equal_orders_are_never_one() {
    let place = Place::of(&[(200, "", "ok")], None).await;
    place.server.door.send_replace(false);
    let order = || place.fetch(RequestClass::Orders, RequestKind::Time);
    let orders = async { tokio::join!(order(), order()) };
    let open = async {
        while place.server.asked() < 2 {
            tokio::task::yield_now().await;
        }
        place.server.door.send_replace(true);
    };
    let ((a, b), ()) = tokio::join!(orders, open);
    assert_eq!((a.status, b.status), (200, 200));
}

#[tokio::test]
async fn refusals_in_a_row_double_the_pause() {
    let place = Place::of(&[(429, "", "slow down")], None).await;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        assert_eq!(place.time().await.status, 429);
        let pause = place.cooldown_ms().unwrap();
        pauses.push(pause);
        place.pass(pause);
        assert_eq!(place.cooldown_ms(), None);
    }
    assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
    assert_eq!(place.server.asked(), 6);
}

#[tokio::test]
async fn a_told_pause_is_kept_and_answers_come_from_memory_meanwhile() {
    let place = Place::of(&[(200, "", "list")], None).await;
    assert_eq!(&place.list().await.body[..], b"list");
    place
        .server
        .answer_with(&[(429, "retry-after: 30\r\n", "slow down"), (200, "", "new")]);
    assert_eq!(place.time().await.retry_after_s, Some(30));
    assert_eq!(place.cooldown_ms(), Some(30_000));
    place.pass(10_000);
    // Lists are answered from memory and say so; what changes by the second is not.
    let list = place.list().await;
    assert_eq!((list.status, &list.body[..]), (200, &b"list"[..]));
    assert!(list.stale);
    let time = place.time().await;
    assert_eq!((time.status, time.retry_after_s), (429, Some(21)));
    assert!(!time.stale);
    assert_eq!(place.server.asked(), 2, "nothing was asked in the pause");
    let usage = place.upstream.changed(VENUE, place.clock.now()).unwrap();
    assert_eq!(usage.cooldown_until_ms, Some(START_MS + 30_000));
    place.pass(20_000);
    let list = place.list().await;
    assert_eq!((&list.body[..], list.stale), (&b"new"[..], false));
    assert_eq!(place.server.asked(), 3);
    let usage = place.upstream.changed(VENUE, place.clock.now()).unwrap();
    assert_eq!(usage.cooldown_until_ms, None);
}

#[tokio::test]
async fn memory_ends() {
    let place = Place::of(&[(200, "", "list")], None).await;
    place.list().await;
    place.pass(MEMORY_MS - 10_000);
    place
        .server
        .answer_with(&[(429, "retry-after: 60\r\n", "slow down")]);
    place.time().await;
    assert!(place.list().await.stale);
    place.pass(10_001);
    assert_eq!(place.list().await.status, 429);
    assert_eq!(place.server.asked(), 2);
}

#[tokio::test]
async fn a_ban_closes_the_door_for_as_long_as_it_says_and_longer_each_time() {
    let mut limits = Limits::of(Venue::BinanceSpot);
    limits.ban_min_ms = 120_000;
    let place = Place::of(&[(418, "retry-after: 300\r\n", "banned")], Some(limits)).await;
    assert_eq!(place.time().await.status, 418);
    assert_eq!(place.cooldown_ms(), Some(300_000));
    place.pass(299_000);
    assert_eq!(place.cooldown_ms(), Some(1_000));
    place.pass(1_000);
    place.server.answer_with(&[(418, "", "banned")]);
    assert_eq!(place.time().await.status, 418);
    assert_eq!(place.cooldown_ms(), Some(240_000), "the second of two");
    assert_eq!(place.time().await.retry_after_s, Some(241));
    assert_eq!(place.server.asked(), 2);
}

#[tokio::test]
async fn orders_pass_while_we_pause_by_ourselves() {
    let place = Place::of(&[(429, "", "slow down"), (200, "", "placed")], None).await;
    for _ in 0..3 {
        // Makes the pause longer than anything waits.
        place.server.answer_with(&[(429, "", "slow down")]);
        place.pass(place.cooldown_ms().unwrap_or(0));
        place.time().await;
    }
    assert_eq!(place.cooldown_ms(), Some(8_000));
    place.server.answer_with(&[(200, "", "placed")]);
    assert_eq!(place.time().await.status, 429);
    let order = place.fetch(RequestClass::Orders, RequestKind::Time).await;
    assert_eq!(&order.body[..], b"placed");
    assert_eq!(place.server.asked(), 4);
}

#[tokio::test]
async fn an_account_that_waits_is_served_before_history_that_comes_meanwhile() {
    // Eight for all but orders; what was used is given back eleven seconds later.
    let limits = Limits {
        requests: vec![Window {
            max: 10,
            ms: 10_000,
        }],
        ..Limits::default()
    };
    let place = Place::of(&[(200, "", "ok")], Some(limits)).await;
    let ask = |class, path, weight| {
        let mut request = place.request(class, RequestKind::Time, path);
        request.weight = weight;
        place.upstream.fetch(VENUE, request)
    };
    for _ in 0..5 {
        ask(RequestClass::Metadata, "/candles", 1).await;
        place.pass(100);
    }
    ask(RequestClass::Account, "/positions", 3).await;
    assert_eq!(place.server.asked(), 6, "the allowance is used up");
    // A tenth of a second before the first part is given back; the account needs two of them.
    place.pass(10_400);
    let account = ask(RequestClass::Account, "/orders", 2);
    let others = async {
        place.pass(100);
        let history = ask(RequestClass::Metadata, "/candles", 1);
        let time = async {
            place.pass(100);
            while place.server.asked() < 7 {
                tokio::task::yield_now().await;
            }
            place.pass(1_000);
        };
        tokio::join!(history, time).0
    };
    let (account, history) = tokio::join!(account, others);
    assert_eq!((account.status, history.status), (200, 200));
    let asked = place.server.asked.lock().unwrap().split_off(6);
    assert_eq!(asked, ["GET /orders HTTP/1.1", "GET /candles HTTP/1.1"]);
    assert_eq!(
        place.time().await.status,
        200,
        "nobody is waited for any more"
    );
}

#[tokio::test]
async fn the_last_fifth_is_for_orders() {
    let limits = Limits {
        requests: vec![Window {
            max: 10,
            ms: 60_000,
        }],
        ..Limits::default()
    };
    let place = Place::of(&[(200, "", "ok")], Some(limits)).await;
    let mut counts = Vec::new();
    for class in [
        RequestClass::Metadata,
        RequestClass::Books,
        RequestClass::Account,
    ] {
        let before = place.server.asked();
        for _ in 0..10 {
            place.fetch(class, RequestKind::Time).await;
        }
        counts.push(place.server.asked() - before);
    }
    assert_eq!(counts, [5, 3, 0], "half, then the rest of four fifths");
    for _ in 0..2 {
        let order = place.fetch(RequestClass::Orders, RequestKind::Time).await;
        assert_eq!(order.status, 200);
    }
    assert_eq!(place.server.asked(), 10);
    // A minute later there is room again.
    place.pass(70_000);
    assert_eq!(place.time().await.status, 200);
}
