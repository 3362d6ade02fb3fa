//! A paper account at a gateway: opened, traded, filled by the market that everybody sees, and nobody else's.

use crate::access::{ADMIN, desk, user};
use crate::support::PATIENCE;
use crate::support::browser::{Browser, Wallet};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// The account as its owner sees it, once something holds of it.
async fn until(
    browser: &mut Browser,
    account: &str,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let began = Instant::now();
    loop {
        let page = browser
            .get(&format!("/trading/account?account={account}"))
            .await;
        let state = page.json();
        if page.status == 200 && holds(&state) {
            return state;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "never: {what}: {} {state:#}",
            page.status
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn order<'a>(state: &'a Value, cloid: &Value) -> Option<&'a Value> {
    let mut orders = state["orders"].as_array()?.iter();
    orders.find(|order| order["cloid"] == *cloid)
}

/// The order's id, and the number of the request.
async fn place(browser: &mut Browser, account: &str, key: &str, rest: Value) -> (Value, String) {
    let mut ticket = json!({"account": account, "key": key, "symbol": "BTC", "size": "0.05"});
    for (name, value) in rest.as_object().unwrap() {
        ticket[name] = value.clone();
    }
    let page = browser.post("/trading/order", &ticket).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let number = page.header("x-request-id").unwrap().to_owned();
    (page.json()["orders"][0]["cloid"].clone(), number)
}

#[tokio::test]
async fn a_server_without_paper_accounts_says_so_and_opens_none() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--no-paper"]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let listed = trader.get("/trading/accounts").await.json();
    assert_eq!(listed["paper_offered"], false, "{listed:#}");
    let page = trader.post("/trading/paper/open", &json!({})).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (404, json!("trading_absent"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_account_is_filled_by_the_market_that_everybody_sees() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let mut viewer = user(&gateway, &mut admin, 10, "viewer").await;

    let page = viewer.post("/trading/paper/open", &json!({})).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (403, json!("role_required"))
    );
    let began = Instant::now();
    let opened = loop {
        let page = trader
            .post("/trading/paper/open", &json!({"name": "Dry run"}))
            .await;
        if page.status == 200 {
            break page.json();
        }
        // The venue's list of markets may not be there yet.
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(began.elapsed() < PATIENCE, "{}", page.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(
        (&opened["paper"], &opened["may_trade"], &opened["name"]),
        (&json!(true), &json!(true), &json!("Dry run"))
    );
    let account = opened["account"].as_str().unwrap().to_owned();
    let listed = trader.get("/trading/accounts").await.json();
    assert_eq!(listed["paper_offered"], true);
    let listed = listed["accounts"].as_array().unwrap();
    assert_eq!(listed.iter().filter(|it| **it == opened).count(), 1);
    // It is nobody else's, an admin's neither.
    let path = format!("/trading/account?account={account}");
    for other in [&mut admin, &mut viewer] {
        let page = other.get(&path).await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (403, json!("grant_required"))
        );
    }

    let state = until(&mut trader, &account, "ready", |it| it["ready"] == true).await;
    assert_eq!(state["paper"], true);
    assert_eq!(state["equity_usd"]["v"], "100000");
    assert_eq!(state["paper_assumptions"]["latency_ms"], 150);

    let buy = json!({"side": "buy", "kind": "market", "slippage_bps": 80});
    let (cloid, number) = place(&mut trader, &account, "paper-market", buy).await;
    let state = until(&mut trader, &account, "bought", |it| {
        order(it, &cloid).is_some_and(|order| order["state"] == "filled")
    })
    .await;
    assert_eq!(order(&state, &cloid).unwrap()["paper"], true);
    let state = until(&mut trader, &account, "a fill", |it| {
        it["fills"]
            .as_array()
            .is_some_and(|fills| !fills.is_empty())
    })
    .await;
    let fill = &state["fills"][0];
    assert_eq!(
        (&fill["paper"], &fill["liquidity"]),
        (&json!(true), &json!("taker"))
    );

    // An offer at the mid rests, and later prints fill it. Where the market went away it is made anew.
    let began = Instant::now();
    let mut filled = None;
    for round in 0.. {
        let ask = json!({"account": account, "symbol": "BTC", "side": "sell", "kind": "market", "size": "0.05"});
        let preview = trader.post("/trading/preview", &ask).await.json();
        let mid: f64 = preview["mid"]["v"].as_str().unwrap().parse().unwrap();
        let px = format!("{}", mid.ceil() as i64);
        let offer = json!({"side": "sell", "kind": "limit", "px": px, "size": "0.01"});
        let (cloid, _) = place(
            &mut trader,
            &account,
            &format!("paper-limit-{round}"),
            offer,
        )
        .await;
        for _ in 0..40 {
            let state = trader.get(&path).await.json();
            if order(&state, &cloid).is_some_and(|order| order["state"] == "filled") {
                let fills = state["fills"].as_array().unwrap().iter();
                filled = fills.clone().find(|it| it["liquidity"] == "maker").cloned();
            }
            if filled.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if filled.is_some() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "no print came to any offer");
        let cancel = json!({"account": account, "key": format!("paper-cancel-{round}")});
        let page = trader.post("/trading/cancel-all", &cancel).await;
        assert_eq!(page.status, 200, "{}", page.body);
    }
    assert_eq!(filled.unwrap()["paper"], true);

    // A thousand coins to the unit, as Hyperliquid names them.
    let buy = json!({"symbol": "kPEPE", "size": "100000", "side": "buy", "kind": "market", "slippage_bps": 80});
    let (coins, _) = place(&mut trader, &account, "paper-thousands", buy).await;
    until(&mut trader, &account, "thousands bought", |it| {
        order(it, &coins).is_some_and(|order| order["state"] == "filled")
    })
    .await;

    // The engine's plan, as it would be followed; nothing is sent by a preview.
    let ask = json!({"account": account, "symbol": "BTC", "side": "buy", "kind": "twap", "size": "0.05",
        "twap": {"by": "plan"}});
    let preview = trader.post("/trading/preview", &ask).await.json();
    match preview["orders"].as_array().unwrap().first() {
        Some(first) => assert_eq!(first["after_ms"], 0, "{preview}"),
        // How much prices vary is known after some minutes, and no cost before.
        None => assert_eq!(preview["refusals"][0]["code"], "cost_unknown", "{preview}"),
    }

    // The records say what it was, in a log of their own.
    let cloid = cloid.as_str().unwrap();
    let proof = trader
        .get(&format!("/audit/order/{cloid}?account={account}"))
        .await
        .json();
    let records = proof["records"].as_array().unwrap();
    let details = |record: &Value| record["details"].as_str().unwrap_or_default().to_owned();
    assert!(
        records
            .iter()
            .any(|it| details(it).contains("\"paper\":true"))
    );
    // Each names the request as its answer did, and the run in which that number was given.
    let mut runs = std::fs::read_dir(data.path().join("paper-practice")).unwrap();
    let run = runs.next().unwrap().unwrap().file_name();
    let request = format!("http-{}-{number}", run.to_str().unwrap());
    assert!(
        records.iter().all(|it| it["request"] == request),
        "{proof:#}"
    );
    gateway.terminate();
}
