use super::*;
use clap::CommandFactory as _;

/// So often is asked, 50 ms apart.
const PATIENCE: u32 = 1_200;

/// A deep book and one trade every second, and every fourth second a purchase that sweeps five levels: a view that lasts as long as the sweep.
fn swept(dir: &Path) -> PathBuf {
    let path = dir.join("hyperliquid_btc_20250126.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut tid = 0;
    for second in 0..600_i64 {
        let ms = 1_737_900_000_000 + second * 1_000;
        let level = |px: i64| json!({"px": px.to_string(), "sz": "0.1", "n": 2});
        let side = |first: i64, step: i64| -> Vec<Value> {
            (0..10).map(|n| level(first + step * n)).collect()
        };
        let levels = json!([side(104_999, -1), side(105_001, 1)]);
        let book =
            json!({"channel": "l2Book", "data": {"coin": "BTC", "time": ms, "levels": levels}});
        let context = json!({"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {
            "funding": "0.0000125", "openInterest": "600000.0", "prevDayPx": "105000.0", "dayNtlVlm": "1500000000.0",
            "premium": "0.1", "oraclePx": "105000.0", "markPx": "105000.0", "midPx": "105000.0",
            "impactPxs": ["104999", "105001"], "dayBaseVlm": "15000.0",
        }}});
        let mut trade = |px: i64, sz: &str, at: i64| {
            tid += 1;
            json!({"coin": "BTC", "side": "B", "px": px.to_string(), "sz": sz, "time": at,
                "hash": format!("{tid:#066x}"), "tid": tid,
                "users": ["0x0000000000000000000000000000000000000001", "0x0000000000000000000000000000000000000002"]})
        };
        let mut frames = vec![(ms, book), (ms + 1, context)];
        let quiet = vec![trade(105_001, "0.001", ms)];
        frames.push((ms + 2, json!({"channel": "trades", "data": quiet})));
        if second % 4 == 3 {
            let sweep: Vec<Value> = (0..5)
                .map(|n| trade(105_001 + n, "1.5", ms + 210))
                .collect();
            frames.push((ms + 210, json!({"channel": "trades", "data": sweep})));
        }
        for (at, frame) in frames {
            writeln!(file, "{} {frame}", at * 1_000_000).unwrap();
        }
    }
    path
}

/// The account's part of what the gates say of Bitcoin, once it is judged.
fn gate(window: &WebviewWindow<MockRuntime>, name: &str) -> Value {
    for _ in 0..PATIENCE {
        let answer = call(window, "alpha", json!({"query": "gates", "symbol": "BTC"}));
        if let Ok(InvokeResponseBody::Raw(bytes)) = answer {
            let said: Value = serde_json::from_slice(&bytes).unwrap();
            let gates = said["gates"].as_array().unwrap();
            let found = gates.iter().find(|g| g["name"] == name);
            return found.unwrap_or_else(|| panic!("{said}")).clone();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("Bitcoin is not judged");
}

#[test]
fn automatic_mode_is_the_owners_to_switch_and_the_command_lines() {
    let desk = Desk::playing(swept, Launch::default());
    let window = desk.window("main");
    assert_eq!(gate(&window, "auto_mode")["state"], "fail");
    let mut settings = ask(&window, "account", json!({}));
    settings["auto_mode"] = json!(true);
    ask(&window, "tell_account", json!({"settings": settings}));
    assert_eq!(gate(&window, "auto_mode")["state"], "pass");
    // It is one gate of many: without an execution client nothing trades.
    assert_eq!(gate(&window, "client_ready")["state"], "fail");
    drop(desk);

    let launch = Launch {
        risk_auto_mode: true,
        ..Launch::default()
    };
    let desk = Desk::playing(swept, launch);
    let window = desk.window("main");
    assert_eq!(ask(&window, "account", json!({}))["auto_mode"], true);
    assert_eq!(gate(&window, "auto_mode")["state"], "pass");
    let definition = Launch::command();
    let mut arguments = definition.get_arguments();
    let switch = arguments.find(|a| a.get_id() == "risk_auto_mode").unwrap();
    assert_eq!(switch.get_env().unwrap(), "RISK_AUTO_MODE_ENABLED");
}
