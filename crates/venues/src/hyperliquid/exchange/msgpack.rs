//! MessagePack as the venue's own client writes it: maps in the order of their fields, integers in the fewest bytes, no floats.
//!
//! Source: the MessagePack specification. What the actions do not need is refused, so that nothing is hashed in a form that nobody
//! checked.

use super::EncodeError;
use serde::ser::{self, Impossible, Serialize};

/// Appends a value.
///
/// # Errors
/// See [`EncodeError`].
pub(super) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    value.serialize(&mut Writer { out })
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn refuse<T>(what: &str) -> Result<T, EncodeError> {
    Err(EncodeError(format!("{what} is not used on this wire")))
}

impl Writer<'_> {
    /// The head of a text, an array or a map of `len`: in one byte below `limit`, else the first of `wide` that holds it (for lengths of
    /// 8, 16 and 32 bits).
    fn head(
        &mut self,
        len: usize,
        (short, limit): (u8, usize),
        wide: [Option<u8>; 3],
    ) -> Result<(), EncodeError> {
        let Ok(bits) = u32::try_from(len) else {
            return refuse("a length beyond 32 bits");
        };
        let bytes = bits.to_be_bytes();
        if len < limit {
            self.out.push(short | bytes[3]);
            return Ok(());
        }
        let sizes = [(1, 0xff), (2, 0xffff), (4, u32::MAX)];
        for (mark, (used, most)) in wide.into_iter().zip(sizes) {
            if let Some(mark) = mark.filter(|_| bits <= most) {
                self.out.push(mark);
                self.out.extend_from_slice(&bytes[4 - used..]);
                return Ok(());
            }
        }
        refuse("a length beyond 32 bits")
    }

    fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        self.head(text.len(), (0xa0, 32), [Some(0xd9), Some(0xda), Some(0xdb)])?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn array(&mut self, len: usize) -> Result<(), EncodeError> {
        self.head(len, (0x90, 16), [None, Some(0xdc), Some(0xdd)])
    }

    fn map(&mut self, len: usize) -> Result<(), EncodeError> {
        self.head(len, (0x80, 16), [None, Some(0xde), Some(0xdf)])
    }

    fn unsigned(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        let (mark, used) = match value {
            0..=0x7f => return self.out.push(bytes[7]),
            0x80..=0xff => (0xcc, 1),
            0x100..=0xffff => (0xcd, 2),
            0x1_0000..=0xffff_ffff => (0xce, 4),
            _ => (0xcf, 8),
        };
        self.out.push(mark);
        self.out.extend_from_slice(&bytes[8 - used..]);
    }

    fn signed(&mut self, value: i64) {
        if let Ok(value) = u64::try_from(value) {
            return self.unsigned(value);
        }
        let bytes = value.to_be_bytes();
        let (mark, used) = match value {
            -32.. => return self.out.push(bytes[7]),
            -0x80.. => (0xd0, 1),
            -0x8000.. => (0xd1, 2),
            -0x8000_0000.. => (0xd2, 4),
            _ => (0xd3, 8),
        };
        self.out.push(mark);
        self.out.extend_from_slice(&bytes[8 - used..]);
    }
}

macro_rules! integers {
    ($($method:ident $kind:ty, $write:ident $wide:ty;)*) => { $(
        fn $method(self, value: $kind) -> Result<(), EncodeError> {
            self.$write(<$wide>::from(value));
            Ok(())
        }
    )* };
}

impl ser::Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Self;
    type SerializeTuple = Impossible<(), EncodeError>;
    type SerializeTupleStruct = Impossible<(), EncodeError>;
    type SerializeTupleVariant = Impossible<(), EncodeError>;
    type SerializeMap = Impossible<(), EncodeError>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    integers! {
        serialize_u8 u8, unsigned u64;
        serialize_u16 u16, unsigned u64;
        serialize_u32 u32, unsigned u64;
        serialize_u64 u64, unsigned u64;
        serialize_i8 i8, signed i64;
        serialize_i16 i16, signed i64;
        serialize_i32 i32, signed i64;
        serialize_i64 i64, signed i64;
    }

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.push(0xc2 | u8::from(value));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), EncodeError> {
        self.text(text)
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_f32(self, _: f32) -> Result<(), EncodeError> {
        refuse("a float")
    }

    fn serialize_f64(self, _: f64) -> Result<(), EncodeError> {
        refuse("a float")
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), EncodeError> {
        refuse("a byte string")
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        refuse("a missing value")
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        refuse("a missing value")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        refuse("a missing value")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), EncodeError> {
        self.text(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.map(1)?;
        self.text(name)?;
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self, EncodeError> {
        match len {
            Some(len) => self.array(len)?,
            None => return refuse("a list of unknown length"),
        }
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        refuse("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, EncodeError> {
        refuse("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        refuse("a tuple")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, EncodeError> {
        // Its order would be the collection's, not the venue's.
        refuse("a map that is no structure")
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self, EncodeError> {
        self.map(len)?;
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Self, EncodeError> {
        self.map(1)?;
        self.text(name)?;
        self.map(len)?;
        Ok(self)
    }
}

impl ser::SerializeSeq for &mut Writer<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl ser::SerializeStruct for &mut Writer<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.text(name)?;
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl ser::SerializeStructVariant for &mut Writer<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        ser::SerializeStruct::serialize_field(self, name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value, &mut out).unwrap();
        out
    }

    /// The heads of the MessagePack specification, at both sides of each bound.
    #[test]
    fn integers_take_the_fewest_bytes() {
        for (value, expected) in [
            (0u64, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0xcc, 0x80]),
            (255, vec![0xcc, 0xff]),
            (256, vec![0xcd, 1, 0]),
            (65_535, vec![0xcd, 0xff, 0xff]),
            (65_536, vec![0xce, 0, 1, 0, 0]),
            (u64::from(u32::MAX), vec![0xce, 0xff, 0xff, 0xff, 0xff]),
            (1 << 32, vec![0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] {
            assert_eq!(bytes(&value), expected, "{value}");
            if let Ok(signed) = i64::try_from(value) {
                assert_eq!(bytes(&signed), expected, "{value}");
            }
        }
        for (value, expected) in [
            (-1i64, vec![0xff]),
            (-32, vec![0xe0]),
            (-33, vec![0xd0, 0xdf]),
            (-128, vec![0xd0, 0x80]),
            (-129, vec![0xd1, 0xff, 0x7f]),
            (-32_768, vec![0xd1, 0x80, 0]),
            (-32_769, vec![0xd2, 0xff, 0xff, 0x7f, 0xff]),
            (-2_147_483_648, vec![0xd2, 0x80, 0, 0, 0]),
            (
                -2_147_483_649,
                vec![0xd3, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff],
            ),
        ] {
            assert_eq!(bytes(&value), expected, "{value}");
        }
    }

    #[test]
    fn lengths_have_their_heads() {
        for (len, head) in [
            (0usize, vec![0xa0]),
            (31, vec![0xbf]),
            (32, vec![0xd9, 32]),
            (255, vec![0xd9, 255]),
            (256, vec![0xda, 1, 0]),
            (65_536, vec![0xdb, 0, 1, 0, 0]),
        ] {
            assert_eq!(bytes(&"a".repeat(len))[..head.len()], head, "{len}");
        }
        for (len, head) in [
            (0usize, vec![0x90]),
            (15, vec![0x9f]),
            (16, vec![0xdc, 0, 16]),
            (40, vec![0xdc, 0, 40]),
            (65_536, vec![0xdd, 0, 1, 0, 0]),
        ] {
            let list = vec![true; len];
            assert_eq!(bytes(&list)[..head.len()], head, "{len}");
            assert_eq!(bytes(&list).len(), head.len() + len);
        }
    }

    #[test]
    fn what_the_wire_does_not_have_is_refused() {
        let mut out = Vec::new();
        assert!(encode(&1.5f64, &mut out).is_err());
        assert!(encode(&None::<u8>, &mut out).is_err());
        assert!(encode(&(1u8, 2u8), &mut out).is_err());
        let map = std::collections::BTreeMap::from([("a", 1)]);
        let error = encode(&map, &mut out).unwrap_err();
        assert_eq!(error.code(), "action_not_encodable");
    }
}
