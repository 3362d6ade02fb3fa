//! Private events through the gateway's own door: to whom, in which order, and what becomes of a client that does not take them.
//!
//! The server runs in this process, because the events are said here: nobody trades.

use crate::support::PATIENCE;
use crate::support::browser::{Browser, Wallet, bearer};
use crate::support::client::{Client, Heard};
use hypersentry_api::Terminal;
use hypersentry_engine::Prepared;
use hypersentry_engine::account::AccountEvent;
use hypersentry_gateway::auth::AuthArguments;
use hypersentry_gateway::listen::{self, Server};
use hypersentry_model::{Envelope, EventType, Owner, Private, Source, Symbol};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A server with nothing to tell but what is said here.
struct House {
    terminal: Arc<Terminal>,
    address: SocketAddr,
    said: u64,
}

impl House {
    async fn open(dir: &std::path::Path) -> Self {
        let path = dir.join("hyperliquid_private.jsonl");
        std::fs::write(&path, "").unwrap();
        let terminal = Arc::new(Terminal::start(Prepared::playback(&path).unwrap()).unwrap());
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let logins = AuthArguments::default().check(address, false).unwrap();
        let server = Server {
            terminal: Arc::clone(&terminal),
            ui: dir.to_owned(),
            limits: Default::default(),
            origins: Default::default(),
            open_metrics: false,
            auth: logins.start(None, None).await.unwrap(),
            tls: None,
            cancel: Default::default(),
        };
        tokio::spawn(listen::serve(listener, server));
        Self {
            terminal,
            address,
            said: 0,
        }
    }

    /// Says a plan of some 2 KB to whoever may view an account.
    fn say(&mut self, account: &str) {
        self.said += 1;
        let text = format!("{:01000}", self.said);
        let check = json!({"name": "spread", "ok": true, "value": text, "limit": text, "text": ""});
        let data = json!({
            "ts_source": "receive", "now_ms": 1_700_000_000_000_i64, "run_id": "R", "mode": "live", "state": "blocked",
            "direction": "BUY", "strategy": null, "urgency": null, "requested_usd": self.said.to_string(), "total_usd": "0", "total_sz": "0",
            "slices": [], "slippage": null, "guard": {"safe": false, "checks": [check]}, "refusals": [],
        });
        let event = AccountEvent::Plan(Box::new(Envelope {
            event_type: EventType::ExecPlan,
            symbol: Symbol::new("BTC").unwrap(),
            ts_ms: 1_700_000_000_000,
            source: Source::Account,
            seq: 1,
            data: serde_json::from_value(data).unwrap(),
        }));
        let owner = Owner::Account(account.to_owned());
        self.terminal.hub().deliver(Private { owner, event });
    }

    async fn enter(&self, client: &mut Client, token: &str) {
        let answer = client.ask(&json!({ "type": "auth", "token": token })).await;
        assert_eq!(answer["type"], "auth_ok", "{answer}");
    }

    /// Messages that wait for the client for whom most wait.
    fn waiting(&self) -> usize {
        self.terminal.hub().depth().longest
    }
}

fn subscribe(resume: Option<&Value>) -> Value {
    let mut asked = json!({ "type": "subscribe_private", "channels": ["private.execution"] });
    if let Some(resume) = resume {
        asked["resume"] = resume.clone();
    }
    asked
}

/// Listens until so many private events have come.
async fn hear(client: &mut Client, count: usize) {
    while client.private.len() < count {
        match client.next().await {
            Heard::Event => {}
            other => panic!("{other:?} after {} events", client.private.len()),
        }
    }
}

fn seqs(client: &Client) -> Vec<u64> {
    let seqs = client.private.iter().map(|event| event["seq"].as_u64());
    seqs.map(Option::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_too_slow_is_told_where_to_go_on_and_misses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut house = House::open(data.path()).await;
    let wallet = Wallet::new(9);
    let (account, token) = (wallet.address(), bearer(house.address, &wallet).await);
    let mut slow = Client::connect_narrow(house.address).await;
    let mut quick = Client::connect(house.address).await;
    for client in [&mut slow, &mut quick] {
        house.enter(client, &token).await;
        let answer = client.ask(&subscribe(None)).await;
        assert_eq!(answer["type"], "private_ready", "{answer}");
        assert!(answer.get("resumed").is_none());
    }
    // One reads, the other does not, until there is no room for more: then nothing waits for it any longer.
    let (begun, mut most) = (Instant::now(), 0);
    while most < 60 || house.waiting() > most / 2 {
        assert!(begun.elapsed() < PATIENCE, "there is always room");
        most = most.max(house.waiting());
        for _ in 0..20 {
            house.say(&account);
        }
        hear(&mut quick, house.said as usize).await;
    }
    let code = loop {
        match slow.next().await {
            Heard::End(code) => break code,
            Heard::Event => {}
            Heard::Answer(answer) => panic!("an answer to nothing: {answer}"),
        }
    };
    assert_eq!(code, Some(4002), "{}", slow.reason);
    let last = *seqs(&slow).last().unwrap();
    let run_id = house.terminal.run_id().to_owned();
    let named = format!("private_overflow {run_id} account/exec_plan/BTC/{last}");
    assert_eq!(slow.reason, named);
    // All that was said meanwhile follows, and then what is said.
    let point = json!({ "run_id": run_id, "source": "account", "event_type": "exec_plan", "symbol": "BTC", "seq": last });
    let mut again = Client::connect(house.address).await;
    house.enter(&mut again, &token).await;
    let answer = again.ask(&subscribe(Some(&point))).await;
    assert_eq!(answer["resumed"], true, "{answer}");
    house.say(&account);
    let missed = (house.said - last) as usize;
    hear(&mut again, missed).await;
    hear(&mut quick, house.said as usize).await;
    let all: Vec<Value> = slow.private.into_iter().chain(again.private).collect();
    assert_eq!(all, quick.private, "something is missing or twice");
    assert_eq!(seqs(&quick), (1..=house.said).collect::<Vec<_>>());

    // Of another run, and of what is too long ago, there is nothing to go on from.
    let mut other = point.clone();
    other["run_id"] = json!("01JD3Z00000000000000000000");
    for _ in 0..1_100 {
        house.say(&account);
        hear(&mut quick, house.said as usize).await;
    }
    for point in [other, point] {
        let mut late = Client::connect(house.address).await;
        house.enter(&mut late, &token).await;
        let answer = late.ask(&subscribe(Some(&point))).await;
        assert_eq!(answer["resumed"], false, "{answer}");
        assert_eq!(answer["code"], "resume_gap");
        hear(&mut late, 1).await;
        assert_eq!(seqs(&late), [house.said], "the newest state, once");
    }
    let mut wrong = Client::connect(house.address).await;
    house.enter(&mut wrong, &token).await;
    let answer = wrong.ask(&subscribe(Some(&json!({ "seq": 1 })))).await;
    assert_eq!(answer["code"], "bad_request", "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_decides_at_the_moment_of_saying() {
    let data = tempfile::tempdir().unwrap();
    let mut house = House::open(data.path()).await;
    let (owner, guest) = (Wallet::new(9), Wallet::new(10));
    let account = owner.address();
    let mut browser = Browser::at(house.address);
    browser.login(&owner).await;
    let token = bearer(house.address, &guest).await;
    let mut viewer = Client::connect(house.address).await;
    let answer = viewer.ask(&json!({ "type": "auth", "token": token })).await;
    let guest_id = answer["user"]["id"].as_str().unwrap().to_owned();
    let mut own = browser.socket().await.unwrap();
    for client in [&mut own, &mut viewer] {
        assert_eq!(client.ask(&subscribe(None)).await["type"], "private_ready");
    }
    for _ in 0..3 {
        house.say(&account);
    }
    hear(&mut own, 3).await;
    let grant = json!({ "user": guest_id, "account": account, "grants": ["view"] });
    let page = browser.send("PUT", "/admin/grants", Some(&grant)).await;
    assert_eq!(page.status, 204, "{}", page.body);
    for _ in 0..2 {
        house.say(&account);
    }
    hear(&mut own, 5).await;
    hear(&mut viewer, 2).await;
    // Numbers count what each was sent: the guest's say nothing of what came before.
    assert_eq!(
        (seqs(&own), seqs(&viewer)),
        (vec![1, 2, 3, 4, 5], vec![1, 2])
    );

    let taken = json!({ "user": guest_id, "account": account });
    let page = browser.send("DELETE", "/admin/grants", Some(&taken)).await;
    assert_eq!(page.status, 204, "{}", page.body);
    let told = viewer.answer().await;
    assert_eq!(
        (told["type"].clone(), told["code"].clone()),
        (json!("error"), json!("grant_withdrawn"))
    );
    house.say(&account);
    hear(&mut own, 6).await;
    // It may ask again, and is told what it still may see: nothing of that account.
    assert_eq!(viewer.ask(&subscribe(None)).await["type"], "private_ready");
    house.say(&account);
    hear(&mut own, 7).await;
    assert_eq!(viewer.ask(&json!({ "type": "ping" })).await["type"], "pong");
    assert!(
        viewer
            .next_within(Duration::from_millis(100))
            .await
            .is_none()
    );
    assert_eq!(viewer.private.len(), 2);
}
