//! Cursor primitives for hand-written JSON readers, shared by the venues.
//!
//! A venue writes its frequent messages in one exact spelling: the same keys in the same order, without blanks. A reader of that
//! spelling walks a [`Cursor`] over the frame and gives up with `None` at the first byte that deviates; the general parser
//! then decides, so giving up is never an error. What the primitives accept is a strict subset of JSON, and every byte they pass has
//! been checked: strings have no escapes, no control characters and are UTF-8; integers have no sign and no leading zero.
//!
//! ```text
//! let mut at = Cursor::new(br#"{"px":"97437.5","n":3}"#);
//! at.literal(br#"{"px":"#)?;
//! let px = at.price()?;          // 97437.5
//! at.literal(br#","n":"#)?;
//! let n = at.u64()?;             // 3
//! at.literal(b"}")?;
//! at.end()?;                     // nothing may follow
//! ```
//!
//! After a `None` the cursor's position is unspecified: start anew. [`Cursor`] is `Clone`, so that a reader can look ahead.

use crate::digits::{self, SCALE};
use hypersentry_model::{Level, Price, Size, Symbol};

/// A position in a frame.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The beginning of `frame`.
    #[inline]
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        Self { rest: frame }
    }

    /// Passes exactly these bytes.
    #[inline(always)]
    pub(crate) fn literal<const N: usize>(&mut self, literal: &[u8; N]) -> Option<()> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        if head != literal {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// Nothing may follow.
    #[inline]
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    /// Passes an unsigned integer of at most 19 digits. What follows it is not looked at: the next literal decides whether the
    /// number ended there.
    #[inline]
    pub(crate) fn u64(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut len = 0;
        for &byte in self.rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            len += 1;
            if len > 19 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
        // JSON has no leading zeros.
        if len == 0 || (len > 1 && self.rest[0] == b'0') {
            return None;
        }
        self.rest = &self.rest[len..];
        Some(value)
    }

    /// As [`Self::u64`], for numbers that are held signed, such as milliseconds since 1970.
    #[inline]
    pub(crate) fn i64(&mut self) -> Option<i64> {
        i64::try_from(self.u64()?).ok()
    }

    /// Passes `true` or `false`.
    #[inline]
    pub(crate) fn bool(&mut self) -> Option<bool> {
        if self.literal(b"true").is_some() {
            Some(true)
        } else {
            self.literal(b"false").map(|()| false)
        }
    }

    /// Passes a string in quotes that has no escapes, and gives its content.
    #[inline]
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.literal(b"\"")?;
        let len = digits::plain_len(self.rest);
        if let Some((content, [b'"', rest @ ..])) = self.rest.split_at_checked(len) {
            self.rest = rest;
            return std::str::from_utf8(content).ok();
        }
        self.foreign_text()
    }

    /// The rest of a string whose letters may be any.
    #[cold]
    fn foreign_text(&mut self) -> Option<&'a str> {
        let len = self.rest.iter().position(|&byte| byte == b'"')?;
        let content = &self.rest[..len];
        if content.iter().any(|&byte| byte == b'\\' || byte < 0x20) {
            return None;
        }
        self.rest = &self.rest[len + 1..];
        std::str::from_utf8(content).ok()
    }

    /// Passes a market's name in quotes.
    #[inline]
    pub(crate) fn symbol(&mut self) -> Option<Symbol> {
        let Some((symbol, rest)) = Symbol::quoted(self.rest) else {
            return Symbol::new(self.text()?).ok();
        };
        self.rest = rest;
        Some(symbol)
    }

    /// Passes a price in quotes. The value is the one that [`Price::parse_bytes`] gives; what it refuses is `None`.
    #[inline(always)]
    pub(crate) fn price(&mut self) -> Option<Price> {
        self.literal(b"\"")?;
        let px = self.price_units()?;
        self.literal(b"\"")?;
        Some(px)
    }

    /// Passes a size in quotes. The value is the one that [`Size::parse_bytes`] gives; what it refuses is `None`.
    #[inline(always)]
    pub(crate) fn size(&mut self) -> Option<Size> {
        self.literal(b"\"")?;
        let sz = self.size_units()?;
        self.literal(b"\"")?;
        Some(sz)
    }

    /// Passes `[["px","sz"],...]` and appends its levels. On `None` some may have been appended.
    #[inline]
    pub(crate) fn levels(&mut self, out: &mut Vec<Level>) -> Option<()> {
        self.literal(b"[")?;
        if self.literal(b"]").is_some() {
            return Some(());
        }
        // Most lists are no longer: growing to that from nothing costs several copies.
        out.reserve(16);
        self.literal(b"[\"")?;
        loop {
            out.push(self.level()?);
            if self.literal(b"\"],[\"").is_some() {
                continue;
            }
            return self.literal(b"\"]]");
        }
    }

    /// `px","sz`: a price and a size, from behind the first quote to before the last one.
    #[inline(always)]
    pub(crate) fn level(&mut self) -> Option<Level> {
        let px = self.price_units()?;
        self.literal(b"\",\"")?;
        let sz = self.size_units()?;
        Some(Level { px, sz })
    }

    #[inline(always)]
    fn price_units(&mut self) -> Option<Price> {
        const { assert!(Price::SCALE == SCALE) };
        match self.decimal() {
            Some(units) => Some(Price::from_units(units)),
            None => Price::parse_bytes(self.other_decimal()?).ok(),
        }
    }

    #[inline(always)]
    fn size_units(&mut self) -> Option<Size> {
        const { assert!(Size::SCALE == SCALE) };
        match self.decimal() {
            Some(units) => Some(Size::from_units(units)),
            None => Size::parse_bytes(self.other_decimal()?).ok(),
        }
    }

    /// Passes a decimal as venues write nearly all of them. Anything else is `None` and leaves the position.
    #[inline(always)]
    fn decimal(&mut self) -> Option<i128> {
        let (units, len) = digits::decimal(self.rest)?;
        self.rest = &self.rest[len..];
        Some(units)
    }

    /// The text up to the next quote, whatever it is.
    #[cold]
    fn other_decimal(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|&byte| byte == b'"')?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(text)
    }

    /// The next `N` bytes, which are not passed.
    #[inline(always)]
    pub(crate) fn ahead<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.rest.first_chunk::<N>()
    }

    /// Passes the next `N` bytes, which were looked at.
    #[inline(always)]
    pub(crate) fn pass<const N: usize>(&mut self) -> Option<()> {
        self.rest = self.rest.get(N..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(frame: &str) -> Option<Price> {
        let mut at = Cursor::new(frame.as_bytes());
        let px = at.price()?;
        at.end().map(|()| px)
    }

    #[test]
    fn integers_are_json_integers() {
        let read = |text: &str| {
            let mut at = Cursor::new(text.as_bytes());
            at.u64().map(|value| (value, at.rest.len()))
        };
        assert_eq!(read("0,"), Some((0, 1)));
        assert_eq!(read("50093239189}"), Some((50_093_239_189, 1)));
        assert_eq!(
            read("9999999999999999999"),
            Some((9_999_999_999_999_999_999, 0))
        );
        for text in ["", "-1", "01", "00", "x", "10000000000000000000"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Cursor::new(b"9999999999999999999").i64(), None);
    }

    #[test]
    fn strings_are_plain() {
        let read = |bytes: &'static [u8]| Cursor::new(bytes).text();
        assert_eq!(read(b"\"BTCUSDT\","), Some("BTCUSDT"));
        assert_eq!(read(b"\"\""), Some(""));
        assert_eq!(read("\"币安\"".as_bytes()), Some("币安"));
        for bytes in [
            &b"BTC\""[..],
            b"\"BTC",
            b"\"B\\u0054C\"",
            b"\"B\nC\"",
            b"\"B\0C\"",
            b"\"B\xffC\"",
            b"\"\xe5\xb8\"",
            b"",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn levels_append() {
        let read = |text: &str| {
            let mut out = Vec::new();
            let mut at = Cursor::new(text.as_bytes());
            at.levels(&mut out)?;
            at.end()?;
            Some(out.len())
        };
        assert_eq!(read("[]"), Some(0));
        assert_eq!(read(r#"[["1","2"]]"#), Some(1));
        assert_eq!(
            read(r#"[["61837.64000000","1.54698000"],["1","0.00000000"]]"#),
            Some(2)
        );
        for text in [
            "",
            "[",
            "[[]]",
            r#"[["1"]]"#,
            r#"[["1","2","3"]]"#,
            r#"[["1","2"],]"#,
            r#"[["1","2"]"#,
            r#"[["1","2"] ]"#,
            r#"[["1",2]]"#,
            r#"[["1","2"],["1","2"]]]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn booleans() {
        assert_eq!(Cursor::new(b"true").bool(), Some(true));
        assert_eq!(Cursor::new(b"false}").bool(), Some(false));
        assert_eq!(Cursor::new(b"tru").bool(), None);
        assert_eq!(Cursor::new(b"null").bool(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn decimals_are_those_of_the_model(text in "-?[0-9]{0,10}(\\.[0-9]{0,14})?", after in "[,\\]}]{0,12}") {
            let frame = format!("\"{text}\"{after}");
            let mut at = Cursor::new(frame.as_bytes());
            let read = at.price();
            prop_assert_eq!(read, Price::parse(&text).ok());
            if read.is_some() {
                prop_assert_eq!(at.rest, after.as_bytes());
            }
            prop_assert_eq!(Cursor::new(frame.as_bytes()).size(), Size::parse(&text).ok());
        }

        #[test]
        fn any_text_is_read_as_the_model_reads_it(text in "[ -!#-~]{0,24}") {
            prop_assert_eq!(price(&format!("\"{text}\"")), Price::parse(&text).ok());
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = Vec::new();
            let _ = Cursor::new(&bytes).levels(&mut out);
            let _ = Cursor::new(&bytes).text();
            let _ = Cursor::new(&bytes).u64();
            let _ = Cursor::new(&bytes).size();
        }
    }
}
