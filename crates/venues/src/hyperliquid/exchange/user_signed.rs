//! Actions that the account's own wallet signs: agents, and money that leaves. They have no `expiresAfter`, and no agent may sign them.
//!
//! Source: Hyperliquid docs, API > Exchange endpoint; types as in Hyperliquid's Python SDK, `utils/signing.py`. The order of fields in a type is part of what is signed.

use super::signing::body;
use super::{Address, EncodeError, Network, Number, Signature, eip712};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A message with the chain it is for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserSigned {
    /// What the wallet agrees to.
    #[serde(flatten)]
    pub message: Message,
    /// The chain that the wallet is on, which is not the venue's.
    pub signature_chain_id: ChainId,
    /// The venue's chain.
    pub hyperliquid_chain: Network,
}

/// The number of an EVM chain; `0x` and digits on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChainId(pub u64);

impl Serialize for ChainId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or_default();
        let id = u64::from_str_radix(digits, 16).ok();
        id.map(Self)
            .ok_or_else(|| de::Error::custom("a chain's number is 0x and hexadecimal digits"))
    }
}

/// What a wallet agrees to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Message {
    /// Lets an agent sign for the account.
    ApproveAgent(ApproveAgent),
    /// Lets a builder take a fee.
    ApproveBuilderFee(ApproveBuilderFee),
    /// Sends USDC to another account of the venue.
    UsdSend(Send),
    /// Takes USDC out of the venue.
    Withdraw3(Send),
    /// Sends a token to another account of the venue.
    SpotSend(SpotSend),
    /// Moves USDC between spot and perpetuals.
    UsdClassTransfer(UsdClassTransfer),
    /// Sends a token between accounts and markets.
    SendAsset(SendAsset),
    /// Stakes with a validator.
    TokenDelegate(TokenDelegate),
}

/// `approveAgent`. An agent without a name is signed with an empty one and sent without.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApproveAgent {
    /// The agent.
    pub agent_address: Address,
    /// Its name, with ` valid_until <ms>` where it ends.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent_name: String,
    /// The action's nonce, in milliseconds.
    pub nonce: u64,
}

/// `approveBuilderFee`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApproveBuilderFee {
    /// With a percent sign.
    pub max_fee_rate: String,
    /// The builder.
    pub builder: Address,
    /// The action's nonce, in milliseconds.
    pub nonce: u64,
}

/// `usdSend` and `withdraw3`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Send {
    /// The receiver. A text to the signature: its capitals count.
    pub destination: String,
    /// Dollars.
    pub amount: Number,
    /// The action's nonce, in milliseconds.
    pub time: u64,
}

/// `spotSend`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SpotSend {
    /// The receiver, as in [`Send`].
    pub destination: String,
    /// `NAME:0x...`.
    pub token: String,
    /// How much of it.
    pub amount: Number,
    /// The action's nonce, in milliseconds.
    pub time: u64,
}

/// `usdClassTransfer`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdClassTransfer {
    /// Dollars; for a sub-account followed by ` subaccount:0x...`.
    pub amount: String,
    /// Whether it goes to perpetuals.
    pub to_perp: bool,
    /// The action's nonce, in milliseconds.
    pub nonce: u64,
}

/// `sendAsset`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SendAsset {
    /// The receiver, as in [`Send`].
    pub destination: String,
    /// Where from: a market's name, empty for the first, `spot`.
    pub source_dex: String,
    /// Where to.
    pub destination_dex: String,
    /// `NAME:0x...`.
    pub token: String,
    /// How much of it.
    pub amount: Number,
    /// The sub-account that it is taken from, or empty.
    pub from_sub_account: String,
    /// The action's nonce, in milliseconds.
    pub nonce: u64,
}

/// `tokenDelegate`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenDelegate {
    /// The validator.
    pub validator: Address,
    /// 10⁻⁸ tokens.
    pub wei: u64,
    /// Whether it is taken back.
    pub is_undelegate: bool,
    /// The action's nonce, in milliseconds.
    pub nonce: u64,
}

impl Message {
    /// The name of its type, without the family's.
    pub const fn primary_type(&self) -> &'static str {
        match self {
            Self::ApproveAgent(_) => "ApproveAgent",
            Self::ApproveBuilderFee(_) => "ApproveBuilderFee",
            Self::UsdSend(_) => "UsdSend",
            Self::Withdraw3(_) => "Withdraw",
            Self::SpotSend(_) => "SpotSend",
            Self::UsdClassTransfer(_) => "UsdClassTransfer",
            Self::SendAsset(_) => "SendAsset",
            Self::TokenDelegate(_) => "TokenDelegate",
        }
    }

    /// The action's nonce, in milliseconds.
    pub const fn nonce(&self) -> u64 {
        match self {
            Self::ApproveAgent(m) => m.nonce,
            Self::ApproveBuilderFee(m) => m.nonce,
            Self::UsdSend(m) | Self::Withdraw3(m) => m.time,
            Self::SpotSend(m) => m.time,
            Self::UsdClassTransfer(m) => m.nonce,
            Self::SendAsset(m) => m.nonce,
            Self::TokenDelegate(m) => m.nonce,
        }
    }

    /// The fields after `string hyperliquidChain`: how the type names them, and their words.
    fn fields(&self) -> (&'static str, Vec<[u8; 32]>) {
        use eip712::{address, flag, number, text};
        match self {
            Self::ApproveAgent(m) => (
                "address agentAddress,string agentName,uint64 nonce",
                vec![
                    address(m.agent_address.bytes()),
                    text(&m.agent_name),
                    number(m.nonce),
                ],
            ),
            Self::ApproveBuilderFee(m) => (
                "string maxFeeRate,address builder,uint64 nonce",
                vec![
                    text(&m.max_fee_rate),
                    address(m.builder.bytes()),
                    number(m.nonce),
                ],
            ),
            Self::UsdSend(m) | Self::Withdraw3(m) => (
                "string destination,string amount,uint64 time",
                vec![text(&m.destination), text(m.amount.text()), number(m.time)],
            ),
            Self::SpotSend(m) => (
                "string destination,string token,string amount,uint64 time",
                vec![
                    text(&m.destination),
                    text(&m.token),
                    text(m.amount.text()),
                    number(m.time),
                ],
            ),
            Self::UsdClassTransfer(m) => (
                "string amount,bool toPerp,uint64 nonce",
                vec![text(&m.amount), flag(m.to_perp), number(m.nonce)],
            ),
            Self::SendAsset(m) => (
                "string destination,string sourceDex,string destinationDex,string token,string amount,string fromSubAccount,uint64 nonce",
                vec![
                    text(&m.destination),
                    text(&m.source_dex),
                    text(&m.destination_dex),
                    text(&m.token),
                    text(m.amount.text()),
                    text(&m.from_sub_account),
                    number(m.nonce),
                ],
            ),
            Self::TokenDelegate(m) => (
                "address validator,uint64 wei,bool isUndelegate,uint64 nonce",
                vec![
                    address(m.validator.bytes()),
                    number(m.wei),
                    flag(m.is_undelegate),
                    number(m.nonce),
                ],
            ),
        }
    }
}

impl UserSigned {
    /// What the wallet signs.
    pub fn digest(&self) -> [u8; 32] {
        let (names, words) = self.message.fields();
        let kind = format!(
            "HyperliquidTransaction:{}(string hyperliquidChain,{names})",
            self.message.primary_type()
        );
        let chain = eip712::text(self.hyperliquid_chain.name());
        let mut parts: Vec<&[u8]> = Vec::with_capacity(2 + words.len());
        let kind = eip712::text(&kind);
        parts.extend([kind.as_slice(), &chain]);
        parts.extend(words.iter().map(<[u8; 32]>::as_slice));
        let domain = eip712::domain("HyperliquidSignTransaction", self.signature_chain_id.0);
        eip712::digest(&domain, &eip712::keccak(&parts))
    }

    /// The body of the request, the same over REST and WebSocket.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn body(&self, signature: &Signature) -> Result<Vec<u8>, EncodeError> {
        body(self, self.message.nonce(), signature, None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;
    use serde_json::json;

    #[test]
    fn an_agent_without_a_name_is_sent_without_one() {
        let message = |agent_name: &str| UserSigned {
            message: Message::ApproveAgent(ApproveAgent {
                agent_address: Address::new([0xab; 20]),
                agent_name: agent_name.to_owned(),
                nonce: 4,
            }),
            signature_chain_id: ChainId(0x66eee),
            hyperliquid_chain: Network::Testnet,
        };
        let sent = json!({
            "type": "approveAgent",
            "hyperliquidChain": "Testnet",
            "signatureChainId": "0x66eee",
            "agentAddress": hex::encode(&[0xab; 20]),
            "nonce": 4,
        });
        assert_eq!(serde_json::to_value(message("")).unwrap(), sent);
        let back: UserSigned = serde_json::from_value(sent).unwrap();
        assert_eq!(back.digest(), message("").digest());
        assert_ne!(back.digest(), message("bot").digest());
        assert_eq!(back.message.nonce(), 4);
    }
}
