//! One fault in one run, beside a run of the same market without it.

use hypersentry_engine::{Publication, SymbolMap};
use hypersentry_model::agg::{AggUpdate, CandleRow};
use hypersentry_model::status::{Connection, VenueStatus};
use hypersentry_model::{
    Coverage, Freshness, Interval, Level, Share, Source, Symbol, Timestamp, TradeId, Usd, Venue,
};
use hypersentry_sim::Fault;
use hypersentry_tests::plant::{Plant, START_MS, sim};
use std::collections::BTreeMap;

/// When the fault comes: long after what the run begins with.
const BEGIN_MS: i64 = 40_000;
/// When a run ends: long after the repair, so that a minute's candle closes.
pub(crate) const SHORT_MS: i64 = 140_000;
/// The same for what takes long.
pub(crate) const LONG_MS: i64 = 240_000;
/// For a ban of ten minutes.
pub(crate) const LONGEST_MS: i64 = 720_000;

/// Whether an event tells a fault, given the status from before.
pub(crate) type Told = fn(Venue, &Publication, &VenueStatus) -> bool;

const SEED: u64 = 24;

/// What a fault is to show.
pub(crate) struct Row {
    pub(crate) fault: &'static str,
    /// Milliseconds after [`BEGIN_MS`] with what then goes wrong.
    pub(crate) hurts: Vec<(i64, Fault)>,
    /// What tells it: in words, and as a test of an event, given the status from before.
    pub(crate) flag: &'static str,
    pub(crate) told: Told,
    /// Within so many milliseconds it must be told.
    pub(crate) within_ms: i64,
    /// So long the fault itself lasts.
    pub(crate) lasts_ms: i64,
    /// So much later all must be well again.
    pub(crate) back_ms: i64,
    pub(crate) end: End,
    /// [`SHORT_MS`], [`LONG_MS`] or [`LONGEST_MS`].
    pub(crate) run_ms: i64,
}

/// How the run must end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// As if nothing had happened: books, candles, sums and their coverage.
    Whole,
    /// Books as if nothing had happened; candles too, or they say what is missing.
    Said,
    /// Books alone: what the venue dates otherwise falls elsewhere.
    Books,
}

/// What clients hold of a market in the end.
#[derive(Debug, PartialEq)]
struct Held {
    bids: Vec<Level>,
    asks: Vec<Level>,
    candles: Vec<CandleRow>,
    cvd: (Option<Usd>, Coverage),
}

/// A run and what it told.
pub(crate) struct Run {
    plant: Plant,
    venue: Venue,
    symbols: Vec<Symbol>,
    pub(crate) status: Option<VenueStatus>,
    /// How often each trade was told, and how many were said to be left out.
    trades: BTreeMap<(Symbol, TradeId), u32>,
    left_out: u64,
}

pub(crate) fn status(venue: Venue, told: &Publication) -> Option<&VenueStatus> {
    match told {
        Publication::Status(e) if e.source == Source::Venue(venue) => Some(&e.data),
        _ => None,
    }
}

/// An update of the market to which faults of single feeds come.
pub(crate) fn update(venue: Venue, told: &Publication) -> Option<&AggUpdate> {
    match told {
        Publication::Agg(e) if e.source == Source::Venue(venue) && e.symbol.as_str() == "BTC" => {
            Some(&e.data)
        }
        _ => None,
    }
}

fn now_ms(told: &Publication) -> i64 {
    match told {
        Publication::Agg(e) => e.data.now_ms,
        Publication::Liquidations(e) => e.data.now_ms,
        Publication::Status(e) => e.data.now_ms,
        Publication::Conviction(e) => e.data.now_ms,
        Publication::Governance(e) => e.data.now_ms,
    }
}

impl Run {
    pub(crate) fn new(venue: Venue) -> Self {
        let symbols: Vec<Symbol> = ["BTC", "ETH"].map(|s| Symbol::new(s).unwrap()).into();
        let mut map = SymbolMap::standard();
        for markets in map.markets.values_mut() {
            markets.retain(|symbol, _| symbols.contains(symbol));
        }
        Self {
            plant: Plant::with(SEED, &[venue], symbols.len(), None, map),
            venue,
            symbols,
            status: None,
            trades: BTreeMap::new(),
            left_out: 0,
        }
    }

    fn run(&mut self, ms: i64, mut each: impl FnMut(&Publication)) {
        let Self {
            plant,
            venue,
            status: held,
            trades,
            left_out,
            ..
        } = self;
        plant.run(ms, &mut |told| {
            if let Some(told) = status(*venue, told) {
                *held = Some(told.clone());
            }
            if let Publication::Agg(e) = told
                && let Some(new) = &e.data.trades
            {
                *left_out += u64::from(new.dropped.unwrap_or_default());
                for row in new.v.iter().flatten() {
                    *trades.entry((e.symbol, row.id.clone())).or_default() += 1;
                }
            }
            each(told);
        });
    }

    /// Nothing goes wrong.
    pub(crate) fn calm(venue: Venue, ms: i64) -> Self {
        let mut run = Self::new(venue);
        run.run(ms, |_| {});
        assert!(run.well(), "{venue}: {}", run.ills());
        run
    }

    /// All is there, fresh and connected.
    fn well(&self) -> bool {
        let live = self
            .status
            .as_ref()
            .is_some_and(|s| s.connection == Connection::Live && s.cooldown_until_ms.is_none());
        live && self.symbols.iter().all(|symbol| {
            let told = self
                .plant
                .core
                .market()
                .snapshot(Source::Venue(self.venue), *symbol);
            told.is_some_and(|told| {
                let book = told.data.book.map(|b| b.mark.state);
                let trades = told.data.trades.map(|t| t.mark.state);
                // Where nothing was traded yet, no trade can be too old.
                book == Some(Freshness::Fresh) && trades != Some(Freshness::Stale)
            })
        })
    }

    fn held(&self, symbol: Symbol) -> Held {
        let source = Source::Venue(self.venue);
        let core = &self.plant.core;
        let data = core.market().snapshot(source, symbol).unwrap().data;
        let book = data.book.unwrap();
        let cvd = data.cvd_venue.unwrap();
        let mut candles = core.candles(source, symbol, Interval::M1, 20);
        candles.retain(|row| row.closed);
        Held {
            bids: book.bids.unwrap_or_default(),
            asks: book.asks.unwrap_or_default(),
            candles,
            cvd: (cvd.v, cvd.coverage),
        }
    }

    /// Suffers a fault, and ends as the calm run did. Gives a line of the table.
    pub(crate) fn suffer(row: &Row, venue: Venue, calm: &Self) -> Result<String, String> {
        let mut run = Self::new(venue);
        run.run(BEGIN_MS, |_| {});
        if !run.well() {
            return Err(format!("not well before: {}", run.ills()));
        }
        if run
            .symbols
            .iter()
            .any(|s| run.trades.keys().all(|(of, _)| of != s))
        {
            return Err("nothing was traded before".to_owned());
        }
        let before = run.status.clone().unwrap();
        let began = run.plant.now();
        let mut flagged = None;
        let mut back: Option<Timestamp> = None;
        let mut hurts = row.hurts.iter().peekable();
        let end = Timestamp::from_ms(began.ms() - BEGIN_MS + row.run_ms);
        while run.plant.now() < end {
            let passed = run.plant.now().ms() - began.ms();
            while let Some((_, fault)) = hurts.next_if(|(at, _)| *at <= passed) {
                run.plant.driver.apply(fault.clone());
            }
            run.run(50, |told| {
                if flagged.is_none() && (row.told)(venue, told, &before) {
                    flagged = Some(now_ms(told) - began.ms());
                }
            });
            match (back, flagged.is_some() && run.well()) {
                (None, true) => back = Some(run.plant.now()),
                (Some(_), false) => back = None,
                _ => {}
            }
        }
        let Some(flagged) = flagged else {
            return Err(format!("never told; {}", run.ills()));
        };
        let Some(back) = back.map(|at| at.ms() - began.ms()) else {
            return Err(format!("not well in the end: {}", run.ills()));
        };
        let line = format!(
            "{:<13} {:<26} {:<44} {flagged:>7} {:>7} {back:>7} {:>7}  {:?}",
            venue.name(),
            row.fault,
            row.flag,
            row.within_ms,
            row.lasts_ms + row.back_ms,
            row.end
        );
        if flagged > row.within_ms {
            return Err(format!("told late: {line}"));
        }
        if back > row.lasts_ms + row.back_ms {
            return Err(format!("repaired late: {line}; {}", run.ills()));
        }
        if let Some((trade, n)) = run.trades.iter().find(|(_, n)| **n > 1) {
            return Err(format!("{trade:?} was told {n} times: {line}"));
        }
        for symbol in &run.symbols {
            compare(
                &run.held(*symbol),
                &calm.held(*symbol),
                row.end,
                venue != Venue::Okx,
            )
            .map_err(|what| format!("{symbol}: {what}: {line}"))?;
        }
        // OKX's stream adds up fills that its REST tells one by one, so that ids say nothing there; candles and sums hold the volume.
        if row.end == End::Whole && venue != Venue::Okx {
            let lost = calm
                .trades
                .keys()
                .filter(|id| !run.trades.contains_key(*id));
            let more = run
                .trades
                .keys()
                .filter(|id| !calm.trades.contains_key(*id));
            let (lost, more) = (lost.count() as u64, more.count() as u64);
            if lost > run.left_out || more > calm.left_out {
                return Err(format!(
                    "{lost} trades lost, {more} told too much, {} left out: {line}",
                    run.left_out
                ));
            }
        }
        Ok(line)
    }

    /// What is not well, in short.
    fn ills(&self) -> String {
        let usage = self.plant.driver.usage(sim(self.venue));
        let Some(s) = &self.status else {
            return "no status".to_owned();
        };
        let streams: Vec<_> = s
            .streams
            .iter()
            .map(|s| (s.channel.as_str(), s.symbol, s.sync, s.mark.state))
            .collect();
        format!(
            "at {} {:?} {:?}, gaps {}, refused {:?}, cooldown {:?}, {streams:?}, while banned {}",
            s.now_ms - START_MS,
            s.connection,
            s.reason,
            s.gaps,
            s.refused,
            s.cooldown_until_ms.map(|at| at - START_MS),
            usage.while_banned
        )
    }
}

fn same_trading(a: &CandleRow, b: &CandleRow) -> bool {
    (a.open_ms, a.o, a.h, a.l, a.c, a.volume_base) == (b.open_ms, b.o, b.h, b.l, b.c, b.volume_base)
}

/// The same but for the number of trades, where fills are told one by one.
fn same(a: &CandleRow, b: &CandleRow, fills: bool) -> bool {
    let trades = if fills { a.trades } else { b.trades };
    CandleRow {
        trades,
        ..a.clone()
    } == *b
}

fn compare(held: &Held, calm: &Held, end: End, fills: bool) -> Result<(), String> {
    if held.bids.is_empty() || held.bids != calm.bids || held.asks != calm.asks {
        return Err(format!(
            "the book is not that of the calm run: {:?} {:?}, calm {:?} {:?}",
            &held.bids.first(),
            &held.asks.first(),
            &calm.bids.first(),
            &calm.asks.first()
        ));
    }
    match end {
        End::Books => Ok(()),
        End::Whole => {
            let pairs = held.candles.iter().zip(&calm.candles);
            let other = pairs.clone().find(|(a, b)| !same(a, b, fills));
            match other {
                Some((a, b)) => Err(format!("not whole: {a:?}, calm {b:?}")),
                None if held.candles.len() != calm.candles.len() || held.cvd != calm.cvd => {
                    Err(format!("not whole: {:?}, calm {:?}", held.cvd, calm.cvd))
                }
                None => Ok(()),
            }
        }
        End::Said => {
            for (row, other) in held.candles.iter().zip(&calm.candles) {
                if !same_trading(row, other) && row.coverage.missing == Share::default() {
                    return Err(format!("unsaid: {row:?}, calm {other:?}"));
                }
            }
            let unsaid = held.cvd.1.missing == Share::default() && held.cvd.0 != calm.cvd.0;
            if unsaid {
                return Err(format!("unsaid: {:?}, calm {:?}", held.cvd, calm.cvd));
            }
            Ok(())
        }
    }
}
