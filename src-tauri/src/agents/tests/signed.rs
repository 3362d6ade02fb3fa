use super::*;
use crate::keychain::KEY;
use crate::tests::signed::{damage, digest};
use hypersentry_identity::Signature;
use std::sync::Mutex;

/// A desk whose venue looks into the log whenever it is told of an approval.
fn watched(dir: &Path) -> (Desk, Venue, Arc<MemoryKeychain>, Arc<Mutex<Vec<usize>>>) {
    let (place, seen) = (
        dir.join("data/signing"),
        Arc::<Mutex<Vec<usize>>>::default(),
    );
    let told = Arc::clone(&seen);
    let venue = Venue::hearing(move || {
        let signed = records(&place).into_iter().filter(|it| it.kind == SIGNED);
        told.lock().unwrap().push(signed.count());
    });
    let keychain = Arc::<MemoryKeychain>::default();
    let own = Arc::clone(&keychain) as Arc<dyn Keychain>;
    (desk(dir, &venue, own, no_browser()), venue, keychain, seen)
}

fn own_wallet(window: &Window) -> Address {
    let own = ask(window, "agent_wallet", json!({}));
    own.as_str().unwrap().parse().unwrap()
}

#[test]
fn what_this_computers_key_approves_is_on_record_before_the_venue_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, venue, keychain, seen) = watched(dir.path());
    let window = desk.window("main");
    let own = own_wallet(&window);
    let made = create(&window, own, "bot");
    told(&window, "agent_approve_by_key", json!({ "id": made["id"] }));
    let next = create(&window, own, "next");
    told(&window, "agent_approve_by_key", json!({ "id": next["id"] }));
    assert_eq!(*seen.lock().unwrap(), [1, 2]);

    let on_record = records(&dir.path().join("data/signing"));
    for ((record, agent), sent) in on_record.iter().zip([&made, &next]).zip(venue.sent()) {
        let details = &record.details;
        assert_eq!((record.kind, record.user.as_str()), (SIGNED, "local"));
        assert!(record.request.starts_with("window-"), "{record:?}");
        assert_eq!(details["signature"], "approve_agent");
        assert_eq!(details["signer"], own.to_string());
        assert_eq!(details["account"], own.to_string());
        assert_eq!(details["network"], "mainnet");
        for field in ["name", "expires_ms"] {
            assert_eq!(details[field], agent[field]);
        }
        assert_eq!(details["agent"], agent["address"]);
        assert_eq!(details["nonce"], sent["nonce"]);
        // What the venue was sent is a signature of the bytes on record, and of no others.
        let half = |name: &str| sent["signature"][name].as_str().unwrap()[2..].to_owned();
        let v = sent["signature"]["v"].as_u64().unwrap();
        let signature = format!("0x{}{}{v:02x}", half("r"), half("s"));
        let signature: Signature = signature.parse().unwrap();
        assert_eq!(signature.signer(&digest(record)), Ok(own));
    }
    assert_eq!(on_record.len(), 2);

    let key = keychain.read(KEY).unwrap().unwrap();
    let bytes = (0..32).map(|n| u8::from_str_radix(&key[2 * n..2 * n + 2], 16).unwrap());
    let bytes: Vec<u8> = bytes.collect();
    let mut on_disk = Vec::new();
    files(&dir.path().join("data/signing"), &mut on_disk);
    assert!(on_disk.iter().any(|file| contains(file, b"approve_agent")));
    for file in on_disk {
        assert!(!contains(&file, key.as_bytes()) && !contains(&file, &bytes));
    }
}

#[test]
fn a_log_that_cannot_be_relied_on_keeps_the_key_from_signing() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, venue, _, _) = watched(dir.path());
    let window = desk.window("main");
    let own = own_wallet(&window);
    let made = id(&create(&window, own, "bot"));
    told(&window, "agent_approve_by_key", json!({ "id": made }));
    damage(&dir.path().join("data/signing"));
    let next = id(&create(&window, own, "next"));
    let asked = json!({ "id": next });
    let error = call(&window, "agent_approve_by_key", asked).unwrap_err();
    assert_eq!(error["code"], "signature_not_recorded");
    assert_eq!(error["details"]["cause"], "audit_damaged");
    let words = error["message"].as_str().unwrap();
    assert!(words.starts_with("nothing was signed"), "{words}");
    assert_eq!(venue.sent().len(), 1, "the venue is told nothing");
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["agents"][1]["state"], "pending");
}

#[test]
fn an_approval_for_another_wallet_is_on_record_as_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, venue, _, _) = watched(dir.path());
    let window = desk.window("main");
    let made = create(&window, wallet(9).address(), "bot");
    let asked = json!({ "id": made["id"] });
    let refused = code(&window, "agent_approve_by_key", asked);
    assert_eq!(refused, "address_mismatch");
    assert!(venue.sent().is_empty());
    let on_record = records(&dir.path().join("data/signing"));
    let [record] = on_record.as_slice() else {
        panic!("{on_record:?}");
    };
    assert_eq!(record.kind, REFUSED);
    assert_eq!(record.details["code"], "address_mismatch");
    assert_eq!(record.details["agent"], made["address"]);
    assert_eq!(record.details["digest"], Value::Null);
}
