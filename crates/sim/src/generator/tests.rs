//! Long runs of the whole market.

use super::*;

const START_MS: i64 = 1_739_550_000_000;

fn run(seed: u64, steps: u32, dt_ms: i64, mut see: impl FnMut(&Market, &StepEvents)) {
    let mut market = Market::new(seed, START_MS, 11);
    let mut events = StepEvents::default();
    for _ in 0..steps {
        market.step(dt_ms, &mut events);
        see(&market, &events);
    }
}

fn fingerprint(seed: u64) -> Vec<String> {
    let mut lines = Vec::new();
    run(seed, 3_000, 10, |market, events| {
        if events.block_ms.is_none() {
            return;
        }
        lines.push(format!("{:?} {:?}", events.block_ms, events.perp_trades));
        for coin in market.coins() {
            let touch = (
                coin.perp.book.best(Side::Bid),
                coin.perp.book.best(Side::Ask),
            );
            lines.push(format!("{touch:?} {:?}", coin.context.mark.to_bits()));
            if let Some(spot) = &coin.spot {
                lines.push(format!("{}", spot.book.update_id()));
            }
        }
    });
    lines
}

#[test]
fn the_same_seed_gives_the_same_market() {
    let first = fingerprint(11);
    assert!(first.len() > 3_000);
    assert_eq!(first, fingerprint(11));
    assert_ne!(first, fingerprint(12));
}

#[test]
fn books_are_never_crossed_or_thin_and_trades_happen_at_the_touch() {
    for seed in [1, 2] {
        let mut before: Vec<(i64, i64)> = Vec::new();
        run(seed, 15_000, 10, |market, events| {
            for coin in market.coins() {
                for book in [Some(&coin.perp), coin.spot.as_ref()].into_iter().flatten() {
                    let (bid, _) = book.book.best(Side::Bid).unwrap();
                    let (ask, _) = book.book.best(Side::Ask).unwrap();
                    assert!(bid < ask, "{} {bid} {ask}", coin.instrument.coin);
                }
                assert!(coin.perp.book.len(Side::Bid) >= 20 && coin.perp.book.len(Side::Ask) >= 20);
                let grid = coin.instrument.perp_grid();
                let (bid, _) = coin.perp.book.best(Side::Bid).unwrap();
                assert_eq!(bid % grid.step_at(bid), 0, "{}", coin.instrument.coin);
            }
            // A spot trade lies within the spread of the step before, widened by what makers and takers moved since.
            for trade in &events.spot_trades {
                if let Some((bid, ask)) = before.get(trade.coin) {
                    let slack = (*ask / 500).max(2);
                    assert!(trade.px >= bid - slack && trade.px <= ask + slack);
                }
                assert!(trade.lots > 0);
            }
            before = market
                .coins()
                .iter()
                .map(|coin| {
                    coin.spot.as_ref().map_or((0, i64::MAX / 2), |spot| {
                        (
                            spot.book.best(Side::Bid).unwrap().0,
                            spot.book.best(Side::Ask).unwrap().0,
                        )
                    })
                })
                .collect();
        });
    }
}

#[test]
fn volatility_clusters_and_quiet_spells_exist() {
    let mut mids = Vec::new();
    let (mut last_trade, mut longest_pause) = (START_MS, 0);
    let (mut second, mut trades) = (0, 0_u64);
    run(3, 2 * 3_600 * 20, 50, |market, events| {
        for trade in &events.perp_trades {
            if trade.coin == 0 {
                longest_pause = longest_pause.max(market.now_ms() - last_trade);
                last_trade = market.now_ms();
                trades += 1;
            }
        }
        if market.now_ms() / 5_000 != second {
            second = market.now_ms() / 5_000;
            mids.push(market.coins()[0].perp.book.double_mid().unwrap() as f64);
        }
    });
    let moves: Vec<f64> = mids
        .windows(2)
        .map(|pair| libm::log(pair[1] / pair[0]))
        .collect();
    let sizes: Vec<f64> = moves.iter().map(|value| value.abs()).collect();
    let plain = autocorrelation(&moves, 3);
    // One lag is noisy: the mean over half a minute.
    let absolute = (1..=6).map(|lag| autocorrelation(&sizes, lag)).sum::<f64>() / 6.0;
    let deviation = (moves.iter().map(|m| m * m).sum::<f64>() / moves.len() as f64).sqrt();
    let fourth = moves
        .iter()
        .map(|m| libm::pow(m / deviation, 4.0))
        .sum::<f64>()
        / moves.len() as f64;
    assert!(plain.abs() < 0.15, "returns are predictable: {plain}");
    assert!(absolute > 0.1, "no clustering: {absolute}");
    assert!(fourth > 4.0, "no fat tails: {fourth}");
    assert!(longest_pause > 12_000, "no quiet spell: {longest_pause} ms");
    let rate = trades as f64 / (2.0 * 3_600.0);
    assert!((0.3..6.0).contains(&rate), "{rate} trades a second");
    let yearly = deviation * (31_557_600.0_f64 / 5.0).sqrt();
    assert!((0.15..1.5).contains(&yearly), "volatility {yearly}");
}

fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let shared: f64 = values
        .windows(lag + 1)
        .map(|w| (w[0] - mean) * (w[lag] - mean))
        .sum();
    shared / variance
}

#[test]
fn venues_stay_close_and_coins_move_together() {
    let mut worst_basis: f64 = 0.0;
    let (mut btc, mut eth) = (Vec::new(), Vec::new());
    let mut second = 0;
    run(4, 1_800 * 20, 50, |market, _| {
        if market.now_ms() / 10_000 == second {
            return;
        }
        second = market.now_ms() / 10_000;
        let usd = |book: &VenueBook| {
            book.book.double_mid().unwrap() as f64 / 2.0 / book.maker.grid().scale()
        };
        for coin in market.coins() {
            if let (Some(spot), Some(listing)) = (&coin.spot, &coin.instrument.spot) {
                let basis = usd(&coin.perp) / (usd(spot) / listing.price_factor) - 1.0;
                worst_basis = worst_basis.max(basis.abs());
            }
        }
        btc.push(libm::log(usd(&market.coins()[0].perp)));
        eth.push(libm::log(usd(&market.coins()[1].perp)));
    });
    assert!(worst_basis < 0.003, "basis {worst_basis}");
    let moves = |series: &[f64]| {
        series
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect::<Vec<_>>()
    };
    let (a, b) = (moves(&btc), moves(&eth));
    let shared: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
    let correlation = shared
        / (a.iter().map(|x| x * x).sum::<f64>() * b.iter().map(|y| y * y).sum::<f64>()).sqrt();
    assert!(correlation > 0.4, "correlation {correlation}");
}

/// Logarithmic moves of the first coin's price in ten minutes, of so many seeds.
fn moves(seeds: u64, dt_ms: i64) -> Vec<f64> {
    let one = |seed| {
        let mut mids = Vec::new();
        run(seed, (600_000 / dt_ms) as u32, dt_ms, |market, _| {
            let book = &market.coins()[0].perp.book;
            mids.push(book.double_mid().unwrap() as f64);
        });
        libm::log(mids[mids.len() - 1] / mids[0])
    };
    (100..100 + seeds).map(one).collect()
}

/// Four hundred seeds in steps of 200 ms: mean .0002, standard deviation .0040, t 1.1.
#[test]
fn the_price_has_no_direction_of_its_own_and_moves_as_far_as_its_volatility() {
    for (seeds, dt_ms) in [(16, 200), (6, 50)] {
        let moves = moves(seeds, dt_ms);
        let n = moves.len() as f64;
        let mean = moves.iter().sum::<f64>() / n;
        let variance = moves.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
        let t = mean / (variance / n).sqrt();
        let deviation = variance.sqrt();
        assert!(t.abs() < 4.0, "a mean move of {mean}, t {t}: {moves:?}");
        // Half of a yearly 50 % is .2 % in ten minutes; trends, bursts and forced orders add to it.
        assert!((0.001..0.009).contains(&deviation), "{moves:?}");
        assert!(moves.iter().all(|m| m.abs() < 0.03), "{moves:?}");
    }
}
