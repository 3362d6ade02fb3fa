//! What is combined from several venues, per canonical symbol.
//!
//! | figure | formula | venues |
//! |---|---|---|
//! | `oi_total` | w_hl * `oi_hl` + w_binance * `oi_binance_perp`, in US dollars | perpetuals only |
//! | `cvd_spot_1m`, `cvd_spot_5m` | w_binance * cvd(binance-spot) + w_coinbase * cvd(coinbase) | spot only |
//!
//! Weights are configured ([`CompositeRule`]) and never scaled to the venues that happen to speak: that is what makes a series jump.
//!
//! A venue that does not list the symbol has no part in it: it is told with weight 0, where another one has.
//!
//! `oi_total` is missing until every part with a weight was seen. Then each part keeps its last value, and the total is as stale as its
//! stalest part: while a venue is away the total moves by the others alone, and when it is back by what its own figure moved meanwhile.
//!
//! A spot sum adds up what each venue's own window holds. A venue that joins begins with an empty window, one that leaves keeps its trades
//! until their time is past; so both change the sum only by the venue's own trades. Its coverage is the least of its parts': a second
//! counts as seen by all of them at most as often as by the one that saw least. A venue that was never seen counts as missing.
//!
//! The parts are the figures as clients were last told them, so that composite and venue streams agree at each point of the grid.

use crate::flow::WindowSum;
use crate::rules::CompositeRule;
use crate::shown::{Shown, Unseen, shown_figures};
use crate::view::View;
use hypersentry_model::agg::{AggUpdate, Component, Kind, TsSource};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Coverage, Rate, Source, Stamp, Timestamp, Usd, Venue};
use serde::{Deserialize, Serialize};

/// Venues with a part in some composite.
const VENUES: [Venue; 4] = [
    Venue::Hyperliquid,
    Venue::BinanceUsdm,
    Venue::BinanceSpot,
    Venue::Coinbase,
];

/// Whether a venue has a part in some composite.
pub(crate) fn takes_part(venue: Venue) -> bool {
    VENUES.contains(&venue)
}

/// A venue's own figure.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Own {
    usd: Usd,
    /// Of sums over windows.
    coverage: Option<Coverage>,
}

/// One part of a figure.
#[derive(Clone, Copy, Debug)]
struct Part {
    venue: Venue,
    weight: Rate,
    own: Option<(Own, Stamp)>,
}

/// The parts of the composites of one symbol.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    oi: Vec<Part>,
    cvd_1m: Vec<Part>,
    cvd_5m: Vec<Part>,
}

impl Parts {
    /// The parts by the views that clients were told. `view` gives a venue's, `listed` says which venues have the symbol; a figure that none
    /// of its venues has is absent.
    pub(crate) fn gather<'a>(
        rule: &CompositeRule,
        listed: impl Fn(Venue) -> bool,
        view: impl Fn(Venue) -> Option<&'a View>,
    ) -> Self {
        let parts = |weights: [(Venue, Rate); 2], own: fn(&View) -> Option<(Own, Stamp)>| {
            if !weights.iter().any(|(venue, _)| listed(*venue)) {
                return Vec::new();
            }
            let part = |(venue, weight)| match listed(venue) {
                true => Part {
                    venue,
                    weight,
                    own: view(venue).and_then(own),
                },
                false => Part {
                    venue,
                    weight: Rate::ZERO,
                    own: None,
                },
            };
            weights.into_iter().map(part).collect()
        };
        let spot = [
            (Venue::BinanceSpot, rule.cvd_binance),
            (Venue::Coinbase, rule.cvd_coinbase),
        ];
        let perps = [
            (Venue::Hyperliquid, rule.oi_hl),
            (Venue::BinanceUsdm, rule.oi_binance),
        ];
        Self {
            oi: parts(perps, |v| {
                let (usd, stamp) = v.figures().told_open_interest_usd()?;
                let coverage = None;
                Some((Own { usd, coverage }, stamp))
            }),
            cvd_1m: parts(spot, |v| v.figures().told_cvd_1m().map(own)),
            cvd_5m: parts(spot, |v| v.figures().told_cvd_5m().map(own)),
        }
    }

    fn is_empty(&self) -> bool {
        self.oi.is_empty() && self.cvd_5m.is_empty()
    }

    fn oi_of(&self, venue: Venue) -> Option<(Usd, Stamp)> {
        let part = self.oi.iter().find(|p| p.venue == venue)?;
        part.own.map(|(own, stamp)| (own.usd, stamp))
    }
}

const fn own<const MS: u32>((sum, stamp): (WindowSum<MS>, Stamp)) -> (Own, Stamp) {
    let own = Own {
        usd: sum.net,
        coverage: Some(sum.coverage),
    };
    (own, stamp)
}

/// The weighted sum of all parts that have a weight, once each was seen.
fn total(parts: &[Part]) -> Option<(Usd, Stamp)> {
    let weighted = parts.iter().filter(|p| !p.weight.is_zero());
    let each = weighted.map(|p| {
        let (own, stamp) = p.own?;
        Some((weigh(own.usd, p.weight)?, stamp))
    });
    each.reduce(|a, b| {
        let ((a, stamp_a), (b, stamp_b)) = (a?, b?);
        Some((a.checked_add(b)?, stamp_a.with(stamp_b)))
    })?
}

/// The weighted sum of the windows of all parts that were seen.
fn flow<const MS: u32>(parts: &[Part]) -> Option<(WindowSum<MS>, Stamp)> {
    let mut sum: Option<(WindowSum<MS>, Stamp)> = None;
    let mut coverage: Option<Coverage> = None;
    for part in parts.iter().filter(|p| !p.weight.is_zero()) {
        let seen = part.own.and_then(|(own, _)| own.coverage);
        let seen = seen.unwrap_or(Coverage::NONE);
        coverage = Some(coverage.map_or(seen, |c| c.least(seen)));
        let Some((own, stamp)) = part.own else {
            continue;
        };
        let net = weigh(own.usd, part.weight)?;
        sum = Some(match sum {
            None => (
                WindowSum {
                    net,
                    coverage: seen,
                },
                stamp,
            ),
            Some((held, at)) => {
                let net = held.net.checked_add(net)?;
                (WindowSum { net, ..held }, at.with(stamp))
            }
        });
    }
    let ((sum, stamp), coverage) = sum.zip(coverage)?;
    Some((WindowSum { coverage, ..sum }, stamp))
}

/// `usd` times `weight`, toward zero, within 2 * 10⁻¹² USD. `None` past the range, which weights below 100 cannot reach.
fn weigh(usd: Usd, weight: Rate) -> Option<Usd> {
    const WHOLE: i128 = 1_000_000_000_000;
    let (whole, rest) = (usd.units() / WHOLE, usd.units() % WHOLE);
    // Units of USD are 10⁻¹², of the weight 10⁻¹⁸.
    let whole = whole.checked_mul(weight.units())? / 1_000_000;
    let rest = rest.checked_mul(weight.units())? / (WHOLE * 1_000_000);
    whole.checked_add(rest).map(Usd::from_units)
}

shown_figures! {
    /// The composites as they were last told.
    Figures of Parts {
        oi_total: Usd, limit::OPEN_INTEREST_MS, Unseen::Absent, |p, _| total(&p.oi);
        oi_hl: Usd, limit::OPEN_INTEREST_MS, Unseen::Absent, |p, _| p.oi_of(Venue::Hyperliquid);
        oi_binance_perp: Usd, limit::OPEN_INTEREST_MS, Unseen::Absent, |p, _| p.oi_of(Venue::BinanceUsdm);
        cvd_spot_1m: WindowSum<60_000>, limit::TRADES_MS, Unseen::Absent, |p, _| flow(&p.cvd_1m);
        cvd_spot_5m: WindowSum<300_000>, limit::TRADES_MS, Unseen::Absent, |p, _| flow(&p.cvd_5m);
    }
}

/// A part as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct PartShown {
    venue: Venue,
    weight: Rate,
    own: Shown<Own>,
}

/// The parts of a figure as they were last told; none where no venue has the figure.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct PartsShown(Vec<PartShown>);

impl PartsShown {
    fn take(parts: &[Part], limit_ms: u32, now: Timestamp) -> Self {
        let shown = parts.iter().map(|p| PartShown {
            venue: p.venue,
            weight: p.weight,
            own: Shown::new(p.own, limit_ms, now),
        });
        Self(shown.collect())
    }

    fn due(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|p| p.own.due()).min()
    }

    fn field(&self) -> Option<Vec<Component>> {
        let components = self.0.iter().map(|p| Component {
            source: Source::Venue(p.venue),
            weight: p.weight,
            v: p.own.v.map(|own| own.usd),
            coverage: p.own.v.and_then(|own| own.coverage),
            mark: p.own.mark(),
        });
        (!self.0.is_empty()).then(|| components.collect())
    }

    /// All parts, if any changed since `told`.
    fn changed(&mut self, told: &Self, now: Timestamp) -> Option<Vec<Component>> {
        let key = |p: &PartShown| (p.venue, p.weight);
        if !self.0.iter().map(key).eq(told.0.iter().map(key)) {
            return self.field();
        }
        let pairs = self.0.iter_mut().zip(&told.0);
        let changes = pairs.filter_map(|(new, old)| new.own.settle(&old.own, now).then_some(()));
        if changes.count() == 0 {
            return None;
        }
        self.field()
    }
}

/// The composites of a symbol as they were last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Whole {
    figures: Figures,
    oi: PartsShown,
    cvd: PartsShown,
}

impl Whole {
    fn take(parts: &Parts, now: Timestamp) -> Self {
        Self {
            figures: Figures::take(parts, now),
            oi: PartsShown::take(&parts.oi, limit::OPEN_INTEREST_MS, now),
            cvd: PartsShown::take(&parts.cvd_5m, limit::TRADES_MS, now),
        }
    }

    fn due(&self) -> Option<Timestamp> {
        let dues = [self.figures.due(), self.oi.due(), self.cvd.due()];
        dues.into_iter().flatten().min()
    }

    /// Says of the figures that some venue has, but that cannot be told yet, that they are missing.
    fn missing(&self, update: &mut AggUpdate) {
        if !self.oi.0.is_empty() {
            update
                .oi_total
                .get_or_insert_with(|| self.figures.oi_total.field());
        }
        if !self.cvd.0.is_empty() {
            update
                .cvd_spot_1m
                .get_or_insert_with(|| self.figures.cvd_spot_1m.field());
            update
                .cvd_spot_5m
                .get_or_insert_with(|| self.figures.cvd_spot_5m.field());
        }
    }

    fn snapshot(&self) -> AggUpdate {
        let mut update = AggUpdate::empty(Kind::Snapshot);
        self.figures.snapshot(&mut update);
        self.missing(&mut update);
        update.oi_source = self.oi.field();
        update.cvd_source = self.cvd.field();
        update
    }

    fn delta(&mut self, told: &Self, now: Timestamp) -> Option<AggUpdate> {
        let mut update = AggUpdate::empty(Kind::Delta);
        self.figures.delta(&told.figures, now, &mut update);
        update.oi_source = self.oi.changed(&told.oi, now);
        update.cvd_source = self.cvd.changed(&told.cvd, now);
        if self.oi.0.is_empty() != told.oi.0.is_empty()
            || self.cvd.0.is_empty() != told.cvd.0.is_empty()
        {
            self.missing(&mut update);
        }
        (update != AggUpdate::empty(Kind::Delta)).then_some(update)
    }
}

/// The composites of one symbol.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Composite {
    told: Option<Box<Whole>>,
    told_at: Option<Timestamp>,
    version: u64,
    due: Option<Timestamp>,
}

impl Composite {
    /// Nothing told yet; the stream goes on after `version`.
    pub(crate) fn begin(version: u64) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    pub(crate) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// A part was told at `at`, a point of the grid: so are the composites.
    pub(crate) fn due_at(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// What clients must be told at `now`, if anything.
    pub(crate) fn publish(
        &mut self,
        now: Timestamp,
        parts: &Parts,
        grid_ms: i64,
    ) -> Option<AggUpdate> {
        let mut whole = Whole::take(parts, now);
        let update = match self.told.as_deref() {
            None => (!parts.is_empty()).then(|| whole.snapshot()),
            Some(told) => whole.delta(told, now),
        };
        self.due = whole.due().map(|t| t.next_on_grid(grid_ms));
        let mut update = update?;
        update.base_version = self.told.is_some().then_some(self.version);
        self.version += 1;
        update.version = self.version;
        update.now_ms = now.ms();
        update.ts_source = Some(TsSource::Receive);
        self.told = Some(Box::new(whole));
        self.told_at = Some(now);
        Some(update)
    }

    /// What clients know, as a snapshot of the current version.
    pub(crate) fn snapshot(&self) -> Option<AggUpdate> {
        let mut update = self.told.as_ref()?.snapshot();
        update.version = self.version;
        update.now_ms = self.told_at?.ms();
        Some(update)
    }
}
