//! The conviction engine on its grid of 200 ms UTC: every followed symbol is shown what the market told, judged, and told in turn.
//!
//! A symbol is judged at a tick if something of it came since the tick before, and at each full second. An alt at tick k uses what was told of
//! Bitcoin up to tick k - 1, so that it does not matter where Bitcoin is judged. The market is read, never changed, except that it keeps the
//! trades of the venues that are listened to.

use super::{Core, Effect};
use crate::Publication;
use crate::config::CoreConfig;
use followed::{Bitcoin, Followed, House};
pub use history::{HISTORY_S, HistoryRow};
use hypersentry_alpha::conviction::BtcScore;
use hypersentry_alpha::event::NearVerdict;
use hypersentry_alpha::governance::registry::Registry;
use hypersentry_alpha::governance::{MacroRegime, Run};
use hypersentry_alpha::{AlphaConviction, EngineParams};
use hypersentry_market::{Market, MarketId};
use hypersentry_model::event::Liquidation;
use hypersentry_model::{Envelope, EventType, Source, Symbol, Timestamp, Venue};
use seam::{Sight, forced_close};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One symbol.
mod followed;
/// The last hour.
mod history;
/// From the market's integers to the engine's floats.
mod seam;

/// Step of the grid.
const GRID_MS: i64 = 200;

/// A minute in ms: a model's trial is judged then.
const MINUTE_MS: i64 = 60_000;

/// Without any input for so long the grid rests, because recordings may pause for months. Every window of seconds has run empty by then, and
/// all feeds are long stale.
const REST_AFTER_MS: i64 = 600_000;

/// Symbols that are judged at most, some 500 kB each, for which room is made within minutes; what is followed beyond is not judged.
pub const MAX_JUDGED: usize = 256;

/// The asset whose score is blended into others.
const BITCOIN: &str = "BTC";

/// What the engine remembers of all symbols.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Alpha {
    followed: BTreeMap<Symbol, Box<Followed>>,
    /// The next tick.
    next: Timestamp,
    /// When something came in last; nothing before the first input.
    heard_at: Option<Timestamp>,
    /// Bitcoin's score and the time of its signal, as told at the tick before.
    btc: Option<(u8, i64)>,
    /// Places in the streams of symbols that are followed no more: a stream has no second beginning. At most [`MAX_JUDGED`], the ones that
    /// left first go first.
    left: Vec<(Symbol, (u64, u64))>,
    /// The models, from the first tick on.
    models: Option<Registry>,
    /// [`EngineParams::digest`], worked out at the first tick.
    digest: String,
}

impl Alpha {
    /// When the next tick is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let rests_at = self.heard_at?.plus_ms(REST_AFTER_MS);
        (self.next <= rests_at).then_some(self.next)
    }

    /// Notes that something came in.
    pub(super) fn heard(&mut self, now: Timestamp) {
        if self.due().is_none() {
            self.next = now.next_on_grid(GRID_MS);
        }
        self.heard_at = Some(now);
    }

    /// Takes a liquidation that the market took.
    pub(super) fn liquidation(
        &mut self,
        now: Timestamp,
        id: MarketId,
        what: &Liquidation,
        venue_time: Option<Timestamp>,
    ) {
        if let (Some(followed), Some(venue)) =
            (self.followed.get_mut(&id.symbol), id.source.venue())
        {
            followed.close(forced_close(venue, what, venue_time, now));
        }
    }

    /// What was told last of a symbol. `None` if it is not judged.
    pub fn told(&self, symbol: Symbol) -> Option<Option<&AlphaConviction>> {
        Some(self.followed.get(&symbol)?.told.as_deref())
    }

    /// What the gates said of evaluations of a symbol that came near to a trade, newest first.
    pub fn near(&self, symbol: Symbol) -> Vec<NearVerdict> {
        let followed = self.followed.get(&symbol);
        followed.map_or_else(Vec::new, |f| f.near())
    }

    /// The kind of a symbol's market.
    pub fn macro_regime(&self, symbol: Symbol) -> MacroRegime {
        let followed = self.followed.get(&symbol);
        followed.map_or(MacroRegime::Unknown, |f| f.macro_regime())
    }

    /// The venue that a symbol is traded against, if it is judged.
    pub fn lead(&self, symbol: Symbol) -> Option<Venue> {
        Some(self.followed.get(&symbol)?.lead)
    }

    /// The models; none before the first tick.
    pub const fn models(&self) -> Option<&Registry> {
        self.models.as_ref()
    }

    /// What was told of a symbol at the full seconds of the last hour, oldest first; nothing of one that is not judged.
    pub fn history(&self, symbol: Symbol) -> Vec<HistoryRow> {
        let followed = self.followed.get(&symbol);
        followed.map_or_else(Vec::new, |f| f.history.rows())
    }

    /// What was told last of each symbol, in order, with its place in the stream.
    pub fn all_told(&self) -> impl Iterator<Item = (Symbol, u64, &AlphaConviction)> {
        let all = self.followed.iter();
        all.filter_map(|(symbol, f)| Some((*symbol, f.seq, f.told.as_deref()?)))
    }

    /// Lets exactly these symbols be judged, each against its venue.
    fn follow(&mut self, judged: &[(Symbol, Venue)], market: &mut Market, params: &EngineParams) {
        let stays = |symbol: &Symbol, lead: Venue| {
            let at = judged.binary_search_by_key(symbol, |(s, _)| *s);
            at.is_ok_and(|at| judged.get(at).is_some_and(|(_, l)| *l == lead))
        };
        let left = &mut self.left;
        self.followed.retain(|symbol, followed| {
            let stays = stays(symbol, followed.lead);
            if !stays {
                market.hush(MarketId::at(followed.lead, *symbol));
                left.push((*symbol, (followed.seq, followed.governed)));
            }
            stays
        });
        for (symbol, lead) in judged {
            self.followed.entry(*symbol).or_insert_with(|| {
                let held = left.iter().position(|(s, _)| s == symbol);
                let places = held.map_or((0, 0), |at| left.remove(at).1);
                Box::new(Followed::new(*lead, places, params))
            });
        }
        let over = left.len().saturating_sub(MAX_JUDGED);
        left.drain(..over);
    }
}

impl Core {
    /// Bitcoin's score for a symbol that shares some of it, as told at the tick before.
    fn btc_for(&self, symbol: Symbol, told: Option<(u8, i64)>) -> Bitcoin {
        let all = &self.config.alpha.conviction.btc_coefficients;
        let shared = all.get(symbol.as_str());
        match (shared.filter(|_| symbol.as_str() != BITCOIN), told) {
            (None, _) => Bitcoin::Apart,
            (Some(_), None) => Bitcoin::Missing,
            (Some(coefficient), Some((score, ts_ms))) => Bitcoin::Told(BtcScore {
                score: f64::from(score),
                ts_ms,
                coefficient: *coefficient,
            }),
        }
    }

    /// The symbols that are judged, in order, each with the venue that is traded against: Hyperliquid where it has the symbol, else the first
    /// one that has.
    fn judged(&self) -> Vec<(Symbol, Venue)> {
        let recording = self.config.accept_any_symbol;
        let has = |venue: Venue, symbol: Symbol| {
            if recording {
                return self.market.has_told(venue, symbol);
            }
            let begun = self.slots.get(&venue).is_some_and(|slot| slot.begun);
            begun && self.registry.market(venue, symbol).is_some()
        };
        let symbols: Vec<Symbol> = if recording {
            self.market.symbols().collect()
        } else {
            self.demand.followed()
        };
        let judged = symbols.into_iter().filter_map(|symbol| {
            let lead = Venue::ALL.into_iter().find(|venue| has(*venue, symbol))?;
            Some((symbol, lead))
        });
        judged
            .take(self.config.max_judged.min(MAX_JUDGED))
            .collect()
    }

    /// Takes a tick of the grid.
    pub(super) fn judge_all(&mut self, out: &mut Vec<Effect>) {
        let now = self.now;
        let judged = self.judged();
        let btc = self.alpha.btc;
        let blended: Vec<_> = judged.iter().map(|(s, _)| self.btc_for(*s, btc)).collect();
        let (alpha, market, config) = (&mut self.alpha, &mut self.market, &self.config);
        let params = &config.alpha;
        if alpha.digest.is_empty() {
            alpha.digest = params.digest();
        }
        alpha.next = now.next_on_grid(GRID_MS);
        alpha.follow(&judged, market, params);
        if !alpha
            .followed
            .keys()
            .any(|symbol| symbol.as_str() == BITCOIN)
        {
            alpha.btc = None;
        }
        let models = alpha.models.take();
        let mut models = models.unwrap_or_else(|| registry(config, now));
        let mut pairs = Vec::new();
        let house = House {
            run: Run {
                run_id: &config.run_id,
                mode: config.mode,
            },
            params,
            digest: &alpha.digest,
            models: &models,
        };
        let mut sight = Sight::default();
        for ((symbol, lead), btc) in judged.into_iter().zip(blended) {
            let Some(followed) = alpha.followed.get_mut(&symbol) else {
                continue;
            };
            let closes = followed.take_closes();
            let rule = &config.rules.composite;
            sight.look(market, rule, (symbol, lead), closes, now);
            let (told, said) = followed.tick(now, &sight, btc, house);
            let told = told.cloned();
            pairs.extend(followed.take_pairs());
            if let Some(told) = told {
                if symbol.as_str() == BITCOIN {
                    alpha.btc = told.signal_ms.map(|at| (told.score, at));
                }
                let (kind, data) = (EventType::AlphaConviction, told);
                let event = envelope(kind, symbol, now, followed.seq, data);
                out.push(Effect::Publish(Publication::Conviction(Box::new(event))));
            }
            if let Some(said) = said {
                let event = envelope(EventType::GovUpdate, symbol, now, followed.governed, said);
                out.push(Effect::Publish(Publication::Governance(Box::new(event))));
            }
        }
        pairs.iter().for_each(|pair| models.take(pair));
        if now.ms() % MINUTE_MS == 0 {
            models.minute(now.ms());
        }
        alpha.models = Some(models);
    }
}

/// The configured models: the first forecasts, the others are on trial. One that is refused was refused before the start.
fn registry(config: &CoreConfig, now: Timestamp) -> Registry {
    let mut registry = Registry::new(config.mode);
    for model in &config.models {
        let _ = registry.register(model.clone(), None, now.ms());
    }
    registry
}

fn envelope<T>(
    event_type: EventType,
    symbol: Symbol,
    now: Timestamp,
    seq: u64,
    data: T,
) -> Envelope<T> {
    Envelope {
        event_type,
        symbol,
        ts_ms: now.ms(),
        source: Source::Alpha,
        seq,
        data,
    }
}
