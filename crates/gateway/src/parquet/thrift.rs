//! Structures in Thrift's compact protocol, as far as Parquet's metadata need it.

/// Types of fields and list elements, by their numbers in the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// 32 bits.
    Int = 5,
    /// 64 bits.
    Long = 6,
    /// Bytes with their length.
    Binary = 8,
    /// A list.
    List = 9,
    /// A structure.
    Struct = 12,
}

/// A structure being written; fields are added in rising order of their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Struct {
    out: Vec<u8>,
    last: i16,
}

/// Seven bits a byte, the lowest first.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small magnitudes to small numbers.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn list_head(out: &mut Vec<u8>, kind: Kind, len: usize) {
    if len < 15 {
        out.push((len as u8) << 4 | kind as u8);
    } else {
        out.push(0xf0 | kind as u8);
        varint(out, len as u64);
    }
}

fn binary(out: &mut Vec<u8>, text: &str) {
    varint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

impl Struct {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn field(&mut self, number: i16, kind: Kind) {
        let step = number - self.last;
        if (1..=15).contains(&step) {
            self.out.push((step as u8) << 4 | kind as u8);
        } else {
            self.out.push(kind as u8);
            varint(&mut self.out, zigzag(i64::from(number)));
        }
        self.last = number;
    }

    pub(super) fn int(&mut self, number: i16, value: i32) {
        self.field(number, Kind::Int);
        varint(&mut self.out, zigzag(i64::from(value)));
    }

    pub(super) fn long(&mut self, number: i16, value: i64) {
        self.field(number, Kind::Long);
        varint(&mut self.out, zigzag(value));
    }

    pub(super) fn text(&mut self, number: i16, value: &str) {
        self.field(number, Kind::Binary);
        binary(&mut self.out, value);
    }

    pub(super) fn structure(&mut self, number: i16, value: Self) {
        self.field(number, Kind::Struct);
        self.out.extend(value.bytes());
    }

    pub(super) fn list(&mut self, number: i16, kind: Kind, values: Vec<Self>) {
        self.field(number, Kind::List);
        list_head(&mut self.out, kind, values.len());
        for value in values {
            self.out.extend(value.bytes());
        }
    }

    pub(super) fn ints(&mut self, number: i16, values: &[i32]) {
        self.field(number, Kind::List);
        list_head(&mut self.out, Kind::Int, values.len());
        for value in values {
            varint(&mut self.out, zigzag(i64::from(*value)));
        }
    }

    pub(super) fn texts(&mut self, number: i16, values: &[&str]) {
        self.field(number, Kind::List);
        list_head(&mut self.out, Kind::Binary, values.len());
        for value in values {
            binary(&mut self.out, value);
        }
    }

    /// With its end.
    pub(super) fn bytes(mut self) -> Vec<u8> {
        self.out.push(0);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_protocol_says() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        assert_eq!(out, [0xac, 0x02]);
        assert_eq!(
            [zigzag(0), zigzag(-1), zigzag(1), zigzag(i64::MIN)],
            [0, 1, 2, u64::MAX]
        );
    }

    #[test]
    fn fields_count_from_the_one_before() {
        let mut s = Struct::new();
        s.int(1, 1);
        s.text(4, "x");
        s.long(40, -1);
        assert_eq!(
            s.bytes(),
            [0x15, 0x02, 0x38, 0x01, b'x', 0x06, 80, 0x01, 0x00]
        );
    }
}
