//! Limits, cadences, and what counts as proof of life.

/// Levels a side of a book channel. `docs-v5`, Market Data > Order book channel.
pub const fn book_depth(channel: &str) -> Option<u32> {
    match channel.as_bytes() {
        b"books" | b"books-l2-tbt" => Some(400),
        b"books50-l2-tbt" => Some(50),
        b"books5" => Some(5),
        _ => None,
    }
}
