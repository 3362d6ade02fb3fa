//! Bytes as hexadecimal digits, in what people may read.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serializer};
use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) fn serialize<S: Serializer, const N: usize>(
    bytes: &[u8; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(2 + 2 * N);
    text.push_str("0x");
    for byte in bytes {
        // Writing to a text never fails.
        let _ = write!(text, "{byte:02x}");
    }
    serializer.serialize_str(&text)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let text = Cow::<'_, str>::deserialize(deserializer)?;
    let wrong = || D::Error::invalid_value(Unexpected::Str(&text), &"0x and hexadecimal digits");
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.len() == 2 * N && digits.is_ascii());
    let digits = digits.ok_or_else(wrong)?;
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}
