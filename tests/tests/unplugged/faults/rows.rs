//! What goes wrong, at which venue, and how it must be told and mended.

use super::trial::{End, LONG_MS, Row, SHORT_MS, status, update};
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
    if venue != Venue::Hyperliquid {
        rows.push(Row {
            fault: "wrong snapshot",
            hurts: vec![
                (
                    0,
                    Fault::WrongSnapshot {
                        venue: at,
                        symbol: symbol.clone(),
                        for_ms: 6_000,
                    },
                ),
                (0, Fault::DropConnections { venue: at }),
            ],
            flag: "refused counted",
            told: counts_a_refusal,
            within_ms: 6_000,
            lasts_ms: 6_000,
            back_ms: ANEW_MS,
            end: whole,
            run_ms: SHORT_MS,
        });
    }
    if matches!(venue, Venue::BinanceSpot | Venue::BinanceUsdm) {
        for ban in [false, true] {
            let (channel, symbol) = feed(book);
            let closed = if ban {
                Fault::Ban {
                    venue: at,
                    for_ms: 20_000,
                }
            } else {
                Fault::RateLimitStorm {
                    venue: at,
                    for_ms: 8_000,
                }
            };
            rows.push(Row {
                fault: if ban { "418 ban" } else { "429 storm" },
                hurts: vec![
                    (0, closed),
                    (
                        0,
                        Fault::SkipFrames {
                            venue: at,
                            channel,
                            symbol,
                            count: 1,
                        },
                    ),
                ],
                flag: "cooldown_until_ms",
                told: cools_down,
                within_ms: STATUS_MS + 1_000,
                lasts_ms: if ban { 120_000 } else { 8_000 },
                back_ms: 60_000,
                end: End::Whole,
                run_ms: if ban { LONG_MS } else { SHORT_MS },
            });
        }
    }
    rows
}

fn tells_replayed(venue: Venue, told: &Publication, _: &VenueStatus) -> bool {
    let trades = update(venue, told).and_then(|data| data.trades.as_ref()?.v.as_ref());
    trades.is_some_and(|rows| rows.iter().any(|row| row.replayed))
}
