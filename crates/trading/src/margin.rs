//! How a market is margined, as it is asked for and told.

use crate::error::TradeError;
use crate::ticket::digest;
use hypersentry_execution::keys::Key;
use hypersentry_model::{Symbol, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose margin backs a position.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginKind {
    /// The account's, with its other positions.
    Cross,
    /// Its own alone.
    Isolated,
}

impl MarginKind {
    pub(crate) const fn of(isolated: bool) -> Self {
        if isolated {
            Self::Isolated
        } else {
            Self::Cross
        }
    }
}

/// Asks for another leverage, or another kind of margin.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetLeverage {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The market.
    pub symbol: String,
    /// Times.
    #[schemars(range(min = 1))]
    pub leverage: u32,
    /// Whose margin.
    pub margin: MarginKind,
}

/// Asks to move margin into a position with a margin of its own, or out of it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MoveMargin {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The market.
    pub symbol: String,
    /// Dollars, to the millionth; negative to take away.
    pub usd: Usd,
}

/// How a market is margined.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct MarketMargin {
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Whose margin; nothing where the venue has not said.
    pub margin: Option<MarginKind>,
    /// Times; nothing where the venue has not said.
    pub leverage: Option<u32>,
    /// The highest that the market allows.
    pub max_leverage: u32,
    /// Whether positions in it have a margin of their own, always.
    pub only_isolated: bool,
}

/// What is to be set.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setting {
    Leverage {
        isolated: bool,
        leverage: u32,
    },
    /// Millionths of a dollar.
    Moved {
        micros: i64,
    },
}

/// What is to be set where, and under which name.
#[derive(Clone, Debug)]
pub(crate) struct AskSetting {
    pub(crate) key: String,
    pub(crate) body: [u8; 32],
    pub(crate) symbol: Symbol,
    pub(crate) setting: Setting,
}

fn symbol(text: &str) -> Result<Symbol, TradeError> {
    Symbol::new(text).map_err(|_| {
        let text: String = text.chars().take(40).collect();
        TradeError::new("unknown_symbol", format!("`{text}` is no symbol"))
    })
}

impl SetLeverage {
    pub(crate) fn asked(&self) -> Result<AskSetting, TradeError> {
        Key::new(&self.key)?;
        Ok(AskSetting {
            key: self.key.clone(),
            body: digest(&("leverage", self)),
            symbol: symbol(&self.symbol)?,
            setting: Setting::Leverage {
                isolated: self.margin == MarginKind::Isolated,
                leverage: self.leverage,
            },
        })
    }
}

impl MoveMargin {
    pub(crate) fn asked(&self) -> Result<AskSetting, TradeError> {
        Key::new(&self.key)?;
        let one = 10_i128.pow(Usd::SCALE - 6);
        let micros = i64::try_from(self.usd.units() / one).ok();
        let exact = self.usd.units() % one == 0;
        let micros = micros
            .filter(|micros| exact && *micros != 0)
            .ok_or_else(|| {
                TradeError::bad("`usd` is an amount other than zero, to the millionth of a dollar")
            })?;
        Ok(AskSetting {
            key: self.key.clone(),
            body: digest(&("margin", self)),
            symbol: symbol(&self.symbol)?,
            setting: Setting::Moved { micros },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_one_that_the_venue_can_be_told() {
        let asked = |usd: &str| {
            let ask = MoveMargin {
                account: String::new(),
                key: "k".to_owned(),
                symbol: "BTC".to_owned(),
                usd: Usd::parse(usd).unwrap(),
            };
            ask.asked().map(|it| it.setting).map_err(|it| it.code)
        };
        assert_eq!(
            asked("-12.000001"),
            Ok(Setting::Moved {
                micros: -12_000_001
            })
        );
        for bad in ["0", "0.0000001", "99999999999999"] {
            assert_eq!(asked(bad), Err("bad_request".to_owned()), "{bad}");
        }
    }
}
