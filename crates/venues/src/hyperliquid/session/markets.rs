//! The list of markets: asked for over REST, again and again until it comes.

use super::Session;
use crate::hyperliquid::wire::{Listing, Message};
use crate::hyperliquid::{decode, limits, rest};
use crate::session::{self, Output};
use hypersentry_model::{MarketEvent, Payload, Price, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept of a market in the list.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Listed {
    listing: session::Listing,
    spot: bool,
}

impl Listed {
    fn new(wire: &Listing, price: Option<Price>) -> Self {
        Self {
            listing: session::Listing {
                symbol: wire.coin,
                base: wire.base,
                quote: wire.quote,
                multiplier: wire.multiplier,
                trading: !wire.delisted,
                px_decimals: limits::px_decimals(wire.spot, price, wire.sz_decimals),
                sz_decimals: wire.sz_decimals,
            },
            spot: wire.spot,
        }
    }
}

/// The list and the request for it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Markets {
    /// Perpetuals and spot pairs.
    listed: BTreeMap<Symbol, Listed>,
    /// The list of spot pairs was read.
    spot_known: bool,
    known_at: Option<Timestamp>,
    /// Number of the newest request.
    attempt: u32,
    /// The newest request is under way; it must be answered until then.
    answer_due: Option<Timestamp>,
    /// The next request.
    fetch_due: Option<Timestamp>,
    failures: u32,
}

impl Markets {
    pub(super) fn is_known(&self) -> bool {
        self.known_at.is_some()
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        self.answer_due.or(self.fetch_due)
    }
}

impl Session {
    fn fetch_markets(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.markets.attempt = self.markets.attempt.wrapping_add(1).max(1);
        self.markets.answer_due = Some(now.plus_ms(limits::ANSWER_MS));
        self.markets.fetch_due = None;
        out.push(Output::Fetch(rest::markets(self.markets.attempt)));
    }

    /// Asks for the list unless it is young, on its way, or about to be asked for after a failure.
    pub(super) fn fetch_markets_if_older(
        &mut self,
        now: Timestamp,
        age_ms: i64,
        out: &mut Vec<Output>,
    ) {
        let markets = &self.markets;
        let young = markets.known_at.is_some_and(|at| now < at.plus_ms(age_ms));
        let failed = markets.failures > 0 && markets.fetch_due.is_some();
        if !young && !failed && markets.answer_due.is_none() {
            self.fetch_markets(now, out);
        }
    }

    pub(super) fn markets_timers(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.markets.answer_due.is_some_and(|due| due <= now) {
            self.markets.answer_due = None;
            self.fetch_failed(now, "request_failed", 0);
        }
        if self.markets.fetch_due.is_some_and(|due| due <= now) {
            if self.wanted.is_empty() {
                self.markets.fetch_due = None;
            } else {
                self.fetch_markets(now, out);
            }
        }
    }

    fn fetch_failed(&mut self, now: Timestamp, code: &'static str, pause_ms: i64) {
        self.counts.refuse(code, 1);
        let failures = self.markets.failures;
        let delay = self.delay_ms(
            limits::MARKETS_RETRY_MIN_MS,
            limits::MARKETS_RETRY_MAX_MS,
            failures,
        );
        self.markets.failures = failures.saturating_add(1);
        self.markets.fetch_due = Some(now.plus_ms(delay.max(pause_ms)));
    }

    pub(super) fn markets_answer(
        &mut self,
        now: Timestamp,
        attempt: u32,
        status: u16,
        retry_after_s: Option<u32>,
        body: &[u8],
        out: &mut Vec<Output>,
    ) {
        // Recordings do not number requests.
        let awaited = self.markets.answer_due.is_some() && attempt == self.markets.attempt;
        if !(awaited || attempt == 0) {
            return;
        }
        self.markets.answer_due = None;
        match status {
            200 => self.list(now, body, out),
            429 => {
                let asked = i64::from(retry_after_s.unwrap_or(0)) * 1_000;
                let pause = asked.clamp(limits::MARKETS_COOLDOWN_MS, limits::MARKETS_PAUSE_MAX_MS);
                self.fetch_failed(now, "rate_limited", pause);
            }
            _ => self.fetch_failed(now, "request_failed", 0),
        }
    }

    fn list(&mut self, now: Timestamp, body: &[u8], out: &mut Vec<Output>) {
        let mut contexts = Vec::new();
        match decode::message(body, &mut contexts) {
            Ok(Message::Markets(listings)) => self.listed(now, &listings, &contexts, out),
            // In a recording, the one list may stand for the other.
            Ok(Message::SpotPairs(pairs)) => self.spot_listed(now, &pairs, out),
            Ok(_) => self.fetch_failed(now, "unknown_message", 0),
            Err(error) => match decode::markets_alone(body) {
                // One context that we cannot read is no reason to do without all markets.
                Some(listings) => {
                    self.counts.refuse(error.code, 1);
                    self.listed(now, &listings, &[], out);
                }
                None => self.fetch_failed(now, error.code, 0),
            },
        }
    }

    /// Takes over a list, with the contexts that came along.
    pub(super) fn listed(
        &mut self,
        now: Timestamp,
        listings: &[Listing],
        contexts: &[MarketEvent],
        out: &mut Vec<Output>,
    ) {
        let prices: BTreeMap<Symbol, Price> = contexts
            .iter()
            .filter_map(|event| Some((event.symbol, price_of(event)?)))
            .collect();
        self.markets.known_at = Some(now);
        self.markets.failures = 0;
        self.markets.fetch_due = Some(now.plus_ms(limits::MARKETS_AGE_MS));
        self.take_list(now, false, listings, &prices, out);
        self.settle(now, out);
    }

    /// Takes over the list of spot pairs.
    pub(super) fn spot_listed(&mut self, now: Timestamp, pairs: &[Listing], out: &mut Vec<Output>) {
        self.markets.spot_known = true;
        self.take_list(now, true, pairs, &BTreeMap::new(), out);
    }

    /// Replaces one of the two lists, and tells both.
    fn take_list(
        &mut self,
        now: Timestamp,
        spot: bool,
        listings: &[Listing],
        prices: &BTreeMap<Symbol, Price>,
        out: &mut Vec<Output>,
    ) {
        self.markets.listed.retain(|_, listed| listed.spot != spot);
        for listing in listings.iter().take(limits::MAX_LISTED) {
            let price = prices.get(&listing.coin).copied();
            let listed = Listed::new(listing, price);
            self.markets.listed.insert(listing.coin, listed);
        }
        let all = self.markets.listed.values().map(|listed| listed.listing);
        out.push(Output::Listings(all.collect()));
        let symbols: Vec<Symbol> = self.coins.keys().copied().collect();
        for symbol in symbols {
            if limits::is_spot(symbol) == spot {
                self.check_listing(now, symbol, prices.get(&symbol).copied(), out);
            }
        }
    }

    /// Subscribes a wanted market if it is listed, and gives it up if it is not.
    pub(super) fn check_listing(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        price: Option<Price>,
        out: &mut Vec<Output>,
    ) {
        let known = match limits::is_spot(symbol) {
            true => self.markets.spot_known,
            false => self.markets.is_known(),
        };
        if !known {
            return;
        }
        let listed = self.markets.listed.get(&symbol);
        let listed = listed.is_some_and(|listed| listed.listing.trading);
        let Some(coin) = self.coins.get_mut(&symbol) else {
            return;
        };
        let before = coin.listed.replace(listed);
        if listed {
            self.give_grid(symbol, price, out);
        }
        if self.config.accept_any_symbol || before == Some(listed) {
            return;
        }
        if !listed {
            out.push(Output::Unlisted(symbol));
            self.unsubscribe_coin(now, symbol, out);
        } else if self.line.is_open() {
            self.subscribe_coin(symbol);
        }
    }

    /// Gives out the market's grid if it is another one at this price.
    pub(super) fn give_grid(
        &mut self,
        symbol: Symbol,
        price: Option<Price>,
        out: &mut Vec<Output>,
    ) {
        let (Some(coin), Some(listed)) = (
            self.coins.get_mut(&symbol),
            self.markets.listed.get(&symbol),
        ) else {
            return;
        };
        let sz_decimals = listed.listing.sz_decimals;
        let px_decimals = match (price, coin.grid) {
            // Without a price, what was known of it still holds.
            (None, Some((px_decimals, before))) if before == sz_decimals => px_decimals,
            _ => limits::px_decimals(listed.spot, price, sz_decimals),
        };
        let grid = Some((px_decimals, sz_decimals));
        if coin.grid != grid {
            coin.grid = grid;
            out.push(Output::Grid {
                symbol,
                px_decimals,
                sz_decimals,
            });
        }
    }
}

/// The price that decides the tick: the mark price, or where there is none the mid price.
pub(super) fn price_of(event: &MarketEvent) -> Option<Price> {
    match &event.payload {
        Payload::AssetContext(context) => context.mark_px.or(context.mid_px),
        _ => None,
    }
}
