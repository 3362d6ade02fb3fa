//! What the records of an order say of the others of its request.

use super::common::away;
use super::house::{House, by};
use hypersentry_execution::audit::{Record, What};
use hypersentry_execution::order::State;
use serde_json::{Value, json};

/// The records of an order, as they are in the log.
async fn records(house: &House, cloid: &str) -> Vec<Record> {
    let view = house.trading.proof(&house.account(0), cloid).await.unwrap();
    let list = view.proof["records"].as_array().unwrap();
    let bytes = |record: &Value| {
        let digits = record["record"].as_str().unwrap().as_bytes();
        let pairs = digits.chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        pairs.map(|pair| byte(pair).unwrap()).collect::<Vec<u8>>()
    };
    let read = list
        .iter()
        .map(|it| Record::from_bytes(&bytes(it)).unwrap());
    read.collect()
}

fn digest(record: &Record) -> Option<String> {
    let details: Value = serde_json::from_slice(&record.entry.details).ok()?;
    Some(details["digest"].as_str()?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_a_batch_has_its_signature_and_its_group() {
    let house = House::start(&[0x6f]).await;
    let mid = house.mid().await;
    let ask = json!({"side": "buy", "kind": "limit", "px": away(mid, -8),
        "take_profit": away(mid, 8), "stop_loss": away(mid, -16)});
    let legs = house.order(0, "a", ask).await.unwrap();
    assert_eq!(legs.len(), 3);
    for leg in &legs {
        house.ends(0, leg, State::Acked).await;
    }
    let mut digests = Vec::new();
    let group = legs[0].cloid.clone().unwrap();
    for leg in &legs {
        let records = records(&house, leg.cloid.as_ref().unwrap()).await;
        let signed = records.iter().filter(|it| it.entry.what == What::Signed);
        let signed: Vec<_> = signed.collect();
        assert_eq!(signed.len(), 1, "{records:?}");
        digests.push(digest(signed[0]).unwrap());
        for record in &records {
            assert_eq!(record.entry.ids.trace.as_str(), group, "{record:?}");
        }
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "they were signed as one");
    // Over a restart, for whoever asks, and for an order that takes another one's place.
    let house = house.restart().await;
    let cloid = legs[0].cloid.clone().unwrap();
    let ask = json!({"account": house.account(0), "key": "m", "cloid": cloid, "px": away(mid, -9)});
    let ask = serde_json::from_value(ask).unwrap();
    let changed = house.trading.modify(ask, by("tom")).await.unwrap();
    let new = changed.iter().find(|it| it.cloid != legs[0].cloid).unwrap();
    house.ends(0, new, State::Acked).await;
    house.ends(0, &legs[0], State::Cancelled).await;
    for order in [new, &legs[0]] {
        let records = records(&house, order.cloid.as_ref().unwrap()).await;
        let last = records.iter().rfind(|it| it.entry.what == What::Signed);
        digests.push(digest(last.unwrap()).unwrap());
        for record in &records {
            assert_eq!(record.entry.ids.trace.as_str(), group, "{record:?}");
        }
    }
    assert_eq!(digests[1], digests[2], "the change is signed for both");
    assert_ne!(digests[0], digests[1]);
}
