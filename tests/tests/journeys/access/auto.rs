//! Leave to trade by itself, asked for over HTTP: who may give it, and what ends it.

use super::{ADMIN, desk, user};
use crate::support::PATIENCE;
use crate::support::browser::{Browser, Wallet};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Asks until it holds.
async fn until(
    browser: &mut Browser,
    path: &str,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    loop {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let told = page.json();
        if holds(&told) {
            return told;
        }
        assert!(begun.elapsed() < PATIENCE, "never: {what}: {told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn id(browser: &mut Browser) -> String {
    let state = browser.get("/auth/state").await.json();
    let id = state["session"]["user"]["id"].as_str();
    id.unwrap().to_owned()
}

#[tokio::test]
async fn leave_to_trade_by_itself_is_given_seen_and_ended() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let mut viewer = user(&gateway, &mut admin, 10, "viewer").await;
    let account = Wallet::new(9).address();
    let (of_account, of_auto) = (
        format!("/trading/account?account={account}"),
        format!("/trading/auto?account={account}"),
    );
    until(&mut trader, &of_account, "the account is ready", |told| {
        told["ready"] == true
    })
    .await;
    let off = trader.get(&of_auto).await.json();
    assert_eq!(
        (&off["on"], &off["symbols_state"]),
        (&json!(false), &json!([]))
    );
    assert_eq!((&off["streak"], &off["most_open"]), (&json!(5), &json!(3)));

    let leave = |key: &str| {
        json!({"account": account, "key": key, "on": true, "minutes": 30, "symbols": ["BTC", "ETH"], "size_usd": "50",
            "acknowledge": true, "model_required": false})
    };
    let mut unread = leave("a");
    unread["acknowledge"] = json!(false);
    let page = trader.post("/trading/auto", &unread).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (400, json!("acknowledge_required"))
    );
    let page = trader.post("/trading/auto", &leave("b")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let trader_id = id(&mut trader).await;
    assert_eq!(page.json()["by"], json!(trader_id));
    let told = trader.get(&of_account).await.json();
    assert_eq!(told["auto"]["by"], json!(trader_id));
    let asked = json!({"account": account, "symbol": "BTC"});
    let page = trader.post("/alpha/autonomous/trigger", &asked).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let state = page.json();
    let gates = state["gates"].as_array().unwrap();
    assert_eq!(gates.len(), 16, "{state}");
    let gate = |name: &str| gates.iter().find(|gate| gate["gate"] == name).unwrap();
    assert_eq!(gate("auto_mode")["holds"], true);
    assert_eq!(gate("client_ready")["holds"], true);
    assert!(
        gates
            .iter()
            .all(|gate| gate["found"].is_string() && gate["needed"].is_string())
    );

    // Whoever may only look sees it and gives none.
    for browser in [&mut viewer, &mut admin] {
        let grant = json!({"user": id(browser).await, "account": account, "grants": ["view"]});
        let page = trader.send("PUT", "/admin/grants", Some(&grant)).await;
        assert_eq!(page.status, 204, "{}", page.body);
    }
    assert_eq!(viewer.get(&of_auto).await.json()["on"], true);
    let page = viewer.post("/trading/auto", &leave("c")).await;
    assert_eq!(page.json()["code"], "grant_required");
    let page = admin.post("/alpha/autonomous/trigger", &asked).await;
    assert_eq!(page.json()["code"], "grant_required");

    // The kill switch ends it at once, and releasing it gives none back.
    for on in [true, false] {
        let kill = json!({"account": account, "on": on});
        assert_eq!(trader.post("/trading/kill", &kill).await.status, 200);
        let told = trader.get(&of_auto).await.json();
        assert_eq!(told["on"], false, "{told}");
        assert_eq!(told["ended"]["code"], "kill_switch_on");
    }
    // The same request gives it no second time.
    let again = trader.post("/trading/auto", &leave("b")).await.json();
    assert_eq!(again["on"], false);

    // With the right to trade it ends by itself.
    let page = trader.post("/trading/auto", &leave("d")).await;
    assert_eq!(page.json()["on"], true, "{}", page.body);
    let path = format!("/admin/users/{trader_id}/role");
    let page = admin
        .send("PUT", &path, Some(&json!({"role": "viewer"})))
        .await;
    assert!(page.status < 300, "{}", page.body);
    let told = until(&mut admin, &of_auto, "it has ended", |told| {
        told["on"] == false
    })
    .await;
    assert_eq!(told["ended"]["code"], "role_required", "{told}");
}
