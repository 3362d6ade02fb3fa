//! Every documented refusal, to the letter, by the request that meets it.

use super::*;

fn on(asset: u64, mut order: Value) -> Value {
    order["a"] = json!(asset);
    order
}

fn long(desk: &mut Desk) {
    desk.order(ANN, limit(true, "100.1", "5", "Ioc"));
}

fn capped(desk: &mut Desk) {
    desk.venue.set_open_interest(0, OpenInterest::Capped);
}

fn nothing(_: &mut Desk) {}

/// What happens before, the order, and what is answered.
type Row = (fn(&mut Desk), Value, &'static str, &'static str);

fn rows() -> Vec<Row> {
    let too_much = |sz: &str| limit(true, "100", sz, "Gtc");
    vec![
        (
            nothing,
            limit(true, "100.12345", "1", "Gtc"),
            "Price must be divisible by tick size.",
            "rejected",
        ),
        (
            nothing,
            limit(true, "100.123", "1", "Gtc"),
            "Price must be divisible by tick size.",
            "tickRejected",
        ),
        (
            nothing,
            limit(true, "99", "0.1", "Gtc"),
            "Order must have minimum value of $10.",
            "minTradeNtlRejected",
        ),
        (
            nothing,
            on(10_000, limit(true, "0.1", "99", "Gtc")),
            "Order must have minimum value of 10 USDC.",
            "rejected",
        ),
        (
            nothing,
            on(10_000, limit(true, "0.1", "101", "Gtc")),
            "Order has insufficient spot balance to trade",
            "rejected",
        ),
        (
            nothing,
            too_much("2100"),
            "Insufficient margin to place order.",
            "perpMarginRejected",
        ),
        (
            nothing,
            reduce(limit(true, "100", "1", "Gtc")),
            "Reduce only order would increase position.",
            "reduceOnlyRejected",
        ),
        (
            long,
            reduce(limit(true, "100", "1", "Gtc")),
            "Reduce only order would increase position.",
            "reduceOnlyRejected",
        ),
        (
            nothing,
            limit(true, "100.1", "1", "Alo"),
            "Post only order would have immediately matched, bbo was 99.9@100.1.",
            "badAloPxRejected",
        ),
        (
            nothing,
            limit(true, "100", "1", "Ioc"),
            "Order could not immediately match against any resting orders.",
            "iocCancelRejected",
        ),
        (
            nothing,
            trigger(false, "101", "1", "sl"),
            "Invalid TP/SL price.",
            "badTriggerPxRejected",
        ),
        (
            nothing,
            on(1, limit(true, "100000", "0.01", "Ioc")),
            "No liquidity available for market order.",
            "marketOrderNoLiquidityRejected",
        ),
        (
            capped,
            limit(true, "99", "1", "Gtc"),
            "Order would increase open interest while open interest is capped",
            "positionIncreaseAtOpenInterestCapRejected",
        ),
        (
            |desk| {
                long(desk);
                capped(desk);
            },
            limit(false, "101", "6", "Gtc"),
            "Order would increase open interest while open interest is capped",
            "positionFlipAtOpenInterestCapRejected",
        ),
        (
            capped,
            limit(true, "100.05", "1", "Gtc"),
            "Order rejected due to price more aggressive than oracle while at open interest cap",
            "tooAggressiveAtOpenInterestCapRejected",
        ),
        (
            |desk| desk.venue.set_open_interest(0, OpenInterest::TooFast),
            limit(true, "99", "1", "Gtc"),
            "Order would increase open interest too quickly",
            "openInterestIncreaseRejected",
        ),
        (
            nothing,
            limit(true, "4.9", "10", "Gtc"),
            "Order price too far from oracle",
            "oracleRejected",
        ),
        (
            nothing,
            limit(true, "0", "10", "Gtc"),
            "Order has invalid price.",
            "rejected",
        ),
        (
            nothing,
            limit(true, "99", "0", "Gtc"),
            "Order has zero size.",
            "rejected",
        ),
        (
            nothing,
            limit(true, "99", "0.123", "Gtc"),
            "Order has invalid size.",
            "rejected",
        ),
        (
            nothing,
            on(77, limit(true, "99", "1", "Gtc")),
            "Invalid asset 77",
            "rejected",
        ),
        (
            |desk| {
                desk.order(ANN, named(limit(true, "99", "1", "Gtc"), 9));
            },
            limit(true, "99", "1", "Gtc"),
            "Order has duplicate cloid",
            "open",
        ),
    ]
}

#[test]
fn orders_are_refused_in_the_venues_words_and_found_by_their_client_id() {
    for (before, order, words, state) in rows() {
        let mut desk = Desk::open();
        before(&mut desk);
        let status = desk.order(ANN, named(order.clone(), 9));
        assert_eq!(status, json!({"error": words}), "{order}");
        // What cannot be read at all leaves no record.
        let found = desk.status(ANN, format!("0x{:032x}", 9));
        if state == "rejected" && found == "unknownOid" {
            continue;
        }
        assert_eq!(found, state, "{order}");
        desk.sound();
    }
}

#[test]
fn a_position_beyond_its_margin_tier_is_refused() {
    let mut spec = MarketSpec::new("SOL", 2, 20);
    spec.tiers.push((50_000 * USD, 10));
    let mut venue = Exchange::new(vec![spec], Rules::default(), NOW);
    venue.mark(0, MARK, MARK);
    venue.pay_in(ANN, 10_000 * USD).unwrap();
    let mut desk = Desk {
        venue,
        nonce: NOW as u64,
    };
    let status = desk.order(ANN, limit(true, "100", "500", "Gtc"));
    assert_eq!(
        status["error"],
        "Order would cause position to exceed margin tier limit at current leverage"
    );
    assert!(desk.order(ANN, limit(true, "100", "499", "Gtc"))["resting"].is_object());
}

#[test]
fn cancels_and_modifications_of_what_is_not_open_are_refused() {
    let mut desk = Desk::open();
    let missing = "Order was never placed, already canceled, or filled.";
    let oid = oid(&desk.order(ANN, limit(true, "99", "1", "Gtc")));
    let cancel = |a: u64, o: u64| json!({"type": "cancel", "cancels": [{"a": a, "o": o}]});
    let first = |answer: Value| answer["response"]["data"]["statuses"][0].clone();
    // Another's order, another coin, no order.
    assert_eq!(
        first(desk.send(BOB, cancel(0, oid))),
        json!({"error": missing})
    );
    assert_eq!(
        first(desk.send(ANN, cancel(1, oid))),
        json!({"error": missing})
    );
    assert_eq!(
        first(desk.send(ANN, cancel(0, 12_345))),
        json!({"error": missing})
    );
    assert_eq!(first(desk.send(ANN, cancel(0, oid))), "success");
    assert_eq!(
        first(desk.send(ANN, cancel(0, oid))),
        json!({"error": missing})
    );
    let by_cloid = json!({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": format!("0x{:032x}", 4)}]});
    assert_eq!(
        first(desk.send(ANN, by_cloid.clone())),
        json!({"error": missing})
    );
    desk.order(ANN, named(limit(true, "99", "1", "Gtc"), 4));
    assert_eq!(first(desk.send(ANN, by_cloid)), "success");
    let modify = json!({"type": "modify", "oid": oid, "order": limit(true, "99", "1", "Gtc")});
    assert_eq!(
        desk.send(ANN, modify),
        json!({"status": "err", "response": "Cannot modify canceled or filled order"})
    );
    // A stop cannot be cancelled fast.
    let stop = super::oid(&desk.order(ANN, trigger(false, "95", "1", "sl")));
    let fast = json!({"type": "cancel", "cancels": [{"a": 0, "o": stop}], "f": true});
    assert_eq!(
        first(desk.send(ANN, fast))["error"],
        Refusal::FastCancelOfTrigger.to_string()
    );
}

#[test]
fn signers_without_an_account_are_named() {
    let mut desk = Desk::open();
    let answer = desk.send(NOBODY, json!({"type": "noop"}));
    let words = format!("L1 error: User or API Wallet {NOBODY} does not exist.");
    assert_eq!(answer, json!({"status": "err", "response": words}));
    let nonce = desk.nonce + 1;
    let answer = desk.send(
        NOBODY,
        json!({"type": "approveAgent", "agentAddress": BOB.to_string(), "nonce": nonce,
            "signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}),
    );
    let words = format!("Must deposit before performing actions. User: {NOBODY}");
    assert_eq!(answer["response"], words);
}

#[test]
fn a_builder_that_nobody_approved_is_refused() {
    let mut desk = Desk::open();
    let answer = desk.send(
        ANN,
        json!({
            "type": "order", "orders": [limit(true, "99", "1", "Gtc")], "grouping": "na",
            "builder": {"b": BOB.to_string(), "f": 10},
        }),
    );
    assert_eq!(answer["response"], "Builder fee has not been approved");
}
