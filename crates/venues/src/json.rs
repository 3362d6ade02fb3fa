//! What the general readers of several venues share: borrowed strings, price levels, objects of unknown shape, and the errors of
//! reading them.

use crate::decode::DecodeError;
use hypersentry_model::event::BookSnapshot;
use hypersentry_model::{Level, Price, Rate, Size, Symbol, Usd};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A JSON string, borrowed unless it has escapes.
#[derive(Debug)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn symbol(&self) -> Result<Symbol, DecodeError> {
        symbol(&self.0)
    }

    pub(crate) fn price(&self) -> Result<Price, DecodeError> {
        Ok(Price::parse(&self.0)?)
    }

    pub(crate) fn size(&self) -> Result<Size, DecodeError> {
        Ok(Size::parse(&self.0)?)
    }

    pub(crate) fn rate(&self) -> Result<Rate, DecodeError> {
        Ok(Rate::parse(&self.0)?)
    }

    pub(crate) fn usd(&self) -> Result<Usd, DecodeError> {
        Ok(Usd::parse(&self.0)?)
    }

    /// A whole number that the venue writes as text.
    pub(crate) fn integer(&self) -> Result<i64, DecodeError> {
        let refused = |_| malformed(format!("{} is no whole number", short(&self.0)));
        self.0.parse().map_err(refused)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Visitor).map(Text)
    }
}

/// `["px","sz"]`; whatever follows in the array is passed over.
#[derive(Debug)]
pub(crate) struct LevelWire<'a> {
    px: Text<'a>,
    sz: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for LevelWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = LevelWire<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price and a size")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let short = |n| de::Error::invalid_length(n, &"a price and a size");
                let px = seq.next_element()?.ok_or_else(|| short(0))?;
                let sz = seq.next_element()?.ok_or_else(|| short(1))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(LevelWire { px, sz })
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

/// Appends the levels as numbers.
pub(crate) fn read_levels(
    levels: &[LevelWire<'_>],
    out: &mut Vec<Level>,
) -> Result<(), DecodeError> {
    out.reserve(levels.len());
    for level in levels {
        out.push(Level {
            px: level.px.price()?,
            sz: level.sz.size()?,
        });
    }
    Ok(())
}

/// Puts the best levels first: our snapshots promise it, and not every venue does.
pub(crate) fn best_first(book: &mut BookSnapshot) {
    if !book.bids.is_sorted_by(|a, b| a.px >= b.px) {
        book.bids.sort_by_key(|level| std::cmp::Reverse(level.px));
    }
    if !book.asks.is_sorted_by(|a, b| a.px <= b.px) {
        book.asks.sort_by_key(|level| level.px);
    }
}

/// An object whose values are still text, to tell what it is. Keys keep their order.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'a> Object<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(name, _)| name.as_str() == key);
        found.map(|(_, value)| value.get())
    }

    pub(crate) fn has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.get(key).is_some())
    }

    /// The first keys, to name an object that we do not know.
    pub(crate) fn keys(&self) -> String {
        let keys: Vec<String> = self
            .0
            .iter()
            .take(6)
            .map(|(key, _)| key.as_str().chars().take(24).collect())
            .collect();
        keys.join(", ")
    }

    /// The first of these shapes that it has: the keys that tell it, and its name.
    pub(crate) fn shape(&self, shapes: &[(&[&str], &'static str)]) -> Option<&'static str> {
        let found = shapes.iter().find(|(keys, _)| self.has(keys));
        found.map(|(_, name)| *name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Names a market in the venue's spelling.
pub(crate) fn symbol(text: &str) -> Result<Symbol, DecodeError> {
    Symbol::new(text).map_err(|e| malformed(e.to_string()))
}

/// The frame as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|e| DecodeError::new("not_utf8", e.to_string()))
}

/// Reads `text` as a `T`: `malformed_json` when it is no JSON, `malformed_message` when it is no `T`.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|e| {
        let code = match e.classify() {
            serde_json::error::Category::Data => "malformed_message",
            _ => "malformed_json",
        };
        DecodeError::new(code, short(&e.to_string()))
    })
}

/// A message of a kind that we know, with something wrong in it.
pub(crate) fn malformed(what: impl Into<String>) -> DecodeError {
    DecodeError::new("malformed_message", what)
}

/// A message of no kind that we know.
pub(crate) fn unknown(what: impl Into<String>) -> DecodeError {
    DecodeError::new("unknown_message", what)
}

/// A payload that names no market, where the caller named none either.
pub(crate) fn required(symbol: Option<Symbol>, what: &str) -> Result<Symbol, DecodeError> {
    symbol.ok_or_else(|| DecodeError::new("symbol_required", format!("{what} without a symbol")))
}

/// Foreign words go into logs and status: not at any length.
pub(crate) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// Decimals of a step; `otherwise` where a step of zero switches the rule off.
pub(crate) fn decimals(step: Price, otherwise: u32) -> u32 {
    let mut units = step.units();
    if units == 0 {
        return otherwise;
    }
    let mut decimals = Price::SCALE;
    while decimals > 0 && units % 10 == 0 {
        units /= 10;
        decimals -= 1;
    }
    decimals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_decimals() {
        for (step, expected) in [
            ("0.01", 2),
            ("0.00000001", 8),
            ("1", 0),
            ("10", 0),
            ("0", 8),
        ] {
            assert_eq!(decimals(Price::parse(step).unwrap(), 8), expected, "{step}");
        }
    }

    #[test]
    fn levels_are_put_in_order() {
        let level = |px: i128| Level {
            px: Price::from_units(px),
            sz: Size::from_units(1),
        };
        let mut book = BookSnapshot {
            bids: vec![level(1), level(2)],
            asks: vec![level(4), level(3)],
            ..BookSnapshot::default()
        };
        best_first(&mut book);
        assert_eq!(book.bids, [level(2), level(1)]);
        assert_eq!(book.asks, [level(3), level(4)]);
    }

    #[test]
    fn levels_may_be_longer_and_not_shorter() {
        let read = |text| parse::<LevelWire<'_>>(text).map(|_| ()).map_err(|e| e.code);
        assert_eq!(read(r#"["1","2",3]"#), Ok(()));
        assert_eq!(read(r#"["1"]"#), Err("malformed_message"));
        assert_eq!(read(r#"["1","#), Err("malformed_json"));
    }
}
