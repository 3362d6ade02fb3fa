//! Actions as MessagePack in the venue's order of keys: what an L1 signature covers.
//!
//! The order is the documentation's and the official client's, whatever order the request's JSON had. Integers take the
//! fewest bytes, optional keys are left out, prices and sizes lose trailing zeros, addresses and client ids are in lower
//! case.

use super::action::{
    Action, GroupingName, GroupingWire, KindWire, OidWire, OrderWire, TifWire, TpslWire,
};

/// Bytes under construction.
#[derive(Debug, Default)]
struct Packed(Vec<u8>);

impl Packed {
    fn map(&mut self, keys: u8) {
        self.0.push(0x80 | keys);
    }

    fn list(&mut self, items: usize) {
        match u16::try_from(items) {
            Ok(few @ 0..=15) => self.0.push(0x90 | few as u8),
            Ok(some) => {
                self.0.push(0xdc);
                self.0.extend(some.to_be_bytes());
            }
            Err(_) => {
                self.0.push(0xdd);
                self.0.extend((items as u32).to_be_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        let length = text.len();
        if length < 32 {
            self.0.push(0xa0 | length as u8);
        } else if let Ok(short) = u8::try_from(length) {
            self.0.extend([0xd9, short]);
        } else {
            self.0.push(0xda);
            self.0.extend((length as u16).to_be_bytes());
        }
        self.0.extend(text.as_bytes());
    }

    fn bool(&mut self, value: bool) {
        self.0.push(if value { 0xc3 } else { 0xc2 });
    }

    fn uint(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        match value {
            0..=0x7f => self.0.push(value as u8),
            0x80..=0xff => self.0.extend([0xcc, value as u8]),
            0x100..=0xffff => {
                self.0.push(0xcd);
                self.0.extend(&bytes[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(0xce);
                self.0.extend(&bytes[4..]);
            }
            _ => {
                self.0.push(0xcf);
                self.0.extend(bytes);
            }
        }
    }

    fn int(&mut self, value: i64) {
        if let Ok(positive) = u64::try_from(value) {
            return self.uint(positive);
        }
        let bytes = value.to_be_bytes();
        if value >= -32 {
            self.0.push(bytes[7]);
        } else if i8::try_from(value).is_ok() {
            self.0.extend([0xd0, bytes[7]]);
        } else if i16::try_from(value).is_ok() {
            self.0.push(0xd1);
            self.0.extend(&bytes[6..]);
        } else if i32::try_from(value).is_ok() {
            self.0.push(0xd2);
            self.0.extend(&bytes[4..]);
        } else {
            self.0.push(0xd3);
            self.0.extend(bytes);
        }
    }

    fn text_at(&mut self, key: &str, value: &str) {
        self.text(key);
        self.text(value);
    }

    fn uint_at(&mut self, key: &str, value: u64) {
        self.text(key);
        self.uint(value);
    }

    fn bool_at(&mut self, key: &str, value: bool) {
        self.text(key);
        self.bool(value);
    }

    /// A number's text without trailing zeros, as the venue hashes it.
    fn number_at(&mut self, key: &str, value: &str) {
        let short = match value.contains('.') {
            true => value.trim_end_matches('0').trim_end_matches('.'),
            false => value,
        };
        self.text_at(key, short);
    }

    fn begin(&mut self, keys: u8, kind: &str) {
        self.map(keys);
        self.text_at("type", kind);
    }

    fn order(&mut self, order: &OrderWire) {
        self.map(6 + u8::from(order.c.is_some()));
        self.uint_at("a", order.a);
        self.bool_at("b", order.b);
        self.number_at("p", &order.p);
        self.number_at("s", &order.s);
        self.bool_at("r", order.r);
        self.text("t");
        self.map(1);
        match &order.t {
            KindWire::Limit { tif } => {
                self.text("limit");
                self.map(1);
                let tif = match tif {
                    TifWire::Alo => "Alo",
                    TifWire::Ioc => "Ioc",
                    TifWire::Gtc => "Gtc",
                };
                self.text_at("tif", tif);
            }
            KindWire::Trigger {
                is_market,
                trigger_px,
                tpsl,
            } => {
                self.text("trigger");
                self.map(3);
                self.bool_at("isMarket", *is_market);
                self.number_at("triggerPx", trigger_px);
                let tpsl = match tpsl {
                    TpslWire::Tp => "tp",
                    TpslWire::Sl => "sl",
                };
                self.text_at("tpsl", tpsl);
            }
        }
        if let Some(cloid) = order.c {
            self.text_at("c", &cloid.to_string());
        }
    }

    fn oid(&mut self, oid: OidWire) {
        self.text("oid");
        match oid {
            OidWire::Oid(oid) => self.uint(oid),
            OidWire::Cloid(cloid) => self.text(&cloid.to_string()),
        }
    }
}

/// None for actions that are not signed as such.
pub(super) fn pack(action: &Action) -> Option<Vec<u8>> {
    let mut out = Packed::default();
    match action {
        Action::Order {
            orders,
            grouping,
            builder,
        } => {
            out.begin(3 + u8::from(builder.is_some()), "order");
            out.text("orders");
            out.list(orders.len());
            orders.iter().for_each(|order| out.order(order));
            out.text("grouping");
            match grouping {
                GroupingWire::Name(GroupingName::Na) => out.text("na"),
                GroupingWire::Name(GroupingName::NormalTpsl) => out.text("normalTpsl"),
                GroupingWire::Name(GroupingName::PositionTpsl) => out.text("positionTpsl"),
                GroupingWire::Priority { p } => {
                    out.map(1);
                    out.uint_at("p", *p);
                }
            }
            if let Some(builder) = builder {
                out.text("builder");
                out.map(2);
                out.text_at("b", &builder.b.to_string());
                out.uint_at("f", builder.f);
            }
        }
        Action::Cancel { cancels, f } => {
            out.begin(2 + u8::from(*f), "cancel");
            out.text("cancels");
            out.list(cancels.len());
            for cancel in cancels {
                out.map(2);
                out.uint_at("a", cancel.a);
                out.uint_at("o", cancel.o);
            }
            if *f {
                out.bool_at("f", true);
            }
        }
        Action::CancelByCloid { cancels, f } => {
            out.begin(2 + u8::from(*f), "cancelByCloid");
            out.text("cancels");
            out.list(cancels.len());
            for cancel in cancels {
                out.map(2);
                out.uint_at("asset", cancel.asset);
                out.text_at("cloid", &cancel.cloid.to_string());
            }
            if *f {
                out.bool_at("f", true);
            }
        }
        Action::Modify { oid, order, a } => {
            out.begin(3 + u8::from(*a), "modify");
            out.oid(*oid);
            out.text("order");
            out.order(order);
            if *a {
                out.bool_at("a", true);
            }
        }
        Action::BatchModify { modifies, a } => {
            out.begin(2 + u8::from(*a), "batchModify");
            out.text("modifies");
            out.list(modifies.len());
            for modify in modifies {
                out.map(2);
                out.oid(modify.oid);
                out.text("order");
                out.order(&modify.order);
            }
            if *a {
                out.bool_at("a", true);
            }
        }
        Action::UpdateLeverage {
            asset,
            is_cross,
            leverage,
        } => {
            out.begin(4, "updateLeverage");
            out.uint_at("asset", *asset);
            out.bool_at("isCross", *is_cross);
            out.uint_at("leverage", (*leverage).into());
        }
        Action::UpdateIsolatedMargin {
            asset,
            is_buy,
            ntli,
        } => {
            out.begin(4, "updateIsolatedMargin");
            out.uint_at("asset", *asset);
            out.bool_at("isBuy", *is_buy);
            out.text("ntli");
            out.int(*ntli);
        }
        Action::ScheduleCancel { time } => {
            out.begin(1 + u8::from(time.is_some()), "scheduleCancel");
            if let Some(time) = time {
                out.text("time");
                out.int(*time);
            }
        }
        Action::TwapOrder { twap } => {
            out.begin(2, "twapOrder");
            out.text("twap");
            out.map(6);
            out.uint_at("a", twap.a);
            out.bool_at("b", twap.b);
            out.number_at("s", &twap.s);
            out.bool_at("r", twap.r);
            out.uint_at("m", twap.m);
            out.bool_at("t", twap.t);
        }
        Action::TwapCancel { a, t } => {
            out.begin(3, "twapCancel");
            out.uint_at("a", *a);
            out.uint_at("t", *t);
        }
        Action::ReserveRequestWeight { weight } => {
            out.begin(2, "reserveRequestWeight");
            out.uint_at("weight", (*weight).into());
        }
        Action::Noop => out.begin(1, "noop"),
        Action::ApproveAgent { .. } => return None,
    }
    Some(out.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(value: i64) -> Vec<u8> {
        let mut out = Packed::default();
        out.int(value);
        out.0
    }

    #[test]
    fn integers_take_the_fewest_bytes() {
        for (value, bytes) in [
            (0, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0xcc, 0x80]),
            (256, vec![0xcd, 1, 0]),
            (65_536, vec![0xce, 0, 1, 0, 0]),
            (1 << 32, vec![0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
            (-1, vec![0xff]),
            (-33, vec![0xd0, 0xdf]),
            (-129, vec![0xd1, 0xff, 0x7f]),
            (-32_769, vec![0xd2, 0xff, 0xff, 0x7f, 0xff]),
            (
                -5_000_000_000,
                vec![0xd3, 0xff, 0xff, 0xff, 0xfe, 0xd5, 0xfa, 0x0e, 0x00],
            ),
        ] {
            assert_eq!(packed(value), bytes, "{value}");
        }
    }

    #[test]
    fn numbers_lose_trailing_zeros() {
        for (given, kept) in [
            ("1.50", "1.5"),
            ("100", "100"),
            ("100.00", "100"),
            ("0.0", "0"),
        ] {
            let mut out = Packed::default();
            out.number_at("p", given);
            let mut wanted = Packed::default();
            wanted.text_at("p", kept);
            assert_eq!(out.0, wanted.0, "{given}");
        }
    }
}
