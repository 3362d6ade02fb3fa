//! The simulator recovers the signer of every published signature of an action that it knows.
//!
//! The vectors lie outside the checkout: under `$HYPERSENTRY_CORPUS/vectors/hl-signing`, or in `shared` beside the checkout.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, which says what it read"
)]

use std::path::{Path, PathBuf};

use hypersentry_sim::exchange::{Address, Network, SignatureFault, recover_signer};
use serde_json::{Value, json};

fn vectors() -> Vec<PathBuf> {
    let root = std::env::var("HYPERSENTRY_CORPUS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let mut files: Vec<_> = std::fs::read_dir(root.join("vectors/hl-signing"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    files.sort();
    let required = std::env::var("HYPERSENTRY_REQUIRE_CORPUS").is_ok_and(|value| value == "1");
    assert!(
        !required || !files.is_empty(),
        "HYPERSENTRY_REQUIRE_CORPUS=1 but no signing vector was found"
    );
    files
}

/// The request that carries a vector's action and signature.
fn request(vector: &Value) -> Value {
    let mut action = vector["action"].clone();
    let mut nonce = vector["nonce"].clone();
    if vector["scheme"] == "user_signed" {
        action = vector["message"].clone();
        nonce = action["nonce"].clone();
        let kind = vector["primary_type"].as_str().unwrap_or_default();
        let kind = kind.rsplit(':').next().unwrap_or_default();
        // Of these the simulator knows the agent's approval.
        if kind == "ApproveAgent" {
            action["type"] = json!("approveAgent");
            action["signatureChainId"] = vector["signature_chain_id"].clone();
            if action["agentName"] == "" {
                action["agentName"] = Value::Null;
            }
        }
    }
    json!({
        "action": action, "nonce": nonce, "signature": vector["expected"]["signature"],
        "vaultAddress": vector["vault_address"], "expiresAfter": vector["expires_after"],
    })
}

/// Whether a price or size has zeros at its end. The venue hashes numbers without them, so that such a request is somebody
/// else's there; one client's vectors have them nevertheless.
fn has_trailing_zeros(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| {
            let number = matches!(key.as_str(), "p" | "s" | "triggerPx");
            let text = value.as_str().unwrap_or_default();
            (number && text.contains('.') && text.ends_with('0')) || has_trailing_zeros(value)
        }),
        Value::Array(list) => list.iter().any(has_trailing_zeros),
        _ => false,
    }
}

#[test]
fn corpus_signatures_recover_to_their_signers() {
    let files = vectors();
    if files.is_empty() {
        println!("corpus absent: 1 test skipped");
        return;
    }
    let (mut read, mut unsigned, mut unknown, mut unlike) = (0, 0, 0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a vector file is readable");
        let all: Value = serde_json::from_str(&text).expect("a vector file is JSON");
        for vector in all["vectors"].as_array().into_iter().flatten() {
            let id = vector["id"].as_str().unwrap_or_default();
            let network = if vector["network"] == "mainnet" {
                Network::Mainnet
            } else {
                Network::Testnet
            };
            let Some(wanted) = vector["address"].as_str().and_then(Address::parse) else {
                unsigned += 1;
                continue;
            };
            let mut request = request(vector);
            match recover_signer(&request, network) {
                Ok(signer) if has_trailing_zeros(&request) => {
                    assert_ne!(signer, wanted, "{id}");
                    unlike += 1;
                    continue;
                }
                Ok(signer) => assert_eq!(signer, wanted, "{id}"),
                Err(SignatureFault::Unreadable(_)) => {
                    unknown += 1;
                    continue;
                }
                Err(fault) => panic!("{id}: {fault}"),
            }
            read += 1;
            // Any other nonce is signed by somebody else.
            if vector["scheme"] == "l1_action" {
                request["nonce"] = json!(request["nonce"].as_u64().unwrap_or(0) + 1);
                assert_ne!(recover_signer(&request, network), Ok(wanted), "{id}");
            }
        }
    }
    println!(
        "{} files: {read} signatures recovered, {unsigned} without one, {unlike} with trailing zeros refused, {unknown} of actions that are not simulated",
        files.len()
    );
    assert!(read > 0, "no signature was of an action that is simulated");
}
