//! Hyperliquid's approval of an agent as typed data (EIP-712).
//!
//! Source: the venue's documentation of API wallets, and the signatures of its own Python SDK, against which the digest is tested.

use crate::Address;
use crate::agent::Network;
use crate::signature::keccak;
use serde_json::{Value, json};

const DOMAIN: &[u8] =
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const APPROVE: &[u8] = b"HyperliquidTransaction:ApproveAgent(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)";
const NAME: &str = "HyperliquidSignTransaction";

/// What an account's wallet signs so that an agent may act for it.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) network: Network,
    pub(crate) agent: Address,
    /// With the end of its validity, as the venue reads it.
    pub(crate) name: String,
    pub(crate) nonce: u64,
    /// The chain that the wallet is on.
    pub(crate) chain_id: u64,
}

fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

fn address_word(address: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address.bytes());
    word
}

impl Approval {
    pub(crate) fn digest(&self) -> [u8; 32] {
        let domain = keccak(&[
            &keccak(&[DOMAIN]),
            &keccak(&[NAME.as_bytes()]),
            &keccak(&[b"1"]),
            &word(self.chain_id),
            &[0; 32],
        ]);
        let body = keccak(&[
            &keccak(&[APPROVE]),
            &keccak(&[self.network.name().as_bytes()]),
            &address_word(self.agent),
            &keccak(&[self.name.as_bytes()]),
            &word(self.nonce),
        ]);
        keccak(&[b"\x19\x01", &domain, &body])
    }

    /// As wallets take it (`eth_signTypedData_v4`).
    pub(crate) fn typed_data(&self) -> Value {
        let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        json!({
            "domain": {
                "name": NAME,
                "version": "1",
                "chainId": self.chain_id,
                "verifyingContract": "0x0000000000000000000000000000000000000000",
            },
            "types": {
                "EIP712Domain": [
                    field("name", "string"),
                    field("version", "string"),
                    field("chainId", "uint256"),
                    field("verifyingContract", "address"),
                ],
                "HyperliquidTransaction:ApproveAgent": [
                    field("hyperliquidChain", "string"),
                    field("agentAddress", "address"),
                    field("agentName", "string"),
                    field("nonce", "uint64"),
                ],
            },
            "primaryType": "HyperliquidTransaction:ApproveAgent",
            "message": {
                "hyperliquidChain": self.network.name(),
                "agentAddress": self.agent.to_string().to_lowercase(),
                "agentName": self.name,
                "nonce": self.nonce,
            },
        })
    }

    /// What the venue is sent, once it is signed.
    pub(crate) fn action(&self) -> Value {
        json!({
            "type": "approveAgent",
            "hyperliquidChain": self.network.name(),
            "signatureChainId": format!("0x{:x}", self.chain_id),
            "agentAddress": self.agent.to_string().to_lowercase(),
            "agentName": self.name,
            "nonce": self.nonce,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Key;
    use crate::signature::Signature;

    /// Signatures of the venue's Python SDK 0.24.0 with the key 0x1234567890abcdef... (a test key).
    #[test]
    fn digest_is_the_venues() {
        let digits = "1234567890abcdef".repeat(4);
        let key = Key::new(&crate::hex::decode::<32>(&digits).unwrap()).unwrap();
        let agent = "0x14791697260e4c9a71f18484c9f997b308e59325";
        for (network, name, expected) in [
            (
                Network::Mainnet,
                "",
                "0x5f3bb639fcdff389e57b43c9d0d5768f03e6888ebd98bedeb77804e39d643dc14ae48771aefc1fcf25665816fcdcacc7ebd28ab1e9a964ede7c42ccef2cc70561b",
            ),
            (
                Network::Testnet,
                "bot",
                "0x18156229727ee44f53fe8726b053a324274576d3e33abcfa627da7068a7cf6aa0d6e592f2b458830d02fc175b14ca75d18a373513607dfb17d0e15738c232a001c",
            ),
        ] {
            let approval = Approval {
                network,
                agent: agent.parse().unwrap(),
                name: name.into(),
                nonce: 1_795_363_200_000,
                chain_id: 0x66eee,
            };
            let signed = Signature::sign(&key, &approval.digest()).unwrap();
            assert_eq!(signed.to_string(), expected);
            let signer = signed.signer(&approval.digest()).unwrap().to_string();
            assert_eq!(
                signer.to_lowercase(),
                "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb"
            );
        }
    }

    /// The venue's room says the same of an approval that came from elsewhere.
    #[test]
    fn two_readings_agree() {
        use hypersentry_venues::hyperliquid::exchange as venue;
        for (network, chain, chain_id) in [
            (Network::Mainnet, venue::Network::Mainnet, 42_161),
            (Network::Testnet, venue::Network::Testnet, 0x66eee),
        ] {
            let agent = Address::new([0xab; 20]);
            let name = "desk valid_until 1795363200000";
            let approval = Approval {
                network,
                agent,
                name: name.to_owned(),
                nonce: 1_795_000_000_000,
                chain_id,
            };
            let read: venue::UserSigned = serde_json::from_value(approval.action()).unwrap();
            assert_eq!(read.hyperliquid_chain, chain);
            assert_eq!(read.digest(), approval.digest());
        }
    }
}
