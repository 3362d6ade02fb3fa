//! Ethereum addresses: 20 bytes, written as EIP-55 says.

use crate::signature::keccak;
use crate::{Refusal, hex};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// An address.
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
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

    /// Of a public key, uncompressed: the last 20 bytes of the hash of its coordinates.
    pub fn of_point(point: &[u8; 65]) -> Self {
        // The first byte says that the point is not compressed.
        let hash = keccak(&[&point[1..]]);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&hash[12..]);
        Self(bytes)
    }

    fn checksummed(&self) -> String {
        let digits = hex::encode(&self.0);
        let hash = keccak(&[digits.as_bytes()]);
        let nibble = |i: usize| hash[i / 2] >> (if i.is_multiple_of(2) { 4 } else { 0 }) & 15;
        let cased = digits.char_indices().map(|(i, c)| {
            if nibble(i) >= 8 {
                c.to_ascii_uppercase()
            } else {
                c
            }
        });
        "0x".chars().chain(cased).collect()
    }
}

impl FromStr for Address {
    type Err = Refusal;

    /// All small, all capital, or with the capitals of EIP-55.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let digits = text.strip_prefix("0x").ok_or(Refusal::AddressInvalid)?;
        let bytes = hex::decode::<20>(digits).ok_or(Refusal::AddressInvalid)?;
        let address = Self(bytes);
        let small = !digits.bytes().any(|b| b.is_ascii_uppercase());
        let capital = !digits.bytes().any(|b| b.is_ascii_lowercase());
        if small || capital || address.checksummed() == text {
            Ok(address)
        } else {
            Err(Refusal::AddressInvalid)
        }
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // What is written has the capitals of EIP-55; capitals that are read must be those, or all.
        let pattern = if generator.contract().is_serialize() {
            "^0x[0-9a-fA-F]{40}$"
        } else {
            "^0x([0-9a-f]{40}|[0-9A-F]{40})$"
        };
        json_schema!({
            "type": "string",
            "description": "An Ethereum address: all small, all capital, or as EIP-55 writes it.",
            "pattern": pattern,
        })
    }
}

impl TryFrom<String> for Address {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.checksummed()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.checksummed())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.checksummed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EIP-55.
    #[test]
    fn capitals_are_a_checksum() {
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(text.to_lowercase().parse::<Address>(), Ok(address));
            let capital = text.rfind(|c: char| c.is_ascii_uppercase()).unwrap();
            let mut wrong = text.to_owned();
            wrong.replace_range(capital..=capital, &text[capital..=capital].to_lowercase());
            assert_eq!(wrong.parse::<Address>(), Err(Refusal::AddressInvalid));
        }
        for bad in [
            "",
            "0x",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6",
        ] {
            assert_eq!(bad.parse::<Address>(), Err(Refusal::AddressInvalid));
        }
    }
}
