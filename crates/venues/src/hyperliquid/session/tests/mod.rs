//! Scripts: inputs at times, and what must follow from each, written as one line an output.

mod asks;
mod connection;
mod coverage;
mod figures;
mod properties;
mod subscriptions;

use super::Session;
use crate::hyperliquid::wire::{self, Channel, Method, Subscription};
use crate::session::{Input, Lane, Output, RequestKey, RequestKind, SessionConfig, SessionStatus};
use hypersentry_model::{Payload, Symbol, Timestamp};
use std::collections::BTreeSet;

/// Some day in 2025, in ms; scripts count from here.
const DAY: i64 = 1_750_000_000_000;

const META: &str = r#"[{"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":40},{"name":"ETH","szDecimals":4,"maxLeverage":25},{"name":"OLD","szDecimals":1,"maxLeverage":3,"isDelisted":true}]},[{"funding":"0.0000125","openInterest":"1","prevDayPx":"97000","dayNtlVlm":"1","oraclePx":"97437","markPx":"97437","midPx":null},{"funding":"0.0000125","openInterest":"1","prevDayPx":"2300","dayNtlVlm":"1","oraclePx":"2303","markPx":"2303.4","midPx":null},{"funding":"0","openInterest":"0","prevDayPx":"1","dayNtlVlm":"0","oraclePx":"1","markPx":"1"}]]"#;

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).expect("a symbol")
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(DAY + ms)
}

fn config(accept_any_symbol: bool) -> SessionConfig {
    SessionConfig {
        jitter_seed: 7,
        accept_any_symbol,
    }
}

/// A session with its clock.
struct Run {
    session: Session,
    ms: i64,
    /// What was said of coverage, lists, candles, clocks and repairs, and the extra requests: scripts of their own look at these.
    aside: Vec<String>,
    /// When the socket was last asked for.
    opening_ms: i64,
}

impl Run {
    fn new() -> Self {
        Self {
            session: Session::new(config(false)),
            ms: 0,
            aside: Vec::new(),
            opening_ms: 0,
        }
    }

    fn bare() -> Self {
        Self {
            session: Session::new(config(true)),
            ms: 0,
            aside: Vec::new(),
            opening_ms: 0,
        }
    }

    /// Open, with these markets subscribed and acknowledged.
    fn live(wanted: &[&str]) -> Self {
        let mut run = Self::new();
        run.demand(wanted);
        run.markets(1);
        run.input(Input::Opened(Lane::MAIN));
        for _ in 0..wanted.len() {
            run.pass(100);
        }
        run.acknowledge("*", &[Channel::AllMids]);
        for coin in wanted {
            run.acknowledge(coin, &Channel::OF_COIN);
        }
        run
    }

    fn input(&mut self, input: Input<'_>) -> Vec<String> {
        let mut out = Vec::new();
        self.session.step(at(self.ms), input, &mut out);
        let due = self.session.next_due();
        assert!(due.is_none_or(|due| due > at(self.ms)), "nothing stays due");
        if out.contains(&Output::Open(Lane::MAIN)) {
            self.opening_ms = self.ms;
        }
        let (aside, lines): (Vec<&Output>, Vec<&Output>) = out.iter().partition(|o| is_aside(o));
        self.aside.extend(aside.into_iter().map(line));
        lines.into_iter().map(line).collect()
    }

    /// What was said aside since the last look.
    fn said_aside(&mut self) -> Vec<String> {
        std::mem::take(&mut self.aside)
    }

    /// Lets time pass, with all that falls due on the way.
    fn pass(&mut self, ms: i64) -> Vec<String> {
        let end = self.ms + ms;
        let mut lines = Vec::new();
        while let Some(due) = self.session.next_due().filter(|due| *due <= at(end)) {
            self.ms = due.ms() - DAY;
            lines.extend(self.input(Input::Due));
        }
        self.ms = end;
        lines
    }

    fn demand(&mut self, wanted: &[&str]) -> Vec<String> {
        let wanted: BTreeSet<Symbol> = wanted.iter().map(|text| symbol(text)).collect();
        self.input(Input::Demand(&wanted))
    }

    fn frame(&mut self, frame: &str) -> Vec<String> {
        self.input(Input::Frame(Lane::MAIN, frame.as_bytes()))
    }

    fn close(&mut self, reason: &str) -> Vec<String> {
        self.input(Input::Closed {
            lane: Lane::MAIN,
            reason,
        })
    }

    fn answer(&mut self, attempt: u32, status: u16, body: &str) -> Vec<String> {
        self.answer_after(attempt, status, None, body)
    }

    fn answer_after(
        &mut self,
        attempt: u32,
        status: u16,
        retry_after_s: Option<u32>,
        body: &str,
    ) -> Vec<String> {
        let key = RequestKey {
            kind: RequestKind::Markets,
            symbol: Symbol::ANY,
            attempt,
        };
        self.input(Input::Answer {
            key: &key,
            status,
            retry_after_s,
            body: body.as_bytes(),
            sent: None,
        })
    }

    fn markets(&mut self, attempt: u32) -> Vec<String> {
        self.answer(attempt, 200, META)
    }

    fn acknowledge(&mut self, coin: &str, channels: &[Channel]) -> Vec<String> {
        let coin = symbol(coin);
        let mut lines = Vec::new();
        for &channel in channels {
            lines.extend(self.frame(&acknowledgement(Subscription { coin, channel })));
        }
        lines
    }

    fn status(&self) -> SessionStatus {
        self.session.status(at(self.ms))
    }

    fn refused(&self, code: &str) -> u64 {
        self.status().refused.get(code).copied().unwrap_or(0)
    }
}

fn is_aside(output: &Output) -> bool {
    match output {
        Output::Fetch(request) => {
            request.key.kind != RequestKind::Markets || request.key.symbol != Symbol::ANY
        }
        Output::Following { .. }
        | Output::Broken { .. }
        | Output::Repair { .. }
        | Output::Listings(_)
        | Output::Candles { .. }
        | Output::VenueTime { .. } => true,
        _ => false,
    }
}

/// What the venue answers to a subscription.
fn acknowledgement(subscription: Subscription) -> String {
    let request = wire::request(Method::Subscribe, subscription);
    format!(r#"{{"channel":"subscriptionResponse","data":{request}}}"#)
}

fn subscribe(coin: &str, channel: Channel) -> String {
    sent(Method::Subscribe, coin, channel)
}

fn unsubscribe(coin: &str, channel: Channel) -> String {
    sent(Method::Unsubscribe, coin, channel)
}

fn sent(method: Method, coin: &str, channel: Channel) -> String {
    let coin = symbol(coin);
    format!(
        "send {}",
        wire::request(method, Subscription { coin, channel })
    )
}

fn all_of(coin: &str) -> Vec<String> {
    Channel::OF_COIN
        .map(|channel| subscribe(coin, channel))
        .to_vec()
}

fn book(coin: &str, ms: i64) -> String {
    format!(
        r#"{{"channel":"l2Book","data":{{"coin":"{coin}","time":{},"levels":[[{{"px":"99","sz":"1","n":1}}],[{{"px":"101","sz":"1","n":1}}]]}}}}"#,
        DAY + ms
    )
}

fn fast_book(coin: &str, ms: i64) -> String {
    book(coin, ms).replace("]]}}", r#"]],"fast":true}}"#)
}

fn bbo(coin: &str, ms: i64) -> String {
    format!(
        r#"{{"channel":"bbo","data":{{"coin":"{coin}","time":{},"bbo":[{{"px":"99","sz":"1","n":1}},null]}}}}"#,
        DAY + ms
    )
}

fn context(coin: &str, mark: &str) -> String {
    format!(
        r#"{{"channel":"activeAssetCtx","data":{{"coin":"{coin}","ctx":{{"funding":"0.0000125","openInterest":"1","prevDayPx":"1","dayNtlVlm":"1","premium":null,"oraclePx":"1","markPx":"{mark}","midPx":null,"impactPxs":null}}}}}}"#
    )
}

/// `trades` of pairs (tid, ms).
fn trades(coin: &str, pairs: &[(u64, i64)]) -> String {
    let entries: Vec<String> = pairs
        .iter()
        .map(|(tid, ms)| {
            format!(
                r#"{{"coin":"{coin}","side":"B","px":"100","sz":"1","time":{},"hash":"0x0","tid":{tid},"users":["0x1","0x2"]}}"#,
                DAY + ms
            )
        })
        .collect();
    format!(r#"{{"channel":"trades","data":[{}]}}"#, entries.join(","))
}

/// One output as a line.
fn line(output: &Output) -> String {
    match output {
        Output::Open(_) => "open".to_owned(),
        Output::Close(_) => "close".to_owned(),
        Output::Send(_, text) => format!("send {text}"),
        Output::Fetch(request) => {
            let body = request.body.as_deref().unwrap_or("");
            format!("fetch {} {} {body}", request.key.attempt, request.path)
        }
        Output::Event {
            feed,
            event,
            replayed,
        } => {
            let what = match &event.payload {
                Payload::Trade(trade) => format!("{feed:?} {} {}", event.symbol, trade.id),
                _ => format!("{feed:?} {}", event.symbol),
            };
            let note = if *replayed { " replayed" } else { "" };
            format!("event {what}{note}")
        }
        Output::Proof { symbol, feed } => format!("proof {feed:?} {symbol}"),
        Output::BookLost { symbol, loss } => format!("lost {symbol} {loss:?}"),
        Output::Grid {
            symbol,
            px_decimals,
            sz_decimals,
        } => format!("grid {symbol} {px_decimals} {sz_decimals}"),
        Output::Unlisted(symbol) => format!("unlisted {symbol}"),
        Output::StatusChanged => "status".to_owned(),
        Output::Following {
            symbol,
            feed,
            grade,
        } => format!("following {feed:?} {symbol} {grade:?}"),
        Output::Broken {
            symbol,
            feed,
            since,
        } => format!("broken {feed:?} {symbol} {}", since.ms() - DAY),
        Output::Repair { feed, event } => {
            let what = event.payload.event_type().name();
            format!("repair {feed:?} {} {what}", event.symbol)
        }
        Output::Listings(all) => {
            let names: Vec<String> = all.iter().map(listing).collect();
            format!("listings {}", names.join(", "))
        }
        Output::Candles {
            symbol,
            interval,
            candles,
        } => {
            let candles: Vec<String> = candles
                .iter()
                .map(|c| format!("{}{}", c.open_ms, if c.closed { " closed" } else { "" }))
                .collect();
            format!(
                "candles {symbol} {} {}",
                interval.name(),
                candles.join(", ")
            )
        }
        Output::VenueTime { sent, venue } => {
            format!("venue time {} {}", sent.ms() - DAY, venue.ms() - DAY)
        }
        other => format!("{other:?}"),
    }
}

fn listing(listing: &crate::session::Listing) -> String {
    let state = if listing.trading { "" } else { " halted" };
    format!(
        "{} {}x{}/{} {}.{}{state}",
        listing.symbol,
        listing.multiplier,
        listing.base,
        listing.quote,
        listing.px_decimals,
        listing.sz_decimals
    )
}
