//! Signed actions through sockets: each is answered with its block.

use hypersentry_sim::exchange::{Address, USD};
use hypersentry_sim::{Fault, Simulator};
use serde_json::{Value, json};

use super::client::{Ws, post, simulator};

/// Signed for another day, so that the venue knows who it is and refuses the nonce.
fn requests() -> Value {
    serde_json::from_str(include_str!("../driver/signed_requests.json")).unwrap()
}

async fn open() -> (Simulator, Value) {
    let signed = requests();
    let simulator = simulator(8).await;
    let master = Address::parse(signed["master"].as_str().unwrap()).unwrap();
    simulator.pay_in(master, 10_000 * USD).unwrap();
    (simulator, signed)
}

fn of_post(id: u64, payload: &Value) -> String {
    json!({"method": "post", "id": id, "request": {"type": "action", "payload": payload}})
        .to_string()
}

#[tokio::test]
async fn actions_are_answered_with_their_block() {
    let (simulator, signed) = open().await;
    let rest = &signed["requests"]["rest"];
    let answer = post(&simulator, "/hyperliquid/exchange", &rest.to_string()).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("err"))
    );
    let refused = answer.body["response"].as_str().unwrap();
    assert!(refused.starts_with("Invalid nonce"), "{refused}");
    // Information is answered at once, an action with its block: either answer may be the first.
    let mut ws = Ws::open(&simulator, "/hyperliquid/ws").await;
    ws.send(of_post(1, rest)).await;
    let info = json!({"type": "info", "payload": {"type": "allMids"}});
    ws.send(json!({"method": "post", "id": 2, "request": info}).to_string())
        .await;
    let mut ids = Vec::new();
    while ids.len() < 2 {
        let answer = ws.json_where(|frame| frame["channel"] == "post").await;
        if answer["data"]["id"] == 1 {
            assert_eq!(answer["data"]["response"]["type"], "action");
            assert_eq!(answer["data"]["response"]["payload"]["status"], "err");
        }
        ids.push(answer["data"]["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
    simulator.shutdown().await;
}

#[tokio::test]
async fn spoilt_answers_reach_a_socket_as_they_should() {
    let (simulator, signed) = open().await;
    let rest = signed["requests"]["rest"].to_string();
    for (fault, status) in [
        (
            Fault::LoseAnswers {
                count: 1,
                performed: true,
            },
            504,
        ),
        (
            Fault::FailRequests {
                count: 1,
                status: 502,
                performed: true,
            },
            502,
        ),
        (
            Fault::LateAnswers {
                count: 1,
                delay_ms: 300,
                action_waits: true,
            },
            200,
        ),
    ] {
        simulator.faults().apply(fault);
        let answer = post(&simulator, "/hyperliquid/exchange", &rest).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body.is_string(), status >= 500, "{answer:?}");
    }
    simulator.shutdown().await;
}
