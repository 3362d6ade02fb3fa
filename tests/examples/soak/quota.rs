//! What the venues are asked for in a day on which they refuse now and then, and what becomes of orders meanwhile.

use hypersentry_model::Venue;
use hypersentry_sim::{Fault, Regime, Scenario, ScenarioStep};
use hypersentry_tests::plant::{Plant, sim};
use hypersentry_venues::session::RequestClass;
use std::time::Instant;

/// After this time the same happens again.
const ROUND_MS: u64 = 20 * 60_000;
/// Between two orders of a venue.
const ORDER_EVERY_MS: i64 = 2_000;
const SEED: u64 = 5;

/// At each venue in turn: a storm, in which its connections end, so that everything has to be asked for again; a storm without that; and
/// lost connections without a storm.
fn scenario() -> Scenario {
    // The market itself says little: what is asked for over REST does not depend on it.
    let regime = Regime::Quiet;
    let mut steps = vec![ScenarioStep {
        at_ms: 0,
        fault: Fault::HoldRegime {
            regime,
            for_ms: ROUND_MS + 1,
        },
    }];
    for (venue, i) in Venue::ALL.iter().zip(0_u64..) {
        let venue = sim(*venue);
        let at = 60_000 + i * 180_000;
        let mut step = |at_ms, fault| steps.push(ScenarioStep { at_ms, fault });
        step(
            at,
            Fault::RateLimitStorm {
                venue,
                for_ms: 60_000,
            },
        );
        step(at + 5_000, Fault::DropConnections { venue });
        step(
            at + 100_000,
            Fault::RateLimitStorm {
                venue,
                for_ms: 10_000,
            },
        );
        step(at + 140_000, Fault::DropConnections { venue });
    }
    steps.sort_by_key(|step| step.at_ms);
    Scenario {
        name: "storms".into(),
        steps,
        repeat_every_ms: Some(ROUND_MS),
        ..Scenario::default()
    }
}

/// A line an hour, so that a run which is ended early has told something.
fn progress(plant: &Plant, hour: i64, began: Instant) {
    let bans: u64 = Venue::ALL
        .iter()
        .map(|venue| plant.driver.usage(sim(*venue)).bans)
        .sum();
    let tally = &plant.tally;
    println!(
        "  hour {hour}: {} inputs, bans {bans}, orders and cancels {}, delayed by us {}; took {:.0} s",
        tally.inputs,
        tally.orders,
        tally.orders_delayed,
        began.elapsed().as_secs_f64()
    );
}

/// Whether no venue banned us and no order had to wait for our own sake.
pub(crate) fn run(hours: f64, symbols: usize, step_ms: i64) -> bool {
    let began = Instant::now();
    let mut plant = Plant::wide(SEED, &Venue::ALL, symbols, Some(&scenario()));
    plant.step_ms = step_ms;
    let end = plant.now().plus_ms((hours * 3_600_000.0) as i64);
    let mut statuses = 0_u64;
    let mut hour = 1;
    let start = plant.now();
    while plant.now() < end {
        for venue in Venue::ALL {
            plant.order(venue);
        }
        plant.run(ORDER_EVERY_MS, &mut |told| {
            statuses += u64::from(matches!(told, hypersentry_engine::Publication::Status(_)));
        });
        if plant.now() >= start.plus_ms(hour * 3_600_000) {
            progress(&plant, hour, began);
            hour += 1;
        }
    }
    let tally = &plant.tally;
    println!(
        "\n{hours} h of six venues with {symbols} symbols, the market moved every {step_ms} ms; {} inputs; took {:.0} s",
        tally.inputs,
        began.elapsed().as_secs_f64()
    );
    println!(
        "  venue         metadata    books   orders | venue counts: requests   429s  banned  bans  refused connections"
    );
    let mut bans = 0;
    for venue in Venue::ALL {
        let usage = plant.driver.usage(sim(venue));
        let of = |class| {
            tally
                .requests
                .get(&(venue, class))
                .copied()
                .unwrap_or_default()
        };
        println!(
            "  {:<13} {:>8} {:>8} {:>8} | {:>22} {:>6} {:>7} {:>5} {:>20}",
            venue.name(),
            of(RequestClass::Metadata),
            of(RequestClass::Books),
            of(RequestClass::Orders),
            usage.requests.values().sum::<u64>(),
            usage.too_many,
            usage.while_banned,
            usage.bans,
            usage.refused_connections,
        );
        bans += usage.bans;
    }
    println!(
        "  bans {bans} (goal 0); orders and cancels {}, delayed by us {} (goal 0; longest {} ms), delayed because the venue asked for a pause {}",
        tally.orders, tally.orders_delayed, tally.order_wait_ms, tally.orders_at_wish
    );
    println!(
        "  requests that were answered from here because they would have waited too long {}; messages refused by us {}; statuses told {statuses}",
        tally.held_back, tally.refused_messages
    );
    bans == 0 && tally.orders_delayed == 0
}
