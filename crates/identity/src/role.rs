//! Roles say what a user may do at all; grants say with which account.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a user may do at all.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Trades, with accounts for which there is a grant.
    Trader,
    /// Sets limits and stops trading.
    RiskManager,
    /// Everything, and says who may do what.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Trader, Self::RiskManager, Self::Admin];

    /// Whether a user with this role may do what needs the other. Trading and managing risk are two duties: neither includes the other.
    pub fn covers(self, needed: Self) -> bool {
        needed == Self::Viewer || self == Self::Admin || self == needed
    }

    /// What grants can do in the hands of this role.
    pub const fn limit(self) -> Grants {
        let trade = matches!(self, Self::Trader | Self::Admin);
        let manage_risk = matches!(self, Self::RiskManager | Self::Admin);
        Grants {
            view: true,
            trade,
            manage_risk,
        }
    }
}

/// What a user may do with an account.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Grants {
    /// See orders, positions, equity.
    pub view: bool,
    /// Send orders.
    pub trade: bool,
    /// Set limits, stop trading.
    pub manage_risk: bool,
}

impl Grants {
    /// Everything.
    pub const ALL: Self = Self {
        view: true,
        trade: true,
        manage_risk: true,
    };

    /// Those in both.
    pub const fn and(self, other: Self) -> Self {
        Self {
            view: self.view && other.view,
            trade: self.trade && other.trade,
            manage_risk: self.manage_risk && other.manage_risk,
        }
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        !self.view && !self.trade && !self.manage_risk
    }
}

impl JsonSchema for Grants {
    fn schema_name() -> Cow<'static, str> {
        "Grants".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "description": "What a user may do with an account.",
            "items": { "type": "string", "enum": Vec::<String>::from(Self::ALL) },
        })
    }
}

impl TryFrom<Vec<String>> for Grants {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let mut grants = Self::default();
        for name in names {
            match name.as_str() {
                "view" => grants.view = true,
                "trade" => grants.trade = true,
                "manage_risk" => grants.manage_risk = true,
                _ => return Err("a grant is view, trade or manage_risk".into()),
            }
        }
        Ok(grants)
    }
}

impl From<Grants> for Vec<String> {
    fn from(grants: Grants) -> Self {
        let all = [
            (grants.view, "view"),
            (grants.trade, "trade"),
            (grants.manage_risk, "manage_risk"),
        ];
        all.into_iter()
            .filter(|g| g.0)
            .map(|g| g.1.to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_are_apart() {
        use Role::{Admin, RiskManager, Trader, Viewer};
        for (role, covers) in [
            (Viewer, vec![Viewer]),
            (Trader, vec![Viewer, Trader]),
            (RiskManager, vec![Viewer, RiskManager]),
            (Admin, Role::ALL.to_vec()),
        ] {
            for needed in Role::ALL {
                assert_eq!(
                    role.covers(needed),
                    covers.contains(&needed),
                    "{role:?} {needed:?}"
                );
            }
        }
        assert!(!Viewer.limit().and(Grants::ALL).trade);
        assert!(!Trader.limit().and(Grants::ALL).manage_risk);
        assert!(!RiskManager.limit().and(Grants::ALL).trade);
        assert_eq!(Admin.limit(), Grants::ALL);
    }
}
