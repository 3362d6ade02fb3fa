//! One account beside the core: what each view is worth to it, and how it would be traded.
//!
//! It reads what the core holds and changes nothing there. Its inputs are private: they are in no journal and in no checkpoint, which are the
//! market's, and what it says is in no hash of a run.

use crate::core::Core;
use crate::trading::TradingEvent;
use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::governance::{MacroRegime, Run};
use hypersentry_alpha::plan::make::Scenery;
use hypersentry_alpha::plan::{Desk, DeskParams, ExecPlan, Opinion, OrderGrid, Said};
use hypersentry_alpha::risk::account::AccountError;
use hypersentry_alpha::risk::correlation::Returns;
use hypersentry_alpha::risk::{AccountView, RiskUpdate};
use hypersentry_market::{HeldBook, MarketId};
use hypersentry_model::{
    Envelope, EventType, Freshness, Owner, Private, Source, StreamKey, Symbol,
};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// An event for the eyes of an account's owner.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountEvent {
    /// How large a position may be.
    Risk(Box<Envelope<RiskUpdate>>),
    /// How it would be entered.
    Plan(Box<Envelope<ExecPlan>>),
    /// What became of its orders.
    Trading(Box<Envelope<TradingEvent>>),
}

impl AccountEvent {
    /// Its stream.
    pub fn stream(&self) -> StreamKey {
        match self {
            Self::Risk(e) => e.stream(),
            Self::Plan(e) => e.stream(),
            Self::Trading(e) => e.stream(),
        }
    }

    /// The same at another place in its stream: a recipient's sequences count what that recipient is sent.
    pub fn at(mut self, seq: u64) -> Self {
        match &mut self {
            Self::Risk(e) => e.seq = seq,
            Self::Plan(e) => e.seq = seq,
            Self::Trading(e) => e.seq = seq,
        }
        self
    }
}

impl Serialize for AccountEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Risk(e) => e.serialize(serializer),
            Self::Plan(e) => e.serialize(serializer),
            Self::Trading(e) => e.serialize(serializer),
        }
    }
}

/// An account.
#[derive(Debug)]
pub struct Account {
    owner: Owner,
    desk: Desk,
    params: DeskParams,
    returns: Returns,
    /// Places in the streams of each symbol that was spoken of; at most as many as symbols are listed.
    places: BTreeMap<Symbol, u64>,
}

impl Account {
    /// An account of which nothing is known.
    pub fn new(owner: Owner) -> Self {
        Self {
            owner,
            desk: Desk::default(),
            params: DeskParams::default(),
            returns: Returns::default(),
            places: BTreeMap::new(),
        }
    }

    /// Takes what is told of the account.
    ///
    /// # Errors
    /// As [`AccountView::check`]; then what was told before stands.
    pub fn told(&mut self, view: AccountView) -> Result<(), AccountError> {
        self.desk.account(view)
    }

    /// Takes a conviction that `core` has just told; what is to be said of it comes back in `out`.
    pub fn take(
        &mut self,
        core: &Core,
        event: &Envelope<AlphaConviction>,
        out: &mut Vec<Private<Owner, AccountEvent>>,
    ) {
        let (symbol, told) = (event.symbol, &event.data);
        let run = Run {
            run_id: &told.run_id,
            mode: told.mode,
        };
        self.end_unfollowed(core, told.now_ms, run, out);
        let evidence = &told.evidence;
        if let Some(mid) = evidence.feeds.mid.filter(|m| !m.is_stale(told.now_ms)) {
            self.returns.take(told.now_ms, symbol, mid.value);
        }
        let verdict = evidence.judge(&core.config().alpha);
        let macro_regime = core.alpha().macro_regime(symbol);
        let models = core.alpha().models();
        let opinion = Opinion {
            symbol,
            evidence,
            verdict: &verdict,
            probability: told.probability.as_ref(),
            model: models.and_then(|models| models.active(macro_regime)),
            scenery: scenery(core, symbol, told, macro_regime),
            returns: &self.returns,
        };
        for said in self.desk.tick(&opinion, &self.params, run) {
            self.say(symbol, said, out);
        }
    }

    /// Ends the views of symbols that are followed no more.
    fn end_unfollowed(
        &mut self,
        core: &Core,
        now_ms: i64,
        run: Run<'_>,
        out: &mut Vec<Private<Owner, AccountEvent>>,
    ) {
        let gone = self.places.keys().copied();
        let gone: Vec<Symbol> = gone.filter(|s| core.alpha().lead(*s).is_none()).collect();
        for symbol in gone {
            self.returns.forget(symbol);
            if let Some(said) = self.desk.forget(symbol, now_ms, run) {
                self.say(symbol, said, out);
            }
        }
    }

    fn say(&mut self, symbol: Symbol, said: Said, out: &mut Vec<Private<Owner, AccountEvent>>) {
        let place = self.places.entry(symbol).or_default();
        *place += 1;
        let Said { risk, plan } = said;
        let (seq, at) = (*place, risk.now_ms);
        let risk = envelope(EventType::RiskUpdate, symbol, at, seq, risk);
        let plan = envelope(EventType::ExecPlan, symbol, at, seq, plan);
        for event in [
            AccountEvent::Risk(Box::new(risk)),
            AccountEvent::Plan(Box::new(plan)),
        ] {
            out.push(Private {
                owner: self.owner.clone(),
                event,
            });
        }
    }
}

fn envelope<T>(
    event_type: EventType,
    symbol: Symbol,
    ts_ms: i64,
    seq: u64,
    data: T,
) -> Envelope<T> {
    Envelope {
        event_type,
        symbol,
        ts_ms,
        source: Source::Account,
        seq,
        data,
    }
}

/// The market that would be traded, as it stands; a stale book is none.
pub(crate) fn scenery<'a>(
    core: &'a Core,
    symbol: Symbol,
    told: &AlphaConviction,
    macro_regime: MacroRegime,
) -> Scenery<'a> {
    let lead = core.alpha().lead(symbol);
    let held = lead.and_then(|venue| core.market().held(MarketId::at(venue, symbol)));
    let fresh = |b: &HeldBook<'_>| b.stamp.freshness(core.now(), b.limit_ms) == Freshness::Fresh;
    let book = held.and_then(|h| h.book()).filter(fresh);
    let instrument = held.and_then(|h| h.instrument());
    let grid = lead.zip(instrument);
    let flow = &told.evidence.flow;
    Scenery {
        bids: book.map_or(&[], |b| b.bids),
        asks: book.map_or(&[], |b| b.asks),
        grid: grid.and_then(|(venue, i)| OrderGrid::of(venue, i.px_decimals, i.sz_decimals)),
        volume_usd_per_min: Some(flow.buy_usd + flow.sell_usd),
        sigma_1h: told.sigma_1h,
        macro_regime,
    }
}
