//! What the rounds show.

use std::time::Duration;

/// What ours may cost at most, in units of the floor.
const COST_GOAL: f64 = 1.25;
/// What our 99th percentile may be at most, in units of the floor's.
const AGE_GOAL: f64 = 1.5;

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn verdict(worst_quarter: f64, goal: f64) -> &'static str {
    if worst_quarter <= goal {
        "met"
    } else {
        "missed"
    }
}

/// CPU times of both ways, round by round.
pub(crate) struct Rounds {
    burst: usize,
    frames: usize,
    spent: Vec<[Duration; 2]>,
}

impl Rounds {
    pub(crate) fn new(burst: usize, frames: usize) -> Self {
        let spent = Vec::new();
        Self {
            burst,
            frames,
            spent,
        }
    }

    pub(crate) fn add(&mut self, spent: [Duration; 2]) {
        self.spent.push(spent);
    }

    pub(crate) fn print(&self) {
        let us = |spent: Duration| spent.as_secs_f64() * 1e6 / self.frames as f64;
        println!(
            "burst {}: {} rounds of {} frames",
            self.burst,
            self.spent.len(),
            self.frames
        );
        for (n, name) in ["ours", "bare writes"].iter().enumerate() {
            let costs = sorted(self.spent.iter().map(|s| us(s[n])));
            let total: Duration = self.spent.iter().map(|s| s[n]).sum();
            let [least, median, most] = [0.0, 0.5, 1.0].map(|share| quantile(&costs, share));
            println!(
                "  {name:<12} us/frame {least:.2} / {median:.2} / {most:.2}   CPU {total:.1?}"
            );
        }
        let ratios = sorted(self.spent.iter().map(|s| us(s[0]) / us(s[1])));
        let [least, median, worst, most] =
            [0.0, 0.5, 0.75, 1.0].map(|share| quantile(&ratios, share));
        let verdict = verdict(worst, COST_GOAL);
        println!(
            "  ours / bare  {median:.2} [{least:.2}-{most:.2}], worst quarter {worst:.2}: at most {COST_GOAL} is {verdict}"
        );
    }
}

/// Ages of paced messages.
#[derive(Default)]
pub(crate) struct Paced {
    blocks: Vec<[[f64; 2]; 2]>,
}

impl Paced {
    /// Ages of a block of both ways, sorted, in microseconds.
    pub(crate) fn add(&mut self, ages: &[Vec<u32>; 2]) {
        self.blocks.push(ages.each_ref().map(|ages| {
            let ages: Vec<f64> = ages.iter().map(|us| f64::from(*us) / 1_000.0).collect();
            [quantile(&ages, 0.5), quantile(&ages, 0.99)]
        }));
    }

    pub(crate) fn print(&self) {
        println!("paced 20 messages a second: {} blocks", self.blocks.len());
        for (n, name) in ["ours", "bare writes"].iter().enumerate() {
            let median = |p: usize| quantile(&sorted(self.blocks.iter().map(|b| b[n][p])), 0.5);
            println!("  {name:<12} ms p50 {:.2}  p99 {:.2}", median(0), median(1));
        }
        let ratios = sorted(self.blocks.iter().map(|b| b[0][1] / b[1][1]));
        let [least, median, worst, most] =
            [0.0, 0.5, 0.75, 1.0].map(|share| quantile(&ratios, share));
        let verdict = verdict(worst, AGE_GOAL);
        println!(
            "  p99 ours / bare {median:.2} [{least:.2}-{most:.2}], worst quarter {worst:.2}: at most {AGE_GOAL} is {verdict}"
        );
    }
}
