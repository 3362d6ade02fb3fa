//! Frames that the venue should not send.

use std::collections::BTreeSet;

use serde_json::json;

use super::feeds::Feeds;
use super::frames::{self, DepthUpdate};
use super::stream::Kind;
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::{Market, Side};
use crate::session::ClientId;

impl Feeds {
    /// Sends a wrong frame to whoever is subscribed to something of the symbol.
    pub(crate) fn send_wrong(
        &mut self,
        market: &mut Market,
        symbol: &str,
        form: FrameForm,
        faults: &VenueFaults,
    ) {
        let now_ms = market.now_ms();
        let symbols = std::mem::take(&mut self.symbols);
        let mut symbols = symbols;
        if let Some(feed) = symbols.iter_mut().find(|feed| feed.symbol == symbol)
            && let Some(spot) = &mut market.coins_mut()[feed.coin].spot
            && let (Some((bid, bid_level)), Some((ask, ask_level))) =
                (spot.book.best(Side::Bid), spot.book.best(Side::Ask))
        {
            let (kind, payload) = match form {
                FrameForm::CrossedBook => {
                    let wrong = ask + (ask - bid).max(1);
                    let id = spot.book.spend_update_id();
                    // The chain stays whole: the next diff says that nothing rests at the wrong price.
                    let first = std::mem::replace(&mut feed.fast.last_update_id, id) + 1;
                    feed.fast.touched.bids.insert(wrong);
                    let update = DepthUpdate {
                        e: "depthUpdate",
                        E: now_ms,
                        s: feed.symbol,
                        U: first,
                        u: id,
                        b: vec![feed.scales.pair(wrong, bid_level.lots)],
                        a: Vec::new(),
                    };
                    (Some(Kind::Diff { fast: true }), frames::text(&update))
                }
                FrameForm::CrossedBbo => (
                    Some(Kind::BookTicker),
                    frames::book_ticker(
                        feed.symbol,
                        feed.scales,
                        spot.book.update_id(),
                        (ask, ask_level),
                        (bid, bid_level),
                    ),
                ),
                FrameForm::MalformedJson => (
                    None,
                    format!("{{\"e\":\"trade\",\"E\":{now_ms},\"s\":\"{symbol}\",\"t\":"),
                ),
                FrameForm::MissingField => (
                    Some(Kind::Trade),
                    json!({"e": "trade", "E": now_ms, "s": symbol, "t": 1, "q": "1.00000000"})
                        .to_string(),
                ),
                FrameForm::UnknownChannel => (
                    None,
                    json!({"e": "notInTheDocumentation", "E": now_ms, "s": symbol}).to_string(),
                ),
                FrameForm::ServerShutdown => (
                    None,
                    json!({"e": "serverShutdown", "E": now_ms}).to_string(),
                ),
            };
            let coin = feed.coin;
            if let Some(kind) = kind {
                self.send(feed, kind, now_ms, faults, || payload);
            } else {
                let ids: BTreeSet<ClientId> = self
                    .subscribers
                    .iter()
                    .filter(|(stream, _)| stream.coin == coin)
                    .flat_map(|(_, ids)| ids.iter().copied())
                    .collect();
                for id in ids {
                    let combined = self.combined(id) && form == FrameForm::ServerShutdown;
                    let text = if combined {
                        format!("{{\"stream\":\"!serverShutdown\",\"data\":{payload}}}")
                    } else {
                        payload.clone()
                    };
                    self.answer(id, text, now_ms, faults);
                }
            }
        }
        self.symbols = symbols;
    }
}
