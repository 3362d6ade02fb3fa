//! An agent's key signs what Hyperliquid's own client signs.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use hypersentry_identity::AgentKey;
use hypersentry_venues::hyperliquid::exchange::{Action, L1, Network};

/// Published with Hyperliquid's Python SDK, `tests/signing_test.py`, `test_l1_action_signing_order_matches`; a test key.
#[test]
fn an_order_is_signed_as_the_venues_client_signs_it() {
    let text = r#"{"type":"order","orders":[{"a":1,"b":true,"p":"100","s":"100","r":false,"t":{"limit":{"tif":"Gtc"}}}],"grouping":"na"}"#;
    let action: Action = serde_json::from_str(text).unwrap();
    let l1 = L1 {
        action: &action,
        nonce: 0,
        vault: None,
        expires_after: None,
    };
    let secret: Vec<u8> = [0x01, 0x23, 0x45, 0x67, 0x89].repeat(6);
    let mut key = [0; 32];
    // 0123456789 six times, and 0123.
    key[..30].copy_from_slice(&secret);
    key[30..].copy_from_slice(&[0x01, 0x23]);
    let agent = AgentKey::new(&key).unwrap();
    assert_eq!(
        agent.address().to_string().to_lowercase(),
        "0x14791697260e4c9a71f18484c9f997b308e59325"
    );
    let signature = agent.sign(&l1.digest(Network::Testnet).unwrap()).unwrap();
    assert_eq!(
        signature.to_string(),
        "0x82b2ba28e76b3d761093aaded1b1cdad4960b3af30212b343fb2e6cdfa4e3d546b53878fc99d26047f4d7e8c90eb98955a109f44209163f52d8dc4278cbbd9f51b"
    );
}
