//! The gates that ask about one account.

use crate::event::{Gate, GateName, GateState, Scope};
use crate::params::GateParams;
use crate::plan::event::Guard;
use hypersentry_model::Usd;

/// What is known of an account.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountFacts<'a> {
    /// Whether it trades by itself.
    pub auto_mode: bool,
    /// Whether an execution client is connected for it.
    pub client_ready: bool,
    /// The guard of its plan; `None` without a plan.
    pub guard: Option<&'a Guard>,
    /// The size that its risk layer gives; `None` when it refuses.
    pub size_usd: Option<Usd>,
    /// The venue's least order; `None` while unknown.
    pub min_order_usd: Option<Usd>,
    /// When it last traded this symbol by itself, UTC ms.
    pub last_trade_ms: Option<i64>,
    /// Positions of autonomous trades that are open.
    pub open: u32,
    /// The most that the account allows.
    pub max_concurrent: u32,
    /// Trades of this UTC day.
    pub trades_today: u32,
    /// The most that the account allows.
    pub max_daily_trades: u32,
    /// What was lost this UTC day; `None` while unknown.
    pub loss_today_usd: Option<Usd>,
    /// The most that the account allows.
    pub max_daily_loss_usd: Usd,
}

/// An account's gates in the order in which they are told, with what each asks for.
fn questions(params: &GateParams) -> [(GateName, String); 9] {
    [
        (GateName::Guard, "every check of the plan".to_owned()),
        (GateName::AutoMode, "on".to_owned()),
        (GateName::Size, format!("{} USD or more", params.min_usd)),
        (
            GateName::MinOrder,
            "the venue's least order or more".to_owned(),
        ),
        (GateName::ClientReady, "connected".to_owned()),
        (
            GateName::Cooldown,
            format!("{} s since the last trade", params.cooldown_ms / 1_000),
        ),
        (
            GateName::Concurrent,
            format!("fewer than {} positions", params.max_concurrent),
        ),
        (
            GateName::DailyTrades,
            "fewer than the account allows".to_owned(),
        ),
        (
            GateName::DailyLoss,
            "less than the account allows".to_owned(),
        ),
    ]
}

/// A gate's answer: whether it passes where that is known, what was found, and the sentence.
type Answer = (Option<bool>, Option<String>, String);

pub(super) fn gates(
    now_ms: i64,
    account: Option<&AccountFacts<'_>>,
    params: &GateParams,
) -> Vec<Gate> {
    let each = questions(params).into_iter().map(|(name, asked)| {
        let (passes, value, text) = match account {
            Some(account) => answer(name, now_ms, account, params),
            None => (None, None, "Not known without an account".to_owned()),
        };
        let threshold = match (account, name) {
            (Some(a), GateName::Concurrent) => {
                format!("fewer than {} positions", most_open(a, params))
            }
            (Some(a), GateName::DailyTrades) => format!("fewer than {} trades", a.max_daily_trades),
            (Some(a), GateName::DailyLoss) => format!("less than {} USD", a.max_daily_loss_usd),
            (Some(a), GateName::MinOrder) => a
                .min_order_usd
                .map_or(asked, |least| format!("{least} USD or more")),
            _ => asked,
        };
        Gate {
            name,
            state: match passes {
                Some(true) => GateState::Pass,
                Some(false) => GateState::Fail,
                None => GateState::Unknown,
            },
            value,
            threshold,
            text,
            scope: Scope::Account,
        }
    });
    each.collect()
}

fn most_open(account: &AccountFacts<'_>, params: &GateParams) -> u32 {
    account.max_concurrent.min(params.max_concurrent)
}

fn answer(name: GateName, now_ms: i64, account: &AccountFacts<'_>, params: &GateParams) -> Answer {
    let said = |passes: bool, value: String, yes: &str, no: &str| {
        let text = if passes { yes } else { no };
        (Some(passes), Some(value), text.to_owned())
    };
    match name {
        GateName::Guard => guard(account.guard),
        GateName::AutoMode => {
            let value = if account.auto_mode { "on" } else { "off" };
            said(
                account.auto_mode,
                value.to_owned(),
                "The account trades by itself",
                "The account does not trade by itself",
            )
        }
        GateName::Size => match account.size_usd {
            Some(size) => said(
                size >= whole_usd(params.min_usd),
                format!("{size} USD"),
                "The size is worth a trade",
                "The size is too small for a trade",
            ),
            None => (
                Some(false),
                Some("none".to_owned()),
                "The risk layer gives no size".to_owned(),
            ),
        },
        GateName::MinOrder => match account.size_usd.zip(account.min_order_usd) {
            Some((size, least)) => said(
                size >= least,
                format!("{size} USD"),
                "The venue takes orders of this size",
                "The venue takes no order so small",
            ),
            None if account.size_usd.is_none() => (
                Some(false),
                Some("none".to_owned()),
                "There is no size that the venue could take".to_owned(),
            ),
            None => (
                None,
                None,
                "The venue's least order is not known".to_owned(),
            ),
        },
        GateName::ClientReady => {
            let value = if account.client_ready {
                "connected"
            } else {
                "none"
            };
            said(
                account.client_ready,
                value.to_owned(),
                "An execution client is connected",
                "No execution client is connected",
            )
        }
        GateName::Cooldown => {
            let since = account.last_trade_ms.map(|at| now_ms.saturating_sub(at));
            let value = since.map_or("no trade yet".to_owned(), |ms| {
                format!("{} s ago", ms / 1_000)
            });
            said(
                since.is_none_or(|ms| ms >= params.cooldown_ms),
                value,
                "The last trade of this symbol is long enough ago",
                "This symbol was traded a moment ago",
            )
        }
        GateName::Concurrent => said(
            account.open < most_open(account, params),
            account.open.to_string(),
            "There is room for another position",
            "As many positions are open as are allowed",
        ),
        GateName::DailyTrades => said(
            account.trades_today < account.max_daily_trades,
            account.trades_today.to_string(),
            "There is room for another trade today",
            "As many trades were made today as are allowed",
        ),
        GateName::DailyLoss => match account.loss_today_usd {
            Some(loss) => said(
                loss < account.max_daily_loss_usd,
                format!("{loss} USD"),
                "The loss of today is within its limit",
                "The loss of today has reached its limit",
            ),
            None => (None, None, "The loss of today is not known".to_owned()),
        },
        // Gates of the market are asked elsewhere.
        GateName::Score | GateName::Streak | GateName::FreshInputs | GateName::TrainedModel => {
            (None, None, String::new())
        }
    }
}

fn guard(guard: Option<&Guard>) -> Answer {
    let Some(guard) = guard else {
        return (
            Some(false),
            Some("no plan".to_owned()),
            "There is no execution plan that could be safe".to_owned(),
        );
    };
    if guard.safe {
        let value = format!("{} checks hold", guard.checks.len());
        return (Some(true), Some(value), "The plan is safe".to_owned());
    }
    let broken: Vec<&str> = guard
        .checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| check.name.as_str())
        .collect();
    let value = match broken.is_empty() {
        true => "nothing was checked".to_owned(),
        false => broken.join(", "),
    };
    let text = format!("The plan is not safe: {value}");
    (Some(false), Some(value), text)
}

fn whole_usd(usd: u32) -> Usd {
    Usd::from_units(i128::from(usd) * 10i128.pow(Usd::SCALE))
}
