//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives: an event of it, or an answer to `LIST_SUBSCRIPTIONS` that names it. The answer
//! comes in order on the same connection, so whatever the venue had to say on the stream before it has arrived. One exception:
//! best prices carry the book's update id, so they show when depth updates stay away; see [`BOOK_DOUBT_MS`].

/// Diffs that are held back while a snapshot is fetched: more than a minute and a half of them.
pub const BUFFER_MAX: usize = 1_024;

/// Levels a side of the snapshot that the session asks for. It weighs 50 of the 6,000 a minute ("Public Rest API": order book).
pub const BOOK_DEPTH: u32 = 1_000;

/// Weight of a snapshot of that depth ("Public Rest API": order book).
pub const BOOK_WEIGHT: u32 = 50;

/// Weight of the exchange information ("Public Rest API": exchange information).
pub const LISTING_WEIGHT: u32 = 20;

/// Least time between two REST requests, in milliseconds: at most 12,000 of weight a minute even if all were books, and the venue
/// slows us down before that with status 429.
pub const REST_SPACING_MS: i64 = 250;

/// An unanswered REST request has failed after this time.
pub const REST_TIMEOUT_MS: i64 = 10_000;

/// A snapshot older than the first held diff is asked for again after this time.
pub const BOOK_RETRY_MS: i64 = 1_000;

/// Delay after a failed REST request; doubles up to [`REST_BACKOFF_MAX_MS`].
pub const REST_BACKOFF_MS: i64 = 1_000;

/// Longest delay after failed REST requests, unless the venue names one.
pub const REST_BACKOFF_MAX_MS: i64 = 60_000;

/// Delay after status 418 without `Retry-After`: the shortest ban ("Public Rest API": IP limits: 2 minutes to 3 days).
pub const BAN_MIN_MS: i64 = 120_000;

/// The longest ban; a longer `Retry-After` is not believed.
pub const BAN_MAX_MS: i64 = 3 * 86_400_000;

/// Symbols per request for the exchange information: keeps the URL short.
pub const MARKETS_PER_REQUEST: usize = 100;

/// How often the list of markets is read again.
pub const MARKETS_REFRESH_MS: i64 = 3_600_000;

/// Least time between two messages of ours. The venue cuts a connection that sends more than 5 a second, pongs included
/// ("WebSocket Streams": general information).
pub const COMMAND_SPACING_MS: i64 = 350;

/// Symbols per `SUBSCRIBE`.
pub const SYMBOLS_PER_COMMAND: usize = 30;

/// Symbols per connection: 1,024 streams ("WebSocket Streams": general information), three each.
pub const SYMBOLS_MAX: usize = 340;

/// Symbols that a recording may contain.
pub const RECORDED_SYMBOLS_MAX: usize = 256;

/// An unanswered command means that the connection is dead.
pub const ANSWER_TIMEOUT_MS: i64 = 10_000;

/// So does silence while there are subscriptions: quiet streams are asked about every second.
pub const SILENCE_MS: i64 = 10_000;

/// How often an open connection is looked after.
pub const TICK_MS: i64 = 500;

/// A stream without proof of life for this long is asked about.
pub const QUIET_MS: i64 = 1_000;

/// Least time between two such questions.
pub const PROBE_SPACING_MS: i64 = 1_000;

/// Longest time between two such questions: they also measure the round trip.
pub const PROBE_MAX_MS: i64 = 10_000;

/// Least time between two proofs of one stream.
pub const PROOF_SPACING_MS: i64 = 200;

/// Depth updates follow best prices within 100 ms. After this time without the one that covers a best price, the book is not proved.
pub const BOOK_DOUBT_MS: i64 = 2_000;

/// After this time its streams are subscribed anew.
pub const BOOK_DEAD_MS: i64 = 5_000;

/// After this many new subscriptions in vain, the connection is made anew.
pub const BOOK_DEAD_MAX: u32 = 2;

/// A connection that does not open in this time has failed.
pub const OPEN_TIMEOUT_MS: i64 = 15_000;

/// A connection that does not confirm its end in this time has ended.
pub const CLOSE_TIMEOUT_MS: i64 = 2_000;

/// Delay before a reconnect; doubles up to [`RECONNECT_MAX_MS`]. The venue allows 300 attempts in 5 minutes.
pub const RECONNECT_MS: i64 = 500;

/// Longest delay before a reconnect, without jitter.
pub const RECONNECT_MAX_MS: i64 = 5_000;

/// A connection that lived this long was a good one: delays start anew.
pub const GOOD_LIFE_MS: i64 = 30_000;

/// The venue ends connections after 24 hours ("WebSocket Streams": general information); we are first.
pub const CONNECTION_MAX_MS: i64 = (24 * 60 - 10) * 60_000;
