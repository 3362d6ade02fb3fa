//! Users' orders among the generated ones.

use serde_json::{Value, json};

use super::frames;
use super::mempool::{Fate, ReplyTo, Waiting};
use super::rounding::Rounding;
use crate::exchange::{Address, USD, turn_of};
use crate::generator::Side;
use crate::world::World;

const START_MS: i64 = 1_739_550_000_000;
const ANN: Address = Address([0xa1; 20]);
const BOB: Address = Address([0xb0; 20]);

/// A world in which two accounts have a million dollars each.
fn world() -> World {
    let mut world = World::new(11, START_MS, 2, None);
    for user in [ANN, BOB] {
        world.pay_in(user, 1_000_000 * USD).unwrap();
    }
    world
}

fn send(world: &mut World, user: Address, action: &Value) -> Value {
    let World {
        market, trading, ..
    } = world;
    let nonce = trading.exchange.now_ms().max(market.now_ms()) as u64;
    // One more for each request of a millisecond.
    for nonce in nonce.. {
        let body = json!({"action": action, "nonce": nonce});
        let (answer, _) = trading.post(market, user, &body);
        let answer = answer.unwrap();
        let again = answer["response"]
            .as_str()
            .is_some_and(|words| words.starts_with("Invalid nonce: duplicate"));
        if !again {
            return answer;
        }
    }
    Value::Null
}

/// Lays a post-only order for BTC and returns its id.
fn rest(world: &mut World, user: Address, buy: bool, px: i64, sz: &str) -> u64 {
    let px = crate::exchange::print(px.into(), 1);
    let order =
        json!({"a": 0, "b": buy, "p": px, "s": sz, "r": false, "t": {"limit": {"tif": "Alo"}}});
    let action = json!({"type": "order", "orders": [order], "grouping": "na"});
    let answer = send(world, user, &action);
    answer["response"]["data"]["statuses"][0]["resting"]["oid"]
        .as_u64()
        .unwrap_or_else(|| panic!("{answer}"))
}

fn status(world: &World, user: Address, oid: u64) -> String {
    let request = json!({"type": "orderStatus", "user": user.to_string(), "oid": oid});
    let answer = world.trading.exchange.info(&request).unwrap();
    answer["order"]["status"].as_str().unwrap().to_owned()
}

/// The best street price of a side.
fn street(world: &World, side: Side) -> i64 {
    world.market.coins()[0].perp.book.best(side).unwrap().0
}

fn book(world: &World) -> Value {
    let coin = &world.market.coins()[0];
    json!(frames::book(coin, 0, (Rounding::default(), false), |px| px))
}

#[test]
fn a_resting_order_is_the_publics_to_see_and_moves_best_bid_and_mid() {
    let mut world = world();
    let (bid, ask) = (street(&world, Side::Bid), street(&world, Side::Ask));
    let before = book(&world);
    // At the touch it joins the level.
    let joined = rest(&mut world, ANN, true, bid, "0.5");
    let level = &book(&world)["levels"][0][0];
    let old = &before["levels"][0][0];
    assert_eq!(level["px"], old["px"]);
    assert_eq!(level["n"].as_u64(), old["n"].as_u64().map(|n| n + 1));
    let size = |level: &Value| level["sz"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((size(level) - size(old) - 0.5).abs() < 1e-9);
    assert_eq!(
        send(
            &mut world,
            ANN,
            &json!({"type": "cancel", "cancels": [{"a": 0, "o": joined}]})
        )["status"],
        "ok"
    );
    assert_eq!(book(&world), before);
    // The prices of BTC are whole dollars: ten quanta.
    if ask - bid > 10 {
        rest(&mut world, ANN, true, ask - 10, "0.5");
        let touch = json!(frames::bbo(&world.market.coins()[0], 0));
        assert_eq!(
            touch["bbo"][0]["px"],
            crate::exchange::print((ask - 10).into(), 1)
        );
        assert_eq!(touch["bbo"][0]["n"], 1);
        assert_eq!(book(&world)["levels"][0][0]["px"], touch["bbo"][0]["px"]);
        let mid = frames::mid(&world.market.coins()[0]).unwrap();
        assert_eq!(
            mid.parse::<f64>().unwrap(),
            (2 * ask - 10) as f64 / 20.0,
            "{mid}"
        );
    }
}

/// Steps until the condition holds; a minute at most.
fn until(world: &mut World, mut holds: impl FnMut(&World) -> bool) {
    for _ in 0..6_000 {
        world.step(10);
        if holds(world) {
            return;
        }
    }
    panic!("a minute has passed");
}

#[test]
fn generated_takers_meet_users_by_price_and_then_by_time() {
    let mut world = world();
    let bid = street(&world, Side::Bid);
    let second = rest(&mut world, ANN, true, bid - 10, "0.01");
    let first = rest(&mut world, ANN, true, bid, "0.01");
    let behind = rest(&mut world, BOB, true, bid, "0.01");
    let open =
        |world: &World, oid| status(world, if oid == behind { BOB } else { ANN }, oid) == "open";
    let mut order = Vec::new();
    until(&mut world, |world| {
        for oid in [first, behind, second] {
            if !order.contains(&oid) && !open(world, oid) {
                order.push(oid);
            }
        }
        order.len() == 3
    });
    assert_eq!(order, [first, behind, second]);
    // Each came on the tape with its buyer, once.
    let tape: Vec<_> = world
        .hyperliquid
        .recent_trades(0, &world.market, &Default::default())
        .into_iter()
        .map(|trade| json!(trade))
        .filter(|trade| trade["users"][0] == BOB.to_string())
        .collect();
    assert!(tape.len() <= 1, "{tape:?}");
    let fills = world
        .trading
        .exchange
        .info(&json!({"type": "userFills", "user": BOB.to_string()}))
        .unwrap();
    assert_eq!(fills[0]["crossed"], false);
    assert_eq!(fills[0]["px"], crate::exchange::print(bid.into(), 1));
}

#[test]
fn a_wall_is_eaten_lot_by_lot_and_the_book_is_never_crossed() {
    let mut world = world();
    let ask = street(&world, Side::Ask);
    let oid = rest(&mut world, ANN, false, ask + 50, "3");
    let mut left = Vec::new();
    world.market.push(40, 5_000);
    for _ in 0..3_000 {
        world.step(10);
        let book = &world.market.coins()[0].perp.book;
        let (bid, _) = book.shown_best(Side::Bid).unwrap();
        let (ask, _) = book.shown_best(Side::Ask).unwrap();
        assert!(bid < ask, "{bid} {ask}");
        assert!(!world.trading.exchange.markets()[0].book.is_crossed());
        let now = world
            .trading
            .exchange
            .order(oid)
            .map_or(0, |order| order.left);
        if left.last() != Some(&now) {
            left.push(now);
        }
    }
    // More than one taker had a part of it, and what the mirror has is what the exchange has.
    assert!(left.len() > 2, "{left:?}");
    assert!(left.is_sorted_by(|a, b| a > b), "{left:?}");
    let guests = world.market.coins()[0].perp.book.guests.all(Side::Ask);
    let seated: i64 = guests.map(|(_, guest)| guest.lots).sum();
    assert_eq!(seated, *left.last().unwrap());
    assert_eq!(world.trading.exchange.money_gap(), 0);
    assert_eq!(world.trading.exchange.lots_gap(0), 0);
}

#[test]
fn what_a_user_sold_is_on_the_tape_as_often_as_in_the_fills() {
    let mut world = world();
    let ask = street(&world, Side::Ask);
    rest(&mut world, ANN, false, ask, "0.2");
    let mut told = 0.0;
    let mut seen = std::collections::BTreeSet::new();
    world.market.push(20, 5_000);
    for _ in 0..2_000 {
        world.step(10);
        for trade in world
            .hyperliquid
            .recent_trades(0, &world.market, &Default::default())
        {
            let trade = json!(trade);
            if trade["users"][1] == ANN.to_string() && seen.insert(trade["tid"].as_u64()) {
                told += trade["sz"].as_str().unwrap().parse::<f64>().unwrap();
            }
        }
    }
    let szi = world.trading.exchange.account(ANN).unwrap().szi(0);
    assert!(szi < 0);
    assert!((told * 1e5 + szi as f64).abs() < 1e-6, "{told} {szi}");
}

/// A body whose signer is said beside it waits for the block.
fn wait(world: &mut World, user: Address, nonce: u64, action: &Value) {
    let body = json!({"action": action, "nonce": nonce});
    let due_ms = world.market.now_ms();
    world.trading.mempool.wait(Waiting {
        signer: user,
        turn: turn_of(&body).unwrap(),
        body,
        due_ms,
        to: ReplyTo::Nobody,
        fate: Fate::Told(0),
    });
}

#[test]
fn within_a_block_makers_and_cancels_come_before_takers() {
    let mut world = world();
    let ask = street(&world, Side::Ask);
    // A block has just ended: what is sent now meets in the next one.
    until(&mut world, |world| {
        world.market.block_ms() == world.market.now_ms()
    });
    let ask = street(&world, Side::Ask).max(ask) + 400;
    let own = rest(&mut world, ANN, false, ask, "0.01");
    let px = |px: i64| crate::exchange::print(px.into(), 1);
    let order = |buy: bool, at: i64, sz: &str, tif: &str| {
        let order = json!({"a": 0, "b": buy, "p": px(at), "s": sz, "r": false, "t": {"limit": {"tif": tif}}});
        json!({"type": "order", "orders": [order], "grouping": "na"})
    };
    let nonce = world.market.now_ms() as u64 + 500;
    // Bob's taker is sent first; Ann's cancel and her post-only order come before it all the same.
    wait(&mut world, BOB, nonce, &order(true, ask + 10, "30", "Ioc"));
    wait(
        &mut world,
        ANN,
        nonce + 1,
        &json!({"type": "cancel", "cancels": [{"a": 0, "o": own}]}),
    );
    wait(
        &mut world,
        ANN,
        nonce + 2,
        &order(false, ask + 10, "0.01", "Alo"),
    );
    let open = |world: &World, oid| world.trading.exchange.order(oid).is_some();
    assert!(open(&world, own));
    until(&mut world, |world| !open(world, own));
    assert_eq!(status(&world, ANN, own), "canceled");
    let request = json!({"type": "historicalOrders", "user": ANN.to_string()});
    let history = world.trading.exchange.info(&request).unwrap();
    let maker = &history[0];
    assert_eq!(
        (&maker["status"], &maker["order"]["limitPx"]),
        (&json!("filled"), &json!(px(ask + 10))),
        "{history}"
    );
}
