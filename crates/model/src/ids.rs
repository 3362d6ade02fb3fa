//! Venues, symbols and sources.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// A venue that we read. The names are the same in commands, files, events and configuration.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Venue {
    /// Hyperliquid perpetuals and spot.
    Hyperliquid,
    /// Binance spot.
    BinanceSpot,
    /// Binance USD-margined perpetuals.
    BinanceUsdm,
    /// Coinbase Exchange spot.
    Coinbase,
    /// Bybit linear perpetuals.
    Bybit,
    /// OKX perpetual swaps.
    Okx,
}

/// The named venue is not one that we read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "unknown venue `{0}`; known venues: hyperliquid, binance-spot, binance-usdm, coinbase, bybit, okx"
)]
pub struct UnknownVenue(pub String);

impl Venue {
    /// All venues, in the order in which they are listed to users.
    pub const ALL: [Self; 6] = [
        Self::Hyperliquid,
        Self::BinanceSpot,
        Self::BinanceUsdm,
        Self::Coinbase,
        Self::Bybit,
        Self::Okx,
    ];

    /// The venue's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hyperliquid => "hyperliquid",
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::Coinbase => "coinbase",
            Self::Bybit => "bybit",
            Self::Okx => "okx",
        }
    }
}

impl Venue {
    /// Whether its markets are perpetuals: they have funding, open interest and a mark price.
    pub const fn is_perp(self) -> bool {
        match self {
            Self::Hyperliquid | Self::BinanceUsdm | Self::Bybit | Self::Okx => true,
            Self::BinanceSpot | Self::Coinbase => false,
        }
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Venue {
    type Err = UnknownVenue;
    fn from_str(text: &str) -> Result<Self, UnknownVenue> {
        Self::ALL
            .into_iter()
            .find(|v| v.name() == text)
            .ok_or_else(|| UnknownVenue(text.to_owned()))
    }
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// One venue's own figures.
    Venue(Venue),
    /// What is combined from several venues.
    Composite,
    /// The conviction engine.
    Alpha,
    /// What is said to an account's owner alone.
    Account,
    /// What became of orders; said to the account's owner alone.
    Execution,
}

impl Source {
    /// The source's name in an envelope.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Venue(venue) => venue.name(),
            Self::Composite => "composite",
            Self::Alpha => "alpha",
            Self::Account => "account",
            Self::Execution => "execution",
        }
    }

    /// The venue, if it is one.
    pub const fn venue(self) -> Option<Venue> {
        match self {
            Self::Venue(venue) => Some(venue),
            Self::Composite | Self::Alpha | Self::Account | Self::Execution => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl JsonSchema for Source {
    fn schema_name() -> Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let venues = Venue::ALL.into_iter().map(Self::Venue);
        let all = venues.chain([Self::Composite, Self::Alpha, Self::Account, Self::Execution]);
        let names: Vec<&str> = all.map(Self::name).collect();
        json_schema!({
            "type": "string",
            "description": "Who says it: a venue, or what we make of several.",
            "enum": names,
        })
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl de::Visitor<'_> for Name {
            type Value = Source;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a venue or of another source")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Source, E> {
                match text {
                    "composite" => Ok(Source::Composite),
                    "alpha" => Ok(Source::Alpha),
                    "account" => Ok(Source::Account),
                    "execution" => Ok(Source::Execution),
                    venue => venue.parse().map(Source::Venue).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// Whether figures are real.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// From the venues, now.
    Live,
    /// From the simulator.
    Simulated,
    /// From a recording or a journal.
    Replay,
}

/// The longest symbol, in bytes.
const SYMBOL_MAX: usize = 31;

/// The name of a market, in the spelling that its user chose: a venue's own (`kPEPE`, `@107`, `BTCUSDT`) or ours (`BTC`).
///
/// Case is kept. At most 31 bytes of UTF-8 without blanks or control characters (one venue lists names in Chinese).
/// The text lies inside the value, so that a symbol is copied, never allocated.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Symbol {
    bytes: [u8; SYMBOL_MAX],
    len: u8,
}

/// The text cannot name a market.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a symbol has 1 to 31 bytes and no blanks or control characters")]
pub struct SymbolError;

impl Symbol {
    /// `*`: stands where an event belongs to no single market.
    pub const ANY: Self = {
        let mut bytes = [0; SYMBOL_MAX];
        bytes[0] = b'*';
        Self { bytes, len: 1 }
    };

    /// The symbol of that spelling.
    ///
    /// # Errors
    /// The text is empty, too long, or has blanks or control characters.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let plain = if text.is_ascii() {
            text.bytes().all(|b| b.is_ascii_graphic())
        } else {
            !text.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if text.is_empty() || text.len() > SYMBOL_MAX || !plain {
            return Err(SymbolError);
        }
        let mut bytes = [0; SYMBOL_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self {
            bytes,
            len: text.len() as u8,
        })
    }

    /// The symbol in quotes with which JSON `text` begins, and what follows it: as [`Self::new`] gives it.
    ///
    /// For readers of frames, of which each names its market. It does not say what is wrong: `None` where [`Self::new`] refuses, and also for
    /// what has an escape or is no ASCII, and for the last 32 bytes of `text`.
    pub fn quoted(text: &[u8]) -> Option<(Self, &[u8])> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let body = text.strip_prefix(b"\"")?;
        let (words, _) = body.first_chunk::<{ SYMBOL_MAX + 1 }>()?.as_chunks::<8>();
        let mut room = [0; SYMBOL_MAX + 1];
        for (i, (word, held)) in words.iter().zip(room.as_chunks_mut::<8>().0).enumerate() {
            // Eight bytes as lanes, the first one lowest. A lane's top bit is set from the first one on that is a quote, a backslash or not in a
            // symbol: what is below `!`, and what is above `~`.
            let word = u64::from_le_bytes(*word);
            let is = |byte: u8| {
                let lanes = word ^ (ONES * u64::from(byte));
                lanes.wrapping_sub(ONES) & !lanes
            };
            let low = word.wrapping_sub(ONES * b'!' as u64) & !word;
            let high = word.wrapping_add(ONES) | word;
            let found = (is(b'"') | is(b'\\') | low | high) & (ONES << 7);
            if found == 0 {
                *held = word.to_le_bytes();
                continue;
            }
            let lanes = found.trailing_zeros() / 8;
            *held = (word & ((1 << (8 * lanes)) - 1)).to_le_bytes();
            let len = 8 * i + lanes as usize;
            let (name, rest) = body.split_at_checked(len)?;
            let rest = rest.strip_prefix(b"\"")?;
            if name.is_empty() {
                return None;
            }
            let bytes = *room.first_chunk::<SYMBOL_MAX>()?;
            return Some((
                Self {
                    bytes,
                    len: len as u8,
                },
                rest,
            ));
        }
        None
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        // Always text: `new` copied it from one. The fallback cannot be reached, and is not worth `unsafe`.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("?")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl JsonSchema for Symbol {
    fn schema_name() -> Cow<'static, str> {
        "Symbol".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A market, in the spelling of whoever names it; `*` where none applies.",
            "minLength": 1,
            "maxLength": SYMBOL_MAX,
            "pattern": r"^[^\s\x00-\x1f\x7f]+$",
        })
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Symbol;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a symbol")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Symbol, E> {
                Symbol::new(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn symbols_keep_their_spelling() {
        for text in [
            "BTC",
            "kPEPE",
            "@107",
            "PURR/USDC",
            "xyz:TSLA",
            "币安人生USDT",
        ] {
            assert_eq!(Symbol::new(text).expect(text).as_str(), text);
        }
        for text in ["", " BTC", "B TC", "B\nTC", "\u{7f}", &"X".repeat(32)] {
            assert_eq!(Symbol::new(text), Err(SymbolError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn quoted_symbols_are_those_of_their_text(
            name in prop_oneof!["[!-~]{0,33}", "[A-Z]{1,12}[ \"\u{7f}é\n\\\\-]?[A-Z]{0,4}"],
            rest in "[ -~]{0,40}",
        ) {
            let text = format!("\"{name}\"{rest}");
            let first = name.split('"').next().unwrap_or_default();
            let plain = first.is_ascii() && !first.contains('\\');
            let plain = Symbol::new(first).ok().filter(|_| plain);
            let after = &text.as_bytes()[1..][first.len()..][1..];
            let read = Symbol::quoted(text.as_bytes());
            if text.len() > SYMBOL_MAX + 1 {
                prop_assert_eq!(read, plain.map(|symbol| (symbol, after)));
            } else {
                prop_assert_eq!(read, None);
            }
        }

        #[test]
        fn quoted_symbols_of_anything(bytes in prop::collection::vec(any::<u8>(), 0..48)) {
            let mut text = vec![b'"'];
            text.extend(bytes);
            if let Some((symbol, rest)) = Symbol::quoted(&text) {
                let name = &text[1..text.len() - rest.len() - 1];
                prop_assert_eq!(Symbol::new(std::str::from_utf8(name).unwrap()), Ok(symbol));
                prop_assert_eq!(text[name.len() + 1], b'"');
                prop_assert!(!name.contains(&b'\\'));
            }
        }
    }

    #[test]
    fn symbols_order_as_text() {
        let mut symbols = ["ETH", "BT", "BTC", "@1"].map(|s| Symbol::new(s).expect(s));
        symbols.sort();
        assert_eq!(symbols.map(|s| s.to_string()), ["@1", "BT", "BTC", "ETH"]);
    }

    #[test]
    fn venues_are_named_alike_everywhere() {
        for venue in Venue::ALL {
            assert_eq!(venue.name().parse(), Ok(venue));
            assert_eq!(
                serde_json::to_value(venue).expect("serialises"),
                venue.name()
            );
        }
        assert!(
            "binance"
                .parse::<Venue>()
                .expect_err("unknown")
                .to_string()
                .contains("hyperliquid")
        );
    }
}
