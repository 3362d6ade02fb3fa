//! Every step of an order has a record, and every record says on whose behalf.

use super::common::{PATIENCE, away};
use super::house::House;
use hypersentry_execution::audit::{Entry, Ids, What};
use hypersentry_execution::order::{State, Step};
use hypersentry_store::audit::{PublicKey, verify_each};
use hypersentry_trading::{Asker, audit_signer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

fn asker() -> Asker {
    Asker {
        user: Some("tom".to_owned()),
        session: Some("s-1".to_owned()),
        request: "r-1".to_owned(),
        ..Asker::default()
    }
}

fn key(dir: &Path) -> PublicKey {
    audit_signer(dir, &[0; 32]).unwrap().key().clone()
}

/// The records of so many orders, once the log has something of each, which is written a moment after it happened.
fn orders(dir: &Path, count: usize, has: impl Fn(&Entry) -> bool) -> BTreeMap<String, Vec<Entry>> {
    let began = Instant::now();
    loop {
        let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        let read = verify_each(&dir.join("audit"), &key(dir), None, &mut |record| {
            let order = record.entry.ids.order.to_string();
            found.entry(order).or_default().push(record.entry);
        });
        match read {
            Ok(_) => {
                found.remove("");
                let whole = found.values().all(|records| records.iter().any(&has));
                if found.len() == count && whole {
                    return found;
                }
                assert!(began.elapsed() < PATIENCE, "{found:#?}");
            }
            // A batch is on its way.
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Each step begins where the one before it ended; a restart goes back to the intent. The last state.
fn life(records: &[Entry]) -> State {
    assert_eq!(records[0].what, What::Created, "{records:#?}");
    let mut state = State::Created;
    for record in records {
        if let What::Step { from, step, to } = record.what {
            let again = step == Step::Recover && from == State::IntentLogged;
            assert!(from == state || again, "{state:?}, then {record:#?}");
            state = to;
        }
    }
    state
}

fn named(ids: &Ids) -> (&str, &str, &str) {
    (
        ids.user.as_str(),
        ids.session.as_str(),
        ids.request.as_str(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_an_order_has_a_record_with_who_asked_over_a_restart_too() {
    let house = House::start(&[0x71]).await;
    let mid = house.mid().await;
    let ask = json!({"account": house.account(0), "key": "a", "symbol": "BTC", "size": "0.01", "side": "buy", "kind": "limit",
        "px": away(mid, -8), "take_profit": away(mid, 8), "stop_loss": away(mid, -16)});
    let ticket = serde_json::from_value(ask).unwrap();
    let legs = house.trading.order(ticket, asker()).await.unwrap();
    for leg in &legs {
        house.ends(0, leg, State::Acked).await;
    }
    let house = house.restart().await;
    for leg in &legs {
        house.ends(0, leg, State::Acked).await;
    }
    let again = What::Step {
        from: State::Unknown,
        step: Step::Ack,
        to: State::Acked,
    };
    let orders = orders(house.dir.path(), 3, |it| it.what == again);
    for (cloid, records) in &orders {
        assert_eq!(life(records), State::Acked, "{cloid}");
        let passed = |it: &&Entry| {
            matches!(
                it.what,
                What::Step {
                    step: Step::PassRisk,
                    ..
                }
            )
        };
        assert_eq!(records.iter().filter(passed).count(), 1);
        let recovered = |it: &&Entry| {
            matches!(
                it.what,
                What::Step {
                    step: Step::Recover,
                    ..
                }
            )
        };
        assert_eq!(records.iter().filter(recovered).count(), 1);
        for record in records {
            assert_eq!(named(&record.ids), ("tom", "s-1", "r-1"), "{record:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_refused_ends_in_the_log_with_the_codes_of_its_refusal() {
    let house = House::start(&[0x72]).await;
    let mid = house.mid().await;
    let ask = json!({"account": house.account(0), "key": "a", "symbol": "BTC", "size": "5", "side": "buy", "kind": "limit",
        "px": away(mid, -8)});
    let ticket: hypersentry_trading::Ticket = serde_json::from_value(ask).unwrap();
    let refused = house
        .trading
        .order(ticket.clone(), asker())
        .await
        .unwrap_err();
    assert_eq!(refused.code, "risk_refused");
    let codes = super::house::codes(&refused).join(",");
    let small = json!({"account": house.account(0), "key": "b", "symbol": "BTC", "size": "0.01", "side": "buy", "kind": "limit",
        "px": away(mid, -8)});
    let account = house.account(0);
    let kill = house.trading.kill(&account, true, false, false, asker());
    kill.await.unwrap();
    let killed = house
        .trading
        .order(serde_json::from_value(small).unwrap(), asker())
        .await;
    assert_eq!(killed.unwrap_err().code, "kill_switch_on");
    let noted = |it: &Entry| it.what == What::Noted;
    let orders = orders(house.dir.path(), 2, noted);
    let mut told = Vec::new();
    for records in orders.values() {
        assert_eq!(life(records), State::Rejected);
        for record in records {
            assert_eq!(named(&record.ids), ("tom", "s-1", "r-1"), "{record:#?}");
        }
        let last: Value = serde_json::from_slice(&records.last().unwrap().details).unwrap();
        assert_eq!(last["line"], "refused");
        let checks = last["checks"].as_array().into_iter().flatten();
        let checks: Vec<&str> = checks.map(|it| it.as_str().unwrap()).collect();
        told.push((last["code"].as_str().unwrap().to_owned(), checks.join(",")));
    }
    told.sort();
    let expected = [
        ("kill_switch_on".to_owned(), String::new()),
        ("risk_refused".to_owned(), codes),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_refuses_leaves_no_record_of_a_signature() {
    let house = House::start(&[0x73]).await;
    let mid = house.mid().await;
    house
        .purse
        .revoked
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let ask = json!({"side": "buy", "kind": "limit", "px": away(mid, -8)});
    let order = house.order(0, "a", ask).await.unwrap().remove(0);
    house.ends(0, &order, State::Expired).await;
    let expired = |it: &Entry| matches!(it.what, What::Step { to, .. } if to == State::Expired);
    let orders = orders(house.dir.path(), 1, expired);
    let records = &orders[order.cloid.as_ref().unwrap()];
    assert_eq!(life(records), State::Expired);
    let count = |what| records.iter().filter(|it| it.what == what).count();
    assert_eq!((count(What::Signed), count(What::SigningRefused)), (0, 1));
}
