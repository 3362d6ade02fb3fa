//! Regime, volatility, funding and liquidation: what each says, and of what it is made.

use super::ends;
use crate::event::Node;
use crate::evidence::{Evidence, Verdict};
use crate::params::EngineParams;
use crate::stages::{funding as funding_stage, liquidation as liquidation_stage};

/// A minute, in ms.
const MINUTE_MS: i64 = 60_000;

pub(super) fn regime(
    evidence: &Evidence,
    verdict: &Verdict,
    params: &EngineParams,
) -> (String, Vec<Node>) {
    let (i, p) = (&evidence.regime, &params.regime);
    let window_ms = p.window_s as i64 * 1_000;
    let price = Node::new(
        "regime.x_price",
        format!("Price change over {} s", p.window_s),
    )
    .value(i.x_price(p), "sd")
    .over(window_ms, i.price_samples)
    .covered(i.price_coverage)
    .note(format!(
        "ln return over sigma; silent within {} sd, full at {} sd",
        p.dead_band, p.full_at
    ))
    .of(vec![
        Node::new("regime.change", "Logarithmic return")
            .value(i.change, "share")
            .within(window_ms)
            .covered(i.price_coverage),
        Node::new("regime.sigma", "Usual return over the window")
            .value(i.sigma, "share")
            .over(window_ms, i.price_samples)
            .note("from five-second returns, half-life 5 min"),
        ends::mid(evidence, "regime.mid"),
    ]);
    let venues = ends::venues(
        "regime.oi",
        "Open interest",
        &evidence.feeds.open_interest,
        "base",
        evidence.now_ms,
    );
    let made = vec![
        Node::new("regime.oi_change", "Change of open interest")
            .value(i.oi_change, "share")
            .within(MINUTE_MS)
            .covered(i.oi_coverage)
            .note("by venue, then weighted and added up"),
        Node::new("regime.oi_scale", "Usual change")
            .value(i.oi_scale, "share")
            .over(MINUTE_MS * i64::from(i.oi_samples), i.oi_samples)
            .note("1.4826 times the median of its size"),
        Node::new("regime.oi_total", "Open interest, weighted")
            .value(i.oi_base, "base")
            .note("of the venues whose figure is fresh")
            .of(venues.collect()),
    ];
    let interest = Node::new("regime.x_oi", "Open interest over 60 s")
        .value(i.x_oi(p), "sd")
        .over(MINUTE_MS, i.oi_samples)
        .covered(i.oi_coverage)
        .note(format!("builds from {} sd on", p.dead_band))
        .of(made);
    let book = Node::new("regime.imbalance", "Imbalance of the book")
        .value(i.imbalance, "signed")
        .over(MINUTE_MS, i.imbalance_looks)
        .fed(evidence.feeds.mid.as_ref(), evidence.now_ms)
        .note(format!(
            "mean of (bids - asks) / (bids + asks) by notional of 25 levels; decides a still market from {} on",
            p.lean
        ))
;
    let said = match (i.x_price(p), i.x_oi(p)) {
        (Some(_), Some(_)) => format!(
            "{}, strength {:.3}",
            verdict.regime.regime.words(),
            verdict.regime.strength
        ),
        _ => "not enough history".to_owned(),
    };
    (said, vec![price, interest, book])
}

pub(super) fn sigma_1h(evidence: &Evidence, id: &str) -> Node {
    Node::new(id, "Usual return over an hour")
        .value(evidence.volatility.sigma_1h, "share")
        .fed(evidence.feeds.mid.as_ref(), evidence.now_ms)
        .over(3_600_000, evidence.regime.price_samples)
        .note("from five-second returns, half-life 5 min, scaled by the square root of time")
}

pub(super) fn volatility(
    evidence: &Evidence,
    verdict: &Verdict,
    params: &EngineParams,
) -> (String, Vec<Node>) {
    let (i, p) = (&evidence.volatility, &params.volatility);
    let children = vec![
        Node::new("volatility.compression", "Compression")
            .value(i.compression, "ratio")
            .fed(evidence.feeds.mid.as_ref(), evidence.now_ms)
            .over(MINUTE_MS * i64::from(i.samples), i.samples)
            .note(format!(
                "1 less the percentile of range volatility of {} over {} bars of a minute; compression above {} with fading volume, expansion below {}",
                p.short_bars, p.long_bars, p.compressed_from, p.expanded_to
            )),
        Node::new("volatility.volume_ratio", "Volume of the short span over the long one")
            .value(i.volume_ratio, "ratio")
            .fed(evidence.feeds.trade.as_ref(), evidence.now_ms)
            .within(MINUTE_MS * p.long_bars as i64)
            .covered(evidence.feeds.trade_coverage),
        sigma_1h(evidence, "volatility.sigma_1h"),
        ends::mid(evidence, "volatility.mid"),
    ];
    let said = match i.compression {
        Some(_) => verdict.volatility_regime.words(),
        None => "not enough history",
    };
    (format!("{said}; it has no direction"), children)
}

pub(super) fn funding(evidence: &Evidence, params: &EngineParams) -> (String, Vec<Node>) {
    let (i, p) = (&evidence.funding, &params.funding);
    let window_ms = p.sample_ms * i64::from(i.samples);
    let mut venues: Vec<Node> = ends::venues(
        "funding.rate",
        "Rate per interval",
        &evidence.feeds.funding,
        "share",
        evidence.now_ms,
    )
    .collect();
    let z = funding_stage::z(i, p);
    let mut children = vec![
        Node::new("funding.z", "Against its own history")
            .value(z, "sd")
            .over(window_ms, i.samples)
            .note(format!(
                "contrarian: -tanh of what exceeds {} sd; needs {} minutes",
                p.dead_band, p.min_samples
            )),
        Node::new("funding.mean", "Usual rate")
            .value(i.mean, "per_hour")
            .over(window_ms, i.samples),
        Node::new("funding.std", "Its deviation")
            .value(i.std, "per_hour")
            .over(window_ms, i.samples),
    ];
    children.insert(
        1,
        Node::new("funding.hourly", "Rate per hour, weighted by open interest")
            .value(i.hourly, "per_hour")
            .of(std::mem::take(&mut venues)),
    );
    let said = match z {
        Some(z) if z.abs() <= p.dead_band => "ordinary",
        Some(z) if z > 0.0 => "longs are crowded",
        Some(_) => "shorts are crowded",
        None => "not enough history",
    };
    (said.to_owned(), children)
}

pub(super) fn liquidation(evidence: &Evidence, params: &EngineParams) -> (String, Vec<Node>) {
    let (i, p) = (&evidence.liquidation, &params.liquidation);
    let scored = i.scored(p);
    let side = |id: String, label: String, usd: f64, prints: u32| {
        let mut node = Node::new(id, label)
            .value(usd, "usd")
            .over(p.max_age_ms, prints)
            .covered(i.coverage);
        node.sources.clone_from(&i.sources);
        node
    };
    let bands = i.bands.iter().map(|band| {
        let percent = band.width * 100.0;
        let id = format!("liquidation.band.{percent}");
        Node::new(&id, format!("Within {percent} %"))
            .value(f64::from(band.prints), "count")
            .within(p.max_age_ms)
            .of(vec![
                side(
                    format!("{id}.up"),
                    "Shorts closed above".to_owned(),
                    band.up_usd,
                    band.prints,
                ),
                side(
                    format!("{id}.down"),
                    "Longs closed below".to_owned(),
                    band.down_usd,
                    band.prints,
                ),
            ])
    });
    let mut children = vec![
        side(
            "liquidation.up".to_owned(),
            "Shorts closed above the price".to_owned(),
            scored.up_usd,
            scored.prints,
        ),
        side(
            "liquidation.down".to_owned(),
            "Longs closed below the price".to_owned(),
            scored.down_usd,
            scored.prints,
        ),
        Node::new(
            "liquidation.shrink",
            "Notional that shrinks small imbalances",
        )
        .value(i.shrink_usd, "usd")
        .note(format!(
            "the larger of {:.0} USD and {} of open interest",
            p.shrink_usd, p.shrink_oi
        )),
    ];
    children.push(
        Node::new("liquidation.chance", "Imbalance if coins decided the sides")
            .value(scored.chance_usd, "usd")
            .over(p.max_age_ms, scored.prints),
    );
    children.extend(bands);
    children.extend(ends::venues(
        "liquidation.feed",
        "Feed tells every closing (1) or a sample (0)",
        &evidence.feeds.liquidations,
        "ratio",
        evidence.now_ms,
    ));
    children.push(ends::mid(evidence, "liquidation.mid"));
    let said = match scored.squeezed(i.shrink_usd) {
        _ if !i.fed => "no venue tells liquidations of this market",
        Some(liquidation_stage::Squeezed::Shorts) => "shorts were squeezed",
        Some(liquidation_stage::Squeezed::Longs) => "longs were squeezed",
        None => "balanced",
    };
    let percent = scored.width * 100.0;
    (
        format!(
            "{said}; what of (up - down) exceeds {} times chance, over (up + down + shrink), within {percent} %",
            p.dead_band
        ),
        children,
    )
}
