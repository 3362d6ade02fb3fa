//! Trading with signed requests: REST, WebSocket posts and the user streams. The requests were signed by the venue's own
//! client, for the time at which the test begins.

use hypersentry_sim::Scenario;
use hypersentry_sim::exchange::{Address, USD};
use serde_json::json;

use super::*;

pub(super) fn requests() -> Value {
    serde_json::from_str(include_str!("signed_requests.json")).unwrap()
}

pub(super) fn address(signed: &Value, who: &str) -> Address {
    Address::parse(signed[who].as_str().unwrap()).unwrap()
}

pub(super) fn post(driver: &Driver, path: &str, body: &Value) -> (u16, Value) {
    let request = RestRequest::post(path, &body.to_string(), HERE);
    let (answer, _) = driver.rest(Venue::Hyperliquid, &request);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

pub(super) fn follow(driver: &Driver, user: Address) -> DriverSocket {
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    for kind in ["orderUpdates", "userFills", "userEvents"] {
        let subscription = json!({"type": kind, "user": user.to_string()});
        let message = json!({"method": "subscribe", "subscription": subscription});
        socket.send(&message.to_string());
    }
    socket
}

#[test]
fn an_account_trades_with_signed_requests() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let (master, agent) = (address(&signed, "master"), address(&signed, "agent"));
    let send = |name: &str| post(&driver, "/exchange", &signed["requests"][name]);
    // Nobody trades without money.
    let (status, answer) = send("rest");
    assert_eq!(status, 200);
    assert_eq!(
        answer["response"],
        format!("L1 error: User or API Wallet {master} does not exist.")
    );
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut socket = follow(&driver, master);
    let first = arrived(&mut socket);
    let channels: Vec<_> = first.iter().map(|frame| frame["channel"].clone()).collect();
    // Of the three streams one has a snapshot.
    assert_eq!(
        channels,
        [
            "subscriptionResponse",
            "subscriptionResponse",
            "userFills",
            "subscriptionResponse"
        ]
    );
    assert_eq!(
        first[1]["data"]["subscription"],
        json!({"type": "userFills", "user": master.to_string(), "aggregateByTime": false})
    );
    assert_eq!(first[2]["data"]["isSnapshot"], true);

    assert_eq!(send("leverage").1["response"], json!({"type": "default"}));
    let (_, answer) = send("rest");
    let oid = &answer["response"]["data"]["statuses"][0]["resting"]["oid"];
    assert!(oid.is_u64(), "{answer}");
    let ask = |kind: &str, user: Address| {
        post(
            &driver,
            "/info",
            &json!({"type": kind, "user": user.to_string()}),
        )
        .1
    };
    assert_eq!(ask("openOrders", master)[0]["oid"], *oid);
    assert_eq!(ask("openOrders", agent), json!([]));

    let (_, answer) = send("buy");
    let filled = &answer["response"]["data"]["statuses"][0]["filled"];
    assert_eq!(filled["totalSz"], "0.01", "{answer}");
    // At a price of the market, not of the order.
    assert!(
        (80_000.0..120_000.0).contains(&number(&filled["avgPx"])),
        "{answer}"
    );
    let state = ask("clearinghouseState", master);
    assert_eq!(state["assetPositions"][0]["position"]["szi"], "0.01");

    assert_eq!(
        send("cancel").1["response"]["data"]["statuses"],
        json!(["success"])
    );
    assert!(
        send("schedule").1["response"]
            .as_str()
            .unwrap()
            .starts_with("Cannot set scheduled cancel time")
    );
    assert_eq!(send("late").1["status"], "err");
    assert_eq!(
        send("cancel").1["response"],
        json!(format!(
            "Invalid nonce: duplicate nonce {}",
            signed["requests"]["cancel"]["nonce"]
        ))
    );

    // An agent closes the position.
    assert_eq!(send("sell").1["status"], "err");
    assert_eq!(send("approve").1["response"], json!({"type": "default"}));
    assert_eq!(ask("extraAgents", master)[0]["address"], agent.to_string());
    let mut other = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    let sell = json!({"method": "post", "id": 5, "request": {"type": "action", "payload": signed["requests"]["sell"]}});
    other.send(&sell.to_string());
    let answer = arrived(&mut other).pop().unwrap();
    assert_eq!(
        (&answer["channel"], &answer["data"]["id"]),
        (&json!("post"), &json!(5))
    );
    let response = &answer["data"]["response"];
    assert_eq!(response["type"], "action");
    assert!(
        response["payload"]["response"]["data"]["statuses"][0]["filled"].is_object(),
        "{answer}"
    );
    assert_eq!(
        ask("clearinghouseState", master)["assetPositions"],
        json!([])
    );

    // All of it was told.
    let frames = arrived(&mut socket);
    let states: Vec<_> = frames
        .iter()
        .filter(|frame| frame["channel"] == "orderUpdates")
        .map(|frame| frame["data"][0]["status"].clone())
        .collect();
    assert_eq!(states, ["open", "filled", "canceled", "filled"]);
    let fills = |channel: &str| {
        let on = frames.iter().filter(|frame| frame["channel"] == channel);
        on.map(|frame| frame["data"]["fills"].as_array().map_or(0, Vec::len))
            .sum::<usize>()
    };
    assert!(fills("userFills") >= 2 && fills("userFills") == fills("user"));
}

#[test]
fn a_request_that_was_changed_is_somebody_elses() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut request = signed["requests"]["rest"].clone();
    request["action"]["orders"][0]["s"] = json!("0.02");
    let (_, answer) = post(&driver, "/exchange", &request);
    let words = answer["response"].as_str().unwrap();
    assert!(
        words.starts_with("L1 error: User or API Wallet 0x"),
        "{words}"
    );
    assert!(!words.contains(&master.to_string()), "{words}");
    // The order of keys does not matter, trailing zeros do not either: both are as they were signed.
    let text = r#"{"grouping":"na","orders":[{"c":"0x00000000000000000000000000000007","t":{"limit":{"tif":"Gtc"}},"r":false,"s":"0.010","p":"50000.0","b":true,"a":0}],"type":"order"}"#;
    request["action"] = serde_json::from_str(text).unwrap();
    let (_, answer) = post(&driver, "/exchange", &request);
    assert!(
        answer["response"]["data"]["statuses"][0]["resting"].is_object(),
        "{answer}"
    );
    request["signature"]["r"] = json!("0x0");
    let (_, answer) = post(&driver, "/exchange", &request);
    assert_eq!(answer["response"], "Unable to recover signer.");
    request["action"] = json!({"type": "dance"});
    assert_eq!(post(&driver, "/exchange", &request).0, 422);
}

#[test]
fn users_trades_come_on_the_tape_once() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    socket.send(r#"{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}"#);
    let (_, answer) = post(&driver, "/exchange", &signed["requests"]["buy"]);
    assert!(
        answer["response"]["data"]["statuses"][0]["filled"].is_object(),
        "{answer}"
    );
    for _ in 0..100 {
        driver.step(10);
    }
    let frames = arrived(&mut socket);
    let bought: Vec<_> = frames
        .iter()
        .filter(|frame| frame["channel"] == "trades")
        .flat_map(|frame| frame["data"].as_array().unwrap())
        .filter(|trade| trade["users"][0] == master.to_string())
        .collect();
    let lots: f64 = bought.iter().map(|trade| number(&trade["sz"])).sum();
    assert!((lots - 0.01).abs() < 1e-9, "{bought:?}");
    assert!(
        bought
            .iter()
            .all(|trade| trade["side"] == "B" && trade["hash"].as_str().map(str::len) == Some(66))
    );
}

#[test]
fn a_scenario_pays_accounts_in() {
    let signed = requests();
    let master = address(&signed, "master");
    let text = json!({"steps": [], "accounts": {master.to_string(): 2_500}}).to_string();
    let scenario = Scenario::from_json(&text).unwrap();
    let driver = Driver::new(3, START_MS, 2, Some(&scenario)).unwrap();
    let request = json!({"type": "clearinghouseState", "user": master.to_string()});
    let (status, state) = post(&driver, "/info", &request);
    assert_eq!((status, &state["withdrawable"]), (200, &json!("2500.0")));
    // A request without its user is none.
    assert_eq!(
        post(&driver, "/info", &json!({"type": "openOrders"})).0,
        422
    );
}

#[test]
fn no_more_than_ten_users_are_followed() {
    let driver = Driver::new(3, START_MS, 2, None).unwrap();
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    for number in 0..11 {
        let user = Address([number; 20]);
        let subscription = json!({"type": "orderUpdates", "user": user.to_string()});
        socket.send(&json!({"method": "subscribe", "subscription": subscription}).to_string());
    }
    let frames = arrived(&mut socket);
    assert_eq!(frames.len(), 11);
    assert!(
        frames[..10]
            .iter()
            .all(|frame| frame["channel"] == "subscriptionResponse")
    );
    assert_eq!(frames[10]["channel"], "error");
}

#[test]
fn the_generated_market_fills_a_resting_order() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut socket = follow(&driver, master);
    let (_, answer) = post(&driver, "/exchange", &signed["requests"]["rest"]);
    assert!(
        answer["response"]["data"]["statuses"][0]["resting"].is_object(),
        "{answer}"
    );
    // The market falls by half and more.
    for move_bps in [-5_000, -3_000] {
        driver.apply(Fault::PriceShock {
            move_bps,
            over_ms: 1_000,
        });
        for _ in 0..120 {
            driver.step(10);
        }
    }
    let told = wait_for(&driver, &mut socket, |frame| {
        frame["channel"] == "userFills" && frame["data"]["isSnapshot"].is_null()
    });
    let fill = &told["data"]["fills"][0];
    assert_eq!(
        (&fill["px"], &fill["crossed"]),
        (&json!("50000.0"), &json!(false))
    );
}

#[test]
fn states_are_sent_whole_and_repeated_and_follow_the_account() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    let user = master.to_string();
    for subscription in [
        json!({"type": "openOrders", "user": user, "dex": ""}),
        json!({"type": "clearinghouseState", "user": user}),
        json!({"type": "activeAssetData", "user": user, "coin": "BTC"}),
        json!({"type": "webData3", "user": user.to_uppercase().replace("0X", "0x")}),
        json!({"type": "userTwapHistory", "user": user}),
        json!({"type": "userNonFundingLedgerUpdates", "user": user}),
        // Withdrawn by the venue, and no exchange of that name.
        json!({"type": "webData2", "user": user}),
        json!({"type": "openOrders", "user": user, "dex": "xyz"}),
    ] {
        let message = json!({"method": "subscribe", "subscription": subscription});
        socket.send(&message.to_string());
    }
    let first = arrived(&mut socket);
    let channels: Vec<_> = first
        .iter()
        .map(|frame| frame["channel"].as_str().unwrap())
        .filter(|channel| *channel != "subscriptionResponse")
        .collect();
    assert_eq!(
        channels,
        [
            "openOrders",
            "clearinghouseState",
            "activeAssetData",
            "webData3",
            "userTwapHistory",
            "userNonFundingLedgerUpdates",
            "error",
            "error"
        ]
    );
    assert_eq!(first[0]["data"]["subscription"]["dex"], "");
    assert_eq!(first[6]["data"]["subscription"]["user"], user);
    post(&driver, "/exchange", &signed["requests"]["rest"]);
    post(&driver, "/exchange", &signed["requests"]["buy"]);
    for _ in 0..1_100 {
        driver.step(10);
    }
    let frames = arrived(&mut socket);
    let of = |channel: &str| -> Vec<&Value> {
        let on = frames.iter().filter(|frame| frame["channel"] == channel);
        on.map(|frame| &frame["data"]).collect()
    };
    // Eleven seconds: every five and every one.
    assert!((2..=3).contains(&of("openOrders").len()));
    assert!((10..=12).contains(&of("activeAssetData").len()));
    for data in of("openOrders") {
        assert_eq!(data["orders"].as_array().map(Vec::len), Some(1));
    }
    let state = &of("clearinghouseState")[0]["clearinghouseState"];
    assert_eq!(state["assetPositions"][0]["position"]["szi"], "0.01");
}

/// The other solution of the curve's equation for the same key: `n - s` with the other parity.
fn mirrored(signature: &Value) -> Value {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36,
        0x41, 0x41,
    ];
    let digits = signature["s"].as_str().unwrap().trim_start_matches("0x");
    let padded = format!("{digits:0>64}");
    let mut high = ORDER;
    let mut borrow = 0;
    for at in (0..32).rev() {
        let byte = u8::from_str_radix(&padded[2 * at..2 * at + 2], 16).unwrap();
        let left = i32::from(ORDER[at]) - i32::from(byte) - borrow;
        borrow = i32::from(left < 0);
        high[at] = left.rem_euclid(256) as u8;
    }
    let text: String = high.iter().map(|byte| format!("{byte:02x}")).collect();
    let v = 55 - signature["v"].as_u64().unwrap();
    json!({"r": signature["r"], "s": format!("0x{text}"), "v": v})
}

#[test]
fn a_signature_has_one_form() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut request = signed["requests"]["rest"].clone();
    let low = request["signature"].clone();
    request["signature"] = mirrored(&low);
    assert_ne!(request["signature"]["s"], low["s"]);
    let (status, answer) = post(&driver, "/exchange", &request);
    assert_eq!((status, &answer["status"]), (200, &json!("err")));
    assert_eq!(answer["response"], "Unable to recover signer.");
    // Mirrored again it is the one that was signed.
    request["signature"] = mirrored(&request["signature"]);
    let (_, answer) = post(&driver, "/exchange", &request);
    assert!(
        answer["response"]["data"]["statuses"][0]["resting"].is_object(),
        "{answer}"
    );
}
