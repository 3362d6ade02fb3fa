//! Addresses, client order ids, numbers.

use super::hex;
use hypersentry_model::{DecimalError, Price, Size, Usd};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A text of the wire that is not what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidText {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("an address is 0x and 40 hexadecimal digits")]
    Address,
    /// Not `0x` and 32 hexadecimal digits.
    #[error("a client order id is 0x and 32 hexadecimal digits")]
    Cloid,
    /// Not a plain decimal number.
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl InvalidText {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Address => "address_invalid",
            Self::Cloid => "cloid_invalid",
            Self::Number(error) => error.code(),
        }
    }
}

/// Which of the venue's two chains is meant. A signature for one is worth nothing on the other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Network {
    /// Real money.
    Mainnet,
    /// The venue's own practice chain; simulators that the official client is pointed at are taken for it.
    Testnet,
}

impl Network {
    /// As user-signed actions name it (`hyperliquidChain`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "Mainnet",
            Self::Testnet => "Testnet",
        }
    }

    /// As agents' signatures name it (`source`). Hyperliquid's Python SDK, `signing.construct_phantom_agent`.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Mainnet => "a",
            Self::Testnet => "b",
        }
    }
}

/// Text in and out of the wire.
macro_rules! as_text {
    ($name:ident, $what:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

/// An account, a vault, an agent, a builder. Always written in lower case: what an agent signs is the text, and the venue lowers it
/// before it checks.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address([u8; 20]);

impl Address {
    /// From its bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for Address {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        hex::decode(text).map(Self).ok_or(InvalidText::Address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

as_text!(Address, "an address");

/// Our own name of an order, which the venue keeps and finds it by.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cloid([u8; 16]);

impl Cloid {
    /// From its bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name of one leg of what an account asked for under an idempotency key: the first 16 bytes of SHA-256 over the three texts,
    /// each after its length in bytes (32 bits, big-endian), so that no two triples are hashed alike.
    ///
    /// It is known before anything is sent and after every restart: the same request asks for the same orders.
    pub fn of(account: &str, idempotency_key: &str, leg: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [account, idempotency_key, leg] {
            // Longer texts do not come here: every one of them was read within a bound.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            hash.update(length.to_be_bytes());
            hash.update(part.as_bytes());
        }
        let full: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&full[..16]);
        Self(bytes)
    }
}

impl FromStr for Cloid {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        hex::decode(text).map(Self).ok_or(InvalidText::Cloid)
    }
}

impl fmt::Display for Cloid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

as_text!(Cloid, "a client order id");

/// A decimal number as it stands on the wire. Its text is hashed, so `2000.0` and `2000` are two: what was read keeps its text, and
/// what is made from a price or a size has the one form that the venue's own client writes, without trailing zeros or exponent.
#[derive(Clone, Eq, PartialEq)]
pub struct Number(Box<str>);

impl Number {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for Number {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Price::parse(text)?;
        Ok(Self(text.into()))
    }
}

macro_rules! number_of {
    ($($kind:ident),*) => { $(
        impl From<$kind> for Number {
            fn from(value: $kind) -> Self {
                Self(value.to_string().into())
            }
        }
    )* };
}

number_of!(Price, Size, Usd);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Number, "a decimal string");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form_and_keep_what_was_read() {
        for (text, wire) in [
            ("100", "100"),
            ("97000.00", "97000"),
            ("0.00100", "0.001"),
            ("1670.10", "1670.1"),
            ("0", "0"),
        ] {
            assert_eq!(Number::from(Price::parse(text).unwrap()).text(), wire);
            assert_eq!(Number::from(Size::parse(text).unwrap()).text(), wire);
            assert_eq!(text.parse::<Number>().unwrap().text(), text);
        }
        for bad in ["1e5", "", "NaN", "1,0", ".5"] {
            assert!(bad.parse::<Number>().is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_lowered_and_refused() {
        let address: Address = "0xABCDEFabcdefABCDEFabcdefABCDEFabcdefABCD"
            .parse()
            .unwrap();
        assert_eq!(
            address.to_string(),
            "0xabcdefabcdefabcdefabcdefabcdefabcdefabcd"
        );
        assert_eq!("0xab".parse::<Address>(), Err(InvalidText::Address));
        assert_eq!("0xab".parse::<Cloid>(), Err(InvalidText::Cloid));
        assert_eq!(InvalidText::Cloid.code(), "cloid_invalid");
    }

    /// Computed with Python's hashlib and struct:
    /// `sha256(b"".join(struct.pack(">I", len(p)) + p for p in parts)).digest()[:16]`.
    #[test]
    fn a_cloid_follows_from_account_key_and_leg() {
        for (account, key, leg, cloid) in VECTORS {
            assert_eq!(Cloid::of(account, key, leg).to_string(), cloid);
        }
        // The same letters, cut elsewhere.
        assert_ne!(Cloid::of("ab", "c", "d"), Cloid::of("a", "bc", "d"));
        assert_ne!(Cloid::of("a", "b", "cd"), Cloid::of("a", "bc", "d"));
    }

    const VECTORS: [(&str, &str, &str, &str); 3] = [
        (
            "0x14791697260e4c9a71f18484c9f997b308e59325",
            "3f0c9d2e-order-1",
            "entry",
            "0xed15ddf80dd9777a7eab228deffeaa2d",
        ),
        (
            "0x14791697260e4c9a71f18484c9f997b308e59325",
            "3f0c9d2e-order-1",
            "stop",
            "0x1f05a22d3a74a66802ef7198e5909970",
        ),
        ("", "", "", "0x15ec7bf0b50732b49f8228e07d243653"),
    ];
}
