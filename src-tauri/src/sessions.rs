//! Sessions of windows: each is a client of the terminal, and belongs to the window that opened it.

use crate::team::socket::TeamSocket;
use bytes::Bytes;
use hypersentry_api::message::{Channels, Subscribed};
use hypersentry_api::{ApiError, ClientSession};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Sessions at once. A window needs one; the rest is for windows that are being reloaded.
pub(crate) const MAX_SESSIONS: usize = 8;

/// How long a request for a frame waits. Afterwards it is answered empty, so that a request never outlives its window for long.
const FRAME_WAIT: Duration = Duration::from_secs(1);

/// Least time between two frames: a screen shows no more.
const FRAME_GAP: Duration = Duration::from_millis(16);

/// What brings a session its events.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// The engine in this process.
    Engine(ClientSession),
    /// A team server.
    Team(TeamSocket),
}

impl Carrier {
    /// Watches a symbol on these channels.
    pub(crate) async fn subscribe(
        &self,
        coin: &str,
        channels: &[String],
    ) -> Result<Subscribed, ApiError> {
        match self {
            Self::Engine(client) => client.subscribe(coin, Channels::named(channels)?),
            Self::Team(socket) => socket.subscribe(coin, channels).await,
        }
    }

    /// Watches it no more.
    pub(crate) async fn unsubscribe(
        &self,
        coin: &str,
        channels: &[String],
    ) -> Result<(), ApiError> {
        match self {
            Self::Engine(client) => client.unsubscribe(coin, Channels::named(channels)?),
            Self::Team(socket) => socket.unsubscribe(coin, channels).await,
        }
    }

    /// Hands over a request as the protocol spells it.
    pub(crate) fn request(&self, text: String) -> Result<(), ApiError> {
        match self {
            Self::Engine(client) if client.is_full() => {
                let message = "answers wait to be taken: ask for a frame first";
                Err(ApiError::new("too_many_requests", message).retryable())
            }
            Self::Engine(client) => {
                client.handle(&text);
                Ok(())
            }
            Self::Team(socket) => socket.send(text),
        }
    }

    async fn next(&self) -> Result<Vec<Bytes>, ApiError> {
        match self {
            Self::Engine(client) => Ok(client.next().await),
            Self::Team(socket) => socket.next().await,
        }
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last_id: u64,
    by_id: BTreeMap<String, Arc<Session>>,
}

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    /// The window's label.
    owner: String,
    pub(crate) carrier: Carrier,
    /// When the last frame went out. Locked by the one request for a frame that may be under way.
    last_frame: tokio::sync::Mutex<Option<Instant>>,
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing that holds the lock can leave a half-made state behind.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a session of the window.
    pub(crate) fn add(&self, owner: &str, carrier: Carrier) -> Result<String, ApiError> {
        let mut open = self.open();
        if open.by_id.len() >= MAX_SESSIONS {
            return Err(ApiError::new(
                "too_many_sessions",
                format!("the terminal serves {MAX_SESSIONS} sessions at once"),
            )
            .retryable());
        }
        open.last_id += 1;
        let id = format!("{owner}-{}", open.last_id);
        let session = Session {
            owner: owner.to_owned(),
            carrier,
            last_frame: tokio::sync::Mutex::default(),
        };
        open.by_id.insert(id.clone(), Arc::new(session));
        Ok(id)
    }

    /// The window's session. Those of other windows are unknown to it.
    pub(crate) fn get(&self, owner: &str, id: &str) -> Result<Arc<Session>, ApiError> {
        self.open()
            .by_id
            .get(id)
            .filter(|session| session.owner == owner)
            .cloned()
            .ok_or_else(|| {
                ApiError::new("unknown_session", "the session is closed: open another").retryable()
            })
    }

    /// Ends a session; one that is gone already is no error.
    pub(crate) fn close(&self, owner: &str, id: &str) {
        self.open()
            .by_id
            .retain(|known, session| known != id || session.owner != owner);
    }

    /// Ends all sessions of a window.
    pub(crate) fn close_window(&self, owner: &str) {
        self.open()
            .by_id
            .retain(|_, session| session.owner != owner);
    }

    /// Ends all sessions.
    pub(crate) fn close_all(&self) {
        self.open().by_id.clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open().by_id.len()
    }
}

impl Session {
    /// Waits for what is new and takes it; empty when nothing came for a while.
    pub(crate) async fn next_frame(&self) -> Result<Vec<Bytes>, ApiError> {
        let mut last = self.last_frame.try_lock().map_err(|_| {
            ApiError::new(
                "frame_in_flight",
                "the session has a request for a frame under way: wait for its answer",
            )
            .retryable()
        })?;
        if let Some(last) = *last {
            sleep_until(last + FRAME_GAP).await;
        }
        let Ok(messages) = timeout(FRAME_WAIT, self.carrier.next()).await else {
            return Ok(Vec::new());
        };
        let messages = messages?;
        *last = Some(Instant::now());
        Ok(messages)
    }
}
