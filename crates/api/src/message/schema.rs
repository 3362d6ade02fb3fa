//! The shapes of what goes over a socket, for those who write clients: JSON Schema is made of these types.

use crate::message::MAX_CANDLES;
use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::governance::GovUpdate;
use hypersentry_alpha::plan::ExecPlan;
use hypersentry_alpha::risk::RiskUpdate;
use hypersentry_engine::trading::InRun;
use hypersentry_model::agg::AggUpdate;
use hypersentry_model::liquidation::LiquidationBatch;
use hypersentry_model::status::VenueStatus;
use hypersentry_model::{Envelope, EventType, Interval, Source};
use hypersentry_trading::{AccountRisk, AccountState, Event as Happened, FillView, OrderView};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::borrow::Cow;

/// What a client may put into a request, and finds in the answer.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
}

/// A channel for everybody.
#[derive(Debug, JsonSchema, Serialize)]
pub enum PublicChannel {
    /// Market data.
    #[serde(rename = "public.market")]
    Market,
    /// What the conviction engine says.
    #[serde(rename = "public.alpha")]
    Alpha,
}

/// A channel for the owners of accounts.
#[derive(Debug, JsonSchema, Serialize)]
pub enum PrivateChannel {
    /// Plans.
    #[serde(rename = "private.execution")]
    Execution,
    /// Sizes.
    #[serde(rename = "private.account")]
    Account,
}

/// What a client may send, beside a program's login.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "ClientMessage")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Events of a symbol from now on, after its present state.
    Subscribe(Watch),
    /// No more events of a symbol.
    Unsubscribe(Watch),
    /// Private events from now on.
    SubscribePrivate {
        /// Repeated in the answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Id")]
        id: Option<Id>,
        /// Which.
        #[schemars(length(min = 1))]
        channels: Vec<PrivateChannel>,
        /// The last private event that the client has of an earlier socket: what followed comes.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Resume")]
        resume: Option<Resume>,
    },
    /// Past candles.
    Candles {
        /// Repeated in the answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Id")]
        id: Option<Id>,
        /// Canonical symbol.
        symbol: String,
        /// Whose.
        source: Source,
        /// How long each is.
        #[schemars(extend("enum" = Interval::ALL.map(Interval::name)))]
        interval: String,
        /// The newest so many; 300 if left out.
        #[schemars(range(min = 1, max = MAX_CANDLES))]
        limit: Option<usize>,
    },
    /// The last evaluation of a symbol.
    AlphaConviction(OfSymbol),
    /// Why it says what it says, and what would change it.
    AlphaWhy(OfSymbol),
    /// Which gates are shut before a trade.
    AlphaGates(OfSymbol),
    /// Score and contributions, second by second.
    AlphaHistory(OfSymbol),
    /// All symbols that are judged.
    AlphaOpportunities(Bare),
    /// How the engine is doing, now and whenever it changes.
    Status(Bare),
    /// Are you there?
    Ping(Bare),
}

/// A private event, by its place.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Resume {
    /// The run in which it was said.
    pub run_id: String,
    /// Who said it.
    pub source: String,
    /// What was said.
    pub event_type: String,
    /// Of which market.
    pub symbol: String,
    /// Its place in that stream.
    pub seq: u64,
}

/// Which events of which symbol.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Watch {
    /// Repeated in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    pub id: Option<Id>,
    /// Canonical symbol.
    pub coin: String,
    /// `public.market` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PublicChannel>", length(min = 1))]
    pub channels: Option<Vec<PublicChannel>>,
}

/// A question about a symbol.
#[derive(Debug, JsonSchema, Serialize)]
pub struct OfSymbol {
    /// Repeated in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    pub id: Option<Id>,
    /// Canonical symbol.
    pub symbol: String,
}

/// A question about nothing in particular.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Bare {
    /// Repeated in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    pub id: Option<Id>,
}

/// An event, as clients get it.
#[derive(Debug)]
pub struct Event;

/// How a type's schema is made.
type Make = fn(&mut SchemaGenerator) -> Schema;

fn enveloped<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Envelope<T>>()
}

/// Of the conviction the size that a view is worth; of an account what covers it.
fn risk_updates(generator: &mut SchemaGenerator) -> Schema {
    let view = enveloped::<RiskUpdate>(generator);
    let account = enveloped::<InRun<AccountRisk>>(generator);
    json_schema!({ "anyOf": [view, account] })
}

/// The events that clients get, and their shapes.
const EVENTS: [(EventType, Make); 11] = [
    (EventType::AggUpdate, enveloped::<AggUpdate>),
    (EventType::LiquidationBatch, enveloped::<LiquidationBatch>),
    (EventType::VenueStatus, enveloped::<VenueStatus>),
    (EventType::AlphaConviction, enveloped::<AlphaConviction>),
    (EventType::GovUpdate, enveloped::<GovUpdate>),
    (EventType::RiskUpdate, risk_updates),
    (EventType::ExecPlan, enveloped::<ExecPlan>),
    (EventType::OrderUpdate, enveloped::<InRun<OrderView>>),
    (EventType::FillUpdate, enveloped::<InRun<FillView>>),
    (EventType::AccountUpdate, enveloped::<AccountState>),
    (EventType::ExecutionEvent, enveloped::<InRun<Happened>>),
];

impl Event {
    /// The names of the events that clients get.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EVENTS.iter().map(|(kind, _)| kind.name())
    }

    /// The shape of events of one name.
    pub fn schema_of(name: &str, generator: &mut SchemaGenerator) -> Option<Schema> {
        let (kind, make) = EVENTS.iter().find(|(kind, _)| kind.name() == name)?;
        let envelope = make(generator);
        Some(json_schema!({
            "allOf": [envelope],
            "properties": { "event_type": { "const": kind.name() } },
        }))
    }
}

impl JsonSchema for Event {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let each = Self::names().filter_map(|name| Self::schema_of(name, generator));
        let each: Vec<Schema> = each.collect();
        json_schema!({
            "description": "An event; `event_type` says which.",
            "oneOf": each,
        })
    }
}

/// The shape of all answers that the API gives on a socket.
pub fn answers(generator: &mut SchemaGenerator) -> Schema {
    let plain = generator.subschema_for::<super::Answer<'_>>();
    let alpha = generator.subschema_for::<crate::alpha::Answer<'_>>();
    json_schema!({ "anyOf": [plain, alpha] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::parse;

    /// The types say no other than what is read.
    #[test]
    fn whatever_the_schema_allows_is_read() {
        let id = || Some(Id::Text("a".into()));
        let watch = |channels| Watch {
            id: Some(Id::Number(7.0)),
            coin: "BTC".into(),
            channels,
        };
        let of = || OfSymbol {
            id: id(),
            symbol: "BTC".into(),
        };
        let all = [
            Command::Subscribe(watch(None)),
            Command::Subscribe(watch(Some(vec![
                PublicChannel::Market,
                PublicChannel::Alpha,
            ]))),
            Command::Unsubscribe(watch(Some(vec![PublicChannel::Alpha]))),
            Command::SubscribePrivate {
                id: None,
                channels: vec![PrivateChannel::Execution, PrivateChannel::Account],
                resume: None,
            },
            Command::SubscribePrivate {
                id: None,
                channels: vec![PrivateChannel::Execution],
                resume: Some(Resume {
                    run_id: "01JD3Z".into(),
                    source: "account".into(),
                    event_type: "exec_plan".into(),
                    symbol: "BTC".into(),
                    seq: 1,
                }),
            },
            Command::Candles {
                id: id(),
                symbol: "BTC".into(),
                source: Source::Composite,
                interval: "4h".into(),
                limit: Some(MAX_CANDLES),
            },
            Command::Candles {
                id: id(),
                symbol: "BTC".into(),
                source: Source::Composite,
                interval: "1m".into(),
                limit: None,
            },
            Command::AlphaConviction(of()),
            Command::AlphaWhy(of()),
            Command::AlphaGates(of()),
            Command::AlphaHistory(of()),
            Command::AlphaOpportunities(Bare { id: None }),
            Command::Status(Bare { id: id() }),
            Command::Ping(Bare { id: None }),
        ];
        for command in all {
            let text = serde_json::to_string(&command).unwrap();
            let read = parse(&text).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
            assert_eq!(read.id.is_some(), text.contains("\"id\""), "{text}");
        }
    }

    #[test]
    fn an_event_is_told_from_others_by_its_type() {
        let mut generator = SchemaGenerator::default();
        let schema = generator.root_schema_for::<Event>();
        let text = serde_json::to_string(&schema).unwrap();
        for name in Event::names() {
            assert!(
                text.contains(&format!("{{\"const\":\"{name}\"}}")),
                "{name}"
            );
        }
        assert!(Event::schema_of("trade", &mut generator).is_none());
    }
}
