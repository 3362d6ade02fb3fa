//! Orders at a venue that is no practice, signed by an agent in the keychain. The venue is the simulator, reached as a configuration says.

use super::*;
use crate::trade;
use hypersentry_sim::{SimConfig, Simulator, exchange};
use tokio::time::Instant;

fn simulator() -> Simulator {
    tauri::async_runtime::block_on(hypersentry_sim::start(SimConfig::default())).unwrap()
}

/// The desk of a machine that is connected to this venue as to the real one.
fn connected(
    dir: &Path,
    simulator: &Simulator,
    keychain: &Arc<MemoryKeychain>,
    browser: Browser,
) -> Desk {
    let (at, config) = (simulator.local_addr(), dir.join("hypersentry.toml"));
    let venue = format!(
        "venues = [\"hyperliquid\"]\n[venue.hyperliquid]\nws = [\"ws://{at}/hyperliquid/ws\"]\nrest = \"http://{at}/hyperliquid\"\n"
    );
    std::fs::write(&config, venue).unwrap();
    let launch = Launch {
        config: Some(config),
        trade_live: true,
        ..Launch::default()
    };
    Desk::over(dir, &launch, |places, running| {
        let vault = Arc::new(Vault::new(Arc::clone(keychain) as Arc<dyn Keychain>));
        let (mode, rest) = (running.terminal.mode(), running.exchange.as_deref());
        let recorded = signatures::of_agents(places, running, &signatures::of_user(places));
        let records = places.agents.clone();
        let agents = AgentDesk::new(mode, rest, records, vault, browser, recorded);
        (no_team(places), agents.unwrap().at_testnet())
    })
}

fn traded(window: &Window, request: Value) -> Value {
    ask(window, "trade", json!({ "request": request }))
}

fn refusal(window: &Window, request: Value) -> String {
    code(window, "trade", json!({ "request": request }))
}

fn state(window: &Window, account: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let state = traded(window, json!({ "type": "account", "account": account }));
        if holds(&state) {
            return state;
        }
        assert!(began.elapsed() < 3 * PATIENCE, "{state:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is(state: &Value, cloid: &Value, wanted: &str) -> bool {
    let orders = state["orders"].as_array();
    orders.is_some_and(|all| {
        all.iter()
            .any(|order| order["cloid"] == *cloid && order["state"] == wanted)
    })
}

#[test]
fn an_agent_in_the_keychain_signs_orders_at_the_venue_where_that_was_asked_for() {
    let (dir, simulator) = (tempfile::tempdir().unwrap(), simulator());
    let keychain = Arc::<MemoryKeychain>::default();
    let account = wallet(9).address().to_string().to_lowercase();
    let user = exchange::Address::parse(&account).unwrap();
    simulator.pay_in(user, 50_000 * exchange::USD).unwrap();
    let (browser, opened) = browser();
    let desk = connected(dir.path(), &simulator, &keychain, browser);
    let window = desk.window("main");
    let accounts = json!({ "type": "accounts" });
    // Not before it was asked for: there is paper alone.
    let none = json!({ "accounts": [], "paper_offered": true });
    assert_eq!(traded(&window, accounts.clone()), none);
    let asked = json!({ "type": "account", "account": account });
    assert_eq!(refusal(&window, asked), "grant_required");
    let engine = dir.path().join("data");
    tauri::async_runtime::block_on(trade::trade_live(&desk.shell(), &engine)).unwrap();
    assert_eq!(traded(&window, accounts.clone()), none);

    let agent = id(&create(&window, wallet(9).address(), "desk"));
    let listed = |may_trade: bool| json!({ "accounts": [{ "account": account, "name": null, "paper": false, "may_trade": may_trade }], "paper_offered": true });
    assert_eq!(traded(&window, accounts.clone()), listed(false));
    let (done, _, _) = approve(&window, &opened, &agent, &wallet(9));
    assert_eq!(done.unwrap()["state"], "approved");
    assert_eq!(traded(&window, accounts), listed(true));

    let told = state(&window, &account, |state| state["ready"] == true);
    assert_eq!(told["mode"], "live", "{told:#}");
    let mid = || {
        let preview = json!({
            "type": "preview", "account": account, "symbol": "BTC", "side": "buy", "kind": "market",
            "size": "0.01",
        });
        let told = call(&window, "trade", json!({ "request": preview })).ok()?;
        let told: Value = told.deserialize().ok()?;
        told["mid"]["v"].as_str()?.parse::<f64>().ok()
    };
    let began = Instant::now();
    let mid = loop {
        if let Some(mid) = mid() {
            break mid;
        }
        assert!(began.elapsed() < PATIENCE, "no price");
        std::thread::sleep(Duration::from_millis(100));
    };
    let order = |key: &str| {
        json!({
            "type": "order", "account": account, "key": key, "symbol": "BTC", "side": "buy", "kind": "limit",
            "size": "0.01", "px": format!("{:.0}", mid * 0.99),
        })
    };
    let placed = traded(&window, order("a"));
    let cloid = placed["orders"][0]["cloid"].clone();
    let told = state(&window, &account, |state| is(state, &cloid, "acked"));
    assert!(told["agent"]["address"].is_string(), "{told:#}");
    let cancel = json!({ "type": "cancel", "account": account, "key": "c", "cloid": cloid });
    traded(&window, cancel);
    state(&window, &account, |state| is(state, &cloid, "cancelled"));

    // An account of somebody else, and an agent that was taken back.
    let other = wallet(10).address().to_string();
    let asked = json!({ "type": "account", "account": other });
    assert_eq!(refusal(&window, asked), "grant_required");
    ask(&window, "agent_revoke", json!({ "id": agent }));
    assert_eq!(refusal(&window, order("b")), "agent_required");
    drop(desk);
    assert!(engine.join("trading/audit").is_dir());
    tauri::async_runtime::block_on(simulator.shutdown());
}
