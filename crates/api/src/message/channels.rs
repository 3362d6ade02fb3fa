//! Which events a client wants of a symbol.

use super::cut;
use crate::ApiError;
use hypersentry_model::EventType;
use serde_json::Value;

/// Market data.
pub const PUBLIC_MARKET: &str = "public.market";

/// What the conviction engine says.
pub const PUBLIC_ALPHA: &str = "public.alpha";

/// A set of channels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Channels {
    market: bool,
    alpha: bool,
}

impl Channels {
    /// [`PUBLIC_MARKET`] alone: what is meant where none are named.
    pub const MARKET: Self = Self {
        market: true,
        alpha: false,
    };

    /// Reads a list as a client spells it.
    ///
    /// # Errors
    /// `bad_request`, `unknown_channel`, `login_required`.
    pub(crate) fn read(value: Option<&Value>) -> Result<Self, ApiError> {
        let Some(value) = value else {
            return Ok(Self::MARKET);
        };
        let listed = value.as_array().filter(|l| !l.is_empty()).ok_or_else(|| {
            let message = "`channels` must be a list with at least one channel";
            ApiError::new("bad_request", message)
        })?;
        let mut channels = Self::default();
        for channel in listed {
            match channel.as_str() {
                Some(name) => channels.add(name)?,
                None => return Err(ApiError::new("bad_request", "a channel must be a string")),
            }
        }
        Ok(channels)
    }

    /// As [`Self::read`], of names; [`Self::MARKET`] of none.
    ///
    /// # Errors
    /// `unknown_channel`.
    pub fn named(names: &[String]) -> Result<Self, ApiError> {
        if names.is_empty() {
            return Ok(Self::MARKET);
        }
        let mut channels = Self::default();
        for name in names {
            channels.add(name)?;
        }
        Ok(channels)
    }

    fn add(&mut self, name: &str) -> Result<(), ApiError> {
        match name {
            PUBLIC_MARKET => self.market = true,
            PUBLIC_ALPHA => self.alpha = true,
            other => {
                let message = format!("there is no channel `{}`", cut(other));
                return Err(ApiError::new("unknown_channel", message));
            }
        }
        Ok(())
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        let all = [(self.market, PUBLIC_MARKET), (self.alpha, PUBLIC_ALPHA)];
        all.into_iter().filter(|c| c.0).map(|c| c.1).collect()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        !self.market && !self.alpha
    }

    /// Those of both.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self {
            market: self.market || other.market,
            alpha: self.alpha || other.alpha,
        }
    }

    /// Those that are not in the other.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self {
            market: self.market && !other.market,
            alpha: self.alpha && !other.alpha,
        }
    }

    /// Whether events of that type come on one of them.
    pub(crate) const fn carry(self, event: EventType) -> bool {
        match event {
            EventType::AlphaConviction | EventType::GovUpdate => self.alpha,
            // There is no public channel for what is private.
            EventType::RiskUpdate
            | EventType::ExecPlan
            | EventType::OrderUpdate
            | EventType::FillUpdate
            | EventType::AccountUpdate
            | EventType::ExecutionEvent => false,
            _ => self.market,
        }
    }
}

/// Plans.
pub const PRIVATE_EXECUTION: &str = "private.execution";

/// Sizes.
pub const PRIVATE_ACCOUNT: &str = "private.account";

/// A set of private channels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PrivateChannels {
    execution: bool,
    account: bool,
}

impl PrivateChannels {
    /// Reads a list as a client spells it.
    ///
    /// # Errors
    /// `bad_request`, `unknown_channel`.
    pub(crate) fn read(value: Option<&Value>) -> Result<Self, ApiError> {
        let listed = value.and_then(Value::as_array).filter(|l| !l.is_empty());
        let listed = listed.ok_or_else(|| {
            let message = "`channels` must be a list with at least one channel";
            ApiError::new("bad_request", message)
        })?;
        let mut channels = Self::default();
        for channel in listed {
            match channel.as_str() {
                Some(PRIVATE_EXECUTION) => channels.execution = true,
                Some(PRIVATE_ACCOUNT) => channels.account = true,
                Some(other) => {
                    let message = format!("there is no private channel `{}`", cut(other));
                    return Err(ApiError::new("unknown_channel", message));
                }
                None => return Err(ApiError::new("bad_request", "a channel must be a string")),
            }
        }
        Ok(channels)
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.execution, PRIVATE_EXECUTION),
            (self.account, PRIVATE_ACCOUNT),
        ];
        all.into_iter().filter(|c| c.0).map(|c| c.1).collect()
    }

    /// Those of both.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self {
            execution: self.execution || other.execution,
            account: self.account || other.account,
        }
    }

    /// Those that are not in the other.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self {
            execution: self.execution && !other.execution,
            account: self.account && !other.account,
        }
    }

    /// Whether events of that type come on one of them.
    pub(crate) const fn carry(self, event: EventType) -> bool {
        match event {
            EventType::ExecPlan
            | EventType::OrderUpdate
            | EventType::FillUpdate
            | EventType::ExecutionEvent => self.execution,
            EventType::RiskUpdate | EventType::AccountUpdate => self.account,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_of_channels() {
        let both = Channels::read(Some(&json!(["public.alpha", "public.market"]))).unwrap();
        assert_eq!(both.names(), [PUBLIC_MARKET, PUBLIC_ALPHA]);
        let alpha = both.without(Channels::MARKET);
        assert_eq!(alpha.names(), [PUBLIC_ALPHA]);
        assert_eq!(alpha.with(Channels::MARKET), both);
        assert!(alpha.without(alpha).is_empty());
        assert!(alpha.carry(EventType::AlphaConviction) && !alpha.carry(EventType::AggUpdate));
        assert!(Channels::MARKET.carry(EventType::VenueStatus));
        assert_eq!(Channels::read(None).unwrap(), Channels::MARKET);
    }

    #[test]
    fn nothing_private_is_on_a_public_channel() {
        let both = Channels::read(Some(&json!(["public.alpha", "public.market"]))).unwrap();
        for event in [
            EventType::RiskUpdate,
            EventType::ExecPlan,
            EventType::OrderUpdate,
            EventType::FillUpdate,
            EventType::AccountUpdate,
            EventType::ExecutionEvent,
        ] {
            assert!(!both.carry(event));
        }
    }
}
