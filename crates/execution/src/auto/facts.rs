//! What trading by itself looks at.

use crate::order::Side;
use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Markets that one enablement names at most.
pub const MOST_SYMBOLS: usize = 16;
/// Minutes after which an enablement ends by itself at the latest: a day.
pub const MOST_MINUTES: u32 = 1_440;
/// Slices of a plan.
pub const MOST_SLICES: usize = 20;

/// A dollar in units of [`Usd`].
const DOLLAR: i128 = 10_i128.pow(Usd::SCALE);

/// The figures behind the gates. Specification, section 22, and what it leaves open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Scores from here up lead to a purchase.
    pub long_from: u8,
    /// Scores up to here lead to a sale: as far from neutral as the other.
    pub short_to: u8,
    /// Readings in a row on one side.
    pub streak: u32,
    /// Between two readings that count, at least.
    pub reading_ms: i64,
    /// The least worth of a trade.
    pub least: Usd,
    /// Between two trades of one market, at least.
    pub cooldown_ms: i64,
    /// Trades that are open at once.
    pub most_open: usize,
    /// A conviction older than this is none. It is told at each full second at least.
    pub age_ms: i64,
    /// Without any fresh conviction for so long the enablement ends.
    pub quiet_ms: i64,
    /// How long after its last slice a plan's resting orders wait.
    pub linger_ms: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            long_from: 65,
            short_to: 35,
            streak: 5,
            reading_ms: 200,
            least: Usd::from_units(5 * DOLLAR),
            cooldown_ms: 60_000,
            most_open: 3,
            age_ms: 3_000,
            quiet_ms: 60_000,
            linger_ms: 60_000,
        }
    }
}

/// A code and its words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            text: text.into(),
        }
    }
}

/// Somebody's leave to trade by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Enablement {
    /// Who gave it.
    pub by: String,
    /// When.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// In these markets; at most [`MOST_SYMBOLS`].
    pub symbols: BTreeSet<Symbol>,
    /// The most that one trade is worth.
    pub size: Usd,
    /// Whether the probabilities must come from a trained model.
    pub model_required: bool,
}

/// Which evaluation something rests on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conviction {
    /// The run that told it.
    pub run_id: String,
    /// Its place in the stream of its market.
    pub seq: u64,
    /// SHA-256 of the event's `data` as JSON, in hexadecimal digits.
    pub hash: String,
}

impl Conviction {
    /// The idempotency key of a slice's request, `n` from 0: the same account, market and conviction make the same key, in this process and in any
    /// later one.
    pub fn key(&self, account: &str, symbol: Symbol, n: u32) -> String {
        let mut hash = Sha256::new();
        for part in [account, symbol.as_str(), &self.run_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(self.seq.to_be_bytes());
        hash.update(n.to_be_bytes());
        let digits = hash.finalize();
        let digits = digits.iter().take(20).map(|byte| format!("{byte:02x}"));
        format!("auto-{}", digits.collect::<String>())
    }
}

/// One order of a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slice {
    /// On the venue's tick; nothing is bought above it or sold below it.
    pub px: Price,
    /// Base units, on the venue's lot.
    pub size: Size,
    /// Whether it takes at once, or rests at the touch.
    pub takes: bool,
    /// After the plan's begin.
    pub delay_ms: i64,
}

/// How a view would be traded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Where the loss of each slice is stopped, on the venue's tick.
    pub stop: Price,
    /// Where its profit is taken, on the venue's tick.
    pub target: Price,
    /// Its orders; at most [`MOST_SLICES`].
    pub slices: Vec<Slice>,
}

/// What the engine said of a market at one tick, with what it would be worth to the account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opinion {
    /// The market.
    pub symbol: Symbol,
    /// Which evaluation.
    pub conviction: Conviction,
    /// When it was made.
    pub at: Timestamp,
    /// From 0 to 100; 50 is no opinion.
    pub score: u8,
    /// Which way the bias goes; none when neutral.
    pub side: Option<Side>,
    /// Evaluations in a row with this bias, by the engine's count.
    pub streak: u32,
    /// Feeds that are stale or missing, by name.
    pub wrong: Vec<String>,
    /// The trained model behind the probabilities.
    pub model: Option<String>,
    /// What it is worth, never more than the enablement says.
    pub sized: Result<Usd, Reason>,
    /// The smallest order that the venue takes.
    pub min_order: Option<Usd>,
    /// How it would be traded.
    pub plan: Result<Plan, Reason>,
}

/// What holds for the whole account at a moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountFacts {
    /// Whether a kill switch is on.
    pub killed: bool,
    /// Whether a lease that covers these orders has lapsed.
    pub lapsed: bool,
    /// Until when an agent signs for whoever enabled it; or why none does.
    pub agent: Result<Timestamp, Reason>,
    /// Why no order is taken, where none is.
    pub locked: Option<Reason>,
    /// Orders of the UTC day that could open.
    pub orders_today: u32,
    /// The most of them.
    pub most_orders: u32,
    /// What the UTC day has lost; none while unknown or stale.
    pub day_loss: Option<Usd>,
    /// The most that it may lose.
    pub most_loss: Usd,
}

/// What holds for the account in one market.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MarketFacts {
    /// The position; none while unknown or stale.
    pub position: Option<Size>,
    /// What the risk checks say of the first order; asked when every other gate holds.
    pub risk: Option<Result<(), Reason>>,
}

/// How the orders of a trade stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TradeFacts {
    /// An entry may still be filled.
    pub resting: bool,
    /// An order of it, entry or exit, has not ended.
    pub alive: bool,
    /// Something of it was filled.
    pub filled: bool,
    /// Something of a stop or a target of it was.
    pub exited: bool,
    /// The position in its market; none while unknown.
    pub position: Option<Size>,
}
