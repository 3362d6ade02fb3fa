//! The state machine behind a venue's connections, the same for every venue that speaks in streams and REST.
//!
//! [`Session`] opens the connections, subscribes at the venue's pace, proves quiet streams alive, keeps books in sequence, tells trades
//! apart, fetches what is missing, and makes everything anew after a loss. A venue adds a [`Dialect`]: data that says what it is like, and
//! five functions that write and read its messages.
//!
//! | a venue provides | as | says |
//! |---|---|---|
//! | [`Shape::lanes`], [`Shape::channels`] | data | which connections there are, which channels each market has on them, how each is asked for and proved |
//! | [`Shape::book`] | [`BookRule`] | how changes of a book are numbered, and where its snapshot comes from |
//! | [`Shape::trades`] | [`TradeRule`] | how trades are told apart, and whether missing ones can be fetched |
//! | [`Shape::polls`] | [`Poll`] | what is asked over REST at a steady pace: open interest, funding, the clock |
//! | [`Shape::limits`] | [`Limits`] | times, paces, bounds; `Limits { .., ..Limits::USUAL }` in the venue's `limits.rs`, each with its source |
//! | [`Dialect::command`] | function | the text that subscribes, unsubscribes or probes |
//! | [`Dialect::read`] | function | what a frame said, as [`Said`] |
//! | [`Dialect::request`] | function | path and weight of a REST request |
//! | [`Dialect::answer`] | function | what a REST body said, as [`Answer`] |
//! | [`Dialect::unknown_market`] | function | whether an error means that a market does not exist |
//!
//! The venue's `session.rs` then is `pub type Session = stream::Session<TheDialect>`.
//!
//! # What follows by itself
//!
//! - Nothing is subscribed before the list of markets was read: a market that is not in it, or does not trade, is told as `Unlisted`.
//! - [`Said::Event`] of a market or channel that was not asked for is counted as skipped. Trades that came before are dropped as duplicates.
//! - `Following` is told when a stream is acknowledged (of a book: when it is complete), `Broken` when its connection ends or a gap is
//!   found. With [`TradeRule::Counted`] and a [`Backfill`] the missing trades are fetched, given as replayed events, and told as `Repaired`.
//!   With [`TradeRule::Recalled`] the newest trades are fetched after a break, and tell whether they span it. A market without any trade
//!   yet is followed only once it is known which trade was the last before.
//! - A book whose best prices near the end of what its snapshot told is asked for again and replaced without a break.
//! - A feed with [`Proof::Checks`] that is quiet is compared with REST ([`Want::Check`]). One that lacks what REST has known for
//!   [`Limits::check_again_ms`] is dead: it is told as broken and subscribed anew, later each time.
//! - A book that cannot be proved for [`Limits::repair_after_ms`] is fetched over REST and given as `Repair`, where [`Dialect::request`]
//!   answers [`Want::Book`].
//! - Events fetched by a [`Poll`] are given as events of their feed.
//! - In a bare recording (`accept_any_symbol`) nothing is asked for, timed out or proved by answers; frames are taken as they come.

/// What REST answers change.
mod answers;
/// Books, in sequence or withdrawn.
mod books;
/// Quiet feeds told from dead ones.
mod checks;
/// What is sent over a connection.
mod commands;
/// What a venue says about itself.
mod dialect;
/// What frames change.
mod frames;
/// Times, paces and bounds.
mod limits;
/// A connection.
mod link;
/// What is known of one market.
mod market;
/// Trades, told apart and fetched.
mod prints;
/// How far a book is known.
mod reach;
/// REST requests under way.
mod rest;
/// The session.
mod session;
/// Changes and a snapshot to an unbroken book.
pub mod splice;
/// Which trades came, and which are missing.
mod trades;
/// What time brings.
mod upkeep;

pub use dialect::{
    Answer, Answered, Ask, Asked, Backfill, BookRule, Channel, ChannelId, Command, Dialect, InBand,
    Poll, Polled, Proof, Said, Shape, Stream, TradeRule, Want,
};
pub use limits::Limits;
pub use session::Session;
