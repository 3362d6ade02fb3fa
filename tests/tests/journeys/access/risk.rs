//! Who may change limits, stop the desk and keep a lease.

use super::{ADMIN, desk, user};
use crate::support::PATIENCE;
use crate::support::browser::{Browser, Wallet};
use crate::support::gateway::Gateway;
use serde_json::{Value, json};
use tokio::time::Instant;

const TRADER: u8 = 40;

/// A gateway in practice with its admin, a trader who has an account, and who was invited besides.
struct Floor {
    gateway: Gateway,
    admin: Browser,
    trader: Browser,
    account: String,
}

impl Floor {
    async fn open(data: &std::path::Path) -> Self {
        let gateway = desk(data, &[]);
        let mut admin = Browser::at(gateway.address);
        admin.login(&Wallet::new(ADMIN)).await;
        let trader = user(&gateway, &mut admin, TRADER, "trader").await;
        let account = Wallet::new(TRADER).address();
        Self {
            gateway,
            admin,
            trader,
            account,
        }
    }

    /// A risk manager with a grant for the trader's account.
    async fn risk_manager(&mut self, n: u8) -> Browser {
        let mut browser = user(&self.gateway, &mut self.admin, n, "risk_manager").await;
        let state = browser.get("/auth/state").await.json();
        let id = state["session"]["user"]["id"].as_str().unwrap();
        let grant =
            json!({ "user": id, "account": self.account, "grants": ["view", "manage_risk"] });
        let page = self.admin.send("PUT", "/admin/grants", Some(&grant)).await;
        assert_eq!(page.status, 204, "{}", page.body);
        browser
    }

    fn scope(&self, limits: Option<&Value>) -> Value {
        let mut body = json!({ "scope": "account", "account": self.account });
        if let Some(limits) = limits {
            body["limits"] = limits.clone();
        }
        body
    }

    async fn limits(&self, browser: &mut Browser) -> Value {
        let page = browser
            .get(&format!("/risk/limits?account={}", self.account))
            .await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()
    }
}

fn of_account(limits: &Value) -> &Value {
    let mut scopes = limits["scopes"].as_array().unwrap().iter();
    scopes.find(|it| it["scope"] == "account").unwrap()
}

async fn refused(browser: &mut Browser, path: &str, body: &Value, code: &str) {
    let page = browser.post(path, body).await;
    let told = page.json();
    assert!(
        page.status >= 400 && told["code"] == code,
        "{path}: {}",
        page.body
    );
}

async fn done(browser: &mut Browser, path: &str, body: &Value) -> Value {
    let page = browser.post(path, body).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page.json()
}

#[tokio::test]
async fn limits_are_loosened_by_two_risk_managers_and_by_no_trader() {
    let data = tempfile::tempdir().unwrap();
    let mut floor = Floor::open(data.path()).await;
    let mut trader = floor.trader.clone();
    let told = floor.limits(&mut trader).await;
    // The admin is the only one with the risk role: one person decides.
    assert_eq!(
        (&told["second_person"], &told["may_change"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(told["scopes"][0]["scope"], "desk");
    assert_eq!(
        told["scopes"][0]["standing"],
        json!(null),
        "a trader is told of no sum"
    );
    let limits = of_account(&told)["limits"].clone();
    let mut wider = limits.clone();
    wider["order_usd"] = json!("26000");
    let body = floor.scope(Some(&wider));
    for path in [
        "/risk/limits",
        "/risk/limits/agree",
        "/risk/limits/withdraw",
        "/risk/kill",
    ] {
        refused(&mut trader, path, &body, "role_required").await;
    }
    let mut rita = floor.risk_manager(41).await;
    let mut rex = floor.risk_manager(42).await;
    assert_eq!(floor.limits(&mut rita).await["second_person"], json!(true));
    let set = done(&mut rita, "/risk/limits", &body).await;
    assert_eq!(set["limits"], limits);
    assert_eq!(set["waiting"]["loosens"], json!(["order_usd"]));
    let scope = floor.scope(None);
    refused(
        &mut rita,
        "/risk/limits/agree",
        &scope,
        "limits_second_person_needed",
    )
    .await;
    // Another risk manager without a grant for the account is no second person there.
    let mut far = user(&floor.gateway, &mut floor.admin, 43, "risk_manager").await;
    refused(&mut far, "/risk/limits/agree", &scope, "grant_required").await;
    let agreed = done(&mut rex, "/risk/limits/agree", &scope).await;
    assert_eq!(
        (&agreed["limits"], &agreed["waiting"]),
        (&wider, &json!(null))
    );
    assert_eq!(
        of_account(&floor.limits(&mut trader).await)["limits"],
        wider
    );
    // Tighter limits hold at once; limits that are not stated whole are not taken.
    let set = done(&mut rita, "/risk/limits", &floor.scope(Some(&limits))).await;
    assert_eq!((&set["limits"], &set["waiting"]), (&limits, &json!(null)));
    let part = json!({ "order_usd": "1" });
    let page = rita.post("/risk/limits", &floor.scope(Some(&part))).await;
    assert!(page.status == 400 || page.status == 422, "{}", page.body);
    floor.gateway.terminate();
}

#[tokio::test]
async fn the_desk_is_stopped_by_who_manages_risk_and_a_lease_kept_by_who_trades() {
    let data = tempfile::tempdir().unwrap();
    let mut floor = Floor::open(data.path()).await;
    let mut trader = floor.trader.clone();
    let mut rita = floor.risk_manager(41).await;
    let address = format!("/trading/account?account={}", floor.account);
    let began = Instant::now();
    while trader.get(&address).await.json()["ready"] != json!(true) {
        assert!(began.elapsed() < PATIENCE, "the account is never ready");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // What covers the account is told to whoever may see it.
    let mut socket = trader.socket().await.unwrap();
    let channels = json!({ "type": "subscribe_private", "channels": ["private.account"] });
    assert_eq!(socket.ask(&channels).await["type"], "private_ready");
    let on = json!({ "on": true });
    let killed = done(&mut rita, "/risk/kill", &on).await;
    assert_eq!(
        (&killed["on"], &killed["accounts"][0]["account"]),
        (&json!(true), &json!(floor.account))
    );
    let told = |event: &Value, killed: bool| {
        event["event_type"] == "risk_update"
            && event["data"]["kind"] == "account_risk"
            && event["data"]["account"] == floor.account
            && event["data"]["desk_killed"] == killed
    };
    let began = Instant::now();
    while !socket.private.iter().any(|event| told(event, true)) {
        assert!(
            began.elapsed() < PATIENCE,
            "it is not told: {:?}",
            socket.private
        );
        socket.next().await;
    }
    let leaked = socket
        .private
        .iter()
        .filter(|event| event["data"]["kind"] == "account_risk");
    for event in leaked {
        let scopes = event["data"]["scopes"].as_array().unwrap();
        let desk = scopes.iter().find(|it| it["scope"] == "desk").unwrap();
        assert_eq!(
            (&desk["standing"], &desk["waiting"]),
            (&json!(null), &json!(null))
        );
    }
    let order = json!({
        "account": floor.account, "key": "k", "symbol": "BTC", "side": "buy", "kind": "market", "size": "0.01", "slippage_bps": 80,
    });
    let page = trader.post("/trading/order", &order).await;
    assert_eq!(page.json()["code"], "risk_refused", "{}", page.body);
    assert!(page.body.contains("kill_switch_on"), "{}", page.body);
    let off = json!({ "on": false });
    refused(&mut trader, "/risk/kill", &off, "role_required").await;
    done(&mut rita, "/risk/kill", &off).await;
    // A risk manager stops the account too, without being able to trade.
    let kill = json!({ "account": floor.account, "on": true });
    done(&mut rita, "/trading/kill", &kill).await;
    let kill = json!({ "account": floor.account, "on": false });
    done(&mut rita, "/trading/kill", &kill).await;
    refused(&mut rita, "/trading/order", &order, "role_required").await;
    // Leases: the desk's by whoever manages risk, the account's by whoever trades it.
    let lease = json!({ "scope": "desk", "seconds": 60 });
    refused(&mut trader, "/risk/lease", &lease, "role_required").await;
    let held = done(&mut rita, "/risk/lease", &lease).await;
    assert_eq!(
        (&held["leases"][0]["scope"], &held["leases"][0]["lapsed"]),
        (&json!("desk"), &json!(false))
    );
    let lease = json!({ "scope": "account", "account": floor.account, "seconds": 60 });
    let held = done(&mut trader, "/risk/lease", &lease).await;
    assert_eq!(held["leases"].as_array().unwrap().len(), 2);
    let other =
        json!({ "scope": "account", "account": Wallet::new(ADMIN).address(), "seconds": 60 });
    refused(&mut trader, "/risk/lease", &other, "grant_required").await;
    let bad = json!({ "scope": "account", "seconds": 60 });
    refused(&mut rita, "/risk/lease", &bad, "bad_request").await;
    let at = json!({ "account": floor.account, "key": "s", "at_ms": 1 });
    refused(
        &mut trader,
        "/trading/schedule-cancel",
        &at,
        "schedule_too_soon",
    )
    .await;
    floor.gateway.terminate();
}
