//! One client's subscriptions and events, on whatever carrier.

use crate::ApiError;
use crate::hub::{Hub, encode};
use crate::message::{self, Answer, Ask, PUBLIC_MARKET, Refused, Subscribed};
use crate::queue::Queue;
use crate::terminal::Listing;
use bytes::Bytes;
use hypersentry_model::Symbol;
use serde_json::Value;
use std::sync::{Arc, PoisonError};

/// Symbols that a client may watch at once.
pub const MAX_SYMBOLS: usize = 64;

/// A client. Dropping it ends its subscriptions.
#[derive(Debug)]
pub struct ClientSession {
    hub: Arc<Hub>,
    listing: Arc<Listing>,
    id: u64,
    queue: Arc<Queue>,
}

impl Drop for ClientSession {
    fn drop(&mut self) {
        self.hub.leave(self.id);
    }
}

impl ClientSession {
    pub(crate) fn new(hub: Arc<Hub>, listing: Arc<Listing>) -> Result<Self, ApiError> {
        let (id, queue) = hub.join().ok_or_else(|| {
            ApiError::new(
                "too_many_clients",
                "the server has as many clients as it takes",
            )
            .retryable()
        })?;
        Ok(Self {
            hub,
            listing,
            id,
            queue,
        })
    }

    /// Takes a request as text and lets its answer follow.
    pub fn handle(&self, text: &str) {
        match message::parse(text) {
            Err(Refused { id, error }) => self.refuse(id, &error),
            Ok(request) => match request.ask {
                Ask::Ping => {
                    let now_ms = self.hub.now().ms();
                    Hub::answer(
                        &self.queue,
                        encode(&Answer::Pong {
                            id: request.id,
                            now_ms,
                        }),
                    );
                }
                Ask::Subscribe(coin) => {
                    if let Err(error) = self.subscribe_with(request.id.clone(), &coin) {
                        self.refuse(request.id, &error);
                    }
                }
                Ask::Unsubscribe(coin) => match self.symbol(&coin) {
                    Err(error) => self.refuse(request.id, &error),
                    Ok(symbol) => {
                        let answer = Answer::Unsubscribed {
                            id: request.id,
                            coin: symbol.as_str(),
                            channels: [PUBLIC_MARKET],
                        };
                        Hub::unwatch(&self.queue, symbol, encode(&answer));
                    }
                },
            },
        }
    }

    fn refuse(&self, id: Option<Value>, error: &ApiError) {
        let answer = Answer::Error {
            id,
            code: &error.code,
            detail: &error.message,
            retryable: error.retryable,
        };
        Hub::answer(&self.queue, encode(&answer));
    }

    fn symbol(&self, coin: &str) -> Result<Symbol, ApiError> {
        Symbol::new(coin)
            .ok()
            .filter(|s| self.listing.has(&self.hub, *s))
            .ok_or_else(|| {
                let coin = message::cut(coin);
                ApiError::new(
                    "unknown_symbol",
                    format!("`{coin}` is not a symbol that is watched here"),
                )
            })
    }

    fn subscribe_with(&self, id: Option<Value>, coin: &str) -> Result<Subscribed, ApiError> {
        let symbol = self.symbol(coin)?;
        {
            let inner = self
                .queue
                .inner
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if !inner.symbols.contains(&symbol) && inner.symbols.len() >= MAX_SYMBOLS {
                return Err(ApiError::new(
                    "too_many_symbols",
                    format!("a client may watch {MAX_SYMBOLS} symbols"),
                ));
            }
        }
        let body = self.listing.subscribed(&self.hub, symbol);
        self.hub.watch(
            &self.queue,
            symbol,
            encode(&Answer::Subscribed { id, body: &body }),
        );
        Ok(body)
    }

    /// Watches a symbol; its current state follows as events.
    ///
    /// # Errors
    /// `unknown_symbol`, `too_many_symbols`.
    pub fn subscribe(&self, coin: &str) -> Result<Subscribed, ApiError> {
        self.subscribe_with(None, coin)
    }

    /// Watches a symbol no more.
    ///
    /// # Errors
    /// `unknown_symbol`.
    pub fn unsubscribe(&self, coin: &str) -> Result<(), ApiError> {
        let symbol = self.symbol(coin)?;
        let answer = Answer::Unsubscribed {
            id: None,
            coin: symbol.as_str(),
            channels: [PUBLIC_MARKET],
        };
        Hub::unwatch(&self.queue, symbol, encode(&answer));
        Ok(())
    }

    /// Whether so much waits that no further request should be read.
    pub fn is_full(&self) -> bool {
        self.queue
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_full()
    }

    /// Waits until there is something to send, and takes it: answers and events in order, at least one. Cancelling loses nothing.
    pub async fn next(&self) -> Vec<Bytes> {
        loop {
            let ready = self.queue.ready.notified();
            let empty = self
                .queue
                .inner
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_empty();
            if !empty {
                let messages = self.hub.take(&self.queue);
                if !messages.is_empty() {
                    return messages;
                }
            }
            ready.await;
        }
    }
}
