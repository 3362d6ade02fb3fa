//! What the conviction engine holds, as clients may ask for it. Reading changes nothing: the answers are those of the last tick, and the means
//! count ticks, not questions.

use crate::ApiError;
use crate::Hub;
use crate::encoded::Encoded;
use crate::listing::Listing;
use crate::message::{ALPHA, cut, mode_name};
use bytes::Bytes;
use hypersentry_alpha::conviction::{Bias, VolatilityRegime};
use hypersentry_alpha::counterfactual::changes;
use hypersentry_alpha::event::{Average, Change, Gates, NearVerdict, Node, Probability, Streak};
use hypersentry_alpha::gates::{self, AccountFacts, MarketFacts};
use hypersentry_alpha::plan::{OrderGrid, PlanState};
use hypersentry_alpha::risk::{AccountView, RiskState};
use hypersentry_alpha::stages::regime::Regime;
use hypersentry_alpha::why::tree;
use hypersentry_alpha::{AlphaConviction, Component};
use hypersentry_engine::account::AccountEvent;
use hypersentry_engine::core::Core;
use hypersentry_engine::core::alpha::HistoryRow;
use hypersentry_engine::desk::Busy;
use hypersentry_model::{EventType, Freshness, Owner, Source, StreamKey, Symbol, Usd, Venue};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What may be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AskAlpha {
    /// The last evaluation of a symbol, whole.
    Conviction(String),
    /// Why the last evaluation of a symbol says what it says, and what would change it.
    Why(String),
    /// Which gates are shut before a trade.
    Gates(String),
    /// A symbol's score and contributions, second by second.
    History(String),
    /// All symbols that are judged.
    Opportunities,
}

impl AskAlpha {
    /// Reads a query as a client spells it.
    ///
    /// # Errors
    /// `unknown_query`, `bad_request`.
    pub fn read(query: &str, symbol: Option<&str>) -> Result<Self, ApiError> {
        let symbol = || {
            let named = symbol.map(str::to_owned);
            named.ok_or_else(|| {
                ApiError::new("bad_request", "`symbol` is missing or is not a string")
            })
        };
        Ok(match query {
            "conviction" => Self::Conviction(symbol()?),
            "why" => Self::Why(symbol()?),
            "gates" => Self::Gates(symbol()?),
            "history" => Self::History(symbol()?),
            "opportunities" => Self::Opportunities,
            other => {
                let other = cut(other);
                let message = format!("there is no query `{other}` to the conviction engine");
                return Err(ApiError::new("unknown_query", message));
            }
        })
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Conviction(_) => "conviction",
            Self::Why(_) => "why",
            Self::Gates(_) => "gates",
            Self::History(_) => "history",
            Self::Opportunities => "opportunities",
        }
    }
}

/// An answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AlphaAnswer")]
pub struct Body {
    /// The run.
    run_id: String,
    /// `live`, `simulated` or `replay`.
    #[schemars(with = "hypersentry_model::Mode")]
    mode: &'static str,
    /// The symbol, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<Symbol>,
    /// When it was read, by the engine's time, UTC ms.
    now_ms: i64,
    #[serde(flatten)]
    says: Says,
}

impl Body {
    /// As JSON.
    pub fn bytes(&self) -> Bytes {
        Encoded::json(self).payload()
    }
}

/// An answer as a socket carries it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AlphaAnswer")]
pub(crate) struct Answer<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::message::Id>")]
    id: Option<Value>,
    #[serde(flatten)]
    body: &'a Body,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(id: Option<Value>, asked: &AskAlpha, body: &'a Body) -> Self {
        Self {
            kind: format!("{ALPHA}{}", asked.name()),
            id,
            body,
        }
    }
}

#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
enum Says {
    Conviction {
        #[schemars(with = "crate::message::Event")]
        event: Box<RawValue>,
    },
    Why {
        at_ms: i64,
        tree: Box<Node>,
        counterfactual: Vec<Change>,
    },
    Gates {
        at_ms: i64,
        #[serde(flatten)]
        gates: Gates,
        recent: Vec<NearVerdict>,
    },
    History {
        step_ms: u32,
        components: [Component; 5],
        rows: Vec<HistoryRow>,
    },
    Opportunities {
        rows: Vec<Opportunity>,
    },
}

/// A symbol among the others.
#[derive(Debug, JsonSchema, Serialize)]
struct Opportunity {
    symbol: Symbol,
    /// Time of the evaluation, UTC ms.
    at_ms: i64,
    seq: u64,
    score: u8,
    bias: Bias,
    confidence: f64,
    trust: f64,
    rr_target: f64,
    regime: Regime,
    volatility_regime: VolatilityRegime,
    streak: Streak,
    average: Average,
    /// Standard deviation of the price over an hour, as a share of it; null without enough history.
    expected_move: Option<f64>,
    probability: Option<Probability>,
    signal_ms: Option<i64>,
    components: Vec<Standing>,
}

/// How a component's feeds stand.
#[derive(Debug, JsonSchema, Serialize)]
struct Standing {
    name: Component,
    ready: bool,
    state: Freshness,
    as_of: Option<i64>,
    proved_at: Option<i64>,
    age_limit_ms: Option<u32>,
}

impl Opportunity {
    fn of(symbol: Symbol, seq: u64, told: &AlphaConviction) -> Self {
        let standing = |part: &hypersentry_alpha::event::Part| Standing {
            name: part.name,
            ready: part.ready,
            state: part.state,
            as_of: part.as_of,
            proved_at: part.proved_at,
            age_limit_ms: part.age_limit_ms,
        };
        Self {
            symbol,
            at_ms: told.now_ms,
            seq,
            score: told.score,
            bias: told.bias,
            confidence: told.confidence,
            trust: told.trust,
            rr_target: told.rr_target,
            regime: told.regime,
            volatility_regime: told.volatility_regime,
            streak: told.streak,
            average: told.average,
            expected_move: told.sigma_1h,
            probability: told.probability.clone(),
            signal_ms: told.signal_ms,
            components: told.components.iter().map(standing).collect(),
        }
    }
}

fn busy(busy: Busy) -> ApiError {
    ApiError::new("engine_busy", busy.to_string()).retryable()
}

/// Whether a symbol is judged, and was.
fn judged(core: &Core, symbol: Symbol) -> Result<&AlphaConviction, ApiError> {
    let told = core.alpha().told(symbol).ok_or_else(|| {
        let message = format!("{symbol} is not followed: subscribe to it first");
        ApiError::new("not_followed", message)
    })?;
    told.ok_or_else(|| {
        let message = format!("{symbol} was not judged yet");
        ApiError::new("no_conviction_yet", message).retryable()
    })
}

/// Answers from what the engine holds.
pub(crate) async fn answer(
    hub: &Hub,
    listing: &Listing,
    owner: Option<&Owner>,
    asked: &AskAlpha,
) -> Result<Body, ApiError> {
    let named = match asked {
        AskAlpha::Conviction(symbol)
        | AskAlpha::Why(symbol)
        | AskAlpha::Gates(symbol)
        | AskAlpha::History(symbol) => Some(listing.symbol(hub, symbol)?),
        AskAlpha::Opportunities => None,
    };
    let desk = hub.desk();
    let (now_ms, says) = match (asked, named) {
        (AskAlpha::Conviction(_), Some(symbol)) => {
            let read = move |core: &Core| judged(core, symbol).map(|_| core.now().ms());
            let now_ms = desk.read(read).await.map_err(busy)??;
            let event = hub.whole(stream(symbol)).ok_or_else(|| {
                let message = format!("{symbol} was not judged yet");
                ApiError::new("no_conviction_yet", message).retryable()
            })?;
            (now_ms, Says::Conviction { event })
        }
        (AskAlpha::Why(_), Some(symbol)) => {
            let read = move |core: &Core| {
                let told = judged(core, symbol)?.clone();
                Ok::<_, ApiError>((core.now().ms(), told, core.config().alpha.clone()))
            };
            let (now_ms, told, params) = desk.read(read).await.map_err(busy)??;
            let (evidence, probability) = (&told.evidence, told.probability.as_ref());
            let says = Says::Why {
                at_ms: told.now_ms,
                tree: Box::new(tree(evidence, &params, probability)),
                counterfactual: changes(evidence, &params),
            };
            (now_ms, says)
        }
        (AskAlpha::Gates(_), Some(symbol)) => {
            // Without a login what asks about an account is unknown.
            let account = owner.map(|owner| (desk.account(), hub.said(owner, symbol)));
            let read = move |core: &Core| {
                let told = judged(core, symbol)?;
                let params = &core.config().alpha;
                let account = account.as_ref().map(|(view, said)| {
                    let least = least_order(core.alpha().lead(symbol));
                    facts(view, said, least)
                });
                let model = told.probability.as_ref().and_then(|p| p.model.as_deref());
                let market = MarketFacts {
                    now_ms: told.now_ms,
                    verdict: &told.evidence.judge(params),
                    streak: told.streak,
                    model,
                };
                let says = Says::Gates {
                    at_ms: told.now_ms,
                    gates: gates::judge(&market, account.as_ref(), &params.gates),
                    recent: core.alpha().near(symbol),
                };
                Ok::<_, ApiError>((core.now().ms(), says))
            };
            desk.read(read).await.map_err(busy)??
        }
        (AskAlpha::History(_), Some(symbol)) => {
            let read = move |core: &Core| {
                judged(core, symbol)?;
                Ok::<_, ApiError>((core.now().ms(), core.alpha().history(symbol)))
            };
            let (now_ms, rows) = desk.read(read).await.map_err(busy)??;
            let says = Says::History {
                step_ms: 1_000,
                components: Component::ALL,
                rows,
            };
            (now_ms, says)
        }
        _ => {
            let read = |core: &Core| {
                let all = core.alpha().all_told();
                let rows = all.map(|(symbol, seq, told)| Opportunity::of(symbol, seq, told));
                (core.now().ms(), rows.collect())
            };
            let (now_ms, rows) = desk.read(read).await.map_err(busy)?;
            (now_ms, Says::Opportunities { rows })
        }
    };
    Ok(Body {
        run_id: listing.run_id.clone(),
        mode: mode_name(listing.mode),
        symbol: named,
        now_ms,
        says,
    })
}

/// The smallest order of the venue that is traded against, where orders go there.
fn least_order(lead: Option<Venue>) -> Option<Usd> {
    OrderGrid::of(lead?, 0, 0).map(|grid| grid.min_usd)
}

/// What the gates ask of an account: what its owner stated, and what was last said to the owner. Nothing was traded yet, because no execution
/// client exists: so the trades of today are none, and the loss of today is not known.
fn facts<'a>(
    view: &AccountView,
    said: &'a [AccountEvent],
    min_order_usd: Option<Usd>,
) -> AccountFacts<'a> {
    let mut facts = AccountFacts {
        auto_mode: view.auto_mode,
        client_ready: view.client_ready,
        min_order_usd,
        open: view.positions.len() as u32,
        max_concurrent: view.limits.max_concurrent,
        max_daily_trades: view.limits.max_daily_trades,
        max_daily_loss_usd: view.limits.max_daily_loss_usd,
        ..AccountFacts::default()
    };
    for event in said {
        match event {
            AccountEvent::Risk(e) if e.data.state == RiskState::Sized => {
                facts.size_usd = Some(e.data.size_usd);
            }
            AccountEvent::Plan(e)
                if matches!(e.data.state, PlanState::Ready | PlanState::Blocked) =>
            {
                facts.guard = Some(&e.data.guard);
            }
            _ => {}
        }
    }
    facts
}

const fn stream(symbol: Symbol) -> StreamKey {
    StreamKey {
        source: Source::Alpha,
        event_type: EventType::AlphaConviction,
        symbol,
    }
}
