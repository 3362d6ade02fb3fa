//! What REST answers change.

use super::Session;
use super::frames::book_event;
use super::market::Listed;
use crate::binance_spot::decode;
use crate::binance_spot::limits::{BOOK_DEPTH, BOOK_RETRY_MS};
use crate::binance_spot::rest::InFlight;
use crate::binance_spot::splice::Joined;
use crate::binance_spot::wire::Listing;
use crate::session::{Feed, Loss, Output, RequestKey, RequestKind};
use hypersentry_model::event::BookSnapshot;
use hypersentry_model::{Payload, Symbol, Timestamp};

/// The venue's code for a symbol that it does not know ("Errors": -1121), and for a parameter that cannot be one (-1100 to -1130).
const BAD_PARAMETERS: std::ops::RangeInclusive<i64> = -1130..=-1100;

impl Session {
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        key: &RequestKey,
        status: u16,
        retry_after_s: Option<u32>,
        body: &[u8],
        out: &mut Vec<Output>,
    ) {
        self.dirty = true;
        let request = self.rest.take(key);
        if self.config.accept_any_symbol {
            if key.kind == RequestKind::Book && status == 200 {
                self.recorded_market(key.symbol);
                self.book(now, key.symbol, body, out);
            }
            return;
        }
        let refused = matches!(status, 418 | 429);
        if let Some(request) = request {
            if status == 200 {
                self.good(now, request, body, out);
            } else {
                let code = decode::venue_error(body).map(|(code, _)| code);
                let culprit = code.is_some_and(|code| BAD_PARAMETERS.contains(&code));
                if culprit && !refused {
                    self.bad_parameters(now, request, out);
                } else {
                    self.failed(now, request);
                }
            }
        }
        // A late answer may tell it too.
        if refused {
            self.rest.pause_for(now, status, retry_after_s);
            self.changed = true;
        }
    }

    fn good(&mut self, now: Timestamp, request: InFlight, body: &[u8], out: &mut Vec<Output>) {
        let kind = request.key.kind;
        let read = match kind {
            RequestKind::Markets => match decode::listings(body) {
                Ok(listings) => {
                    self.listings(&request.markets, &listings, out);
                    true
                }
                Err(error) => {
                    self.counts.refuse(error.code);
                    false
                }
            },
            RequestKind::Book => self.book(now, request.key.symbol, body, out),
            // The session asks for nothing else.
            _ => true,
        };
        if read {
            self.rest.succeeded(now, kind);
        } else {
            self.failed(now, request);
        }
    }

    /// The request will be made again; other books come first.
    pub(super) fn failed(&mut self, now: Timestamp, request: InFlight) {
        if let Some(market) = self.markets.get_mut(&request.key.symbol) {
            market.book_at = now.plus_ms(BOOK_RETRY_MS);
        }
        self.rest.failed(now, request);
    }

    /// One symbol of the request does not exist.
    fn bad_parameters(&mut self, now: Timestamp, request: InFlight, out: &mut Vec<Output>) {
        let kind = request.key.kind;
        match (kind, request.markets.as_slice()) {
            (RequestKind::Book, _) => self.absent(request.key.symbol, out),
            (RequestKind::Markets, [symbol]) => self.absent(*symbol, out),
            (RequestKind::Markets, several) => self.rest.halve(several),
            _ => {}
        }
        self.rest.succeeded(now, kind);
    }

    fn listings(&mut self, asked: &[Symbol], listings: &[Listing], out: &mut Vec<Output>) {
        for symbol in asked {
            let listing = listings.iter().find(|listing| listing.symbol == *symbol);
            let Some(listing) = listing.filter(|listing| listing.trading) else {
                self.absent(*symbol, out);
                continue;
            };
            let Some(market) = self.markets.get_mut(symbol) else {
                continue;
            };
            let (px_decimals, sz_decimals) = (listing.px_decimals, listing.sz_decimals);
            let listed = Listed::Trading {
                px_decimals,
                sz_decimals,
            };
            if market.listed != listed {
                market.listed = listed;
                out.push(Output::Grid {
                    symbol: *symbol,
                    px_decimals,
                    sz_decimals,
                });
            }
        }
    }

    /// The venue does not list the market, or it does not trade.
    fn absent(&mut self, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if market.listed != Listed::Absent {
            market.listed = Listed::Absent;
            self.drop_streams(symbol, Loss::Dropped, out);
            out.push(Output::Unlisted(symbol));
            self.changed = true;
        }
    }

    /// Joins a snapshot to the held updates. Says whether the body was one.
    fn book(&mut self, now: Timestamp, symbol: Symbol, body: &[u8], out: &mut Vec<Output>) -> bool {
        let snapshot = match decode::snapshot(body) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.counts.refuse(error.code);
                return false;
            }
        };
        let recorded = self.config.accept_any_symbol;
        if let Some(market) = self.markets.get_mut(&symbol) {
            let last = snapshot.last_seq.unwrap_or(0);
            match market.splice.join(last, recorded) {
                Joined::Begin(follow) => {
                    market.note_depth(last);
                    market.pulse(Feed::Book).event(now);
                    self.changed = true;
                    let depth = if recorded { snapshot.depth } else { BOOK_DEPTH };
                    let snapshot = BookSnapshot { depth, ..snapshot };
                    out.push(book_event(symbol, None, Payload::BookSnapshot(snapshot)));
                    for diff in follow {
                        let payload = Payload::BookDelta(diff.delta);
                        out.push(book_event(symbol, diff.venue_time, payload));
                    }
                }
                Joined::TooOld => market.book_at = now.plus_ms(BOOK_RETRY_MS),
                Joined::NothingHeld => {}
                Joined::Unwanted => self.counts.skip("unwanted_snapshot"),
            }
        }
        true
    }
}
