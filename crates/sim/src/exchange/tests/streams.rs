//! Shapes of the user streams and of answers about accounts.

use super::*;

fn frames(desk: &mut Desk) -> Vec<(Address, UserFrame)> {
    let out = desk.venue.take_output();
    let mut frames = Vec::new();
    for (user, event) in &out.events {
        for frame in desk.venue.frames(*user, event) {
            frames.push((*user, frame));
        }
    }
    frames
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn an_order_and_its_fill_are_told_on_three_channels() {
    let mut desk = Desk::open();
    desk.order(ANN, named(limit(true, "100.1", "1", "Ioc"), 1));
    let frames = frames(&mut desk);
    let channels: Vec<_> = frames.iter().map(|(_, frame)| frame.channel).collect();
    assert_eq!(channels, ["userFills", "user", "orderUpdates"]);
    assert!(frames.iter().all(|(user, _)| *user == ANN));
    let fills = &frames[0].1.data;
    assert_eq!(keys(fills), ["fills", "user"]);
    let fill = &fills["fills"][0];
    assert_eq!(
        keys(fill),
        [
            "cloid",
            "closedPnl",
            "coin",
            "crossed",
            "dir",
            "fee",
            "feeToken",
            "hash",
            "oid",
            "px",
            "side",
            "startPosition",
            "sz",
            "tid",
            "time",
            "twapId"
        ]
    );
    assert_eq!(fill["hash"].as_str().map(str::len), Some(66));
    assert!(fill["tid"].as_u64().unwrap() < 1 << 50);
    // These two name no user.
    assert_eq!(keys(&frames[1].1.data), ["fills"]);
    let update = &frames[2].1.data[0];
    assert_eq!(keys(update), ["order", "status", "statusTimestamp"]);
    assert_eq!(
        (update["status"].as_str(), update["order"]["sz"].as_str()),
        (Some("filled"), Some("0.0"))
    );
    assert_eq!(
        keys(&update["order"]),
        [
            "cloid",
            "coin",
            "limitPx",
            "oid",
            "origSz",
            "side",
            "sz",
            "timestamp"
        ]
    );
}

#[test]
fn only_some_streams_begin_with_a_snapshot() {
    let mut desk = Desk::open();
    assert_eq!(desk.venue.snapshot(ANN, "orderUpdates"), None);
    assert_eq!(desk.venue.snapshot(ANN, "userEvents"), None);
    let empty = desk.venue.snapshot(ANN, "userFills").unwrap();
    assert_eq!(
        empty.data,
        json!({"isSnapshot": true, "user": ANN.to_string(), "fills": []})
    );
    desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    desk.venue.fund(0, 1_000_000);
    let fills = desk.venue.snapshot(ANN, "userFills").unwrap();
    assert_eq!(fills.data["fills"].as_array().map(Vec::len), Some(1));
    let fundings = desk.venue.snapshot(ANN, "userFundings").unwrap();
    assert_eq!(fundings.data["isSnapshot"], true);
    assert_eq!(fundings.data["fundings"][0]["usdc"], "-0.01");
}

#[test]
fn cancels_by_the_venue_are_told_as_such() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(false, "100.05", "1", "Gtc"));
    desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    let frames = frames(&mut desk);
    let cancels: Vec<_> = frames
        .iter()
        .filter(|(_, frame)| frame.data["nonUserCancel"].is_array())
        .collect();
    assert_eq!(cancels.len(), 1);
    assert_eq!(cancels[0].1.channel, "user");
}

#[test]
fn a_flat_account_looks_as_the_venue_shows_it() {
    let desk = Desk::open();
    let state = desk.ask(NOBODY, "clearinghouseState");
    let flat = json!({"accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"});
    assert_eq!(
        state,
        json!({
            "marginSummary": flat, "crossMarginSummary": flat, "crossMaintenanceMarginUsed": "0.0",
            "withdrawable": "0.0", "assetPositions": [], "time": NOW,
        })
    );
}

#[test]
fn open_orders_are_shown_short_and_long() {
    let mut desk = Desk::open();
    let oid = oid(&desk.order(ANN, named(limit(true, "99", "1.5", "Gtc"), 2)));
    let cloid = format!("0x{:032x}", 2);
    let short = json!({
        "coin": "SOL", "side": "B", "limitPx": "99.0", "sz": "1.5", "oid": oid, "timestamp": NOW,
        "origSz": "1.5", "cloid": cloid,
    });
    assert_eq!(desk.ask(ANN, "openOrders"), json!([short]));
    let mut long = short;
    for (key, value) in [
        ("triggerCondition", json!("N/A")),
        ("isTrigger", json!(false)),
        ("triggerPx", json!("0.0")),
        ("children", json!([])),
        ("isPositionTpsl", json!(false)),
        ("reduceOnly", json!(false)),
        ("orderType", json!("Limit")),
        ("tif", json!("Gtc")),
    ] {
        long[key] = value;
    }
    assert_eq!(desk.ask(ANN, "frontendOpenOrders"), json!([long]));
    let request = json!({"type": "orderStatus", "user": ANN.to_string(), "oid": cloid});
    let status = desk.venue.info(&request).unwrap();
    assert_eq!(status["order"]["order"], long);
    assert_eq!(desk.status(ANN, 12_345), "unknownOid");
    // Nobody sees another's order.
    assert_eq!(desk.status(BOB, oid), "unknownOid");
}

#[test]
fn fills_are_found_by_time_both_ends_included() {
    let mut desk = Desk::open();
    for step in 0..3 {
        desk.venue.advance(NOW + step * 1_000);
        desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    }
    let times = |request: Value| -> Vec<i64> {
        let answer = desk.venue.info(&request).unwrap();
        answer
            .as_array()
            .unwrap()
            .iter()
            .map(|fill| fill["time"].as_i64().unwrap())
            .collect()
    };
    let user = ANN.to_string();
    assert_eq!(
        times(
            json!({"type": "userFillsByTime", "user": user, "startTime": NOW + 1_000, "endTime": NOW + 2_000})
        ),
        [NOW + 1_000, NOW + 2_000]
    );
    assert_eq!(
        times(json!({"type": "userFills", "user": user})),
        [NOW + 2_000, NOW + 1_000, NOW]
    );
}

#[test]
fn requests_that_are_not_about_accounts_are_left_to_others() {
    let desk = Desk::open();
    assert_eq!(desk.venue.info(&json!({"type": "meta"})), None);
    assert_eq!(
        desk.venue
            .info(&json!({"type": "meta", "user": ANN.to_string()})),
        None
    );
    assert_eq!(
        desk.venue
            .info(&json!({"type": "openOrders", "user": "0x12"})),
        None
    );
}

#[test]
fn what_may_be_traded_follows_leverage_and_position() {
    let mut desk = Desk::open();
    let ask = |desk: &Desk| {
        desk.venue
            .info(&json!({"type": "activeAssetData", "user": ANN.to_string(), "coin": "SOL"}))
            .unwrap()
    };
    let data = ask(&desk);
    assert_eq!(data["maxTradeSzs"], json!(["2000.0", "2000.0"]));
    assert_eq!(data["leverage"], json!({"type": "cross", "value": 20}));
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    let data = ask(&desk);
    let number = |at: usize| -> f64 { data["maxTradeSzs"][at].as_str().unwrap().parse().unwrap() };
    assert!(
        number(0) < 1_990.0 && (number(1) - number(0) - 20.0).abs() < 0.02,
        "{data}"
    );
}

#[test]
fn what_happens_in_one_block_is_one_frame_for_each_channel() {
    let mut desk = Desk::open();
    desk.venue.take_output();
    let orders = [
        limit(true, "99", "1", "Gtc"),
        limit(true, "98", "1", "Gtc"),
        limit(true, "100.2", "15", "Ioc"),
    ];
    desk.group(ANN, &orders, "na");
    let out = desk.venue.take_output();
    let frames = desk.venue.block_frames(&out.events);
    let channels: Vec<_> = frames.iter().map(|(_, frame)| frame.channel).collect();
    assert_eq!(channels, ["orderUpdates", "userFills", "user"]);
    let states: Vec<_> = frames[0]
        .1
        .data
        .as_array()
        .unwrap()
        .iter()
        .map(|update| update["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["open", "open", "filled"]);
    // Ten at 100.1 and five at 100.2.
    for frame in [&frames[1].1, &frames[2].1] {
        let sizes: Vec<_> = frame.data["fills"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fill| fill["sz"].as_str().unwrap())
            .collect();
        assert_eq!(sizes, ["10.0", "5.0"]);
    }
}

#[test]
fn whole_states_come_first_and_again() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(true, "99", "1", "Gtc"));
    let twap = json!({"a": 0, "b": true, "s": "20", "r": false, "m": 5, "t": false});
    let answer = desk.send(ANN, json!({"type": "twapOrder", "twap": twap}));
    let id = &answer["response"]["data"]["status"]["running"]["twapId"];
    let name = ANN.to_string();
    let whole = |kind: &str| {
        let first = desk.venue.snapshot(ANN, kind).unwrap();
        assert_eq!(Some(&first), desk.venue.state_frame(ANN, kind).as_ref());
        assert_eq!(
            (first.channel, &first.data["isSnapshot"]),
            (kind, &Value::Null)
        );
        first.data
    };
    let orders = whole("openOrders");
    assert_eq!(
        (&orders["user"], &orders["dex"]),
        (&json!(name), &json!(""))
    );
    assert_eq!(orders["orders"], desk.ask(ANN, "frontendOpenOrders"));
    let state = whole("clearinghouseState")["clearinghouseState"].clone();
    assert_eq!(state, desk.ask(ANN, "clearinghouseState"));
    let states = whole("allDexsClearinghouseState");
    assert_eq!(states["clearinghouseStates"], json!([["", state]]));
    let twaps = whole("twapStates");
    assert_eq!(twaps["states"][0][0], *id);
    assert_eq!(twaps["states"][0][1]["minutes"], 5);
    assert_eq!(whole("spotState")["spotState"]["balances"], json!([]));
    let data = whole("webData3");
    assert_eq!(
        (&data["userState"]["user"], &data["userState"]["cumLedger"]),
        (&json!(name), &json!("10000.0"))
    );
    assert_eq!(data["userState"]["agentAddress"], Value::Null);
}

#[test]
fn twaps_and_payments_are_remembered() {
    let mut desk = Desk::open();
    let twap = json!({"a": 0, "b": true, "s": "20", "r": false, "m": 5, "t": false});
    let answer = desk.send(ANN, json!({"type": "twapOrder", "twap": twap}));
    let id = answer["response"]["data"]["status"]["running"]["twapId"].clone();
    desk.send(ANN, json!({"type": "twapCancel", "a": 0, "t": id}));
    let history = desk.ask(ANN, "twapHistory");
    let states: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["status"]["status"].clone(), entry["twapId"].clone()))
        .collect();
    assert_eq!(
        states,
        [(json!("terminated"), id.clone()), (json!("activated"), id)]
    );
    let first = desk.venue.snapshot(ANN, "userTwapHistory").unwrap();
    assert_eq!(first.data["isSnapshot"], true);
    assert_eq!(first.data["history"], history);
    desk.venue.pay_in(ANN, -250 * USD).unwrap();
    let payments = desk.ask(ANN, "userNonFundingLedgerUpdates");
    assert_eq!(
        payments[0]["delta"],
        json!({"type": "deposit", "usdc": "10000.0"})
    );
    assert_eq!(
        (&payments[1]["delta"]["type"], &payments[1]["delta"]["usdc"]),
        (&json!("withdraw"), &json!("250.0"))
    );
    let request = json!({"type": "userNonFundingLedgerUpdates", "user": ANN.to_string(), "startTime": NOW + 1});
    assert_eq!(desk.venue.info(&request), Some(json!([])));
}

#[test]
fn fees_are_those_that_fills_pay() {
    let mut desk = Desk::open();
    let fees = desk.ask(ANN, "userFees");
    assert_eq!(
        (&fees["userCrossRate"], &fees["userAddRate"]),
        (&json!("0.00045"), &json!("0.00015"))
    );
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    let fill = &desk.ask(ANN, "userFills")[0];
    let number = |value: &Value| -> f64 { value.as_str().unwrap().parse().unwrap() };
    let paid = number(&fees["userCrossRate"]) * number(&fill["px"]) * number(&fill["sz"]);
    assert!((number(&fill["fee"]) - paid).abs() < 1e-6, "{fill}");
}
