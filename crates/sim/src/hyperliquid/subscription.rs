//! What a client may subscribe to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::rounding::Rounding;
use crate::exchange::Address;
use crate::generator::{Interval, Market};

/// A feed. Coins are indices into the universe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subscription {
    AllMids {
        dex: Option<String>,
    },
    L2Book {
        coin: usize,
        rounding: Rounding,
        fast: bool,
    },
    Bbo {
        coin: usize,
    },
    Trades {
        coin: usize,
    },
    Candle {
        coin: usize,
        interval: Interval,
    },
    ActiveAssetCtx {
        coin: usize,
    },
    User {
        feed: UserFeed,
        user: Address,
    },
    ActiveAssetData {
        user: Address,
        coin: usize,
    },
}

/// A stream about one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UserFeed {
    OrderUpdates,
    UserEvents,
    UserFills,
    UserFundings,
    UserTwapSliceFills,
    UserTwapHistory,
    UserNonFundingLedgerUpdates,
    // From here on all there is, sent again and again.
    ClearinghouseState,
    AllDexsClearinghouseState,
    OpenOrders,
    TwapStates,
    SpotState,
    WebData3,
}

impl UserFeed {
    const ALL: [(Self, &str, &str); 13] = [
        (Self::OrderUpdates, "orderUpdates", "orderUpdates"),
        (Self::UserEvents, "userEvents", "user"),
        (Self::UserFills, "userFills", "userFills"),
        (Self::UserFundings, "userFundings", "userFundings"),
        (
            Self::UserTwapSliceFills,
            "userTwapSliceFills",
            "userTwapSliceFills",
        ),
        (Self::UserTwapHistory, "userTwapHistory", "userTwapHistory"),
        (
            Self::UserNonFundingLedgerUpdates,
            "userNonFundingLedgerUpdates",
            "userNonFundingLedgerUpdates",
        ),
        (
            Self::ClearinghouseState,
            "clearinghouseState",
            "clearinghouseState",
        ),
        (
            Self::AllDexsClearinghouseState,
            "allDexsClearinghouseState",
            "allDexsClearinghouseState",
        ),
        (Self::OpenOrders, "openOrders", "openOrders"),
        (Self::TwapStates, "twapStates", "twapStates"),
        (Self::SpotState, "spotState", "spotState"),
        (Self::WebData3, "webData3", "webData3"),
    ];

    fn parse(kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, name, _)| *name == kind)
            .map(|(feed, ..)| feed)
    }

    pub(super) fn of_channel(channel: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(.., name)| *name == channel)
            .map(|(feed, ..)| feed)
    }

    /// Whether it sends all there is, time after time.
    pub(super) fn is_state(self) -> bool {
        self >= Self::ClearinghouseState
    }

    /// Whether its subscription names an exchange of perpetuals; the venue's own is the empty name, and the only one here.
    fn has_dex(self) -> bool {
        matches!(
            self,
            Self::ClearinghouseState | Self::OpenOrders | Self::TwapStates
        )
    }

    /// The name to subscribe by.
    pub(super) fn kind(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    fn channel(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

/// A subscription as the venue repeats it; an inner `None` is printed as null.
#[derive(Debug, Default, Serialize)]
pub(super) struct Echo {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coin: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'static str>,
    #[serde(rename = "nSigFigs", skip_serializing_if = "Option::is_none")]
    n_sig_figs: Option<Option<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mantissa: Option<Option<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fast: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(rename = "aggregateByTime", skip_serializing_if = "Option::is_none")]
    aggregate_by_time: Option<bool>,
    #[serde(
        rename = "ignorePortfolioMargin",
        skip_serializing_if = "Option::is_none"
    )]
    ignore_portfolio_margin: Option<bool>,
}

impl Echo {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why an object is not a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The venue cannot parse it.
    Unparseable,
    /// The venue ends the connection.
    UnknownCoin,
}

impl Subscription {
    pub(super) fn parse(value: &Value, market: &Market) -> Result<Self, Unfit> {
        let object = value.as_object().ok_or(Unfit::Unparseable)?;
        let kind = text(object, "type")?;
        if kind == "allMids" {
            return Ok(Self::AllMids {
                dex: optional_text(object, "dex")?,
            });
        }
        if let Some(feed) = UserFeed::parse(kind) {
            let user = Address::parse(text(object, "user")?).ok_or(Unfit::Unparseable)?;
            let dex = optional_text(object, "dex")?;
            if feed.has_dex() && dex.is_some_and(|dex| !dex.is_empty()) {
                return Err(Unfit::Unparseable);
            }
            return Ok(Self::User { feed, user });
        }
        if kind == "activeAssetData" {
            let user = Address::parse(text(object, "user")?).ok_or(Unfit::Unparseable)?;
            let name = text(object, "coin")?;
            let coin = market.coin_index(name).ok_or(Unfit::UnknownCoin)?;
            return Ok(Self::ActiveAssetData { user, coin });
        }
        if !matches!(
            kind,
            "l2Book" | "bbo" | "trades" | "candle" | "activeAssetCtx"
        ) {
            return Err(Unfit::Unparseable);
        }
        let name = text(object, "coin")?;
        let coin = || market.coin_index(name).ok_or(Unfit::UnknownCoin);
        Ok(match kind {
            "l2Book" => {
                let rounding = Rounding {
                    n_sig_figs: optional_digit(object, "nSigFigs")?,
                    mantissa: optional_digit(object, "mantissa")?,
                };
                let fast = match object.get("fast") {
                    None | Some(Value::Null) => false,
                    Some(Value::Bool(fast)) => *fast,
                    Some(_) => return Err(Unfit::Unparseable),
                };
                if !rounding.valid() {
                    return Err(Unfit::Unparseable);
                }
                Self::L2Book {
                    coin: coin()?,
                    rounding,
                    fast,
                }
            }
            "bbo" => Self::Bbo { coin: coin()? },
            "trades" => Self::Trades { coin: coin()? },
            "candle" => {
                let interval =
                    Interval::parse(text(object, "interval")?).ok_or(Unfit::Unparseable)?;
                Self::Candle {
                    coin: coin()?,
                    interval,
                }
            }
            _ => Self::ActiveAssetCtx { coin: coin()? },
        })
    }

    /// The venue's normalised form, with the optional fields filled in.
    pub(super) fn echo(&self, market: &Market) -> Echo {
        let mut echo = Echo {
            kind: self.channel(),
            coin: self.coin().map(|coin| market.coins()[coin].instrument.coin),
            ..Echo::default()
        };
        match self {
            Self::AllMids { dex } => echo.dex.clone_from(dex),
            Self::L2Book { rounding, fast, .. } => {
                echo.n_sig_figs = Some(rounding.n_sig_figs);
                echo.mantissa = Some(rounding.mantissa);
                echo.fast = Some(*fast);
            }
            Self::Candle { interval, .. } => echo.interval = Some(interval.name()),
            Self::User { feed, user } => {
                echo.kind = feed.kind();
                // Addresses come back in lower case.
                echo.user = Some(user.to_string());
                echo.aggregate_by_time = (*feed == UserFeed::UserFills).then_some(false);
                echo.dex = feed.has_dex().then(String::new);
                echo.ignore_portfolio_margin = (*feed == UserFeed::SpotState).then_some(false);
            }
            Self::ActiveAssetData { user, .. } => echo.user = Some(user.to_string()),
            Self::Bbo { .. } | Self::Trades { .. } | Self::ActiveAssetCtx { .. } => {}
        }
        echo
    }

    pub(super) fn channel(&self) -> &'static str {
        match self {
            Self::AllMids { .. } => "allMids",
            Self::L2Book { .. } => "l2Book",
            Self::Bbo { .. } => "bbo",
            Self::Trades { .. } => "trades",
            Self::Candle { .. } => "candle",
            Self::ActiveAssetCtx { .. } => "activeAssetCtx",
            Self::User { feed, .. } => feed.channel(),
            Self::ActiveAssetData { .. } => "activeAssetData",
        }
    }

    /// The account that it is about.
    pub(super) fn user(&self) -> Option<Address> {
        match self {
            Self::User { user, .. } | Self::ActiveAssetData { user, .. } => Some(*user),
            _ => None,
        }
    }

    pub(super) fn coin(&self) -> Option<usize> {
        match self {
            Self::AllMids { .. } | Self::User { .. } => None,
            Self::L2Book { coin, .. }
            | Self::Bbo { coin }
            | Self::Trades { coin }
            | Self::Candle { coin, .. }
            | Self::ActiveAssetData { coin, .. }
            | Self::ActiveAssetCtx { coin } => Some(*coin),
        }
    }
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, Unfit> {
    object
        .get(key)
        .and_then(Value::as_str)
        .ok_or(Unfit::Unparseable)
}

fn optional_text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, Unfit> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Unfit::Unparseable),
    }
}

fn optional_digit(object: &Map<String, Value>, key: &str) -> Result<Option<u8>, Unfit> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let digit = value.as_u64().and_then(|number| u8::try_from(number).ok());
            digit.map(Some).ok_or(Unfit::Unparseable)
        }
    }
}
