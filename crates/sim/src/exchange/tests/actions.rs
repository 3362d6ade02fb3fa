//! Nonces, expiry, limits, agents, the dead man's switch and TWAPs.

use super::*;

fn body(action: &Value, nonce: u64) -> Value {
    json!({"action": action, "nonce": nonce, "vaultAddress": null, "expiresAfter": null})
}

fn approve(desk: &mut Desk, user: Address, agent: Address, name: Option<&str>) -> Value {
    let nonce = desk.nonce + 1;
    let mut action = json!({"type": "approveAgent", "agentAddress": agent.to_string(), "nonce": nonce,
            "signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"});
    if let Some(name) = name {
        action["agentName"] = json!(name);
    }
    desk.send(user, action)
}

#[test]
fn a_nonce_is_used_once_by_its_signer_and_within_the_window() {
    let mut desk = Desk::open();
    let noop = json!({"type": "noop"});
    let nonce = NOW as u64;
    let ok = json!({"status": "ok", "response": {"type": "default"}});
    assert_eq!(desk.venue.post(ANN, &body(&noop, nonce)), Ok(ok.clone()));
    let answer = desk.venue.post(ANN, &body(&noop, nonce)).unwrap();
    assert_eq!(
        answer["response"],
        format!("Invalid nonce: duplicate nonce {nonce}")
    );
    // Another signer may use the same.
    assert_eq!(desk.venue.post(BOB, &body(&noop, nonce)), Ok(ok));
    let answer = desk
        .venue
        .post(ANN, &body(&noop, nonce + 86_400_000))
        .unwrap();
    assert_eq!(answer["status"], "err");
}

#[test]
fn an_action_that_comes_too_late_is_not_performed_and_costs_more() {
    let mut desk = Desk::open();
    let used = |desk: &Desk| desk.ask(ANN, "userRateLimit")["nRequestsUsed"].clone();
    let mut late = body(
        &json!({"type": "order", "orders": [limit(true, "99", "1", "Gtc")], "grouping": "na"}),
        NOW as u64,
    );
    late["expiresAfter"] = json!(NOW - 1);
    assert_eq!(desk.venue.post(ANN, &late).unwrap()["status"], "err");
    assert_eq!(used(&desk), 5);
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
    late["expiresAfter"] = json!(NOW);
    assert_eq!(desk.venue.post(ANN, &late).unwrap()["status"], "ok");
    assert_eq!(used(&desk), 6);
}

#[test]
fn what_is_no_action_is_unreadable() {
    let mut desk = Desk::open();
    for action in [
        json!({"type": "dance"}),
        json!(null),
        json!({"type": "cancel"}),
    ] {
        assert_eq!(desk.venue.post(ANN, &body(&action, 1)), Err(Unreadable));
    }
}

#[test]
fn requests_are_counted_against_the_volume() {
    let mut desk = Desk::with(Rules {
        request_buffer: 3,
        ..Rules::default()
    });
    let order =
        json!({"type": "order", "orders": [limit(true, "99", "1", "Gtc")], "grouping": "na"});
    for _ in 0..3 {
        assert_eq!(desk.send(ANN, order.clone())["status"], "ok");
    }
    // One more is let through, then one in ten seconds.
    assert_eq!(desk.send(ANN, order.clone())["status"], "ok");
    let answer = desk.send(ANN, order.clone());
    assert_eq!(
        answer["response"],
        "Too many cumulative requests sent (5 > 3) for cumulative volume traded $0. Place taker orders to free up 1 request per USDC traded."
    );
    // Cancels go on, up to twice the limit.
    let cancel = json!({"type": "cancel", "cancels": [{"a": 0, "o": 1}]});
    assert_eq!(desk.send(ANN, cancel.clone())["status"], "ok");
    assert_eq!(desk.send(ANN, cancel.clone())["status"], "ok");
    assert_eq!(desk.send(ANN, cancel)["status"], "err");
    desk.venue.advance(NOW + 10_000);
    let taker =
        json!({"type": "order", "orders": [limit(true, "100.1", "1", "Ioc")], "grouping": "na"});
    assert_eq!(desk.send(ANN, taker)["status"], "ok");
    // A hundred dollars traded are a hundred requests.
    assert_eq!(desk.ask(ANN, "userRateLimit")["nRequestsCap"], 103);
    assert_eq!(desk.send(ANN, order)["status"], "ok");
}

#[test]
fn open_orders_are_capped() {
    let mut desk = Desk::with(Rules {
        open_orders: 3,
        most_open_orders: 4,
        ..Rules::default()
    });
    desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    for _ in 0..3 {
        assert!(desk.order(ANN, limit(true, "99", "1", "Gtc"))["resting"].is_object());
    }
    let status = desk.order(ANN, limit(true, "99", "1", "Gtc"));
    assert_eq!(status["error"], Refusal::OpenOrders(3).to_string());
    // Volume buys one more, but not for stops.
    desk.venue.pay_in(BOB, 10_000_000 * USD).unwrap();
    desk.venue
        .street_level(0, Side::Sell, 1_001_000, 10_000_000);
    desk.order(BOB, limit(true, "100.1", "50000", "Ioc"));
    for _ in 0..3 {
        desk.order(BOB, limit(true, "99", "1", "Gtc"));
    }
    let status = desk.order(BOB, trigger(false, "95", "1", "sl"));
    assert_eq!(status["error"], Refusal::OpenOrders(4).to_string());
    assert!(desk.order(BOB, limit(true, "99", "1", "Gtc"))["resting"].is_object());
    assert!(desk.order(BOB, limit(true, "99", "1", "Gtc"))["error"].is_string());
}

#[test]
fn agents_trade_for_their_account_until_they_expire_or_are_replaced() {
    let mut desk = Desk::open();
    let agent = Address([0x11; 20]);
    assert_eq!(approve(&mut desk, ANN, agent, Some("bot"))["status"], "ok");
    assert!(desk.order(agent, limit(true, "100.1", "1", "Ioc"))["filled"].is_object());
    assert_eq!(
        (desk.szi(ANN), desk.venue.account(agent).is_none()),
        (100, true)
    );
    // Asked by its own address there is nothing, and no error.
    assert_eq!(desk.ask(agent, "userFills"), json!([]));
    assert_eq!(
        desk.ask(agent, "userRole"),
        json!({"role": "agent", "data": {"user": ANN.to_string()}})
    );
    assert_eq!(desk.ask(ANN, "extraAgents")[0]["name"], "bot");
    // It approves nobody and belongs to nobody else.
    let answer = approve(&mut desk, agent, Address([0x12; 20]), None);
    assert!(
        answer["response"]
            .as_str()
            .unwrap()
            .starts_with("Must deposit")
    );
    assert_eq!(
        approve(&mut desk, BOB, agent, None)["response"],
        Refusal::AgentTaken.to_string()
    );
    // Replaced, it is unknown.
    assert_eq!(
        approve(&mut desk, ANN, Address([0x13; 20]), Some("bot"))["status"],
        "ok"
    );
    let answer = desk.send(agent, json!({"type": "noop"}));
    assert_eq!(
        answer["response"],
        Refusal::UnknownSigner(agent).to_string()
    );
    let name = format!("short valid_until {}", NOW + 60_000);
    let short = Address([0x14; 20]);
    assert_eq!(approve(&mut desk, ANN, short, Some(&name))["status"], "ok");
    desk.venue.advance(NOW + 59_999);
    assert_eq!(desk.send(short, json!({"type": "noop"}))["status"], "ok");
    desk.venue.advance(NOW + 60_000);
    assert_eq!(desk.send(short, json!({"type": "noop"}))["status"], "err");
    for number in 0x20..0x22 {
        let name = format!("n{number}");
        assert_eq!(
            approve(&mut desk, ANN, Address([number; 20]), Some(&name))["status"],
            "ok"
        );
    }
    let answer = approve(&mut desk, ANN, Address([0x22; 20]), Some("fourth"));
    assert_eq!(
        answer["response"],
        "Too many extra agents for cumulative volume traded. Current limit is 3"
    );
}

#[test]
fn the_switch_needs_volume_and_time_and_takes_all_orders() {
    let mut desk = Desk::open();
    let schedule = |desk: &mut Desk, time: i64| {
        desk.send(ANN, json!({"type": "scheduleCancel", "time": time}))
    };
    desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    assert_eq!(
        schedule(&mut desk, NOW + 10_000)["response"],
        "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $100.1."
    );
    let mut desk = Desk::with(Rules {
        schedule_volume: 50 * USD,
        ..Rules::default()
    });
    desk.order(ANN, limit(true, "100.1", "1", "Ioc"));
    assert_eq!(
        schedule(&mut desk, NOW + 4_999)["response"],
        Refusal::ScheduleTooEarly.to_string()
    );
    let mut now = NOW;
    for _ in 0..10 {
        let resting = oid(&desk.order(ANN, limit(true, "99", "1", "Gtc")));
        let stop = oid(&desk.order(ANN, trigger(false, "95", "1", "sl")));
        assert_eq!(schedule(&mut desk, now + 5_000)["status"], "ok");
        desk.venue.advance(now + 4_999);
        assert_eq!(desk.status(ANN, resting), "open");
        now += 5_000;
        desk.venue.advance(now);
        for oid in [resting, stop] {
            assert_eq!(desk.status(ANN, oid), "scheduledCancel");
        }
    }
    assert_eq!(
        schedule(&mut desk, now + 5_000)["response"],
        Refusal::ScheduleSpent.to_string()
    );
    // The next UTC day counts anew. Cleared, it does not go off.
    now += 86_400_000;
    desk.venue.advance(now);
    desk.nonce = now as u64;
    let resting = oid(&desk.order(ANN, limit(true, "99", "1", "Gtc")));
    assert_eq!(schedule(&mut desk, now + 5_000)["status"], "ok");
    assert_eq!(
        desk.send(ANN, json!({"type": "scheduleCancel"}))["status"],
        "ok"
    );
    desk.venue.advance(now + 60_000);
    assert_eq!(desk.status(ANN, resting), "open");
}

fn twap(sz: &str, minutes: u64) -> Value {
    json!({"type": "twapOrder", "twap": {"a": 0, "b": true, "s": sz, "r": false, "m": minutes, "t": false}})
}

#[test]
fn a_twap_buys_in_slices_and_ends() {
    let mut desk = Desk::open();
    let answer = desk.send(ANN, twap("10", 5));
    let id = answer["response"]["data"]["status"]["running"]["twapId"]
        .as_u64()
        .unwrap();
    assert_eq!(answer["response"]["type"], "twapOrder");
    // Ten slices of one, the first at once.
    assert_eq!(desk.szi(ANN), 100);
    desk.venue.advance(NOW + 29_999);
    assert_eq!(desk.szi(ANN), 100);
    desk.venue.advance(NOW + 90_000);
    assert_eq!(desk.szi(ANN), 400);
    // Nothing within 3 %: what is missed is caught up, at most three at once.
    desk.venue.street_level(0, Side::Sell, 1_001_000, 0);
    desk.venue.street_level(0, Side::Sell, 1_002_000, 0);
    desk.venue.advance(NOW + 210_000);
    assert_eq!(desk.szi(ANN), 400);
    desk.venue.street_level(0, Side::Sell, 1_001_000, 5_000);
    desk.venue.advance(NOW + 240_000);
    assert_eq!(desk.szi(ANN), 700);
    desk.venue.advance(NOW + 600_000);
    assert_eq!(desk.szi(ANN), 1_000);
    // Its fills are on their own stream.
    assert_eq!(desk.ask(ANN, "userFills"), json!([]));
    assert_eq!(desk.ask(ANN, "userTwapSliceFills")[0]["twapId"], id);
    let cancel = json!({"type": "twapCancel", "a": 0, "t": id});
    assert_eq!(
        desk.send(ANN, cancel)["response"]["data"]["status"]["error"],
        "TWAP was never placed, already canceled, or filled."
    );
    desk.sound();
}

#[test]
fn a_twap_is_checked_and_can_be_cancelled() {
    let mut desk = Desk::open();
    let error = |answer: Value| answer["response"]["data"]["status"]["error"].clone();
    assert_eq!(
        error(desk.send(ANN, twap("10", 1))),
        "Invalid TWAP duration: 1 min(s)"
    );
    assert_eq!(
        error(desk.send(ANN, twap("10", 10_081))),
        "Invalid TWAP duration: 10081 min(s)"
    );
    assert_eq!(
        error(desk.send(ANN, twap("0.9", 5))),
        Refusal::TwapNotional.to_string()
    );
    assert_eq!(
        error(desk.send(ANN, twap("5000", 5))),
        "Insufficient margin to place order."
    );
    desk.send(ANN, twap("10", 5));
    let cancel = json!({"type": "twapCancel", "a": 0, "t": 1});
    assert!(error(desk.send(BOB, cancel.clone())).is_string());
    assert_eq!(
        desk.send(ANN, cancel)["response"]["data"]["status"],
        "success"
    );
    desk.venue.advance(NOW + 600_000);
    assert_eq!(desk.szi(ANN), 100);
}

#[test]
fn leverage_has_its_bounds() {
    let mut desk = Desk::open();
    for (leverage, status) in [(0, "err"), (1, "ok"), (20, "ok"), (21, "err")] {
        let action =
            json!({"type": "updateLeverage", "asset": 0, "isCross": true, "leverage": leverage});
        assert_eq!(desk.send(ANN, action)["status"], status, "{leverage}");
    }
}

#[test]
fn a_vault_that_is_none_is_named() {
    let mut desk = Desk::open();
    let mut request = body(&json!({"type": "noop"}), NOW as u64);
    request["vaultAddress"] = json!(BOB.to_string());
    let answer = desk.venue.post(ANN, &request).unwrap();
    assert_eq!(answer["response"], format!("Vault not registered: {BOB}"));
}

#[test]
fn reserved_requests_are_paid_for() {
    let mut desk = Desk::open();
    desk.send(ANN, json!({"type": "noop"}));
    let answer = desk.send(ANN, json!({"type": "reserveRequestWeight", "weight": 1}));
    assert_eq!(
        (answer["status"].as_str(), desk.venue.house()),
        (Some("ok"), 500)
    );
    assert_eq!(desk.ask(ANN, "userRateLimit")["nRequestsUsed"], 1);
    desk.sound();
}
