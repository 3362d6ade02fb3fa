//! What the rim of execution needs of the engine: the venue's door behind the one gate, a look at the market, and the form in which clients are told.

use crate::account::AccountEvent;
use crate::config::{EngineConfig, OrderTransport};
use crate::rim::upstream::Upstream;
pub use hypersentry_execution::risk::{Limits, Scope};
use hypersentry_model::{Envelope, EventType, Mode, Source, Symbol, Timestamp, Venue};
pub use hypersentry_trading::MOST_STREAMS;
use hypersentry_trading::{Door, Got, Later, Told};
use hypersentry_venues::hyperliquid::exchange::Address;
pub use hypersentry_venues::hyperliquid::exchange::Network;
use hypersentry_venues::ledger::{Admission, Ask};
use hypersentry_venues::session::{Lane, Request, RequestClass, RequestKey, RequestKind};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use eyes::MarketEyes;

/// The look at the market.
mod eyes;

/// The venue that takes orders.
const VENUE: Venue = Venue::Hyperliquid;

/// Lanes of account streams come after those of the market's sessions.
const FIRST_LANE: u8 = 200;

/// The way to Hyperliquid, with the allowance that everything in the process shares.
pub struct VenueDoor {
    upstream: Arc<Upstream>,
    stream_url: String,
    transport: OrderTransport,
    /// Which lane an account's stream has; at most [`MOST_STREAMS`].
    lanes: Mutex<BTreeMap<Address, u8>>,
}

impl std::fmt::Debug for VenueDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VenueDoor")
            .field("stream_url", &self.stream_url)
            .finish_non_exhaustive()
    }
}

impl VenueDoor {
    /// `None` where the venue is not connected to.
    pub(crate) fn at(upstream: Arc<Upstream>, config: &EngineConfig) -> Option<Arc<Self>> {
        let endpoints = config.endpoints.get(&VENUE)?;
        Some(Arc::new(Self {
            upstream,
            stream_url: endpoints.ws.first()?.clone(),
            transport: config.order_transport,
            lanes: Mutex::default(),
        }))
    }

    fn open_lane(&self, account: Address) -> Option<u8> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.get(&account).copied()
    }

    fn lane(&self, account: Address) -> Option<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&account) {
            return Some(Lane(*lane));
        }
        let free = (FIRST_LANE..FIRST_LANE + MOST_STREAMS)
            .find(|lane| !lanes.values().any(|it| it == lane))?;
        lanes.insert(account, free);
        Some(Lane(free))
    }
}

impl Door for VenueDoor {
    fn now(&self) -> Timestamp {
        self.upstream.now()
    }

    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        Box::pin(async move {
            let request = Request {
                key: RequestKey {
                    kind: RequestKind::Account,
                    symbol: Symbol::ANY,
                    attempt: 0,
                },
                path: path.to_owned(),
                body: Some(body),
                class,
                weight,
            };
            let answer = self.upstream.fetch(VENUE, request).await;
            Got {
                status: answer.status,
                body: answer.body,
            }
        })
    }

    fn may_post<'a>(
        &'a self,
        account: Address,
        _body: &'a str,
        weight: u32,
    ) -> Later<'a, Result<(), String>> {
        Box::pin(async move {
            if self.transport == OrderTransport::Rest {
                return Err("it is configured so".to_owned());
            }
            if !self.may_message(account, 0) {
                return Err("no further message may be sent now".to_owned());
            }
            // As a request waits for it.
            loop {
                let ask = Ask::Request(RequestClass::Orders, weight);
                match self.upstream.ask(VENUE, ask) {
                    Admission::Now => return Ok(()),
                    Admission::At(at) => self.upstream.sleep_until(at).await,
                    Admission::Refused => {
                        return Err("it is heavier than what is allowed".to_owned());
                    }
                }
            }
        })
    }

    fn posted(&self, status: Option<u16>) {
        if let Some(status) = status {
            self.upstream.answered(VENUE, status);
        }
    }

    fn may_message(&self, account: Address, subscriptions: i32) -> bool {
        self.open_lane(account).is_some_and(|lane| {
            let ask = Ask::Message(lane, subscriptions);
            self.upstream.ask(VENUE, ask) == Admission::Now
        })
    }

    fn stream_url(&self) -> String {
        self.stream_url.clone()
    }

    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>> {
        Box::pin(async move {
            let lane = self.lane(account).ok_or_else(|| {
                format!("{MOST_STREAMS} accounts are followed already: this one is asked for")
            })?;
            self.upstream.may_connect(VENUE, lane).await
        })
    }

    fn stream_ended(&self, account: Address) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.remove(&account) {
            self.upstream.closed(VENUE, Lane(lane), None);
        }
    }
}

/// What is told of an account's orders, with the run that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct TradingEvent {
    told: Told,
    run: Run,
}

/// The run that something belongs to.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Run {
    /// Whether the figures are real.
    #[schemars(with = "String")]
    pub mode: Mode,
    /// The run.
    pub run_id: String,
    /// The present.
    pub now_ms: i64,
}

/// Something with the run that it belongs to.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[schemars(rename = "{T}InRun")]
pub struct InRun<T> {
    /// It.
    #[serde(flatten)]
    pub told: T,
    /// The run.
    #[serde(flatten)]
    pub run: Run,
}

impl Serialize for TradingEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = self.run.clone();
        match &self.told {
            Told::Order(told) => InRun { told, run }.serialize(serializer),
            Told::Fill(told) => InRun { told, run }.serialize(serializer),
            Told::Event(told) => InRun { told, run }.serialize(serializer),
            Told::Risk(told) => InRun { told, run }.serialize(serializer),
            // It has them itself.
            Told::Account(told) => told.serialize(serializer),
        }
    }
}

/// The envelope of what is told. Its place is given to it for each recipient.
pub fn enveloped(told: Told, mode: Mode, run_id: &str, now: Timestamp) -> AccountEvent {
    let (event_type, symbol, source, ts_ms) = match &told {
        Told::Order(order) => (
            EventType::OrderUpdate,
            order.symbol,
            Source::Execution,
            now.ms(),
        ),
        Told::Fill(fill) => (
            EventType::FillUpdate,
            fill.symbol,
            Source::Execution,
            fill.time_ms,
        ),
        Told::Account(_) => (
            EventType::AccountUpdate,
            Symbol::ANY,
            Source::Account,
            now.ms(),
        ),
        Told::Risk(_) => (
            EventType::RiskUpdate,
            Symbol::ANY,
            Source::Account,
            now.ms(),
        ),
        Told::Event(_) => (
            EventType::ExecutionEvent,
            Symbol::ANY,
            Source::Execution,
            now.ms(),
        ),
    };
    let run = Run {
        mode,
        run_id: run_id.to_owned(),
        now_ms: now.ms(),
    };
    AccountEvent::Trading(Box::new(Envelope {
        event_type,
        symbol,
        ts_ms,
        source,
        seq: 0,
        data: TradingEvent { told, run },
    }))
}
