//! CPU time of an evaluation: from what a tick shows to the event that clients are told.
//!
//! | part | what it does |
//! |---|---|
//! | `full` | takes the tick (trades, book, open interest, funding, closings), judges its record, counts the reading and makes the event with its text |
//! | `tick` | the samples and the record alone |
//! | `judge` | the stages and the conviction from the record |
//! | `conviction` | the arithmetic alone |
//! | `event` | the event from record and verdict, with its text |
//! | `json` | the event as JSON |
//! | `tree`, `changes` | what is made on request: the tree of inputs, and what would have to change |
//!
//! # State
//! 250 minutes of a market, so that every stage has its history; then trades at a steady rate of so many in six minutes, and a closing by force every nine
//! seconds, so that 100 of them are remembered. Every tick brings a changed book of 25 levels a side.
//!
//! # Method
//! Rounds; in each the arms take turns, minute by minute of market time, and who begins rotates. A minute has 300 ticks, of which 60 fall on full seconds and one on a
//! full minute, as in life. What ticks show is made before the clock runs. The clock is the thread's CPU time. Figures are medians over the rounds;
//! ratios between numbers of trades are taken within a round, because a machine's speed drifts by more.
//!
//! `--only PART --passes N` runs one part of the 5,000-trade market under a profiler. Instructions per evaluation are the difference of two runs over the difference of
//! their passes; for `full` and `tick` less that of `make`, which only makes the market:
//!
//! ```sh
//! BENCH=$(ls -t target/release/deps/evaluation-* | grep -v '\.d$' | head -1)
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null $BENCH --only full --passes 3000
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null $BENCH --only full --passes 6000
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use cpu_time::ThreadTime;
use hypersentry_alpha::conviction::{BtcScore, Scores, Signal, VolatilityRegime, evaluate};
use hypersentry_alpha::event::{Context, Probability};
use hypersentry_alpha::observe::{
    Book, ForcedClose, Funding, Level, Observation, OpenInterest, Print, Reading,
};
use hypersentry_alpha::{
    AlphaConviction, EngineParams, Evidence, Readings, SymbolState, counterfactual, why,
};
use hypersentry_model::{Coverage, Mode, Source, Venue};
use std::hint::black_box;
use std::time::Duration;

const ROUNDS: usize = 41;
/// Ticks of a minute.
const MINUTE: usize = 300;
const STEP_MS: i64 = 200;
const WARM_UP_MINUTES: usize = 250;
/// Trades in six minutes of each arm.
const ARMS: [usize; 3] = [500, 5_000, 50_000];
/// Median of a full evaluation at 5,000 trades, at most.
const GOAL_FULL_US: f64 = 25.0;
/// Median of the arithmetic alone, at most.
const GOAL_CONVICTION_US: f64 = 1.0;

/// What a tick shows.
struct Shown {
    now_ms: i64,
    mid: f64,
    bids: Vec<Level>,
    asks: Vec<Level>,
    trades: Vec<Print>,
    closings: Vec<ForcedClose>,
}

const VENUE: Source = Source::Venue(Venue::Hyperliquid);

fn reading(value: f64, now_ms: i64, limit_ms: u32) -> Reading {
    Reading {
        value,
        source: VENUE,
        as_of: now_ms,
        proved_at: now_ms,
        limit_ms,
    }
}

/// A market at a rate of trades, with a seeded chance of its own.
struct Source6m {
    seed: u64,
    now_ms: i64,
    log: f64,
    per_tick: f64,
    due: f64,
}

impl Source6m {
    fn uniform(&mut self) -> f64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn next(&mut self) -> Shown {
        self.now_ms += STEP_MS;
        self.log += 4e-5 * (self.uniform() - 0.5);
        let mid = 97_000.0 * libm::exp(self.log);
        let side = |direction: f64, lean: f64| -> Vec<Level> {
            let levels = (1..=25).map(|i| mid * (1.0 + direction * f64::from(i) * 1e-5));
            levels.map(|px| (px, 0.3 * lean)).collect()
        };
        let lean = 0.5 + self.uniform();
        self.due += self.per_tick;
        let count = self.due as usize;
        self.due -= count as f64;
        let trades = (0..count)
            .map(|_| Print {
                px: mid * (1.0 + 2e-5 * (self.uniform() - 0.5)),
                usd: 200.0 / (self.uniform() + 0.01),
                buy: self.uniform() < 0.5,
                ts_ms: self.now_ms,
            })
            .collect();
        let mut closings = Vec::new();
        if self.now_ms % 9_000 == 0 {
            closings.push(ForcedClose {
                px: mid * (1.0 + 0.01 * (self.uniform() - 0.5)),
                usd: 1e5 * self.uniform(),
                long: self.uniform() < 0.5,
                source: VENUE,
                ts_ms: self.now_ms,
            });
        }
        Shown {
            now_ms: self.now_ms,
            mid,
            bids: side(-1.0, lean),
            asks: side(1.0, 1.0),
            trades,
            closings,
        }
    }
}

struct Arm {
    trades: usize,
    market: Source6m,
    state: SymbolState,
    readings: Readings,
    params: EngineParams,
    digest: String,
}

impl Arm {
    fn new(trades: usize) -> Self {
        let params = EngineParams::default();
        let mut arm = Self {
            trades,
            market: Source6m {
                seed: 7,
                now_ms: 1_760_000_000_000 - 1_760_000_000_000 % 60_000,
                log: 0.0,
                per_tick: trades as f64 / (6 * MINUTE) as f64,
                due: 0.0,
            },
            state: SymbolState::new(&params),
            readings: Readings::default(),
            digest: params.digest(),
            params,
        };
        for _ in 0..WARM_UP_MINUTES {
            for shown in arm.minute() {
                let evidence = arm.tick(&shown);
                arm.readings
                    .push(shown.now_ms, &evidence.judge(&arm.params));
            }
        }
        arm
    }

    fn minute(&mut self) -> Vec<Shown> {
        (0..MINUTE).map(|_| self.market.next()).collect()
    }

    fn tick(&mut self, shown: &Shown) -> Evidence {
        let now_ms = shown.now_ms;
        let open_interest = [OpenInterest {
            base: reading(30_000.0 + shown.mid % 7.0, now_ms, 15_000),
            weight: 1.0,
        }];
        let funding = [Funding {
            rate: reading(1e-5 * (shown.mid % 3.0), now_ms, 15_000),
            interval_h: 1,
        }];
        let feeds = [reading(1.0, now_ms, 15_000)];
        let seen = Observation {
            book: Some(Book {
                bids: &shown.bids,
                asks: &shown.asks,
                mid: reading(shown.mid, now_ms, 3_000),
            }),
            open_interest: &open_interest,
            funding: &funding,
            trades: &shown.trades,
            last_trade: Some(reading(shown.mid, now_ms, 5_000)),
            trade_coverage: Some(Coverage::of(1, 0, 1)),
            liquidations: &shown.closings,
            liquidation_feeds: &feeds,
        };
        self.state.tick(now_ms, &seen, None, &self.params)
    }

    fn event(&self, evidence: Evidence) -> AlphaConviction {
        let verdict = evidence.judge(&self.params);
        let context = Context {
            run_id: "01JD3Z0000000000".to_owned(),
            mode: Mode::Simulated,
            params: self.digest.clone(),
            streak: self.readings.streak(),
            average: self.readings.average(&self.params.conviction),
            probability: Probability::untrained(evidence.volatility.sigma_1h),
        };
        AlphaConviction::new(evidence, &verdict, &self.params, context)
    }

    fn full(&mut self, shown: &Shown) -> AlphaConviction {
        let evidence = self.tick(shown);
        let verdict = evidence.judge(&self.params);
        self.readings.push(shown.now_ms, &verdict);
        self.event(evidence)
    }

    /// Microseconds a tick over the next minute.
    fn measure_full(&mut self) -> f64 {
        let minute = self.minute();
        let start = ThreadTime::now();
        for shown in &minute {
            black_box(self.full(shown));
        }
        per(start.elapsed(), minute.len())
    }
}

fn per(cpu: Duration, times: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / times as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const PARTS: [&str; 7] = [
    "tick",
    "judge",
    "conviction",
    "event",
    "json",
    "tree",
    "changes",
];

/// One part over the records of a minute; the work, as often as there are records.
fn part(arm: &mut Arm, name: &str, minute: &[Shown], records: &[Evidence]) {
    let params = arm.params.clone();
    match name {
        "full" => {
            for shown in minute {
                black_box(arm.full(shown));
            }
        }
        "tick" => {
            for shown in minute {
                black_box(arm.tick(shown));
            }
        }
        "judge" => {
            for record in records {
                black_box(record.judge(&params));
            }
        }
        "conviction" => {
            let verdicts: Vec<Signal> = signals(records);
            for signal in &verdicts {
                black_box(evaluate(black_box(signal), &params.conviction));
            }
        }
        "event" => {
            for record in records {
                black_box(arm.event(record.clone()));
            }
        }
        "json" => {
            let event = arm.event(records[0].clone());
            for _ in records {
                black_box(serde_json::to_vec(black_box(&event)).unwrap());
            }
        }
        "tree" => {
            for record in records {
                black_box(why::tree(record, &params, None));
            }
        }
        "changes" => {
            for record in records {
                black_box(counterfactual::changes(record, &params));
            }
        }
        // Nothing: what the market itself costs, to be taken off `full` and `tick`.
        "make" => {}
        other => panic!("no part {other}: full or one of {PARTS:?}"),
    }
}

/// Inputs of the arithmetic in which no step is idle: every component speaks, the signal has aged, Bitcoin is blended in.
fn signals(records: &[Evidence]) -> Vec<Signal> {
    let of = |(index, record): (usize, &Evidence)| {
        let x = (index as f64 / records.len() as f64) * 1.8 - 0.9;
        Signal {
            scores: Scores {
                regime: x,
                footprint: -0.5 * x,
                volatility: 0.0,
                funding: 0.3 + 0.2 * x,
                liquidation: 0.9 * x,
            },
            volatility_regime: VolatilityRegime::Trending,
            compression: None,
            signal_ms: record.now_ms - 40_000,
            now_ms: record.now_ms,
            btc: Some(BtcScore {
                score: 50.0 + 40.0 * x,
                ts_ms: record.now_ms - 200,
                coefficient: 0.85,
            }),
        }
    };
    records.iter().enumerate().map(of).collect()
}

fn compare() {
    let mut arms = ARMS.map(Arm::new);
    let remembered = arms[1].minute();
    let record = remembered.iter().map(|s| arms[1].tick(s)).last().unwrap();
    println!("closings remembered: {}", record.liquidation.prints);
    assert_eq!(record.liquidation.prints, 100);
    let mut full: [Vec<f64>; 3] = Default::default();
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let mut of_round = [0.0; 3];
        for turn in 0..3 {
            let index = (round + turn) % 3;
            of_round[index] = arms[index].measure_full();
            full[index].push(of_round[index]);
        }
        ratios.push(of_round[2] / of_round[0]);
    }
    println!("\nfull evaluation, median CPU time over {ROUNDS} rounds of {MINUTE} ticks");
    let mut medians = [0.0; 3];
    for (index, arm) in arms.iter().enumerate() {
        let (least, most) = bounds(&full[index]);
        medians[index] = median(&mut full[index]);
        println!(
            "{:>7} trades in 6 min: {:>6.2} us ({least:.2} to {most:.2})",
            arm.trades, medians[index]
        );
    }
    let ratio = median(&mut ratios);
    println!("50,000 over 500 trades: {ratio:.3}");
    println!(
        "goal of {GOAL_FULL_US} us at 5,000 trades: {}; within 10 %: {}",
        if medians[1] <= GOAL_FULL_US {
            "met"
        } else {
            "MISSED"
        },
        if (ratio - 1.0).abs() <= 0.1 {
            "yes"
        } else {
            "NO"
        }
    );
    parts(&mut arms[1]);
}

fn bounds(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(0.0, f64::max))
}

fn parts(arm: &mut Arm) {
    println!("\nparts at 5,000 trades");
    let mut times: Vec<(&str, Vec<f64>)> = PARTS.iter().map(|p| (*p, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (name, values) in &mut times {
            let minute = arm.minute();
            let records: Vec<Evidence> = match *name {
                "tick" => Vec::new(),
                _ => minute.iter().map(|s| arm.tick(s)).collect(),
            };
            // The arithmetic is too short for one minute's ticks: its inputs are made before, many at once.
            let value = match *name {
                "conviction" => conviction(&records, &arm.params),
                name => {
                    let start = ThreadTime::now();
                    part(arm, name, &minute, &records);
                    per(start.elapsed(), MINUTE)
                }
            };
            values.push(value);
        }
    }
    for (name, values) in &mut times {
        println!("{name:>11}: {:>7.3} us", median(values));
        if *name == "conviction" {
            let met = median(values) <= GOAL_CONVICTION_US;
            println!(
                "{:>11}  goal of {GOAL_CONVICTION_US} us {}",
                "",
                if met { "met" } else { "MISSED" }
            );
        }
    }
}

fn conviction(records: &[Evidence], params: &EngineParams) -> f64 {
    let signals = signals(records);
    let start = ThreadTime::now();
    for _ in 0..20 {
        for signal in &signals {
            black_box(evaluate(black_box(signal), &params.conviction));
        }
    }
    per(start.elapsed(), 20 * signals.len())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|a| a == flag)?;
        arguments.get(at + 1).cloned()
    };
    if let Some(name) = value("--only") {
        let passes: usize = value("--passes").map_or(3_000, |p| p.parse().expect("--passes N"));
        let mut arm = Arm::new(5_000);
        if name == "conviction" {
            let minute = arm.minute();
            let records: Vec<Evidence> = minute.iter().map(|s| arm.tick(s)).collect();
            let signals = signals(&records);
            for signal in signals.iter().cycle().take(passes) {
                black_box(evaluate(black_box(signal), &arm.params.conviction));
            }
            return;
        }
        for _ in 0..passes.div_ceil(MINUTE) {
            let minute = arm.minute();
            let records: Vec<Evidence> = match name.as_str() {
                "full" | "tick" | "make" => Vec::new(),
                _ => minute.iter().map(|s| arm.tick(s)).collect(),
            };
            part(&mut arm, &name, &minute, &records);
        }
        return;
    }
    if arguments.iter().any(|a| a == "--bench") {
        compare();
        return;
    }
    // As a test: everything runs once.
    let mut arm = Arm::new(5_000);
    let minute = arm.minute();
    let records: Vec<Evidence> = minute.iter().map(|s| arm.tick(s)).collect();
    for name in PARTS {
        part(&mut arm, name, &minute, &records);
    }
    println!("every part ran");
}
