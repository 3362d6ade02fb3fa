//! How much of a window was seen: a sum over a window says nothing without it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// How completely a feed is followed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Grade {
    /// The venue's numbering shows that nothing is missing.
    Verified,
    /// The venue numbers nothing.
    Unverified,
}

/// A share of one, in counts of 1/10,000, as a decimal fraction in JSON.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Share(u16);

impl Share {
    /// The whole.
    pub const ONE: Self = Self(Self::PARTS as u16);

    /// Parts of one.
    const PARTS: u64 = 10_000;

    /// `part` of `whole`, rounded down; nothing of an empty whole.
    pub fn of(part: u64, whole: u64) -> Self {
        let parts = u128::from(part.min(whole)) * u128::from(Self::PARTS);
        Self((parts / u128::from(whole.max(1))) as u16)
    }

    /// What is left of one.
    pub const fn rest(self) -> Self {
        Self(Self::ONE.0 - self.0)
    }

    /// As a fraction of one.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / Self::PARTS as f64
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "A share of one.",
            "minimum": 0,
            "maximum": 1,
        })
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.fraction())
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fraction = f64::deserialize(deserializer)?;
        // A cast of a float saturates, and of no number gives 0.
        Ok(Self(
            ((fraction * Self::PARTS as f64).round() as u16).min(Self::ONE.0),
        ))
    }
}

/// The shares of a window's time that were seen. Together they are one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Coverage {
    /// Seen, and the venue's numbering shows that nothing is missing.
    pub verified: Share,
    /// Seen, but the venue numbers nothing.
    pub unverified: Share,
    /// Not seen: disconnected, lost, or before the start.
    pub missing: Share,
}

impl Coverage {
    /// Nothing was seen.
    pub const NONE: Self = Self {
        verified: Share(0),
        unverified: Share(0),
        missing: Share::ONE,
    };

    /// The least that both can have seen: the lower of the verified shares, the higher of the missing ones.
    pub fn least(self, other: Self) -> Self {
        let verified = self.verified.min(other.verified);
        let missing = self.missing.max(other.missing);
        Self {
            verified,
            unverified: Share(verified.rest().0 - missing.0),
            missing,
        }
    }

    /// Of a window of `window` nanoseconds, that many were seen verified and unverified.
    pub fn of(verified: u64, unverified: u64, window: u64) -> Self {
        let verified_share = Share::of(verified, window);
        let seen = Share::of(verified.saturating_add(unverified), window);
        Self {
            verified: verified_share,
            unverified: Share(seen.0 - verified_share.0),
            missing: seen.rest(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_fractions_in_json() {
        let json = serde_json::to_string(&Coverage::of(1, 1, 4)).unwrap();
        assert_eq!(json, r#"{"verified":0.25,"unverified":0.25,"missing":0.5}"#);
        assert_eq!(
            serde_json::from_str::<Coverage>(&json).unwrap(),
            Coverage::of(1, 1, 4)
        );
        assert_eq!(Coverage::of(0, 0, 0), Coverage::NONE);
    }

    proptest! {
        #[test]
        fn the_least_is_below_both(a: (u64, u64), b: (u64, u64), window: u64) {
            let (a, b) = (Coverage::of(a.0, a.1, window), Coverage::of(b.0, b.1, window));
            let least = a.least(b);
            prop_assert_eq!(least.verified.0 + least.unverified.0 + least.missing.0, Share::ONE.0);
            prop_assert!(least.verified <= a.verified.min(b.verified));
            prop_assert!(least.missing >= a.missing.max(b.missing));
            prop_assert_eq!(least, b.least(a));
            prop_assert_eq!(a.least(a), a);
        }

        #[test]
        fn shares_sum_to_one(verified: u64, unverified: u64, window: u64) {
            let c = Coverage::of(verified, unverified, window);
            prop_assert_eq!(c.verified.0 + c.unverified.0 + c.missing.0, Share::ONE.0);
        }
    }
}
