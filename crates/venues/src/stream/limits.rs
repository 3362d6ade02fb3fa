//! The times, paces and bounds of a session, and their usual values. What a venue itself demands stands in its own `limits.rs`.

/// Times, paces and bounds of one venue's session. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Markets that a session follows.
    pub symbols_max: usize,
    /// Markets that a recording may contain.
    pub recorded_symbols_max: usize,

    /// A connection that does not open in this time has failed.
    pub open_timeout_ms: i64,
    /// A connection that does not confirm its end in this time has ended.
    pub close_timeout_ms: i64,
    /// Delay before a reconnect; doubles up to `reconnect_max_ms`.
    pub reconnect_ms: i64,
    /// Longest delay before a reconnect, without jitter.
    pub reconnect_max_ms: i64,
    /// A connection that lived this long was a good one: delays start anew.
    pub good_life_ms: i64,
    /// We end a connection at this age, before the venue does.
    pub connection_max_ms: i64,
    /// Silence of this length, while there are subscriptions, ends a connection.
    pub silence_ms: i64,
    /// How often an open connection is looked after.
    pub tick_ms: i64,

    /// Least time between two commands of one connection.
    pub command_spacing_ms: i64,
    /// Commands that begin or end streams, in an hour of one connection; `None` where the venue does not count them.
    pub subscribes_per_hour: Option<usize>,
    /// Streams per command.
    pub streams_per_command: usize,
    /// An unanswered command means that the connection is dead.
    pub answer_timeout_ms: i64,
    /// A stream without proof of life for this long is asked about.
    pub quiet_ms: i64,
    /// Least time between two probes.
    pub probe_spacing_ms: i64,
    /// Longest time between two probes: they also measure the round trip, and keep the connection open.
    pub probe_max_ms: i64,
    /// Least time between two proofs of one stream.
    pub proof_spacing_ms: i64,

    /// Levels a side that books are said to have: those of the snapshot, or of the channel.
    pub book_depth: u32,
    /// The same of a book that is asked for to stand in for its stream, where snapshots come over REST.
    pub repair_depth: u32,
    /// Changes of a book that are held while its snapshot is fetched.
    pub held_max: usize,
    /// A snapshot older than the first held change is asked for again after this time.
    pub book_retry_ms: i64,
    /// A book that best prices are ahead of for this long is not proved.
    pub book_doubt_ms: i64,
    /// One for this long is subscribed anew.
    pub book_dead_ms: i64,
    /// After so many new subscriptions in vain the connection is made anew.
    pub book_dead_max: u32,
    /// A book without proof of life for this long is fetched over REST.
    pub repair_after_ms: i64,
    /// Least time between two such requests, over all markets.
    pub repair_spacing_ms: i64,
    /// With [`super::Proof::Checks`]: a book without proof of life for this long is compared with REST's. From its last event on two
    /// comparisons, this and [`Limits::check_again_ms`] must fit into the 4 s after which a book is stale.
    pub book_check_ms: i64,
    /// The same of trades, of which one comparison must fit into 5 s.
    pub trades_check_ms: i64,
    /// What REST knows and the stream did not bring for this long, it will not bring.
    pub check_again_ms: i64,
    /// Least time between two comparisons, over all markets. It bounds how many quiet markets are told from dead ones: those beyond
    /// are stale.
    pub check_spacing_ms: i64,
    /// A stream that fell silent is asked for again after this time, which doubles each time in vain.
    pub revive_ms: i64,

    /// Least time between two REST requests.
    pub rest_spacing_ms: i64,
    /// The same, for each unit of the request's weight.
    pub rest_ms_per_weight: i64,
    /// REST requests under way at once.
    pub rest_in_flight: usize,
    /// An unanswered REST request has failed after this time.
    pub rest_timeout_ms: i64,
    /// Delay after a failed REST request; doubles up to `rest_backoff_max_ms`.
    pub rest_backoff_ms: i64,
    /// Longest delay after failed REST requests, unless the venue names one.
    pub rest_backoff_max_ms: i64,
    /// Delay after status 418 without `Retry-After`.
    pub ban_min_ms: i64,
    /// A longer `Retry-After` is not believed.
    pub ban_max_ms: i64,
    /// Markets per request for the list; `None` where one request brings the whole list.
    pub listings_per_request: Option<usize>,
    /// How often the list of markets is read again.
    pub listings_refresh_ms: i64,
    /// Trades that one request brings at most.
    pub trades_page: usize,
    /// Requests that are made to fill one gap in the trades; what then is missing stays missing.
    pub trades_pages_max: u32,
    /// Candles that one request brings at most.
    pub candles_page: usize,
    /// Requests that are made for one [`crate::session::Input::WantCandles`]; of longer spans the newest part is fetched.
    pub candles_pages_max: u32,
}

impl Limits {
    /// Values for a venue that demands nothing special.
    pub const USUAL: Self = Self {
        symbols_max: 256,
        recorded_symbols_max: 256,
        open_timeout_ms: 15_000,
        close_timeout_ms: 2_000,
        reconnect_ms: 500,
        reconnect_max_ms: 5_000,
        good_life_ms: 30_000,
        connection_max_ms: (24 * 60 - 10) * 60_000,
        silence_ms: 10_000,
        tick_ms: 500,
        command_spacing_ms: 350,
        subscribes_per_hour: None,
        streams_per_command: 90,
        answer_timeout_ms: 10_000,
        quiet_ms: 1_000,
        probe_spacing_ms: 1_000,
        probe_max_ms: 10_000,
        proof_spacing_ms: 200,
        book_depth: 1_000,
        repair_depth: 100,
        held_max: 1_024,
        book_retry_ms: 1_000,
        book_doubt_ms: 2_000,
        book_dead_ms: 5_000,
        book_dead_max: 2,
        repair_after_ms: 3_000,
        repair_spacing_ms: 1_000,
        book_check_ms: 1_500,
        trades_check_ms: 2_500,
        check_again_ms: 1_000,
        check_spacing_ms: 100,
        revive_ms: 3_000,
        rest_spacing_ms: 250,
        rest_ms_per_weight: 0,
        rest_in_flight: 1,
        rest_timeout_ms: 10_000,
        rest_backoff_ms: 1_000,
        rest_backoff_max_ms: 60_000,
        ban_min_ms: 120_000,
        ban_max_ms: 3 * 86_400_000,
        listings_per_request: None,
        listings_refresh_ms: 3_600_000,
        trades_page: 1_000,
        trades_pages_max: 10,
        candles_page: 1_000,
        candles_pages_max: 5,
    };
}
