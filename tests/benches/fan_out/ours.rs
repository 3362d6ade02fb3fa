//! The gateway itself: what the engine says goes into the fan-out, and comes out of the sockets.

use crate::Way;
use crate::readers::{Readers, now_ns};
use hypersentry_api::Terminal;
use hypersentry_engine::startup::Relayed;
use hypersentry_engine::{Prepared, Publication};
use hypersentry_gateway::auth::AuthArguments;
use hypersentry_gateway::listen::{self, Server};
use hypersentry_model::agg::AggUpdate;
use hypersentry_model::{Envelope, EventType, Public, Source, Symbol, Venue};
use serde_json::json;
use std::sync::Arc;

/// One best price, and a second in which it is published: enough that the symbol is known, and little enough that nothing of it is said later.
const RECORDING: &str = r#"1700000000000000000 {"channel":"bbo","data":{"coin":"BTC","time":1700000000000,"bbo":[{"px":"100","sz":"1.5","n":1},{"px":"101","sz":"2","n":1}]}}
1700000001000000000 {"channel":"pong"}
"#;

pub(crate) struct Ours {
    terminal: Arc<Terminal>,
    _runtime: tokio::runtime::Runtime,
}

/// An update of some 1.2 KB.
pub(crate) fn message(made_ns: u64) -> Envelope<AggUpdate> {
    let mark = |mut fields: serde_json::Value| {
        fields["as_of"] = 1_700_000_000_000_i64.into();
        fields["proved_at"] = 1_700_000_000_000_i64.into();
        fields["age_limit_ms"] = 4_000.into();
        fields["state"] = "fresh".into();
        fields
    };
    let levels = |from: u32| -> Vec<[String; 2]> {
        let level = |n| {
            [
                format!("{}.5", from + n),
                format!("1.{:03}", n * 37 % 1_000),
            ]
        };
        (0..12).map(level).collect()
    };
    let trade = json!({"id": made_ns.to_string(), "px": "97437.5", "sz": "0.31", "side": "buy", "ts_ms": 1_700_000_000_000_i64});
    let data = json!({
        "kind": "delta", "version": 2, "base_version": 1, "now_ms": 1_700_000_000_000_i64,
        "price": mark(json!({"v": "97437.5"})),
        "trades": mark(json!({"v": [trade], "dropped": 0})),
        "book": mark(json!({"bids": levels(97_000), "asks": levels(98_000)})),
    });
    Envelope {
        event_type: EventType::AggUpdate,
        symbol: Symbol::new("BTC").expect("a symbol"),
        ts_ms: 1_700_000_000_000,
        source: Source::Venue(Venue::Coinbase),
        seq: 2,
        data: serde_json::from_value(data).expect("an update"),
    }
}

pub(crate) fn start() -> (Ours, Readers) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("hyperliquid_bench.jsonl");
    std::fs::write(&path, RECORDING).expect("a recording");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (terminal, address) = runtime.block_on(async {
        let prepared = Prepared::playback(&path).expect("a playback");
        let terminal = Arc::new(Terminal::start(prepared).expect("a terminal"));
        while terminal.symbols().symbols.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        let logins = AuthArguments::default()
            .check(address, false)
            .expect("logins");
        let server = Server {
            terminal: Arc::clone(&terminal),
            ui: dir.path().to_owned(),
            limits: Default::default(),
            origins: Default::default(),
            open_metrics: false,
            auth: logins.start(None, None).await.expect("logins"),
            tls: None,
            cancel: Default::default(),
        };
        tokio::spawn(listen::serve(listener, server));
        (terminal, address)
    });
    let readers = Readers::start(address, "ours");
    while terminal.hub().clients() < crate::CLIENTS {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Each has sent its subscription when it is a client; the answers are on their way.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let _runtime = runtime;
    (Ours { terminal, _runtime }, readers)
}

impl Way for Ours {
    fn say(&mut self, burst: usize) {
        let told = |_| Relayed::Told {
            publication: Publication::Agg(Box::new(message(now_ns()))),
            snapshot: None,
        };
        let said = (0..burst).map(told).collect();
        self.terminal.hub().publish(Public(said));
    }
}
