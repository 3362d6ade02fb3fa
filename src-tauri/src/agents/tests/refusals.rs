use super::*;
use crate::keychain::Switched;
use hypersentry_identity::WalletKey;
use tauri::async_runtime::block_on;

#[test]
fn without_a_keychain_no_key_is_made_and_it_is_said_why() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let keychain = Arc::new(Switched::off());
    let desk = desk(
        dir.path(),
        &venue,
        Arc::clone(&keychain) as Arc<dyn Keychain>,
        no_browser(),
    );
    let window = desk.window("main");
    let account = wallet(9).address().to_string();
    let asked = json!({ "account": account, "name": "bot", "validDays": 10 });
    let error = call(&window, "agent_create", asked.clone()).unwrap_err();
    assert_eq!(error["code"], "keystore_unavailable");
    let words = error["message"].as_str().unwrap();
    assert!(
        words.contains("keychain") && words.contains("no such service"),
        "{words}"
    );
    assert_eq!(error["retryable"], true);
    assert!(!dir.path().join("data/agents.db").exists());
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["keychain"]["code"], "keychain_unavailable");
    // It is there now, and the same request succeeds.
    keychain.switch(true);
    let made = told(&window, "agent_create", asked);
    assert_eq!(made["state"], "pending");
    assert_eq!(told(&window, "agents", json!({}))["keychain"], Value::Null);
}

#[test]
fn a_keychain_that_is_locked_for_a_while_loses_nothing() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let keychain = Arc::new(Switched::off());
    let open = |on: bool| {
        keychain.switch(on);
        let keychain = Arc::clone(&keychain) as Arc<dyn Keychain>;
        desk(dir.path(), &venue, keychain, no_browser())
    };
    let (own, made);
    {
        let desk = open(true);
        let window = desk.window("main");
        let text = ask(&window, "agent_wallet", json!({}));
        own = text.as_str().unwrap().parse::<Address>().unwrap();
        made = id(&create(&window, own, "bot"));
    }
    // Locked: what is known of it is shown, and nothing is signed.
    let desk_locked = open(false);
    let window = desk_locked.window("main");
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["agents"][0]["state"], "pending");
    assert_eq!(list["keychain"]["code"], "keychain_unavailable");
    let by_key = |window: &Window| call(window, "agent_approve_by_key", json!({ "id": made }));
    assert_eq!(by_key(&window).unwrap_err()["code"], "keystore_unavailable");
    assert!(venue.sent().is_empty());
    // Unlocked: the key is still there.
    keychain.switch(true);
    by_key(&window).unwrap();
    let agents = &desk_locked.shell().agents;
    assert_eq!(agents.agent_of(own).unwrap().id, made);
    assert_eq!(told(&window, "agents", json!({}))["ready"], true);

    drop(desk_locked);
    // A revocation does not wait for the keychain, and holds whatever is left there.
    let desk_locked = open(false);
    let window = desk_locked.window("main");
    told(&window, "agents", json!({}));
    ask(&window, "agent_revoke", json!({ "id": made }));
    keychain.switch(true);
    assert!(keychain.read(&key_name(&made)).unwrap().is_some());

    drop(desk_locked);
    // A key that somebody removes is gone, and the agent with it.
    let desk = open(true);
    let window = desk.window("main");
    let next = id(&create(&window, own, "bot"));
    let error = desk.shell().agents.agent_of(own).unwrap_err();
    assert_eq!(error.code, "agent_required");
    told(&window, "agent_approve_by_key", json!({ "id": next }));
    drop(desk);
    keychain.delete(&key_name(&next)).unwrap();
    let desk = open(true);
    let window = desk.window("main");
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["agents"][1]["state"], "approved");
    assert_eq!(list["ready"], false);
    let error = desk.shell().agents.agent_of(own).unwrap_err();
    assert_eq!(error.code, "agent_required");
    let checked = told(&window, "agent_check", json!({ "id": next }));
    assert_eq!(
        (&checked["listed"], &checked["signs"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn what_the_venue_says_is_told_and_a_lost_answer_is_looked_up() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let (browser, opened) = browser();
    let keychain = Arc::<MemoryKeychain>::default();
    let desk = desk(dir.path(), &venue, keychain, browser);
    let window = desk.window("main");
    let account = wallet(9).address();
    let refused = id(&create(&window, account, "refused"));
    let (done, _, _) = approve(&window, &opened, &refused, &wallet(9));
    let error = done.unwrap_err();
    assert_eq!(error["code"], "venue_refused");
    assert!(error["message"].as_str().unwrap().contains("already used"));
    let lost = id(&create(&window, account, "lost"));
    let (done, _, _) = approve(&window, &opened, &lost, &wallet(9));
    let error = done.unwrap_err();
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("venue_unreachable"), &json!(true))
    );
    let states = |list: &Value| -> Vec<String> {
        let agents = list["agents"].as_array().unwrap().iter();
        agents
            .map(|a| a["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = told(&window, "agents", json!({}));
    assert_eq!(states(&list), ["pending", "pending"]);
    for (agent, listed) in [(&refused, false), (&lost, true)] {
        let checked = told(&window, "agent_check", json!({ "id": agent }));
        assert_eq!(checked["listed"], listed);
    }
    let list = told(&window, "agents", json!({}));
    assert_eq!(states(&list), ["pending", "approved"]);
    assert_eq!(list["ready"], true);
}

#[test]
fn another_wallets_signature_approves_nothing() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let (browser, opened) = browser();
    let keychain = Arc::<MemoryKeychain>::default();
    let desk = desk(dir.path(), &venue, keychain, browser);
    let window = desk.window("main");
    let made = id(&create(&window, wallet(9).address(), "bot"));
    let approving = std::thread::spawn({
        let (window, asked) = (window.clone(), json!({ "id": made }));
        move || code(&window, "agent_approve_in_browser", asked)
    });
    let url = opened.recv_timeout(PATIENCE).unwrap();
    let proof = proof(&visit(&url).2);
    let address = wallet(9).address().to_string();
    let (_, answer) = tell(
        &url,
        &proof,
        &json!({ "step": "wallet", "address": address, "chain_id": 1 }),
    );
    let forged = wallet(10).sign(&digest(&answer["typed"]["data"])).unwrap();
    let forged = json!({ "step": "signed", "signature": forged.to_string() });
    let (status, answer) = tell(&url, &proof, &forged);
    assert_eq!((status, &answer["code"]), (400, &json!("address_mismatch")));
    assert_eq!(approving.join().unwrap(), "address_mismatch");
    assert!(venue.sent().is_empty());
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["agents"][0]["state"], "pending");
    nobody_listens(&url);
}

#[test]
fn requests_have_limits_and_a_recording_has_no_venue() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let keychain = Arc::<MemoryKeychain>::default();
    let desk = desk(dir.path(), &venue, keychain, no_browser());
    let window = desk.window("main");
    let asked = |account: &str, name: &str, days: u32| json!({ "account": account, "name": name, "validDays": days });
    let account = wallet(9).address().to_string();
    for (asked, refusal) in [
        (asked("0x12", "bot", 10), "address_invalid"),
        (asked(&account, "Bot", 10), "agent_terms_invalid"),
        (asked(&account, "bot", 181), "agent_terms_invalid"),
    ] {
        assert_eq!(code(&window, "agent_create", asked), refusal);
    }
    for command in [
        "agent_check",
        "agent_rotate",
        "agent_revoke",
        "agent_approve_by_key",
        "agent_approve_in_browser",
    ] {
        let asked = json!({ "id": "agent_0" });
        assert_eq!(code(&window, command, asked), "agent_not_found");
    }
    let made = id(&create(&window, wallet(9).address(), "bot"));
    let open = code(&window, "agent_approve_in_browser", json!({ "id": made }));
    assert_eq!(open, "browser_not_opened");
    for _ in 1..16 {
        create(&window, wallet(9).address(), "bot");
    }
    let one_more = asked(&account, "bot", 10);
    assert_eq!(code(&window, "agent_create", one_more), "too_many_agents");

    let other = tempfile::tempdir().unwrap();
    let desk = Desk::at(other.path(), no_team);
    let window = desk.window("main");
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["network"], Value::Null);
    let one = asked(&account, "bot", 10);
    assert_eq!(code(&window, "agent_create", one), "venue_unavailable");
}

#[test]
fn an_approval_that_nobody_answers_ends_by_time() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let (browser, opened) = browser();
    let vault = Arc::new(Vault::new(Arc::new(MemoryKeychain::default())));
    let file = dir.path().join("agents.db");
    let recorded = Arc::new(Recorded::new(dir.path().join("signing")));
    let rest = venue.url();
    let desk = AgentDesk::new(Mode::Live, Some(&rest), file, vault, browser, recorded);
    let mut desk = desk.unwrap();
    desk.pages = desk.pages.waiting_for(Duration::from_millis(300));
    let key = WalletKey::new(&[9; 32]).unwrap();
    let account = key.address().to_string();
    block_on(async {
        let made = desk.create(&account, "bot", 10).await.unwrap();
        let error = desk.approve_in_browser(&made.id).await.unwrap_err();
        assert_eq!(error.code, "approval_timeout");
        assert!(!desk.list().await.unwrap().approving);
    });
    nobody_listens(&opened.recv_timeout(PATIENCE).unwrap());
}
