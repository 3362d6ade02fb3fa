//! What a TWAP of the venue's trades for a label.

use super::house::{House, by, usd};
use hypersentry_execution::risk::Limits;
use hypersentry_model::Usd;
use hypersentry_trading::{AccountState, Asker, ScopeName, ScopeView};
use serde_json::json;
use std::time::{Duration, Instant};

fn gross(view: &ScopeView) -> Option<Usd> {
    view.standing.as_ref().unwrap().gross_usd.v
}

/// Until account and label have the same, which is something.
async fn agree(house: &House) -> Usd {
    let began = Instant::now();
    loop {
        let views = house.trading.limits(&[house.account(0)], true).await;
        let views = views.unwrap();
        let (own, label) = (gross(&views[1]), gross(&views[2]));
        if own == label && own > Some(Usd::ZERO) {
            return own.unwrap();
        }
        assert!(
            began.elapsed() < super::PATIENCE,
            "account {own:?}, label {label:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_venues_twap_traded_counts_for_its_label_over_a_restart() {
    let house = House::start(&[0x6e]).await;
    let account = house.account(0);
    let limits = Limits {
        gross_usd: usd(&(house.mid().await * 15 / 1_000).to_string()),
        ..house.state(0).await.limits
    };
    let scope = ScopeName::Strategy(account.clone(), "slow".to_owned());
    let set = house.trading.set_limits(scope, limits, true, by("ann"));
    set.await.unwrap();
    let ask = json!({"side": "buy", "kind": "twap", "size": "0.02", "strategy": "slow", "twap": {"minutes": 10, "by": "venue"}});
    let refused = house.order(0, "large", ask.clone()).await.unwrap_err();
    assert_eq!(super::codes(&refused), ["risk_gross_exposure"]);
    let mut small = ask;
    small["size"] = json!("0.01");
    house.order(0, "t", small).await.unwrap();
    let traded = |it: &AccountState| it.twaps.iter().any(|it| it.filled.is_positive());
    house.until(0, "it has traded", traded).await;
    let ended = house
        .trading
        .end_twap(&account, "e".into(), "t".into(), Asker::default());
    ended.await.unwrap();
    house
        .until(0, "it has ended", |it| it.twaps.is_empty())
        .await;
    agree(&house).await;
    let house = house.restart().await;
    agree(&house).await;
    // Closed, it holds nothing.
    let btc = hypersentry_model::Symbol::new("BTC").unwrap();
    let closed = house
        .trading
        .close(&account, "close".into(), btc, 100, Asker::default());
    closed.await.unwrap();
    let flat = |it: &AccountState| it.positions.v.as_ref().is_some_and(Vec::is_empty);
    house.until(0, "nothing is left", flat).await;
    let views = house.trading.limits(&[account], true).await.unwrap();
    assert_eq!(gross(&views[2]), Some(Usd::ZERO));
}
