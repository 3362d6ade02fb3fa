//! Candles in few bytes: 40 each in place of 176.
//!
//! Each is written as what it differs from the one before by, in whole numbers of seven bits a byte. Prices, sizes and amounts are multiples
//! of the market's tick and lot: the power of ten that divides all those of a pack is taken out first. Nothing is rounded; what is read is what
//! was written, for any candle.

use super::{Bar, Origin, Place};
use hypersentry_model::{Price, Size, Usd};

/// Room that a pack has at least, 40 bytes a candle of sixteen: those of the venue need 19, and as many as ours will take their places.
const ROOM: usize = 640;

/// A pack that needs more has a multiple of this.
const STEP: usize = 128;

/// A few candles in a row.
#[derive(Clone, Debug)]
pub(crate) struct Pack {
    /// When the newest one opens.
    last_ms: i64,
    count: u16,
    /// How many of them clients do not know as they are.
    untold: u16,
    bytes: Box<[u8]>,
}

/// The exponents of the powers of ten that divide times, prices, sizes and amounts.
type Tens = [u8; 4];

const fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

const fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// How often ten divides all of these; zeros do not count.
fn tens(values: impl Iterator<Item = i128>) -> u8 {
    let mut exponent = 30;
    let mut unit = 10_i128.pow(30);
    for value in values {
        while value % unit != 0 {
            exponent -= 1;
            unit /= 10;
        }
    }
    exponent
}

struct Writer {
    bytes: Vec<u8>,
    units: [i128; 4],
}

impl Writer {
    fn put(&mut self, value: i128) {
        let mut rest = zigzag(value);
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// A value that the unit divides.
    fn put_of(&mut self, value: i128, unit: usize) {
        self.put(value / self.units[unit]);
    }
}

struct Reader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    units: [i128; 4],
}

impl Reader<'_> {
    fn get(&mut self) -> i128 {
        let (mut value, mut shift) = (0_u128, 0);
        for byte in self.bytes.by_ref() {
            value |= u128::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        unzigzag(value)
    }

    fn get_of(&mut self, unit: usize) -> i128 {
        self.get() * self.units[unit]
    }
}

const TIME: usize = 0;
const PRICE: usize = 1;
const SIZE: usize = 2;
const AMOUNT: usize = 3;

const fn units(tens: Tens) -> [i128; 4] {
    [
        10_i128.pow(tens[TIME] as u32),
        10_i128.pow(tens[PRICE] as u32),
        10_i128.pow(tens[SIZE] as u32),
        10_i128.pow(tens[AMOUNT] as u32),
    ]
}

/// What the first candle of a pack differs from.
#[derive(Clone, Copy, Default)]
struct Before {
    open_ms: i64,
    close: i128,
    id: u64,
}

impl Before {
    const fn of(bar: &Bar) -> Self {
        Self {
            open_ms: bar.open_ms,
            close: bar.c.units(),
            id: bar.last.id,
        }
    }
}

const ORIGINS: [Origin; 4] = [
    Origin::Trades,
    Origin::Agreed,
    Origin::Venue,
    Origin::VenueUncounted,
];

fn put(to: &mut Writer, bar: &Bar, before: Before) {
    let (open, apart) = (bar.o.units(), |a: u64, b: u64| {
        i128::from(a) - i128::from(b)
    });
    to.put_of(i128::from(bar.open_ms) - i128::from(before.open_ms), TIME);
    to.put_of(open - before.close, PRICE);
    for px in [bar.h, bar.l, bar.c] {
        to.put_of(px.units() - open, PRICE);
    }
    to.put_of(bar.volume.units(), SIZE);
    to.put_of(bar.buy.units(), SIZE);
    to.put_of(bar.notional.units(), AMOUNT);
    to.put(bar.trades.into());
    to.put(i128::from(bar.first.ms) - i128::from(bar.open_ms));
    to.put(apart(bar.first.id, before.id));
    to.put(i128::from(bar.last.ms) - i128::from(bar.first.ms));
    to.put(apart(bar.last.id, bar.first.id));
    to.put(bar.kept.0.into());
    to.put(bar.kept.1.into());
    let origin = ORIGINS.iter().position(|origin| *origin == bar.origin);
    let origin = origin.unwrap_or_default() as i128;
    to.put((origin << 1) | i128::from(bar.untold));
}

fn get(from: &mut Reader<'_>, before: Before) -> Bar {
    // What was written fits.
    let open_ms = before.open_ms + from.get_of(TIME) as i64;
    let open = before.close + from.get_of(PRICE);
    let [h, l, c] = [(); 3].map(|()| Price::from_units(open + from.get_of(PRICE)));
    let [volume, buy] = [(); 2].map(|()| Size::from_units(from.get_of(SIZE)));
    let notional = Usd::from_units(from.get_of(AMOUNT));
    let trades = from.get() as u64;
    let first = Place {
        ms: open_ms + from.get() as i64,
        id: (i128::from(before.id) + from.get()) as u64,
    };
    let last = Place {
        ms: first.ms + from.get() as i64,
        id: (i128::from(first.id) + from.get()) as u64,
    };
    let kept = (from.get() as u32, from.get() as u32);
    let flags = from.get() as usize;
    Bar {
        open_ms,
        o: Price::from_units(open),
        h,
        l,
        c,
        volume,
        buy,
        notional,
        trades,
        first,
        last,
        kept,
        origin: ORIGINS[(flags >> 1) & 3],
        untold: flags & 1 == 1,
    }
}

impl Pack {
    /// Packs candles, oldest first; at most some hundred, at least one.
    pub(crate) fn of(bars: &[Bar]) -> Self {
        let prices = bars.iter().flat_map(|b| [b.o, b.h, b.l, b.c]);
        let sizes = bars.iter().flat_map(|b| [b.volume, b.buy]);
        let tens = [
            tens(bars.iter().map(|b| i128::from(b.open_ms))),
            tens(prices.map(Price::units)),
            tens(sizes.map(Size::units)),
            tens(bars.iter().map(|b| b.notional.units())),
        ];
        let mut writer = Writer {
            bytes: Vec::with_capacity(bars.len() * 64),
            units: units(tens),
        };
        writer.bytes.extend(tens);
        let mut before = Before::default();
        for bar in bars {
            put(&mut writer, bar, before);
            before = Before::of(bar);
        }
        let room = writer.bytes.len().next_multiple_of(STEP).max(ROOM);
        writer.bytes.resize(room, 0);
        Self {
            last_ms: before.open_ms,
            count: bars.len() as u16,
            untold: bars.iter().filter(|bar| bar.untold).count() as u16,
            bytes: writer.bytes.into(),
        }
    }

    /// The candles as they were.
    pub(crate) fn open(&self) -> Vec<Bar> {
        let Some((tens, bytes)) = self.bytes.split_first_chunk::<4>() else {
            return Vec::new();
        };
        let mut reader = Reader {
            bytes: bytes.iter(),
            units: units(*tens),
        };
        let mut before = Before::default();
        let each = (0..self.count).map(|_| {
            let bar = get(&mut reader, before);
            before = Before::of(&bar);
            bar
        });
        each.collect()
    }

    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    pub(crate) const fn last_ms(&self) -> i64 {
        self.last_ms
    }

    pub(crate) const fn untold(&self) -> usize {
        self.untold as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As wide as the types of the figures allow, and like a real market.
    fn figure() -> impl Strategy<Value = i128> {
        let widest = 10_i128.pow(30) - 1;
        prop_oneof![
            1 => Just(0),
            1 => -widest..widest,
            3 => (0_i128..100_000, 0_u32..13).prop_map(|(n, e)| n * 10_i128.pow(e)),
        ]
    }

    pub(crate) fn bar() -> impl Strategy<Value = Bar> {
        let px = || figure().prop_map(Price::from_units);
        let sz = || figure().prop_map(Size::from_units);
        let place = || (any::<i32>(), any::<u64>());
        let rest = (
            figure(),
            any::<u64>(),
            place(),
            place(),
            any::<(u32, u32)>(),
        );
        let flags = (0_usize..4, any::<bool>());
        let open = -1_000_000_000_i64..3_000_000_000;
        (open, (px(), px(), px(), px()), (sz(), sz()), rest, flags).prop_map(
            |(open, (o, h, l, c), (volume, buy), rest, (origin, untold))| {
                let open_ms = open * 1_000;
                let (notional, trades, first, last, kept) = rest;
                let place = |(ms, id): (i32, u64)| Place {
                    ms: open_ms + i64::from(ms),
                    id,
                };
                Bar {
                    open_ms,
                    o,
                    h,
                    l,
                    c,
                    volume,
                    buy,
                    notional: Usd::from_units(notional),
                    trades,
                    first: place(first),
                    last: place(last),
                    kept,
                    origin: ORIGINS[origin],
                    untold,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_as_it_was(bars in prop::collection::vec(bar(), 1..20)) {
            let pack = Pack::of(&bars);
            prop_assert_eq!(pack.len(), bars.len());
            prop_assert_eq!(pack.untold(), bars.iter().filter(|b| b.untold).count());
            prop_assert_eq!(Some(pack.last_ms()), bars.last().map(|b| b.open_ms));
            prop_assert_eq!(pack.open(), bars);
        }
    }
}
