//! A figure as clients were last told it, and whether it must be told again.

use hypersentry_model::agg::{BestPrices, Field, FundingField, Mark};
use hypersentry_model::{Freshness, Price, Rate, Size, Stamp, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// How much a proof of life may advance before it is told to clients although nothing else changed.
pub(crate) const PROOF_REPUBLISH_MS: i64 = 1_000;

/// A figure as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Shown<T> {
    pub(crate) v: Option<T>,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) limit_ms: u32,
    state: Freshness,
    /// A newer proof of life is known than clients were told.
    untold_proof: bool,
}

/// A value that has a field of its own in an `agg_update`.
pub(crate) trait Figure: Clone + PartialEq {
    /// The field's type.
    type Field;

    /// The field as it is told.
    fn field(shown: &Shown<Self>) -> Self::Field;
}

macro_rules! plain_figures {
    ($($value:ty)+) => {
        $(impl Figure for $value {
            type Field = Field<Self>;

            fn field(shown: &Shown<Self>) -> Field<Self> {
                Field { v: shown.v, mark: shown.mark() }
            }
        })+
    };
}

plain_figures! { Price Size Usd Rate BestPrices }

/// A funding rate as it is held.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct FundingTerms {
    pub(crate) rate: Rate,
    pub(crate) interval_h: Option<u32>,
    pub(crate) next_ms: Option<i64>,
}

impl Figure for FundingTerms {
    type Field = FundingField;

    fn field(shown: &Shown<Self>) -> FundingField {
        FundingField {
            v: shown.v.map(|f| f.rate),
            interval_h: shown.v.and_then(|f| f.interval_h),
            next_ms: shown.v.and_then(|f| f.next_ms),
            mark: shown.mark(),
        }
    }
}

impl<T: Clone + PartialEq> Shown<T> {
    /// A figure that is missing unless a value is there, with its stamp.
    pub(crate) fn new(value: Option<(T, Stamp)>, limit_ms: u32, now: Timestamp) -> Self {
        let (v, stamp) = value.unzip();
        Self {
            v,
            stamp,
            limit_ms,
            state: stamp.map_or(Freshness::Missing, |s| s.freshness(now, limit_ms)),
            untold_proof: false,
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            as_of: self.stamp.map(|s| s.as_of.ms()),
            proved_at: self.stamp.map(|s| s.proved_at.ms()),
            age_limit_ms: self.limit_ms,
            state: self.state,
        }
    }

    /// The value as it was told, to be told on while nothing newer is known.
    pub(crate) fn pair(&self) -> Option<(T, Stamp)> {
        self.v.clone().zip(self.stamp)
    }

    /// Whether clients must be told, given what they were told before.
    fn differs(&self, told: &Self, now: Timestamp) -> bool {
        if self.v != told.v || self.state != told.state {
            return true;
        }
        match (self.stamp, told.stamp) {
            (Some(new), Some(old)) => {
                // A figure of several feeds goes back when one joins that was proved earlier.
                new.as_of != old.as_of
                    || new.proved_at < old.proved_at
                    || (new.proved_at > old.proved_at
                        && now >= old.proved_at.plus_ms(PROOF_REPUBLISH_MS))
            }
            (new, old) => new != old,
        }
    }

    /// Takes over what clients were told when the difference is not worth telling yet. Whether it is.
    pub(crate) fn settle(&mut self, told: &Self, now: Timestamp) -> bool {
        let tell = self.differs(told, now);
        if !tell {
            self.untold_proof = self.stamp != told.stamp;
            self.stamp = told.stamp;
        }
        tell
    }

    /// After which point clients must be told again although no event comes: of a proof of life that they do not know, or that the
    /// figure has turned stale.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let stamp = self.stamp.filter(|_| self.state == Freshness::Fresh)?;
        Some(if self.untold_proof {
            stamp.proved_at.plus_ms(PROOF_REPUBLISH_MS)
        } else {
            stamp.stale_after(self.limit_ms)
        })
    }
}

impl<T: Figure> Shown<T> {
    pub(crate) fn field(&self) -> T::Field {
        T::field(self)
    }

    /// The field, if it changed since `told`.
    pub(crate) fn changed(&mut self, told: &Self, now: Timestamp) -> Option<T::Field> {
        self.settle(told, now).then(|| self.field())
    }
}

/// The value of a figure that has only stamps. A checkpoint must tell it from no value, which it would not with `()`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// Something was received.
    Seen,
}

/// When a snapshot has a figure that was not seen, as missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unseen {
    /// Always: every market has the figure.
    Told,
    /// Never: many markets do not have the figure at all.
    Absent,
}

/// Writes a struct of [`Shown`] figures from a table: field of `AggUpdate`, value, limit in milliseconds, whether it is told while
/// unseen, and how it is read from the state.
macro_rules! shown_figures {
    (
        $(#[$meta:meta])*
        $name:ident of $state:ty {
            $($field:ident: $value:ty, $limit:expr, $unseen:expr, $read:expr;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
        pub(crate) struct $name {
            $($field: Shown<$value>,)+
        }

        impl $name {
            pub(crate) fn take(state: &$state, now: Timestamp) -> Self {
                Self {
                    $($field: {
                        let read: fn(&$state, Timestamp) -> Option<($value, Stamp)> = $read;
                        Shown::new(read(state, now), $limit, now)
                    },)+
                }
            }

            /// After which point clients must be told again although no event comes.
            pub(crate) fn due(&self) -> Option<Timestamp> {
                [$(self.$field.due()),+].into_iter().flatten().min()
            }

            pub(crate) fn snapshot(&self, update: &mut AggUpdate) {
                $(update.$field = (self.$field.v.is_some() || $unseen == Unseen::Told)
                    .then(|| self.$field.field());)+
            }

            pub(crate) fn delta(&mut self, told: &Self, now: Timestamp, update: &mut AggUpdate) {
                $(update.$field = self.$field.changed(&told.$field, now);)+
            }
        }
    };
}

pub(crate) use shown_figures;
