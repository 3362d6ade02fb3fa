//! Leverage and margin: set, proven, and what follows for liquidation.

use super::common::{away, merged};
use super::house::{House, by};
use hypersentry_execution::order::State;
use hypersentry_model::{Price, Usd};
use hypersentry_sim::Fault;
use hypersentry_trading::{
    MarginKind, MarketMargin, MoveMargin, PositionView, SetLeverage, Ticket, TradeError,
};
use serde_json::{Value, json};

async fn set(
    house: &House,
    key: &str,
    leverage: u32,
    margin: MarginKind,
) -> Result<MarketMargin, TradeError> {
    let asked = SetLeverage {
        account: house.account(0),
        key: key.to_owned(),
        symbol: "BTC".to_owned(),
        leverage,
        margin,
    };
    house.trading.set_leverage(asked, by("tom")).await
}

async fn moved(house: &House, key: &str, usd: &str) -> Result<MarketMargin, TradeError> {
    let asked = MoveMargin {
        account: house.account(0),
        key: key.to_owned(),
        symbol: "BTC".to_owned(),
        usd: Usd::parse(usd).unwrap(),
    };
    house.trading.move_margin(asked, by("tom")).await
}

fn code(refused: Result<MarketMargin, TradeError>) -> String {
    refused.unwrap_err().code
}

async fn held(house: &House) -> PositionView {
    let has = |it: &hypersentry_trading::AccountState| {
        it.positions.v.as_ref().is_some_and(|it| !it.is_empty())
    };
    house
        .until(0, "a position", has)
        .await
        .positions
        .v
        .unwrap()
        .remove(0)
}

/// What would be refused, and where the position would be liquidated.
async fn previewed(house: &House, rest: Value) -> (Vec<String>, Option<Price>) {
    let ticket = json!({"account": house.account(0), "key": "p", "symbol": "BTC", "size": "0.05"});
    let ticket: Ticket = merged(ticket, &rest);
    let preview = house.trading.preview(ticket).await.unwrap();
    let codes = preview.refusals.iter().map(|it| it.code.clone()).collect();
    (codes, preview.liquidation_px)
}

fn bps_apart(one: Price, other: Price) -> i128 {
    (one.units() - other.units()).abs() * 10_000 / other.units()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_with_its_own_margin_is_liquidated_where_it_was_said() {
    let house = House::start(&[0x76]).await;
    assert_eq!(
        code(set(&house, "much", 1_000, MarginKind::Cross).await),
        "leverage_bounds"
    );
    let known = set(&house, "set", 10, MarginKind::Isolated).await.unwrap();
    assert_eq!(
        (known.margin, known.leverage),
        (Some(MarginKind::Isolated), Some(10))
    );
    // Repeated it is the same; the key names nothing else.
    assert_eq!(
        set(&house, "set", 10, MarginKind::Isolated).await.unwrap(),
        known
    );
    assert_eq!(
        code(set(&house, "set", 9, MarginKind::Isolated).await),
        "idempotency_conflict"
    );

    let mid = house.mid().await;
    let market = json!({"side": "buy", "kind": "market"});
    let (codes, said) = previewed(&house, market.clone()).await;
    assert!(codes.is_empty(), "{codes:?}");
    let said = said.unwrap();
    // At 10 times a fall of nine and a half percent is the end of it: a stop at 12 comes too late, one at 5 does not.
    let with = |percent: i64| {
        merged::<Value>(
            market.clone(),
            &json!({"stop_loss": away(mid, -10 * percent)}),
        )
    };
    assert_eq!(previewed(&house, with(12)).await.0, ["risk_stop_useless"]);
    assert!(previewed(&house, with(5)).await.0.is_empty());
    let bought = merged::<Value>(market.clone(), &json!({"size": "0.05"}));
    let bought = house.order(0, "in", bought).await.unwrap().remove(0);
    house.ends(0, &bought, State::Filled).await;
    let position = held(&house).await;
    assert_eq!(position.margin, "isolated");
    let real = position.liquidation_px.unwrap();
    // The preview reckons with the order's worst price.
    assert!(bps_apart(said, real) < 100, "{said} and {real}");

    // A stop that only reduces is compared with the position as it is.
    let stop = |percent: i64| json!({"side": "sell", "kind": "stop_market", "trigger_px": away(mid, -10 * percent), "reduce_only": true});
    assert_eq!(previewed(&house, stop(12)).await.0, ["risk_stop_useless"]);
    assert!(previewed(&house, stop(5)).await.0.is_empty());
    assert_eq!(
        code(set(&house, "kind", 10, MarginKind::Cross).await),
        "margin_kind_held"
    );

    // Margin moves in, and the liquidation away.
    moved(&house, "more", "200").await.unwrap();
    let more = Usd::parse("150").unwrap();
    let grown = |it: &hypersentry_trading::AccountState| {
        let rows = it.positions.v.as_ref().unwrap();
        let used = rows[0].margin_used_usd;
        used.units() > position.margin_used_usd.units() + more.units()
    };
    let state = house.until(0, "more margin", grown).await;
    let now = &state.positions.v.as_ref().unwrap()[0];
    assert!(now.liquidation_px.unwrap() < real);
    // Once, however often it is asked for.
    moved(&house, "more", "200").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let again = held(&house).await.margin_used_usd;
    let most = now.margin_used_usd.units() + more.units();
    assert!(again.units() < most, "moved twice");
    // The venue leaves in what the position needs.
    assert_eq!(
        code(moved(&house, "all", "-400").await),
        "setting_not_taken"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_ends_in_what_the_venue_shows() {
    let house = House::start(&[0x77]).await;
    for (key, times, performed) in [("a", 7, true), ("b", 8, false)] {
        let count = 1;
        house
            .simulator
            .faults()
            .apply(Fault::LoseAnswers { count, performed });
        let ended = set(&house, key, times, MarginKind::Cross).await;
        if performed {
            assert_eq!(ended.unwrap().leverage, Some(times));
        } else {
            assert_eq!(code(ended), "setting_not_taken");
            assert_eq!(
                code(set(&house, key, times, MarginKind::Cross).await),
                "setting_not_taken"
            );
        }
    }
    assert_eq!(code(moved(&house, "m", "5").await), "margin_not_isolated");
    // A key is remembered over a restart, with its end.
    let house = house.restart().await;
    assert_eq!(
        set(&house, "a", 7, MarginKind::Cross)
            .await
            .unwrap()
            .leverage,
        Some(7)
    );
    assert_eq!(
        code(set(&house, "b", 8, MarginKind::Cross).await),
        "setting_not_taken"
    );
    assert_eq!(
        code(set(&house, "a", 8, MarginKind::Cross).await),
        "idempotency_conflict"
    );
}
