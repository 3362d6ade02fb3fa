//! The way to the venue with somebody beside it, who hears of every order before it leaves and may keep its answer.

use super::{Way, now};
use hypersentry_model::Timestamp;
use hypersentry_trading::{Door, Got, Later};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// What goes over the way.
#[derive(Clone, Debug)]
pub(crate) enum Load {
    /// A signed action: the orders in it, and its nonce.
    Action(Vec<String>, u64),
    /// A question about an order.
    Question,
}

/// Who stands beside the way.
pub(crate) trait Beside: Debug + Send + Sync {
    /// Our clock less the true one, ms.
    fn clock_ms(&self) -> i64 {
        0
    }
    /// Whether actions may go over the account's stream.
    fn posts(&self) -> bool {
        true
    }
    /// Whether the account may have one.
    fn streams(&self, _: Address) -> bool {
        true
    }
    /// An action is about to leave for the first time, or once more on a way that it has taken before.
    fn notes(&self, _orders: &[String], _nonce: u64) {}
    /// Something is about to leave.
    fn leaves(&self, _: &Load) {}
    /// An action was answered on the stream.
    fn posted(&self) {}
    /// Something was answered; what is heard of it.
    fn answered(&self, _: &Load, got: Got) -> Got {
        got
    }
}

#[derive(Debug)]
pub(crate) struct Road<B> {
    way: Arc<Way>,
    beside: Arc<B>,
    /// Actions that were handed to a stream, and those that went as requests. One that did not leave over the stream goes as a request: once.
    handed: Mutex<[BTreeSet<String>; 2]>,
}

impl<B: Beside> Road<B> {
    pub(crate) fn new(way: Arc<Way>, beside: Arc<B>) -> Self {
        Self {
            way,
            beside,
            handed: Mutex::default(),
        }
    }

    fn action(&self, body: &str, as_request: bool) -> Load {
        let (orders, nonce) = action(body);
        let mut handed = self.handed.lock().unwrap();
        let elsewhere = handed[usize::from(!as_request)].contains(body);
        let again = !handed[usize::from(as_request)].insert(body.to_owned());
        if again || !elsewhere {
            self.beside.notes(&orders, nonce);
        }
        drop(handed);
        let load = Load::Action(orders, nonce);
        self.beside.leaves(&load);
        load
    }
}

/// The orders of an action, new ones and those that take another one's place, and its nonce.
fn action(body: &str) -> (Vec<String>, u64) {
    let body: Value = serde_json::from_str(body).unwrap();
    let of = |key: &str| body["action"][key].as_array().cloned().unwrap_or_default();
    let new = of("orders").into_iter();
    let changed = of("modifies").into_iter().map(|it| it["order"].clone());
    let names = new
        .chain(changed)
        .map(|order| order["c"].as_str().unwrap().to_owned());
    (names.collect(), body["nonce"].as_u64().unwrap())
}

impl<B: Beside> Door for Road<B> {
    fn now(&self) -> Timestamp {
        now().plus_ms(self.beside.clock_ms())
    }

    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        Box::pin(async move {
            let load = if path == "/exchange" {
                self.action(&body, true)
            } else if body.contains("orderStatus") {
                self.beside.leaves(&Load::Question);
                Load::Question
            } else {
                return self.way.post(path, body, class, weight).await;
            };
            let got = self.way.post(path, body, class, weight).await;
            self.beside.answered(&load, got)
        })
    }

    fn may_post<'a>(
        &'a self,
        account: Address,
        body: &'a str,
        weight: u32,
    ) -> Later<'a, Result<(), String>> {
        Box::pin(async move {
            if !self.beside.posts() {
                return Err("it is asked for requests".to_owned());
            }
            self.action(body, false);
            self.way.may_post(account, body, weight).await
        })
    }

    fn posted(&self, _: Option<u16>) {
        self.beside.posted();
    }

    fn stream_url(&self) -> String {
        self.way.stream_url()
    }

    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>> {
        let may = self.beside.streams(account);
        Box::pin(async move {
            may.then_some(())
                .ok_or_else(|| "this account has no stream".to_owned())
        })
    }

    fn stream_ended(&self, account: Address) {
        self.way.stream_ended(account);
    }
}
