//! Signed actions that wait for their block, and answers that wait for their time.
//!
//! At the venue an action is performed with the next block, among the others of the block by turn ([`Turn`]), and answered
//! afterwards; answers to different requests come in any order.

use std::net::IpAddr;

use serde_json::Value;
use tokio::sync::oneshot;

use super::actions::Performed;
use crate::exchange::{Address, Turn};
use crate::rest::RestAnswer;
use crate::session::ClientId;

/// Actions that wait at a time, over all clients (our own bound); more are refused as too many.
pub(super) const MOST_WAITING: usize = 4_096;

/// Who is answered.
#[derive(Debug)]
pub(super) enum ReplyTo {
    /// A request.
    Request(oneshot::Sender<RestAnswer>),
    /// A post of a connection by its id.
    Post(Post),
    /// Nobody waits any more.
    Nobody,
}

/// A post over a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) client: ClientId,
    pub(super) address: IpAddr,
    /// The client's id of it.
    pub(super) key: u64,
}

/// What becomes of the answer to an action that is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is told after so many milliseconds.
    Told(i64),
    Lost,
    /// An error status is told in its place.
    Status(u16),
}

/// An action on its way into a block.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) signer: Address,
    pub(super) body: Value,
    pub(super) turn: Turn,
    /// Not in a block before this time.
    pub(super) due_ms: i64,
    pub(super) to: ReplyTo,
    pub(super) fate: Fate,
}

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) due_ms: i64,
    pub(super) to: ReplyTo,
    pub(super) performed: Performed,
}

/// What is on its way. Both lists together are at most as long as [`MOST_WAITING`].
#[derive(Debug, Default)]
pub(super) struct Mempool {
    waiting: Vec<Waiting>,
    answered: Vec<Answered>,
}

impl Mempool {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() + self.answered.len() >= MOST_WAITING
    }

    pub(super) fn wait(&mut self, action: Waiting) {
        self.waiting.push(action);
    }

    pub(super) fn answer(&mut self, answer: Answered) {
        self.answered.push(answer);
    }

    /// Posts of an address that are not answered yet, over all its connections.
    pub(super) fn in_flight(&self, address: IpAddr) -> usize {
        let waiting = self.waiting.iter().map(|action| &action.to);
        let answered = self.answered.iter().map(|answer| &answer.to);
        waiting
            .chain(answered)
            .filter(|to| matches!(to, ReplyTo::Post(post) if post.address == address))
            .count()
    }

    /// The actions of a block, in the order in which they are performed.
    pub(super) fn take_block(&mut self, block_ms: i64) -> Vec<Waiting> {
        let (mut block, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|action| action.due_ms <= block_ms);
        self.waiting = rest;
        block.sort_by_key(|action| action.turn);
        block
    }

    /// The answers whose time has come.
    pub(super) fn take_answers(&mut self, now_ms: i64) -> Vec<Answered> {
        if self.answered.is_empty() {
            return Vec::new();
        }
        let (due, rest) = std::mem::take(&mut self.answered)
            .into_iter()
            .partition(|answer| answer.due_ms <= now_ms);
        self.answered = rest;
        due
    }
}
