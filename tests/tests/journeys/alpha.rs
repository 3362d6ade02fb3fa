//! What the conviction engine says reaches clients whole, agrees with what is asked for, and replays to the same bytes.

use crate::support::client::{Client, Heard};
use crate::support::gateway::{Gateway, run};
use crate::support::http;
use hypersentry_alpha::{AlphaConviction, EngineParams};
use hypersentry_model::Envelope;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

type Event = Envelope<AlphaConviction>;

fn subscribe(coin: &str, channels: &[&str]) -> Value {
    json!({"type": "subscribe", "coin": coin, "channels": channels})
}

fn read(text: &str) -> Event {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

/// Listens until so many convictions came.
async fn hear(client: &mut Client, count: usize) {
    while client.convictions.len() < count {
        assert!(matches!(client.next().await, Heard::Event));
    }
}

/// The score follows from the event's own evidence.
fn assert_follows(event: &Event) {
    let params = EngineParams::default();
    assert_eq!(event.data.params, params.digest());
    let verdict = event.data.evidence.judge(&params);
    let told = &event.data;
    assert_eq!(verdict.conviction.score, told.score);
    assert_eq!(
        verdict.conviction.strength.to_bits(),
        told.strength.to_bits()
    );
    assert_eq!(verdict.confidence.to_bits(), told.confidence.to_bits());
    let sum: f64 = told.components.iter().map(|part| part.contribution).sum();
    assert_eq!(told.components.len(), 5);
    assert!((sum - told.steps.normalised).abs() < 1e-12, "{sum}");
}

#[tokio::test]
async fn convictions_reach_clients_and_agree_with_answers_and_replay() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    let answer = client.ask(&subscribe("BTC", &["public.alpha"])).await;
    assert_eq!(answer["channels"], json!(["public.alpha"]), "{answer}");
    assert_eq!(answer["mode"], "simulated");
    hear(&mut client, 8).await;

    // Asking changes nothing: what was asked for is in the stream, and all of the stream is in the replay.
    let mut asked = Vec::new();
    for _ in 0..10 {
        let page = http::get(gateway.address, "/alpha/conviction/BTC").await;
        assert_eq!(page.status, 200, "{}", page.body);
        let body = page.json();
        assert_eq!(body["symbol"], "BTC");
        assert_eq!(body["mode"], "simulated");
        asked.push(body["event"].clone());
        http::get(gateway.address, "/alpha/history/BTC").await;
        http::get(gateway.address, "/alpha/opportunities").await;
    }
    let seen = client.convictions.len();
    hear(&mut client, seen + 8).await;
    let market = client.replica.market("hyperliquid", "BTC");
    assert!(market.is_none(), "nothing of other channels");

    let heard: Vec<Event> = client.convictions.iter().map(|text| read(text)).collect();
    for event in &heard {
        assert_eq!(event.source.name(), "alpha");
        assert_eq!(event.ts_ms, event.data.now_ms);
    }
    // The first is the state of its moment; from then on each comes as it was told.
    for event in &heard[1..] {
        assert_follows(event);
        assert_eq!(event.data.now_ms % 200, 0, "on the grid");
    }
    let seqs: Vec<u64> = heard.iter().map(|event| event.seq).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    let by_seq: BTreeMap<u64, &Event> = heard.iter().map(|e| (e.seq, e)).collect();
    let mut agreed = 0;
    for answer in asked {
        let answer: Event = serde_json::from_value(answer).unwrap();
        if let Some(event) = by_seq.get(&answer.seq) {
            assert_eq!(answer.data.evidence, event.data.evidence);
            assert_eq!(answer.data.score, event.data.score);
            assert_eq!(answer.data.average, event.data.average);
            assert!(answer.data.now_ms >= event.data.now_ms);
            agreed += 1;
        }
    }
    assert!(agreed > 0, "no answer was of an event that was heard");
    gateway.terminate();

    let journal = data.path().join("journal");
    let replayed = run([OsStr::new("replay"), journal.as_os_str()]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    let lines: BTreeSet<&str> = replayed.stdout.lines().collect();
    assert!(!client.governance.is_empty());
    // The first of each is the state of its moment.
    let told = client.convictions[1..].iter();
    for text in told.chain(&client.governance[1..]) {
        assert!(lines.contains(text.as_str()), "not in the replay: {text}");
    }
}

#[tokio::test]
async fn both_channels_come_to_whoever_wants_both() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    client.subscribe("ETH").await;
    let answer = client.ask(&subscribe("ETH", &["public.alpha"])).await;
    assert_eq!(answer["channels"], json!(["public.alpha"]));
    hear(&mut client, 3).await;
    let deltas = client.deltas.len();
    while client.deltas.len() < deltas + 3 {
        client.next().await;
    }
    // One channel is left again; the other goes on.
    let leave = json!({"type": "unsubscribe", "coin": "ETH", "channels": ["public.market"]});
    let left = client.ask(&leave).await;
    assert_eq!(left["channels"], json!(["public.market"]));
    let (deltas, convictions) = (client.deltas.len(), client.convictions.len());
    hear(&mut client, convictions + 5).await;
    assert_eq!(
        client.deltas.len(),
        deltas,
        "nothing of the channel that was left"
    );
    gateway.terminate();
}

#[tokio::test]
async fn queries_have_answers_or_codes() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    client.ask(&subscribe("BTC", &["public.alpha"])).await;
    hear(&mut client, 6).await;

    let all = http::get(gateway.address, "/alpha/opportunities")
        .await
        .json();
    let rows = all["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 11, "all that are followed");
    for row in rows {
        assert!(row["score"].as_u64().unwrap() <= 100, "{row}");
        assert_eq!(row["components"].as_array().unwrap().len(), 5);
        // Nothing is known yet of an hour's volatility, and unknown is not 0.
        assert_ne!(row["expected_move"], 0);
    }
    let history = http::get(gateway.address, "/alpha/history/BTC")
        .await
        .json();
    assert_eq!(history["step_ms"], 1_000);
    let history = history["rows"].as_array().unwrap();
    assert!(!history.is_empty());
    assert!(
        history
            .iter()
            .all(|r| r["ts_ms"].as_i64().unwrap() % 1_000 == 0)
    );

    let why = http::get(gateway.address, "/alpha/why/BTC").await.json();
    assert_eq!(why["tree"]["id"], "conviction");
    let children = why["tree"]["children"].as_array().unwrap();
    assert!(children.len() >= 6, "five components and the decay: {why}");
    assert!(why["counterfactual"].is_array());
    let gates = http::get(gateway.address, "/alpha/gates/BTC").await.json();
    let listed = gates["gates"].as_array().unwrap();
    assert_eq!(listed.len(), 13);
    assert_eq!(gates["would_trade"], false);
    for gate in listed {
        let account = gate["scope"] == "account";
        assert!(!account || gate["state"] == "unknown", "{gate}");
    }
    assert!(gates["recent"].is_array());

    let ask = json!({"type": "alpha_history", "symbol": "BTC", "id": 7});
    let answer = client.ask(&ask).await;
    assert_eq!(
        (&answer["type"], &answer["id"]),
        (&json!("alpha_history"), &json!(7))
    );
    assert!(!answer["rows"].as_array().unwrap().is_empty());

    let symbols = http::get(gateway.address, "/market/symbols").await.json();
    let listed = symbols["symbols"].as_array().unwrap();
    let idle = listed.iter().filter(|s| s["followed"] == false);
    let mut idle = idle.map(|s| s["symbol"].as_str().unwrap());
    let idle = idle.find(|s| s.is_ascii()).unwrap().replace('/', "%2F");
    for (path, status, code) in [
        ("/alpha/conviction/NOPE".to_owned(), 404, "unknown_symbol"),
        (format!("/alpha/conviction/{idle}"), 404, "not_followed"),
        (format!("/alpha/history/{idle}"), 404, "not_followed"),
        ("/alpha/wisdom/BTC".to_owned(), 404, "unknown_query"),
    ] {
        let page = http::get(gateway.address, &path).await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (status, json!(code)),
            "{path}"
        );
    }
    for (request, code) in [
        (json!({"type": "alpha_history"}), "bad_request"),
        (json!({"type": "alpha_x", "symbol": "BTC"}), "unknown_query"),
        (
            json!({"type": "subscribe_private", "channels": ["private.account"]}),
            "session_required",
        ),
        (subscribe("BTC", &["private.account"]), "unknown_channel"),
    ] {
        let answer = client.ask(&request).await;
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("error"), &json!(code)),
            "{answer}"
        );
    }
    gateway.terminate();
}
