//! Who is at the other end of a socket: nobody in particular, or a user while the session lasts.

use super::login::UserAnswer;
use super::table::{CHANNELS, Need};
use super::{Auth, Caller, Presented, told};
use crate::guard::RequestId;
use crate::http::Shared;
use crate::limits::{Excess, Seat, Users};
use crate::metrics::Metrics;
use crate::ws::lock;
use hypersentry_api::message::Id;
use hypersentry_api::{ApiError, ClientSession};
use hypersentry_identity::{Authenticated, Refusal};
use hypersentry_model::Owner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Close code of a session's end.
pub(crate) const SESSION_ENDED: u16 = 4001;

/// The longest that an end by time is not looked for: a clock may be set.
const LOOK: Duration = Duration::from_secs(30);

/// A program's login over a socket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum LoginMessage {
    /// With the token that `/auth/login` gave.
    Auth {
        /// Repeated in the answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Id")]
        #[expect(
            dead_code,
            reason = "a message without a token is answered with its id too"
        )]
        id: Option<Value>,
        /// The token.
        token: String,
    },
}

/// What is said of it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum LoginAnswer {
    /// The socket is the user's.
    AuthOk {
        /// As it was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Id")]
        id: Option<Value>,
        /// Who.
        user: UserAnswer,
        /// The session's public id.
        session_id: String,
    },
    /// It is not.
    AuthFailed {
        /// As it was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Id")]
        id: Option<Value>,
        /// Why, for programs.
        code: &'static str,
        /// Why, for people.
        detail: String,
    },
}

/// The other end of a socket.
#[derive(Debug)]
pub(crate) struct Visitor {
    auth: Arc<Auth>,
    known: Mutex<Option<Authenticated>>,
    /// Somebody has become known.
    entered: Notify,
    /// What to say first.
    first: Option<LoginAnswer>,
    /// The user's place among the user's own clients.
    seat: Mutex<Option<Seat>>,
    users: Arc<Users>,
    metrics: Arc<Metrics>,
    request_id: Option<u64>,
}

/// What a message is.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It was answered.
    Answered,
    /// The session answers it.
    Pass,
}

impl Visitor {
    /// Whoever the handshake said.
    ///
    /// # Errors
    /// The user has as many clients as one may have.
    pub(crate) fn new(
        shared: &Shared,
        extensions: &axum::http::Extensions,
    ) -> Result<Self, Excess> {
        let caller = extensions.get::<Caller>();
        let known = caller.and_then(|caller| caller.session.clone().ok());
        let users = Arc::clone(&shared.gate.users);
        let seat = known
            .as_ref()
            .map(|by| users.seat(&by.user.id))
            .transpose()?;
        let refused = caller
            .filter(|caller| caller.presented != Presented::Nothing)
            .and_then(|caller| caller.session.as_ref().err().copied());
        Ok(Self {
            auth: Arc::clone(&shared.auth),
            known: Mutex::new(known),
            entered: Notify::new(),
            first: refused.map(|refusal| failed(refusal, None)),
            seat: Mutex::new(seat),
            users,
            metrics: Arc::clone(&shared.metrics),
            request_id: extensions.get::<RequestId>().map(|id| id.0),
        })
    }

    /// Tells the log what became of a socket: that clients go is no error.
    pub(crate) fn log(&self, event: &'static str, reason: Option<&'static str>) {
        let known = self.known();
        let by = known.as_ref();
        let (user, session) = (
            by.map(|by| by.user.id.as_str()),
            by.map(|by| by.session.mark()),
        );
        tracing::debug!(
            request_id = self.request_id,
            user,
            session,
            reason,
            "{event}"
        );
    }

    fn known(&self) -> MutexGuard<'_, Option<Authenticated>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins: private events of a known user go to this client, and who could not be known is told.
    pub(crate) fn greet(&self, session: &ClientSession) {
        if let Some(by) = self.known().as_ref() {
            session.belongs_to(Owner::User(by.user.id.clone()));
        }
        if let Some(first) = &self.first {
            session.say(first);
        }
    }

    /// Answers what is about logins and what the user may not ask; the rest passes.
    pub(crate) fn hear(&self, session: &ClientSession, text: &str) -> Heard {
        let asked = self.known().as_ref().map(|by| self.users.ask(&by.user.id));
        if let Some(Err(excess)) = asked {
            self.metrics.refused.add(excess.code());
            session.refuse_rate();
            return Heard::Answered;
        }
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return Heard::Pass;
        };
        let id = message
            .get("id")
            .filter(|id| id.is_string() || id.is_number());
        let kind = message.get("type").and_then(Value::as_str);
        if kind == Some("auth") {
            let answer = self.enter(session, &message, id);
            if let LoginAnswer::AuthFailed { code, .. } = &answer {
                self.metrics.refused.add(code);
            }
            session.say(&answer);
            return Heard::Answered;
        }
        let Err(refusal) = self.may(kind.unwrap_or_default(), &message) else {
            return Heard::Pass;
        };
        let ApiError {
            code,
            message: detail,
            retryable,
            ..
        } = told(refusal);
        self.metrics.refused.add(&code);
        let mut answer =
            json!({ "type": "error", "code": code, "detail": detail, "retryable": retryable });
        repeat(&mut answer, id);
        session.say(&answer);
        Heard::Answered
    }

    fn may(&self, kind: &str, message: &Value) -> Result<(), Refusal> {
        if kind == "ping" {
            return Ok(());
        }
        let known = self.known().clone();
        let known = known.ok_or(Refusal::SessionRequired);
        // Asking is use of the session; who asks after its end is closed by `ended`.
        let session = known.and_then(|by| self.auth.identity.recheck(&by));
        let by = session.as_ref().map_err(|refusal| *refusal);
        if kind != "subscribe_private" {
            return self.auth.meets(Need::Public, by);
        }
        let named = message.get("channels").and_then(Value::as_array);
        for name in named.into_iter().flatten().filter_map(Value::as_str) {
            let row = CHANNELS.iter().find(|(channel, _)| *channel == name);
            // A channel that there is not is refused by who reads the message.
            let need = row.map_or(Need::Nobody, |(_, need)| *need);
            self.auth.meets(need, by)?;
        }
        let granted = self.auth.identity.accounts(by?);
        let viewed = granted.iter().any(|(_, grants)| grants.view);
        viewed.then_some(()).ok_or(Refusal::GrantRequired)
    }

    fn enter(&self, session: &ClientSession, message: &Value, id: Option<&Value>) -> LoginAnswer {
        let known = match LoginMessage::deserialize(message) {
            Ok(LoginMessage::Auth { token, .. }) => self.auth.identity.authenticate(&token),
            Err(_) => Err(Refusal::SessionRequired),
        };
        let by = match known {
            Ok(by) if by.session.bearer => by,
            Ok(_) => return failed(Refusal::SessionRequired, id),
            Err(refusal) => return failed(refusal, id),
        };
        let mut held = self.known();
        // One socket, one user: events of the one who was there before may wait in it.
        if held.as_ref().is_some_and(|held| held.user.id != by.user.id) {
            return failed(Refusal::SessionRequired, id);
        }
        let mut seat = lock(&self.seat);
        if seat.is_none() {
            match self.users.seat(&by.user.id) {
                Ok(taken) => *seat = Some(taken),
                Err(excess) => {
                    return LoginAnswer::AuthFailed {
                        id: id.cloned(),
                        code: excess.code(),
                        detail: "this user has as many clients as one may have".into(),
                    };
                }
            }
        }
        session.belongs_to(Owner::User(by.user.id.clone()));
        let answer = LoginAnswer::AuthOk {
            id: id.cloned(),
            user: UserAnswer::of(&by),
            session_id: by.session.id.clone(),
        };
        *held = Some(by);
        self.entered.notify_one();
        answer
    }

    /// Waits until the user's session has ended, and says why. While nobody is known it waits for somebody.
    pub(crate) async fn ended(&self) -> &'static str {
        let mut moved = self.auth.identity.watch();
        loop {
            moved.mark_unchanged();
            let known = self.known().clone();
            let Some(by) = known else {
                self.entered.notified().await;
                continue;
            };
            let left = match self.auth.identity.recheck(&by) {
                Ok(by) => by.session.idle_expires_ms() - self.auth.identity.now_ms(),
                Err(refusal) => return refusal.code(),
            };
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0).max(1)).min(LOOK);
            tokio::select! {
                _ = moved.changed() => {}
                () = self.entered.notified() => {}
                () = tokio::time::sleep(left) => {}
            }
        }
    }
}

fn failed(refusal: Refusal, id: Option<&Value>) -> LoginAnswer {
    LoginAnswer::AuthFailed {
        id: id.cloned(),
        code: refusal.code(),
        detail: refusal.to_string(),
    }
}

/// Answers repeat the request's id.
fn repeat(answer: &mut Value, id: Option<&Value>) {
    if let (Some(answer), Some(id)) = (answer.as_object_mut(), id) {
        answer.insert("id".into(), id.clone());
    }
}
