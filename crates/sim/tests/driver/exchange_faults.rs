//! What goes wrong on the way to Hyperliquid's exchange and back, and its limit of posts in flight.

use hypersentry_sim::Scenario;
use hypersentry_sim::exchange::USD;
use serde_json::json;

use super::exchange::{address, follow, post, requests};
use super::*;

#[test]
fn an_answer_that_is_lost_says_nothing_about_the_action() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let send = |name: &str| {
        let body = signed["requests"][name].to_string();
        let request = RestRequest::post("/exchange", &body, HERE);
        driver.rest(Venue::Hyperliquid, &request).0.status
    };
    let open = || {
        let request = json!({"type": "openOrders", "user": master.to_string()});
        post(&driver, "/info", &request).1.as_array().unwrap().len()
    };
    driver.apply(Fault::LoseAnswers {
        count: 1,
        performed: false,
    });
    assert_eq!((send("rest"), open()), (504, 0));
    driver.apply(Fault::LoseAnswers {
        count: 1,
        performed: true,
    });
    assert_eq!((send("rest"), open()), (504, 1));
    assert_eq!((send("cancel"), open()), (200, 0));
}

#[test]
fn an_error_status_says_nothing_about_the_action() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let send = |name: &str| {
        let body = signed["requests"][name].to_string();
        let request = RestRequest::post("/exchange", &body, HERE);
        driver.rest(Venue::Hyperliquid, &request).0
    };
    let open = || {
        let request = json!({"type": "openOrders", "user": master.to_string()});
        post(&driver, "/info", &request).1.as_array().unwrap().len()
    };
    for (status, performed) in [(429, false), (502, true)] {
        driver.apply(Fault::FailRequests {
            count: 1,
            status,
            performed,
        });
    }
    // One fault after the other, in the order in which they were asked for.
    assert_eq!((send("rest").status, open()), (429, 0));
    let answer = send("rest");
    assert_eq!((answer.status, open()), (502, 1));
    assert_eq!(answer.body, "Bad Gateway");
    // The same over the WebSocket is an error of the post.
    driver.apply(Fault::FailRequests {
        count: 1,
        status: 500,
        performed: true,
    });
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    let cancel = json!({"method": "post", "id": 9, "request": {"type": "action", "payload": signed["requests"]["cancel"]}});
    socket.send(&cancel.to_string());
    let frame = arrived(&mut socket).pop().unwrap();
    assert_eq!(
        frame["data"],
        json!({"id": 9, "response": {"type": "error", "payload": "500 Internal Server Error"}})
    );
    assert_eq!(open(), 0);
}

#[test]
fn late_answers_overtake_nothing_and_late_actions_happen_all_the_same() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let open = || {
        let request = json!({"type": "openOrders", "user": master.to_string()});
        post(&driver, "/info", &request).1.as_array().unwrap().len()
    };
    let late = |action_waits| {
        driver.apply(Fault::LateAnswers {
            count: 1,
            delay_ms: 1_000,
            action_waits,
        });
    };
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    let send = |socket: &mut DriverSocket, id: u64, name: &str| {
        let message = json!({"method": "post", "id": id, "request": {"type": "action", "payload": signed["requests"][name]}});
        socket.send(&message.to_string());
    };
    let ids = |frames: &[Value]| -> Vec<Value> {
        let posts = frames.iter().filter(|frame| frame["channel"] == "post");
        posts.map(|frame| frame["data"]["id"].clone()).collect()
    };
    // Performed at once, answered after what was sent later.
    late(false);
    send(&mut socket, 1, "rest");
    send(&mut socket, 2, "leverage");
    assert_eq!(open(), 1);
    assert_eq!(ids(&arrived(&mut socket)), [2]);
    for _ in 0..99 {
        driver.step(10);
    }
    assert_eq!(ids(&arrived(&mut socket)), Vec::<Value>::new());
    driver.step(10);
    assert_eq!(ids(&arrived(&mut socket)), [1]);
    // The client has given up when the action arrives.
    late(true);
    let body = signed["requests"]["cancel"].to_string();
    let request = RestRequest::post("/exchange", &body, HERE);
    assert_eq!(driver.rest(Venue::Hyperliquid, &request).0.status, 504);
    assert_eq!(open(), 1);
    for _ in 0..120 {
        driver.step(10);
    }
    assert_eq!(open(), 0);
    // Over REST a late answer is told with its delay.
    late(false);
    let body = signed["requests"]["buy"].to_string();
    let request = RestRequest::post("/exchange", &body, HERE);
    let (answer, delay_ms) = driver.rest(Venue::Hyperliquid, &request);
    assert_eq!((answer.status, delay_ms), (200, 1_000));
}

#[test]
fn no_more_posts_than_the_limit_are_in_flight() {
    let signed = requests();
    let text = json!({"steps": [], "limits": {"hyperliquid": {"posts_in_flight": 2}}}).to_string();
    let scenario = Scenario::from_json(&text).unwrap();
    let start_ms = signed["start_ms"].as_i64().unwrap();
    let driver = Driver::new(3, start_ms, 2, Some(&scenario)).unwrap();
    driver
        .pay_in(address(&signed, "master"), 10_000 * USD)
        .unwrap();
    driver.apply(Fault::LateAnswers {
        count: 2,
        delay_ms: 500,
        action_waits: false,
    });
    // Over all connections of the address.
    let mut sockets = [
        driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap(),
        driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap(),
    ];
    for (id, (at, name)) in [(0, "rest"), (1, "leverage"), (1, "cancel")]
        .into_iter()
        .enumerate()
    {
        let message = json!({"method": "post", "id": id, "request": {"type": "action", "payload": signed["requests"][name]}});
        sockets[at].send(&message.to_string());
    }
    assert_eq!(arrived(&mut sockets[0]), Vec::<Value>::new());
    let refused = arrived(&mut sockets[1]);
    assert_eq!(
        refused[0]["data"],
        json!({"id": 2, "response": {"type": "error", "payload": "429 Too Many Requests"}})
    );
    for _ in 0..60 {
        driver.step(10);
    }
    for (at, socket) in sockets.iter_mut().enumerate() {
        assert_eq!(arrived(socket)[0]["data"]["id"], at);
    }
    let message = json!({"method": "post", "id": 3, "request": {"type": "action", "payload": signed["requests"]["cancel"]}});
    sockets[1].send(&message.to_string());
    assert_eq!(
        arrived(&mut sockets[1])[0]["data"]["response"]["payload"]["status"],
        "ok"
    );
}

#[test]
fn user_streams_are_doubled_reordered_late_and_silent_on_demand() {
    let signed = requests();
    let driver = Driver::new(3, signed["start_ms"].as_i64().unwrap(), 2, None).unwrap();
    let master = address(&signed, "master");
    driver.pay_in(master, 10_000 * USD).unwrap();
    let mut socket = follow(&driver, master);
    arrived(&mut socket);
    let feed = |channel: &str| (Venue::Hyperliquid, channel.to_owned(), String::new());
    let statuses = |socket: &mut DriverSocket| -> Vec<Value> {
        let frames = arrived(socket);
        let on = frames
            .iter()
            .filter(|frame| frame["channel"] == "orderUpdates");
        on.map(|frame| frame["data"][0]["status"].clone()).collect()
    };
    let (venue, channel, symbol) = feed("userFills");
    driver.apply(Fault::DuplicateFrames {
        venue,
        channel,
        symbol,
        count: 1,
    });
    post(&driver, "/exchange", &signed["requests"]["buy"]);
    let frames = arrived(&mut socket);
    let fills: Vec<_> = frames
        .iter()
        .filter(|frame| frame["channel"] == "userFills")
        .collect();
    assert_eq!(fills.len(), 2);
    assert_eq!(fills[0], fills[1]);
    // The cancel is told before the order that it cancels.
    let (venue, channel, symbol) = feed("orderUpdates");
    driver.apply(Fault::ReorderFrames {
        venue,
        channel,
        symbol,
        count: 1,
    });
    post(&driver, "/exchange", &signed["requests"]["rest"]);
    assert_eq!(statuses(&mut socket), Vec::<Value>::new());
    post(&driver, "/exchange", &signed["requests"]["cancel"]);
    assert_eq!(statuses(&mut socket), ["canceled", "open"]);
    // Half-open for this stream alone: pings are answered.
    let (venue, channel, symbol) = feed("userFills");
    driver.apply(Fault::SilenceChannel {
        venue,
        channel,
        symbol,
        for_ms: 1_000,
    });
    assert_eq!(
        post(&driver, "/exchange", &signed["requests"]["approve"]).1["status"],
        "ok"
    );
    post(&driver, "/exchange", &signed["requests"]["sell"]);
    socket.send(r#"{"method":"ping"}"#);
    let frames = arrived(&mut socket);
    let channels: Vec<_> = frames.iter().map(|frame| &frame["channel"]).collect();
    assert!(!channels.contains(&&json!("userFills")), "{channels:?}");
    for channel in ["orderUpdates", "user", "pong"] {
        assert!(channels.contains(&&json!(channel)), "{channels:?}");
    }
}
