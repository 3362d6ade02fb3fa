//! One symbol that is judged: what is remembered of it, and what was told of it last.

use super::history::History;
use super::seam::Sight;
use hypersentry_alpha::conviction::BtcScore;
use hypersentry_alpha::event::{Context, NearVerdict, Probability};
use hypersentry_alpha::feeds::Feeds;
use hypersentry_alpha::gates::{self, MarketFacts, NearRecord};
use hypersentry_alpha::governance::registry::Registry;
use hypersentry_alpha::governance::{GovUpdate, Governor, MacroRegime, Pair, Run};
use hypersentry_alpha::observe::ForcedClose;
use hypersentry_alpha::probability::NamedModel;
use hypersentry_alpha::{AlphaConviction, EngineParams, Evidence, Readings, SymbolState, Verdict};
use hypersentry_model::{Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Liquidations that wait for a tick at most; in a cascade the newest count.
const MAX_CLOSES: usize = 1_000;

/// A full second in ms: a symbol is judged then although nothing came, so that quiet markets decay.
const SECOND_MS: i64 = 1_000;

/// What a symbol shares of Bitcoin's conviction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bitcoin {
    /// Nothing.
    Apart,
    /// Some of it, but nothing was judged of Bitcoin at the tick before.
    Missing,
    /// This.
    Told(BtcScore),
}

/// What is the same for all symbols.
#[derive(Clone, Copy, Debug)]
pub(super) struct House<'a> {
    pub(super) run: Run<'a>,
    pub(super) params: &'a EngineParams,
    /// [`EngineParams::digest`].
    pub(super) digest: &'a str,
    pub(super) models: &'a Registry,
}

/// A symbol.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Followed {
    /// The venue that is traded against. With another one everything begins anew: the prices of two venues are not one series.
    pub(super) lead: Venue,
    state: SymbolState,
    readings: Readings,
    governor: Governor,
    near: NearRecord,
    /// Since the tick before, oldest first; at most [`MAX_CLOSES`].
    closes: VecDeque<ForcedClose>,
    /// As they stood at the tick before.
    feeds: Feeds,
    /// Place in the stream of what was told last.
    pub(super) seq: u64,
    /// The same of the stream of its governance.
    pub(super) governed: u64,
    /// What was told last.
    pub(super) told: Option<Box<AlphaConviction>>,
    #[serde(skip)]
    pub(super) history: History,
}

impl Followed {
    /// Nothing is remembered; the streams go on after these places.
    pub(super) fn new(lead: Venue, (seq, governed): (u64, u64), params: &EngineParams) -> Self {
        Self {
            lead,
            state: SymbolState::new(params),
            readings: Readings::default(),
            governor: Governor::default(),
            near: NearRecord::default(),
            closes: VecDeque::new(),
            feeds: Feeds::default(),
            seq,
            governed,
            told: None,
            history: History::default(),
        }
    }

    /// Takes a liquidation for the next tick.
    pub(super) fn close(&mut self, close: ForcedClose) {
        if self.closes.len() >= MAX_CLOSES {
            self.closes.pop_front();
        }
        self.closes.push_back(close);
    }

    /// The liquidations since the tick before.
    pub(super) fn take_closes(&mut self) -> impl Iterator<Item = ForcedClose> + use<> {
        std::mem::take(&mut self.closes).into_iter()
    }

    /// Takes the tick at `now`. What is to be told comes back: a conviction if something came since the tick before or a second is full, and
    /// what governance has to say.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        sight: &Sight,
        btc: Bitcoin,
        house: House<'_>,
    ) -> (Option<&AlphaConviction>, Option<GovUpdate>) {
        let params = house.params;
        let (score, missing) = match btc {
            Bitcoin::Apart => (None, false),
            Bitcoin::Missing => (None, true),
            Bitcoin::Told(score) => (Some(score), false),
        };
        let seen = sight.observation();
        let mut evidence = self.state.tick(now.ms(), &seen, score, params);
        evidence.btc_missing = missing;
        let verdict = evidence.judge(params);
        let said = self.governor.tick(
            &evidence,
            &verdict,
            sight.liquidations(),
            house.models,
            params,
            house.run,
        );
        self.governed += u64::from(said.is_some());
        let came = sight.has_prints() | self.is_news(&evidence);
        if !came && now.ms() % SECOND_MS != 0 {
            return (None, said);
        }
        self.readings.push(now.ms(), &verdict);
        let model = house.models.active(self.governor.regime());
        self.ask_gates(now, &verdict, model, params);
        let context = Context {
            run_id: house.run.run_id.to_owned(),
            mode: house.run.mode,
            params: house.digest.to_owned(),
            streak: self.readings.streak(),
            average: self.readings.average(&params.conviction),
            probability: Probability::of(&evidence, &verdict, model),
        };
        let told = AlphaConviction::new(evidence, &verdict, params, context);
        self.seq += 1;
        if now.ms() % SECOND_MS == 0 {
            self.history.push(&told);
        }
        (Some(self.told.insert(Box::new(told))), said)
    }

    /// Lets the gates of the market be recorded where an evaluation comes near to a trade. No account is asked: whose it is, is not public.
    fn ask_gates(
        &mut self,
        now: Timestamp,
        verdict: &Verdict,
        model: Option<&NamedModel>,
        params: &EngineParams,
    ) {
        let score = verdict.conviction.score;
        if gates::is_near(score, &params.gates) {
            let market = MarketFacts {
                now_ms: now.ms(),
                verdict,
                streak: self.readings.streak(),
                model: model.map(|m| m.id.as_str()),
            };
            let gates = gates::judge(&market, None, &params.gates);
            self.near.push(now.ms(), score, &gates);
        }
    }

    /// What the gates said of evaluations that came near to a trade, newest first.
    pub(super) fn near(&self) -> Vec<NearVerdict> {
        self.near.recent().cloned().collect()
    }

    /// What the trial of a challenger is to take.
    pub(super) fn take_pairs(&mut self) -> Vec<Pair> {
        self.governor.take_pairs()
    }

    /// The market's kind.
    pub(super) const fn macro_regime(&self) -> MacroRegime {
        self.governor.regime()
    }

    /// Whether a feed spoke or was proved since the tick before. Coverage changes by time alone and is none.
    fn is_news(&mut self, evidence: &Evidence) -> bool {
        let feeds = Feeds {
            trade_coverage: None,
            ..evidence.feeds.clone()
        };
        let differs = feeds != self.feeds;
        self.feeds = feeds;
        differs
    }
}
