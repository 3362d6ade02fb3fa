//! Frames that the venue should not send.

use serde_json::json;

use super::feeds::{Feeds, book_mut};
use super::frames::{self, DepthUpdate};
use super::stream::Kind;
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::{Market, Side};
use crate::hub::Payload;
use crate::venue::Venue;

impl Feeds {
    /// Sends a wrong frame to whoever is subscribed to something of the symbol.
    pub(crate) fn send_wrong(
        &mut self,
        market: &mut Market,
        symbol: &str,
        form: FrameForm,
        faults: &mut VenueFaults,
    ) {
        let now_ms = market.now_ms();
        let event_ms = faults.stamp(now_ms);
        let venue = self.streams.venue;
        let perp = venue == Venue::BinanceUsdm;
        let Some(feed) = self.symbols.iter_mut().find(|feed| feed.symbol == symbol) else {
            return;
        };
        let Some(found) = book_mut(venue, market, feed.coin) else {
            return;
        };
        let (Some((bid, bid_level)), Some((ask, ask_level))) =
            (found.book.best(Side::Bid), found.book.best(Side::Ask))
        else {
            return;
        };
        let (kind, payload) = match form {
            FrameForm::CrossedBook => {
                let wrong = ask + (ask - bid).max(1);
                let id = found.book.spend_update_id();
                let Some(fast) = feed.diffs.iter_mut().find(|diff| diff.every_ms == 100) else { return };
                // The chain stays whole: the next diff says that nothing rests at the wrong price.
                let previous = std::mem::replace(&mut fast.last_update_id, id);
                fast.touched.bids.insert(wrong);
                let update = DepthUpdate {
                    e: "depthUpdate",
                    E: event_ms,
                    T: perp.then_some(event_ms - 1),
                    s: feed.symbol,
                    U: previous + 1,
                    u: id,
                    pu: perp.then_some(previous),
                    b: vec![feed.scales.pair(wrong, bid_level.lots)],
                    a: Vec::new(),
                };
                (Some(Kind::Diff { every_ms: 100 }), frames::text(&update))
            }
            FrameForm::CrossedBbo => (
                Some(Kind::BookTicker),
                frames::book_ticker(
                    feed.symbol,
                    feed.scales,
                    (found.book.update_id(), event_ms),
                    (ask, ask_level),
                    (bid, bid_level),
                ),
            ),
            FrameForm::MalformedJson => {
                (None, format!("{{\"e\":\"aggTrade\",\"E\":{event_ms},\"s\":\"{symbol}\",\"a\":"))
            }
            FrameForm::MissingField if perp => (
                Some(Kind::AggTrade),
                json!({"e": "aggTrade", "E": event_ms, "s": symbol, "a": 1, "q": "1.000", "f": 1, "l": 1}).to_string(),
            ),
            FrameForm::MissingField => (
                Some(Kind::Trade),
                json!({"e": "trade", "E": event_ms, "s": symbol, "t": 1, "q": "1.00000000"}).to_string(),
            ),
            FrameForm::UnknownChannel => {
                (None, json!({"e": "notInTheDocumentation", "E": event_ms, "s": symbol}).to_string())
            }
            FrameForm::ServerShutdown => (None, json!({"e": "serverShutdown", "E": event_ms}).to_string()),
        };
        let feed = &*feed;
        if let Some(kind) = kind {
            self.streams.send(feed, kind, now_ms, faults, || payload);
            return;
        }
        let payload = if form == FrameForm::ServerShutdown {
            Payload::of_stream("!serverShutdown", payload)
        } else {
            Payload::plain(payload)
        };
        let coin = feed.coin;
        self.streams
            .hub
            .send_to_where(|stream| stream.coin == coin, &payload, now_ms, faults);
    }
}
