//! A second reading of typed data (EIP-712), for the approval of an agent: the tests of the server sign by it too.
#![allow(unreachable_pub)]

use serde_json::Value;
use sha3::{Digest, Keccak256};

/// The digest of typed data, computed from what the wallet is shown.
pub fn digest(data: &Value) -> [u8; 32] {
    let keccak = |bytes: &[u8]| -> [u8; 32] { Keccak256::digest(bytes).into() };
    let number = |value: &Value| {
        let mut word = [0; 32];
        word[24..].copy_from_slice(&value.as_u64().unwrap().to_be_bytes());
        word
    };
    let text = |value: &Value| keccak(value.as_str().unwrap().as_bytes());
    let kind = |name: &str| {
        let fields = data["types"][name].as_array().unwrap().iter();
        let fields = fields.map(|f| {
            format!(
                "{} {}",
                f["type"].as_str().unwrap(),
                f["name"].as_str().unwrap()
            )
        });
        keccak(format!("{name}({})", fields.collect::<Vec<_>>().join(",")).as_bytes())
    };
    let (domain, message) = (&data["domain"], &data["message"]);
    let mut agent = [0; 32];
    for (i, byte) in agent[12..].iter_mut().enumerate() {
        let digits = &message["agentAddress"].as_str().unwrap()[2 + 2 * i..4 + 2 * i];
        *byte = u8::from_str_radix(digits, 16).unwrap();
    }
    let domain = keccak(
        &[
            kind("EIP712Domain"),
            text(&domain["name"]),
            text(&domain["version"]),
            number(&domain["chainId"]),
            [0; 32],
        ]
        .concat(),
    );
    let primary = data["primaryType"].as_str().unwrap();
    let body = keccak(
        &[
            kind(primary),
            text(&message["hyperliquidChain"]),
            agent,
            text(&message["agentName"]),
            number(&message["nonce"]),
        ]
        .concat(),
    );
    keccak(&[b"\x19\x01".as_slice(), &domain, &body].concat())
}
