//! The whole path: ticket, risk, audit log, signature, paper venue, private news, against a market that is fed by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::Key;
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::agg::TapeRow;
use hypersentry_model::{
    Mode, Price, Side, Size, Source, Stamp, Stamped, Symbol, Timestamp, TradeId, Usd, Venue,
};
use hypersentry_paper::{Assumptions, Glance, Markets, PaperDoor, PaperEyes};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, Audience, Door, Eyes, Got, Later, OrderView, PaperAssumptions,
    Settings, Sight, SignRefused, Signers, Ticket, Told, Trading, World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::{Address, Network};
use hypersentry_venues::session::RequestClass;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_ns(since.unwrap().as_nanos() as i64)
}

fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

/// The market, as the test says it is; the real venue, which knows its list of markets; a wallet; ears.
#[derive(Debug, Default)]
struct Stage {
    glance: Mutex<Glance>,
    followed: Mutex<BTreeSet<Symbol>>,
    asked: Mutex<Vec<String>>,
    told: Mutex<Vec<Told>>,
    prints: Mutex<u64>,
}

impl Stage {
    fn show(&self, bids: &[(&str, &str)], asks: &[(&str, &str)]) {
        let side = |levels: &[(&str, &str)]| {
            let read =
                |(px, size): &(&str, &str)| (Price::parse(px).unwrap(), Size::parse(size).unwrap());
            levels.iter().map(read).collect::<Vec<_>>()
        };
        let (bids, asks) = (side(bids), side(asks));
        let mid = Price::from_units((bids[0].0.units() + asks[0].0.units()) / 2);
        let mut glance = self.glance.lock().unwrap();
        glance.book = Some((bids, asks));
        glance.mark = Some(mid);
    }

    fn print(&self, px: &str, size: &str, side: Side) {
        let mut number = self.prints.lock().unwrap();
        *number += 1;
        let row = TapeRow {
            id: TradeId::Number(*number),
            px: Price::parse(px).unwrap(),
            sz: Size::parse(size).unwrap(),
            side,
            ts_ms: now().ms(),
            replayed: false,
        };
        self.glance.lock().unwrap().trades.push(row);
    }
}

impl Markets for Stage {
    fn look(&self, symbols: Vec<Symbol>) -> Later<'_, Vec<Glance>> {
        Box::pin(async move {
            let glance = self.glance.lock().unwrap().clone();
            let all = symbols.iter().map(|symbol| {
                if *symbol == btc() {
                    glance.clone()
                } else {
                    Glance::default()
                }
            });
            all.collect()
        })
    }

    fn follow(&self, symbols: &BTreeSet<Symbol>) {
        self.followed.lock().unwrap().clone_from(symbols);
    }
}

impl Door for Stage {
    fn now(&self) -> Timestamp {
        now()
    }

    fn post(&self, path: &'static str, body: String, _: RequestClass, _: u32) -> Later<'_, Got> {
        Box::pin(async move {
            assert_eq!(path, "/info", "no order reaches the real venue: {body}");
            assert!(
                !body.contains("\"user\""),
                "nor a question about an account: {body}"
            );
            self.asked.lock().unwrap().push(body);
            let list = json!([{"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}], "marginTables": []},
                [{"markPx": "100000"}]]);
            Got {
                status: 200,
                body: list.to_string().into(),
            }
        })
    }

    fn stream_url(&self) -> String {
        panic!("no stream is opened")
    }

    fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
        panic!("no stream is opened")
    }

    fn stream_ended(&self, _: Address) {}
}

impl Eyes for Stage {
    fn look(&self, _: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let book = self.glance.lock().unwrap().book.clone();
            let Some((bids, asks)) = book else {
                return Sight::default();
            };
            let mid = Price::from_units((bids[0].0.units() + asks[0].0.units()) / 2);
            Sight {
                mid: Some(seen(mid)),
                bids: Some(seen(bids)),
                asks: Some(seen(asks)),
                venue_time: None,
            }
        })
    }
}

fn seen<T>(value: T) -> Stamped<T> {
    Stamped {
        value,
        stamp: Stamp::at(now()),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 4_000,
    }
}

impl Audience for Stage {
    fn tell(&self, _: &str, told: Told) {
        self.told.lock().unwrap().push(told);
    }
}

struct Wallet {
    key: Key,
    door: Arc<PaperDoor>,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wallet")
    }
}

impl Signers for Wallet {
    fn agent(&self, account: Address, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        let address = Address::new(self.key.address().0);
        let opened = self.door.open(&account.to_string(), &address.to_string());
        opened.map_err(|text| SignRefused {
            code: "practice_unavailable".to_owned(),
            text,
        })?;
        Ok(AgentKind {
            address,
            expires_ms: i64::MAX,
        })
    }

    fn sign(&self, _: Address, _: Address, digest: &[u8; 32]) -> Result<[u8; 65], SignRefused> {
        Ok(self.key.sign(digest))
    }
}

struct Bench {
    stage: Arc<Stage>,
    trading: Trading,
    cancel: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Bench {
    /// Over what is kept in a directory, with a key of its own.
    async fn start(dir: &Path, key: u8) -> Self {
        let stage = Arc::<Stage>::default();
        stage.show(
            &[("99999", "1"), ("99998", "4")],
            &[("100001", "1"), ("100002", "4")],
        );
        let assumptions = Assumptions {
            latency_ms: 20,
            jitter_ms: 10,
            ..Assumptions::default()
        };
        let real: Arc<dyn Door> = Arc::<Stage>::clone(&stage);
        let kept = PaperDoor::kept(real, assumptions, dir.join("accounts"));
        let door = Arc::new(kept.unwrap());
        let way: Arc<dyn Door> = Arc::<PaperDoor>::clone(&door);
        let eyes: Arc<dyn Eyes> = Arc::<Stage>::clone(&stage);
        let world = World {
            eyes: Arc::new(PaperEyes::new(eyes, Arc::clone(&way))),
            door: way,
            signers: Arc::new(Wallet {
                key: Key::new(key),
                door: Arc::clone(&door),
            }),
            audience: Arc::<Stage>::clone(&stage),
        };
        let settings = Settings {
            mode: Mode::Live,
            run_id: "test".to_owned(),
            network: Network::Testnet,
            limits: Limits {
                order_usd: Usd::parse("200000").unwrap(),
                symbol_usd: Usd::parse("300000").unwrap(),
                gross_usd: Usd::parse("300000").unwrap(),
                ..Limits::default()
            },
            paper: Some(PaperAssumptions {
                latency_ms: assumptions.latency_ms,
                queue: assumptions.queue_text(),
                fills: assumptions.fills_text(),
            }),
        };
        let signer = audit_signer(dir, &[7; 32]).unwrap();
        let trading = Trading::open(dir, signer, settings, world).unwrap();
        let cancel = CancellationToken::new();
        let markets: Arc<dyn Markets> = Arc::<Stage>::clone(&stage);
        let running = tokio::spawn(door.run(markets, cancel.clone()));
        let bench = Self {
            stage,
            trading,
            cancel,
            running,
        };
        bench
            .until("ready", |state| state.ready && state.stream == "open")
            .await;
        bench
    }

    async fn stop(self) {
        self.trading.stop().await;
        self.cancel.cancel();
        self.running.await.unwrap();
    }

    async fn until(&self, what: &str, holds: impl Fn(&AccountState) -> bool) -> AccountState {
        let began = Instant::now();
        loop {
            let state = self.trading.state(ACCOUNT, None).await.unwrap();
            if holds(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "never: {what}; {state:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn order(&self, key: &str, rest: Value) -> OrderView {
        let mut ticket = json!({"account": ACCOUNT, "key": key, "symbol": "BTC"});
        for (name, value) in rest.as_object().unwrap() {
            ticket[name] = value.clone();
        }
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        let orders = self.trading.order(ticket, Asker::default()).await;
        orders.unwrap().remove(0)
    }

    async fn ends(&self, order: &OrderView, state: State) -> OrderView {
        let find = |whole: &AccountState| {
            let orders = whole.orders.clone().unwrap_or_default();
            orders.into_iter().find(|it| it.cloid == order.cloid)
        };
        let is = |whole: &AccountState| find(whole).is_some_and(|it| it.state == state);
        let whole = self.until(&format!("{state:?}"), is).await;
        find(&whole).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_market_order_walks_the_book_and_a_limit_waits_for_prints() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::start(dir.path(), 5).await;
    let begun = bench.until("money", |it| it.equity_usd.v.is_some()).await;
    assert_eq!(begun.equity_usd.v, Some(Usd::parse("100000").unwrap()));
    assert!(begun.paper && begun.paper_assumptions.is_some());

    // Half of the touch, the rest a level further.
    let ask = json!({"side": "buy", "kind": "market", "size": "0.8", "slippage_bps": 30});
    let bought = bench.order("m", ask).await;
    let bought = bench.ends(&bought, State::Filled).await;
    assert!(bought.paper);
    assert_eq!(bought.average_px, Some(Price::parse("100001.375").unwrap()));
    let state = bench
        .until("its fills", |it| {
            it.fills.as_ref().is_some_and(|it| it.len() == 2)
        })
        .await;
    let fills = state.fills.unwrap();
    assert!(
        fills
            .iter()
            .all(|fill| fill.paper && fill.liquidity == "taker")
    );

    // Behind 1 BTC at its price.
    let ask = json!({"side": "sell", "kind": "limit", "px": "100001", "size": "0.3"});
    let offer = bench.order("l", ask).await;
    let offer = bench.ends(&offer, State::Acked).await;
    assert!(bench.stage.followed.lock().unwrap().contains(&btc()));
    bench.stage.print("100001", "0.9", Side::Buy);
    bench.stage.print("100001", "0.2", Side::Buy);
    let part = bench.ends(&offer, State::PartiallyFilled).await;
    assert_eq!(part.filled, Size::parse("0.1").unwrap());
    bench.stage.print("100002", "5", Side::Buy);
    let whole = bench.ends(&offer, State::Filled).await;
    assert_eq!(whole.average_px, Some(Price::parse("100001").unwrap()));

    // The ledger ties, and every record says what it is.
    let after = bench
        .until("money", |it| it.equity_usd.v.is_some())
        .await
        .now_ms;
    let tied = bench
        .until("the ledger ties", |it| {
            it.reconciled_ms.is_some_and(|at| at > after)
        })
        .await;
    assert_eq!(tied.findings, Vec::new());
    let cloid = whole.cloid.unwrap();
    let proof = bench.trading.proof(ACCOUNT, &cloid).await.unwrap();
    assert!(!proof.records.is_empty());
    let told = proof
        .records
        .iter()
        .filter(|record| !record.details.is_empty());
    assert!(told.clone().count() > 0);
    assert!(
        told.clone()
            .all(|record| record.details.contains("\"paper\":true"))
    );
    {
        let private = bench.stage.told.lock().unwrap();
        assert!(private.iter().all(|told| match told {
            Told::Order(it) => it.paper,
            Told::Fill(it) => it.paper,
            Told::Account(it) => it.paper,
            Told::Event(it) => it.paper,
            Told::Risk(it) => it.paper,
        }));
    }
    assert_eq!(
        bench.stage.asked.lock().unwrap().len(),
        1,
        "the list is asked for once"
    );
    bench.stop().await;
    assert!(dir.path().join("audit").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_positions_and_orders_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::start(dir.path(), 5).await;
    let ask = json!({"side": "buy", "kind": "market", "size": "0.4", "slippage_bps": 30});
    let bought = bench.order("m", ask).await;
    bench.ends(&bought, State::Filled).await;
    let ask = json!({"side": "sell", "kind": "limit", "px": "100001", "size": "0.3"});
    let offer = bench.order("l", ask).await;
    bench.ends(&offer, State::Acked).await;
    bench.stop().await;

    // Another process, with another key.
    let bench = Bench::start(dir.path(), 6).await;
    let held = |state: &AccountState| {
        let rows = state.positions.v.clone().unwrap_or_default();
        rows.iter().map(|row| row.size).collect::<Vec<_>>()
    };
    let size = Size::parse("0.4").unwrap();
    bench.until("the position", |it| held(it) == [size]).await;
    let again = bench.ends(&offer, State::Acked).await;
    assert_eq!(again.px, Price::parse("100001").unwrap());
    // The market must have been looked at once for the order to have its place.
    let began = Instant::now();
    while !bench.stage.followed.lock().unwrap().contains(&btc()) {
        assert!(began.elapsed() < PATIENCE, "the market is not followed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What came before the first look fills nothing: more is printed until it does.
    let began = Instant::now();
    loop {
        bench.stage.print("100002", "5", Side::Buy);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let state = bench.trading.state(ACCOUNT, None).await.unwrap();
        let orders = state.orders.unwrap();
        let found = orders.iter().find(|it| it.cloid == offer.cloid).unwrap();
        if found.state == State::Filled {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{found:?}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_book_an_order_is_refused_before_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::start(dir.path(), 5).await;
    bench.stage.glance.lock().unwrap().book = None;
    let ticket = json!({"account": ACCOUNT, "key": "b", "symbol": "BTC", "side": "buy", "kind": "market", "size": "0.1"});
    let ticket: Ticket = serde_json::from_value(ticket).unwrap();
    let refused = bench.trading.order(ticket, Asker::default()).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.code == "market_stale" || refused.code == "risk_refused",
        "{refused:?}"
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_saved_is_told_to_nobody_until_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::start(dir.path(), 5).await;
    // The disk takes nothing: a file stands in the directory's place.
    let (accounts, away) = (dir.path().join("accounts"), dir.path().join("away"));
    std::fs::rename(&accounts, &away).unwrap();
    std::fs::write(&accounts, "").unwrap();
    let ask = json!({"side": "buy", "kind": "market", "size": "0.4", "slippage_bps": 30});
    let bought = bench.order("m", ask).await;
    // Its answer would have come within a tenth of this.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let state = bench.trading.state(ACCOUNT, None).await.unwrap();
    let orders = state.orders.clone().unwrap();
    let order = orders.iter().find(|it| it.cloid == bought.cloid).unwrap();
    assert!(
        [State::Sent, State::Unknown].contains(&order.state),
        "{order:?}"
    );
    assert!(state.fills.unwrap_or_default().is_empty());
    std::fs::remove_file(&accounts).unwrap();
    std::fs::rename(&away, &accounts).unwrap();
    bench.ends(&bought, State::Filled).await;
    let saved = std::fs::read_to_string(accounts.join(format!("{ACCOUNT}.json"))).unwrap();
    assert!(saved.contains("\"positions\":{\"0\""), "{saved}");
    bench.stop().await;
}
