//! Our own ways: the decoder, the decoder and the order book, the decoder and the market core.

use crate::recordings::Recording;
use crate::way::Way;
use hypersentry_market::book::OrderBook;
use hypersentry_market::{Market, MarketConfig, MarketId, Rules};
use hypersentry_model::event::{Feed, Loss};
use hypersentry_model::{Level, MarketEvent, Mode, Payload, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::decode::{Decoder, Outcome};
use std::collections::BTreeMap;
use std::hint::black_box;

/// The decoder as a session uses it: the levels of a frame lie where those of an earlier one lay.
struct Reader {
    venue: Venue,
    decoder: Decoder,
    /// Empty between frames.
    out: Vec<MarketEvent>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            venue: Venue::Hyperliquid,
            decoder: Decoder::new(Venue::Hyperliquid),
            out: Vec::new(),
        }
    }
}

impl Reader {
    /// Of that venue from now on.
    fn of(&mut self, venue: Venue) {
        if self.venue != venue {
            *self = Self {
                venue,
                decoder: Decoder::new(venue),
                out: Vec::new(),
            };
        }
    }

    /// The event of a frame.
    fn event(&mut self, frame: &[u8]) -> MarketEvent {
        let outcome = self.decoder.decode(frame, None, &mut self.out);
        assert_eq!(outcome, Ok(Outcome::Events));
        self.out.pop().expect("an event")
    }

    /// Gives back its levels, and says how many there were.
    fn done(&mut self, event: MarketEvent) -> usize {
        let levels = count(&event.payload);
        self.decoder.take_back(event.payload);
        levels
    }
}

fn snapshot(recording: &Recording) -> Option<Payload> {
    let body = recording.snapshot.as_ref()?;
    Some(Payload::BookSnapshot(match recording.venue {
        Venue::BinanceUsdm => {
            hypersentry_venues::binance_usdm::decode::snapshot(body)
                .unwrap()
                .0
        }
        _ => hypersentry_venues::binance_spot::decode::snapshot(body).unwrap(),
    }))
}

fn count(payload: &Payload) -> usize {
    match payload {
        Payload::BookDelta(change) => change.bids.len() + change.asks.len(),
        Payload::BookSnapshot(book) => book.bids.len() + book.asks.len(),
        other => panic!("not a book: {other:?}"),
    }
}

/// The decoder alone.
#[derive(Default)]
pub(crate) struct Decode {
    reader: Reader,
}

impl Way for Decode {
    fn begin(&mut self, recording: &Recording) {
        self.reader.of(recording.venue);
    }

    fn frame(&mut self, _: Venue, frame: &[u8], _: bool) -> usize {
        let event = black_box(self.reader.event(frame));
        self.reader.done(event)
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        None
    }
}

/// The decoder and the order book.
#[derive(Default)]
pub(crate) struct Book {
    book: OrderBook,
    reader: Reader,
}

impl Book {
    fn apply(&mut self, payload: &Payload) {
        match payload {
            Payload::BookDelta(change) => self.book.apply_delta(change).unwrap(),
            Payload::BookSnapshot(book) => self.book.apply_snapshot(book).unwrap(),
            other => panic!("not a book: {other:?}"),
        }
    }
}

impl Way for Book {
    fn begin(&mut self, recording: &Recording) {
        // The plain design keeps its room too.
        self.book.lose();
        self.reader.of(recording.venue);
        if let Some(payload) = snapshot(recording) {
            self.apply(&payload);
        }
    }

    fn frame(&mut self, _: Venue, frame: &[u8], apply: bool) -> usize {
        let event = self.reader.event(frame);
        if apply {
            self.apply(&event.payload);
        }
        self.reader.done(event)
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        let view = self.book.read()?;
        Some((view.bids.iter().collect(), view.asks.iter().collect()))
    }
}

/// The decoder and the market core, with its guards, stamps and what clients are to be told.
pub(crate) struct State {
    market: Market,
    id: Option<MarketId>,
    now: Timestamp,
    reader: Reader,
}

impl Default for State {
    fn default() -> Self {
        Self {
            market: Market::new(MarketConfig {
                run_id: String::new(),
                mode: Mode::Replay,
                grid_ms: 50,
                // So that the whole book can be compared.
                depth: 50_000,
                rules: Rules::default(),
                cadences: BTreeMap::new(),
            }),
            id: None,
            now: Timestamp::from_ms(1_700_000_000_000),
            reader: Reader::default(),
        }
    }
}

impl State {
    fn apply(&mut self, event: &MarketEvent) {
        // Each frame a millisecond after the one before it: what is due then is no part of this.
        self.now = self.now.plus_ms(1);
        let id = *self.id.get_or_insert(MarketId {
            source: Source::Venue(Venue::BinanceSpot),
            symbol: event.symbol,
        });
        let taken = self.market.event(self.now, id, Feed::Book, event, false);
        assert_eq!(taken, Ok(()));
    }
}

impl Way for State {
    fn begin(&mut self, recording: &Recording) {
        self.reader.of(recording.venue);
        if let Some(id) = self.id {
            self.market.book_lost(self.now, id, Loss::Gap);
        }
        if let Some(payload) = snapshot(recording) {
            self.apply(&MarketEvent {
                symbol: Symbol::new("BOOK").unwrap(),
                venue_time: None,
                payload,
            });
        }
    }

    fn frame(&mut self, _: Venue, frame: &[u8], apply: bool) -> usize {
        let event = self.reader.event(frame);
        if apply {
            self.apply(&event);
        }
        self.reader.done(event)
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        let id = self.id?;
        let mut told = Vec::new();
        self.now = self.now.plus_ms(50);
        self.market.publish(self.now, &mut told);
        let book = self.market.snapshot(id.source, id.symbol)?.data.book?;
        Some((book.bids?, book.asks?))
    }
}
