//! Published signatures of Hyperliquid's clients, step by step: encoding, hash, digest, signature, body.
//!
//! The vectors lie in the corpus under `vectors/hl-signing`: every `.json` file there has a list `vectors`, and what this test does not
//! know fails, as does a vector that proves nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod corpus;

use hypersentry_venues::hyperliquid::exchange::{
    Action, Address, L1, Network, Signature, UserSigned, agent_digest,
};
use secp256k1::{Message, Secp256k1, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    private_key: Option<String>,
    action: Option<Value>,
    nonce: Option<u64>,
    vault_address: Option<Address>,
    expires_after: Option<u64>,
    network: Option<String>,
    expected: Expected,
    derived: Option<Derived>,
    message: Option<Map<String, Value>>,
    primary_type: Option<String>,
    signature_chain_id: Option<String>,
    connection_id: Option<String>,
}

#[derive(Deserialize)]
struct Expected {
    action_hash: Option<String>,
    signature_65: Option<String>,
}

#[derive(Deserialize)]
struct Derived {
    msgpack: Option<String>,
    action_hash: Option<String>,
}

/// The action that the venue's own client tests its hash with; the venue knows none of that name.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Dummy {
    r#type: String,
    num: u64,
}

#[derive(Debug, Default)]
struct Counts {
    kinds: BTreeMap<String, u32>,
    encodings: u32,
    hashes: u32,
    signatures: u32,
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let all = unhex(text);
    all.try_into()
        .unwrap_or_else(|_| panic!("{text} is not {N} bytes"))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").expect("hexadecimal digits");
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hexadecimal digits"))
        .collect()
}

/// Signs as an agent does, in a library that shares nothing with this crate.
fn sign(key: &str, digest: &[u8; 32]) -> [u8; 65] {
    let key = SecretKey::from_byte_array(bytes(key)).expect("a key");
    let signed =
        Secp256k1::signing_only().sign_ecdsa_recoverable(Message::from_digest(*digest), &key);
    let (id, compact) = signed.serialize_compact();
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&compact);
    signature[64] = 27 + u8::try_from(i32::from(id)).expect("0 or 1");
    signature
}

impl Vector {
    fn network(&self) -> Option<Network> {
        self.network.as_deref().map(|name| match name {
            "mainnet" => Network::Mainnet,
            "testnet" => Network::Testnet,
            other => panic!("{}: network {other} is unknown", self.id),
        })
    }

    /// Signs the digest, where there is something to compare with.
    fn check_signature(&self, digest: Option<[u8; 32]>, counts: &mut Counts) -> Option<Signature> {
        let expected = self.expected.signature_65.as_deref()?;
        let digest = digest.unwrap_or_else(|| panic!("{}: no network", self.id));
        let key = self
            .private_key
            .as_deref()
            .expect("a key beside a signature");
        let signed = sign(key, &digest);
        assert_eq!(signed, bytes(expected), "{}: signature", self.id);
        counts.signatures += 1;
        Signature::from_bytes(&signed)
    }

    fn check_l1<A: Debug + Serialize>(&self, action: &A, counts: &mut Counts) {
        let l1 = L1 {
            action,
            nonce: self.nonce.expect("a nonce"),
            vault: self.vault_address,
            expires_after: self.expires_after,
        };
        // Nothing of the action may have been lost in reading it; the encoding and the hash show its order.
        let sent = self.action.as_ref().expect("an action");
        assert_eq!(&json!(action), sent, "{}", self.id);
        if let Some(packed) = self.derived.as_ref().and_then(|d| d.msgpack.as_deref()) {
            assert_eq!(l1.msgpack().unwrap(), unhex(packed), "{}: msgpack", self.id);
            counts.encodings += 1;
        }
        let derived = self.derived.as_ref().and_then(|d| d.action_hash.as_deref());
        for hash in [self.expected.action_hash.as_deref(), derived]
            .into_iter()
            .flatten()
        {
            assert_eq!(l1.hash().unwrap(), bytes(hash), "{}: hash", self.id);
            counts.hashes += 1;
        }
        let digest = self.network().map(|network| l1.digest(network).unwrap());
        let Some(signature) = self.check_signature(digest, counts) else {
            return;
        };
        let body: Value = serde_json::from_slice(&l1.body(&signature).unwrap()).unwrap();
        assert_eq!(&body["action"], sent, "{}", self.id);
        assert_eq!(body["nonce"], json!(l1.nonce), "{}", self.id);
        assert_eq!(body["vaultAddress"], json!(l1.vault), "{}", self.id);
        assert_eq!(body["expiresAfter"], json!(l1.expires_after), "{}", self.id);
    }

    fn check_user_signed(&self, counts: &mut Counts) -> String {
        let primary = self.primary_type.as_deref().expect("a primary type");
        let name = primary
            .strip_prefix("HyperliquidTransaction:")
            .expect("a type of the venue");
        let kind = match name {
            "Withdraw" => "withdraw3".to_owned(),
            _ => name[..1].to_lowercase() + &name[1..],
        };
        let mut fields = self.message.clone().expect("a message");
        fields.insert("type".into(), json!(kind));
        fields.insert("signatureChainId".into(), json!(self.signature_chain_id));
        let read: UserSigned = serde_json::from_value(Value::Object(fields.clone()))
            .unwrap_or_else(|e| panic!("{}: {e}", self.id));
        assert_eq!(read.message.primary_type(), name, "{}", self.id);
        assert_eq!(Some(read.hyperliquid_chain), self.network(), "{}", self.id);
        let signature = self
            .check_signature(Some(read.digest()), counts)
            .unwrap_or_else(|| panic!("{}: nothing to compare with", self.id));
        let body: Value = serde_json::from_slice(&read.body(&signature).unwrap()).unwrap();
        // An agent without a name is sent without one.
        fields.retain(|key, value| key != "agentName" || value != "");
        assert_eq!(body["action"], Value::Object(fields), "{}", self.id);
        let inner = body["action"].get("nonce").or(body["action"].get("time"));
        assert_eq!(inner, body.get("nonce"), "{}", self.id);
        kind
    }

    fn check(&self, counts: &mut Counts) {
        let before = counts.hashes + counts.signatures;
        let kind = match self.scheme.as_str() {
            "l1_action" => {
                let sent = self.action.clone().expect("an action");
                let kind = sent["type"].as_str().expect("a type").to_owned();
                if kind == "dummy" {
                    let action: Dummy = serde_json::from_value(sent).expect("a number");
                    self.check_l1(&action, counts);
                } else {
                    let action: Action = serde_json::from_value(sent).unwrap_or_else(|e| {
                        panic!("{}: action {kind} cannot be read: {e}", self.id)
                    });
                    self.check_l1(&action, counts);
                }
                kind
            }
            "phantom_agent" => {
                let hash = bytes(self.connection_id.as_deref().expect("a hash"));
                let digest = self.network().map(|network| agent_digest(network, &hash));
                self.check_signature(digest, counts);
                "agent alone".to_owned()
            }
            "user_signed" => self.check_user_signed(counts),
            other => panic!("{}: scheme {other} is unknown", self.id),
        };
        let compared = counts.hashes + counts.signatures - before;
        assert!(compared > 0, "{}: nothing to compare with", self.id);
        *counts.kinds.entry(kind).or_default() += 1;
    }
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let path = entry.expect("the corpus can be listed").path();
        match path.is_dir() {
            true => files(&path, out),
            false => out.push(path),
        }
    }
    out.sort();
}

#[test]
fn corpus_hl_signing() {
    let folder = corpus::root().map(|root| root.join("vectors/hl-signing"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        println!("corpus absent: 1 test skipped");
        let required = std::env::var_os("HYPERSENTRY_REQUIRE_CORPUS").is_some_and(|v| v == "1");
        assert!(
            !required,
            "HYPERSENTRY_REQUIRE_CORPUS=1 but there are no signing vectors"
        );
        return;
    };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let (mut read, mut counts) = (0, Counts::default());
    for path in &paths {
        let name = path.strip_prefix(&folder).expect("below it").display();
        if path.extension().is_none_or(|e| e != "json") {
            println!("{name}: skipped (no vectors)");
            continue;
        }
        let text = std::fs::read(path).expect("a corpus file can be read");
        let vectors: Vectors =
            serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!vectors.vectors.is_empty(), "{name} has no vectors");
        for vector in &vectors.vectors {
            vector.check(&mut counts);
        }
        println!("{name}: {} vectors", vectors.vectors.len());
        read += vectors.vectors.len();
    }
    assert!(read > 0, "no vectors in {} files", paths.len());
    let kinds: Vec<String> = counts
        .kinds
        .iter()
        .map(|(k, n)| format!("{k} {n}"))
        .collect();
    println!(
        "{read} vectors: {} encodings, {} hashes and {} signatures equal; {}",
        counts.encodings,
        counts.hashes,
        counts.signatures,
        kinds.join(", ")
    );
}
