//! What goes wrong, at which venue, and how it must be told and mended.

use super::trial::{End, LONG_MS, LONGEST_MS, Row, SHORT_MS, Told, status, update};
use hypersentry_engine::Publication;
use hypersentry_model::status::{Connection, VenueStatus};
use hypersentry_model::{Freshness, Venue};
use hypersentry_sim::{Fault, FrameForm};
use hypersentry_tests::plant::sim;

/// The publication grid, the way of a frame, and a step of the run.
const PUNCTUAL_MS: i64 = 100;
/// A status that did not change at once is told once a second.
const STATUS_MS: i64 = 1_000 + PUNCTUAL_MS;
/// A new connection, its list of markets, its subscriptions and its books.
const ANEW_MS: i64 = 12_000;

/// The venue's spelling of BTC, its book and its trades.
const fn names(venue: Venue) -> (&'static str, &'static str, &'static str) {
    match venue {
        Venue::Hyperliquid => ("BTC", "l2Book", "trades"),
        Venue::BinanceSpot | Venue::BinanceUsdm => ("BTCUSDT", "depth@100ms", "aggTrade"),
        Venue::Coinbase => ("BTC-USD", "level2_batch", "matches"),
        Venue::Bybit => ("BTCUSDT", "orderbook.200", "publicTrade"),
        Venue::Okx => ("BTC-USDT-SWAP", "books", "trades"),
    }
}

/// Whether changes of the book are numbered, so that a missing one is seen.
const fn numbers_books(venue: Venue) -> bool {
    !matches!(venue, Venue::Hyperliquid | Venue::Coinbase)
}

/// Whether trades are numbered, so that missing ones are seen and can be fetched completely.
const fn numbers_trades(venue: Venue) -> bool {
    !matches!(venue, Venue::Hyperliquid | Venue::Bybit)
}

fn refused(status: &VenueStatus) -> u64 {
    status.refused.values().sum()
}

fn reconnecting(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    status(venue, told)
        .is_some_and(|s| s.connection == Connection::Reconnecting && s.reason.is_some())
}

fn price_is_stale(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    let price = update(venue, told).and_then(|data| data.price.as_ref());
    price.is_some_and(|price| price.mark.state == Freshness::Stale)
}

fn shows_a_silent_book(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    let Some(data) = update(venue, told) else {
        return false;
    };
    let book = data.book.as_ref().map(|book| book.mark.state);
    let from = data.quality.as_ref().and_then(|q| q.repaired_from.as_ref());
    book.is_some_and(|state| state != Freshness::Fresh) || from.is_some()
}

fn counts_a_gap(venue: Venue, told: &Publication, before: &VenueStatus) -> bool {
    status(venue, told).is_some_and(|s| s.gaps > before.gaps)
}

fn counts_duplicates(venue: Venue, told: &Publication, before: &VenueStatus) -> bool {
    status(venue, told).is_some_and(|s| s.duplicates > before.duplicates)
}

fn counts_a_refusal(venue: Venue, told: &Publication, before: &VenueStatus) -> bool {
    status(venue, told).is_some_and(|s| refused(s) > refused(before))
}

fn shows_latency(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    let latency = status(venue, told).and_then(|s| s.latency_ms);
    latency.is_some_and(|ms| ms > 2_000.0)
}

/// Either the step, or that the clock is not known any more: what it was contradicts what came.
fn counts_a_step(venue: Venue, told: &Publication, before: &VenueStatus) -> bool {
    let steps = |s: &VenueStatus| s.clock.map(|clock| clock.steps);
    status(venue, told).is_some_and(|s| steps(s).is_none() || steps(s) > steps(before))
}

fn cools_down(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    status(venue, told).is_some_and(|s| s.cooldown_until_ms.is_some())
}

/// REST answers while a socket is half open: where it is asked whether a quiet feed missed anything, the price is proved until it says so.
const fn proved_meanwhile_ms(venue: Venue) -> i64 {
    match venue {
        Venue::Coinbase | Venue::Bybit | Venue::Okx => 3_000,
        Venue::Hyperliquid | Venue::BinanceSpot | Venue::BinanceUsdm => 0,
    }
}

/// All rows of a venue.
pub(crate) fn of(venue: Venue) -> Vec<Row> {
    let (symbol, book, trades) = names(venue);
    let (symbol, at) = (symbol.to_owned(), sim(venue));
    let feed = |channel: &str| (channel.to_owned(), symbol.clone());
    let whole = if numbers_trades(venue) {
        End::Whole
    } else {
        End::Said
    };
    let mut rows = vec![
        Row {
            fault: "disconnect",
            hurts: vec![(0, Fault::DropConnections { venue: at })],
            flag: "connection reconnecting, with a reason",
            told: reconnecting,
            within_ms: PUNCTUAL_MS,
            lasts_ms: 0,
            back_ms: ANEW_MS,
            end: whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "half-open socket",
            hurts: vec![(
                0,
                Fault::SilenceVenue {
                    venue: at,
                    for_ms: 25_000,
                },
            )],
            flag: "price stale",
            told: price_is_stale,
            within_ms: 3_000 + PUNCTUAL_MS + proved_meanwhile_ms(venue),
            lasts_ms: 25_000,
            back_ms: 2 * ANEW_MS,
            end: whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "maintenance",
            hurts: vec![(
                0,
                Fault::Maintenance {
                    venue: at,
                    for_ms: 8_000,
                },
            )],
            flag: "connection reconnecting, with a reason",
            told: reconnecting,
            within_ms: PUNCTUAL_MS,
            lasts_ms: 8_000,
            back_ms: ANEW_MS,
            end: whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "late data",
            hurts: vec![(
                0,
                Fault::Delay {
                    venue: at,
                    delay_ms: 3_000,
                    for_ms: 10_000,
                },
            )],
            flag: "latency_ms above 2000",
            told: shows_latency,
            within_ms: 13_000,
            lasts_ms: 13_000,
            back_ms: ANEW_MS,
            end: whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "duplicate trades",
            hurts: vec![(
                0,
                Fault::DuplicateTrades {
                    venue: at,
                    symbol: symbol.clone(),
                    for_ms: 20_000,
                },
            )],
            flag: "duplicates counted",
            told: counts_duplicates,
            within_ms: 20_000,
            lasts_ms: 20_000,
            back_ms: 1_000,
            end: End::Whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "duplicate book frames",
            hurts: vec![(0, {
                let (channel, symbol) = feed(book);
                Fault::DuplicateFrames {
                    venue: at,
                    channel,
                    symbol,
                    count: 3,
                }
            })],
            flag: "(nothing is wrong with it)",
            told: |venue, told, _| status(venue, told).is_some(),
            within_ms: STATUS_MS,
            lasts_ms: 1_000,
            back_ms: 3_000,
            end: End::Whole,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "clock step forward",
            hurts: vec![(
                0,
                Fault::ClockStep {
                    venue: at,
                    step_ms: 7_000,
                },
            )],
            flag: "clock unknown, or a step counted",
            told: counts_a_step,
            within_ms: STATUS_MS,
            lasts_ms: 0,
            back_ms: STATUS_MS,
            end: End::Books,
            run_ms: SHORT_MS,
        },
        Row {
            fault: "clock step back",
            hurts: vec![(
                0,
                Fault::ClockStep {
                    venue: at,
                    step_ms: -7_000,
                },
            )],
            flag: "clock unknown, or a step counted",
            told: counts_a_step,
            // The venue's time is asked for once a minute.
            within_ms: 60_000 + STATUS_MS,
            lasts_ms: 60_000,
            back_ms: STATUS_MS,
            end: End::Books,
            run_ms: SHORT_MS,
        },
    ];
    for (fault, form) in [
        ("garbage: cut JSON", FrameForm::MalformedJson),
        ("garbage: unknown channel", FrameForm::UnknownChannel),
        ("garbage: crossed book", FrameForm::CrossedBook),
    ] {
        rows.push(Row {
            fault,
            hurts: vec![(
                0,
                Fault::SendFrame {
                    venue: at,
                    symbol: symbol.clone(),
                    form,
                },
            )],
            flag: "refused counted",
            told: counts_a_refusal,
            within_ms: STATUS_MS,
            lasts_ms: 0,
            back_ms: ANEW_MS,
            end: if form == FrameForm::CrossedBook {
                End::Books
            } else {
                End::Whole
            },
            run_ms: SHORT_MS,
        });
    }
    if matches!(
        venue,
        Venue::Hyperliquid | Venue::BinanceSpot | Venue::BinanceUsdm
    ) {
        let (channel, symbol) = feed(book);
        rows.push(Row {
            fault: "silence while pings pass",
            hurts: vec![(
                0,
                Fault::SilenceChannel {
                    venue: at,
                    channel,
                    symbol,
                    for_ms: 15_000,
                },
            )],
            flag: "book stale, missing, or stood in for by REST",
            told: shows_a_silent_book,
            within_ms: 4_000 + PUNCTUAL_MS,
            lasts_ms: 15_000,
            back_ms: 2 * ANEW_MS,
            end: End::Whole,
            run_ms: SHORT_MS,
        });
    }
    if numbers_books(venue) {
        rows.push(Row {
            fault: "gap in the book",
            hurts: vec![(0, {
                let (channel, symbol) = feed(book);
                Fault::SkipFrames {
                    venue: at,
                    channel,
                    symbol,
                    count: 2,
                }
            })],
            flag: "gaps counted",
            told: counts_a_gap,
            within_ms: STATUS_MS,
            lasts_ms: 0,
            back_ms: ANEW_MS,
            end: End::Whole,
            run_ms: SHORT_MS,
        });
        rows.push(Row {
            fault: "reordered book frames",
            hurts: vec![(0, {
                let (channel, symbol) = feed(book);
                Fault::ReorderFrames {
                    venue: at,
                    channel,
                    symbol,
                    count: 2,
                }
            })],
            flag: "gaps counted",
            told: counts_a_gap,
            within_ms: STATUS_MS,
            lasts_ms: 0,
            back_ms: ANEW_MS,
            end: End::Whole,
            run_ms: SHORT_MS,
        });
    }
    if numbers_trades(venue) {
        for reorder in [false, true] {
            let (channel, symbol) = feed(trades);
            rows.push(Row {
                fault: if reorder {
                    "reordered trades"
                } else {
                    "gap in the trades"
                },
                hurts: vec![(
                    0,
                    if reorder {
                        Fault::ReorderFrames {
                            venue: at,
                            channel,
                            symbol,
                            count: 3,
                        }
                    } else {
                        Fault::SkipFrames {
                            venue: at,
                            channel,
                            symbol,
                            count: 3,
                        }
                    },
                )],
                flag: "repaired trades told as replayed",
                told: tells_replayed,
                within_ms: 30_000,
                lasts_ms: 30_000,
                back_ms: ANEW_MS,
                end: End::Whole,
                run_ms: SHORT_MS,
            });
        }
    }
    let mut wrong = vec![(
        0,
        Fault::WrongSnapshot {
            venue: at,
            symbol: symbol.clone(),
            for_ms: 6_000,
        },
    )];
    // Hyperliquid's books come whole, one after the other.
    let in_band = venue == Venue::Hyperliquid;
    if !in_band {
        wrong.push((0, Fault::DropConnections { venue: at }));
    }
    rows.push(Row {
        fault: "wrong snapshot",
        hurts: wrong,
        flag: "refused counted",
        told: counts_a_refusal,
        within_ms: if in_band { STATUS_MS + 1_000 } else { 6_000 },
        lasts_ms: 6_000,
        back_ms: ANEW_MS,
        end: if in_band { End::Whole } else { whole },
        run_ms: SHORT_MS,
    });
    rows.extend(silent_trades(venue));
    rows.extend([false, true].map(|ban| closed_door(venue, ban)));
    rows
}

/// The trades fall silent while pings are answered. Not at Hyperliquid, which numbers nothing: there nobody can tell it from a quiet market.
fn silent_trades(venue: Venue) -> Option<Row> {
    let (symbol, _, channel) = names(venue);
    let for_ms = 12_000;
    let (flag, told, within_ms): (_, Told, _) = match venue {
        Venue::Hyperliquid => return None,
        // The next trade tells it: ids have no holes.
        Venue::BinanceSpot | Venue::BinanceUsdm => (
            "repaired trades told as replayed",
            tells_replayed,
            for_ms + 30_000,
        ),
        // Heartbeats, or REST, tell of a trade that did not come.
        Venue::Coinbase | Venue::Bybit | Venue::Okx => ("gaps counted", counts_a_gap, for_ms),
    };
    Some(Row {
        fault: "silent trades",
        hurts: vec![(
            0,
            Fault::SilenceChannel {
                venue: sim(venue),
                channel: channel.to_owned(),
                symbol: symbol.to_owned(),
                for_ms: for_ms as u64,
            },
        )],
        flag,
        told,
        within_ms,
        lasts_ms: for_ms,
        back_ms: 3 * ANEW_MS,
        end: if numbers_trades(venue) {
            End::Whole
        } else {
            End::Said
        },
        run_ms: SHORT_MS,
    })
}

/// REST refuses everybody at this address: too many requests, or a ban. Streams go on.
fn closed_door(venue: Venue, ban: bool) -> Row {
    let (symbol, book, _) = names(venue);
    let at = sim(venue);
    let (fault, for_ms) = match (ban, venue) {
        (false, Venue::Bybit) => ("retCode 10006 storm", 15_000),
        (false, _) => ("429 storm", 15_000),
        (true, Venue::BinanceSpot | Venue::BinanceUsdm) => ("418 ban", 20_000),
        (true, Venue::Bybit) => ("403 ban", 20_000),
        (true, _) => ("429 with Retry-After", 20_000),
    };
    let closed = if ban {
        Fault::Ban { venue: at, for_ms }
    } else {
        Fault::RateLimitStorm { venue: at, for_ms }
    };
    let mut hurts = vec![(0, closed)];
    // Where books begin with a snapshot from REST, one is needed now. Elsewhere the clock is asked for every seven seconds.
    if matches!(venue, Venue::BinanceSpot | Venue::BinanceUsdm) {
        hurts.push((
            0,
            Fault::SkipFrames {
                venue: at,
                channel: book.to_owned(),
                symbol: symbol.to_owned(),
                count: 1,
            },
        ));
    }
    // Our own pause after a ban is two minutes at least, at Bybit the ten that it documents; after 429 it doubles from two seconds on.
    let lasts_ms = match (ban, venue) {
        (true, Venue::BinanceSpot | Venue::BinanceUsdm) => 120_000,
        (true, Venue::Bybit) => 600_000,
        _ => for_ms as i64,
    };
    Row {
        fault,
        hurts,
        flag: "cooldown_until_ms",
        told: cools_down,
        within_ms: 7_000 + STATUS_MS + 1_000,
        lasts_ms,
        back_ms: 60_000,
        end: End::Whole,
        run_ms: match (ban, venue) {
            (true, Venue::Bybit) => LONGEST_MS,
            (true, _) => LONG_MS,
            _ => SHORT_MS,
        },
    }
}

fn tells_replayed(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    let trades = update(venue, told).and_then(|data| data.trades.as_ref()?.v.as_ref());
    trades.is_some_and(|rows| rows.iter().any(|row| row.replayed))
}
