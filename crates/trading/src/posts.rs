//! Signed actions over an account's stream.
//!
//! A [`Line`] leads from whoever has signed an action to the task that holds the connection. There is one rule: what may have left is never sent
//! again, on whichever way. An action that certainly did not leave is given back, and goes as a request; of one that was handed to the socket either
//! the answer is known or nothing, as with a request whose answer was lost.

use crate::world::Door;
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::hyperliquid::exchange::posts::{MAX_WAITING, Posts, lost};
use hypersentry_venues::hyperliquid::exchange::reply::{Asked, Outcome};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// An answer is not waited for longer: then the order itself is asked for. Blocks follow each other several times a second.
const GIVE_UP: Duration = Duration::from_secs(5);
/// A connection on which nothing was heard for so long may be dead, and takes no action. A ping goes every 3 s.
const LIVELY: Duration = Duration::from_secs(4);

/// What becomes of an action that was given to a connection.
enum Carried {
    /// One outcome for each item.
    Outcomes(Vec<Outcome>),
    /// It did not leave.
    Kept(String),
}

/// A signed action on its way to a connection.
pub(crate) struct Post {
    asked: Asked,
    body: String,
    answer: oneshot::Sender<Carried>,
    place: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Open {
    queue: mpsc::Sender<Post>,
    heard: Instant,
}

/// The places of an IP address for actions that wait for their answers: [`MAX_WAITING`] over all its connections.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_WAITING)))
    }
}

/// The way over one account's stream, while that is open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    open: Arc<Mutex<Option<Open>>>,
    places: Places,
}

impl Line {
    pub(crate) fn new(places: Places) -> Self {
        Self {
            open: Arc::default(),
            places,
        }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where actions go, if the connection has shown that it lives.
    fn queue(&self) -> Option<mpsc::Sender<Post>> {
        let open = self.open();
        let lives = open
            .as_ref()
            .filter(|open| open.heard.elapsed() <= LIVELY)?;
        Some(lives.queue.clone())
    }

    /// Something came over the connection.
    pub(crate) fn heard(&self) {
        if let Some(open) = self.open().as_mut() {
            open.heard = Instant::now();
        }
    }

    /// Sends an action and waits for what becomes of it. An error gives its body back: not a byte of it left.
    pub(crate) async fn carry(
        &self,
        door: &dyn Door,
        account: Address,
        asked: Asked,
        body: String,
        weight: u32,
    ) -> Result<Vec<Outcome>, String> {
        let free = self
            .queue()
            .and(Arc::clone(&self.places.0).try_acquire_owned().ok());
        let Some(place) = free else {
            return Err(body);
        };
        if let Err(reason) = door.may_post(account, &body, weight).await {
            tracing::debug!(%account, reason, "an action goes as a request");
            return Err(body);
        }
        // The connection may have ended while the allowance was waited for.
        let Some(queue) = self.queue() else {
            return Err(body);
        };
        let (answer, answered) = oneshot::channel();
        let post = Post {
            asked,
            body,
            answer,
            place,
        };
        if let Err(unsent) = queue.try_send(post) {
            return Err(unsent.into_inner().body);
        }
        match answered.await {
            Ok(Carried::Outcomes(outcomes)) => Ok(outcomes),
            Ok(Carried::Kept(body)) => Err(body),
            // Nobody says that it did not leave.
            Err(_) => Ok(lost(asked)),
        }
    }
}

/// What the connection's task has to do.
pub(crate) enum Turn {
    /// Send this.
    Post(Post),
    /// Give up what should have been answered.
    Due,
}

/// The connection's end of a [`Line`]. Dropped, it closes the line: what waits to be sent is given back, what was sent is lost from view.
pub(crate) struct Carriage {
    line: Line,
    queue: mpsc::Receiver<Post>,
    posts: Posts,
    /// As many as `posts` has.
    answers: BTreeMap<u64, (oneshot::Sender<Carried>, OwnedSemaphorePermit)>,
    /// Waiting is measured from here, so that no step of the clock changes it.
    began: Instant,
}

impl Carriage {
    /// Opens the line: the connection stands.
    pub(crate) fn new(line: Line) -> Self {
        let (sender, queue) = mpsc::channel(MAX_WAITING);
        let now = Instant::now();
        *line.open() = Some(Open {
            queue: sender,
            heard: now,
        });
        Self {
            line,
            queue,
            posts: Posts::default(),
            answers: BTreeMap::new(),
            began: now,
        }
    }

    fn ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn due(&self) -> Option<Instant> {
        let ms = u64::try_from(self.posts.due_ms()?).unwrap_or_default();
        Some(self.began + Duration::from_millis(ms))
    }

    /// Waits for something to do.
    pub(crate) async fn turn(&mut self) -> Turn {
        let due = self.due();
        let over = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(post) = self.queue.recv() => Turn::Post(post),
            () = over => Turn::Due,
            // Without a sender there is nothing to come.
            else => std::future::pending().await,
        }
    }

    /// The frame to send, if there is one. From here on the action may have left.
    pub(crate) fn frame(&mut self, turn: Turn) -> Option<String> {
        let post = match turn {
            Turn::Post(post) => post,
            Turn::Due => {
                let given_up = self.posts.expire(self.ms());
                for answered in given_up {
                    self.tell(answered.id, answered.outcomes);
                }
                return None;
            }
        };
        let until = self.ms() + i64::try_from(GIVE_UP.as_millis()).unwrap_or(i64::MAX);
        let begun = self.posts.begin(post.asked, post.body.as_bytes(), until);
        let framed = begun.ok().and_then(|(id, frame)| {
            let text = String::from_utf8(frame).ok()?;
            Some((id, text))
        });
        match framed {
            Some((id, text)) => {
                self.answers.insert(id, (post.answer, post.place));
                Some(text)
            }
            None => {
                let _ = post.answer.send(Carried::Kept(post.body));
                None
            }
        }
    }

    /// Reads a frame: whether it answers an action, and with which HTTP status where it tells of one.
    pub(crate) fn answered(&mut self, frame: &[u8]) -> Option<Option<u16>> {
        self.line.heard();
        if self.answers.is_empty() {
            return None;
        }
        let answered = self.posts.answer(frame)?;
        self.tell(answered.id, answered.outcomes);
        Some(answered.status)
    }

    fn tell(&mut self, id: u64, outcomes: Vec<Outcome>) {
        if let Some((answer, _)) = self.answers.remove(&id) {
            let _ = answer.send(Carried::Outcomes(outcomes));
        }
    }
}

impl Drop for Carriage {
    fn drop(&mut self) {
        *self.line.open() = None;
        self.queue.close();
        while let Ok(post) = self.queue.try_recv() {
            let _ = post.answer.send(Carried::Kept(post.body));
        }
        for answered in self.posts.lost() {
            self.tell(answered.id, answered.outcomes);
        }
    }
}

#[cfg(test)]
mod tests;
