//! The core over a captured run: checkpoints and idle ticks change nothing.

use crate::support::capture::{self, Captured};
use hypersentry_engine::core::{Core, Effect};
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::input::Input;
use hypersentry_engine::replay::{Replay, checkpoint};
use hypersentry_model::Timestamp;
use hypersentry_store::{Journal, JournalReader, Options, Record, StartAt};
use std::path::Path;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }
}

fn hash_of(effects: &[Effect], hash: &mut RunHash) {
    for effect in effects {
        if let Effect::Publish(publication) = effect {
            hash.update(publication);
        }
    }
}

/// The hash of a run, with up to `ticks` idle ticks between two inputs.
fn run_with_ticks(captured: &Captured, ticks: u64, random: &mut Random) -> String {
    let mut core = Core::new(captured.config.clone());
    let mut hash = RunHash::default();
    let mut effects = Vec::new();
    let mut before: Option<Timestamp> = None;
    for (receive, input) in &captured.inputs {
        let at = core.stamp(*receive);
        if let Some(before) = before.replace(at)
            && ticks > 0
        {
            let gap = at.ns_since(before) as u64;
            let mut falls: Vec<u64> = (0..random.below(ticks + 1))
                .map(|_| random.below(gap + 1))
                .collect();
            falls.sort_unstable();
            for fall in falls {
                let tick = Timestamp::from_ns(before.ns() + fall as i64);
                core.step(tick, &Input::Tick, &mut effects);
            }
        }
        core.step(*receive, input, &mut effects);
        hash_of(&effects, &mut hash);
        effects.clear();
    }
    hash.hex()
}

#[tokio::test]
async fn idle_ticks_change_nothing() {
    let data = tempfile::tempdir().unwrap();
    capture::keep_journal(51, data.path(), 2_500).await;
    let mut captured = capture::read(&data.path().join("journal"));
    let as_run = run_with_ticks(&captured, 0, &mut Random(1));
    // Those of the run are gone, and others come at any time, also many at once. The last input ends all runs at the same time.
    captured.inputs.pop_if(|(_, input)| *input == Input::Tick);
    let last = captured.inputs.len() - 1;
    let whole = run_with_ticks(&captured, 0, &mut Random(1));
    let mut at = 0;
    captured.inputs.retain(|(_, input)| {
        at += 1;
        *input != Input::Tick || at > last
    });
    assert_eq!(run_with_ticks(&captured, 0, &mut Random(1)), whole);
    for seed in 1..=4 {
        let ticked = run_with_ticks(&captured, 1 << seed, &mut Random(seed));
        assert_eq!(ticked, whole, "seed {seed}");
    }
    assert_eq!(as_run.len(), whole.len());
}

/// What each input makes clients hear, by its place in the journal.
fn outputs(mut replay: Replay, first_seq: u64) -> Vec<(u64, Vec<String>)> {
    let mut all = Vec::new();
    let mut told = Vec::new();
    let mut seq = first_seq;
    while replay.step(&mut told).unwrap().is_some() {
        let lines = told.drain(..).map(|p| serde_json::to_string(&p).unwrap());
        all.push((seq, lines.collect()));
        seq += 1;
    }
    assert_eq!(replay.take_notes(), []);
    all
}

/// Writes the run anew, in segments of about `each` records.
fn rewrite(captured: &Captured, dir: &Path, each: usize) -> Vec<u64> {
    let created = captured.inputs[0].0;
    let header = capture::header(&captured.config, created);
    let mut journal = Journal::create(dir, header, Options::default()).unwrap();
    let mut core = Core::new(captured.config.clone());
    let mut starts = vec![journal.next_seq()];
    let mut effects = Vec::new();
    for (n, (receive, input)) in captured.inputs.iter().enumerate() {
        if n > 0 && n % each == 0 {
            journal.rotate(&checkpoint(&core).unwrap()).unwrap();
            starts.push(journal.next_seq());
        }
        let record = Record {
            seq: journal.next_seq(),
            core_time: core.stamp(*receive),
            receive_time: *receive,
            payload: input.encode(),
        };
        journal.append_batch(&[record]).unwrap();
        core.step(*receive, input, &mut effects);
        effects.clear();
    }
    journal.close().unwrap();
    starts
}

/// The state after the first `inputs`, as text.
fn state_after(captured: &Captured, inputs: u64) -> String {
    let mut core = Core::new(captured.config.clone());
    let mut effects = Vec::new();
    for (receive, input) in &captured.inputs[..inputs as usize] {
        core.step(*receive, input, &mut effects);
        effects.clear();
    }
    format!("{core:#?}")
}

/// A state's lines, but for those that tell how a ladder's levels lie in memory.
fn lines(state: &str) -> impl Iterator<Item = &str> {
    let mut in_bounds = false;
    state.lines().filter(move |line| {
        let line = line.trim();
        in_bounds |= line == "worst: [";
        let shown = !in_bounds && !["[", "]", "],"].contains(&line);
        in_bounds &= line != "],";
        shown
    })
}

/// Shows where two states differ, with the names that lead there.
#[track_caller]
fn assert_same_state(found: &str, expected: &str) {
    let mut path: Vec<&str> = Vec::new();
    for (found, expected) in lines(found).zip(lines(expected)) {
        path.truncate((expected.len() - expected.trim_start().len()) / 4);
        assert_eq!(
            found.trim(),
            expected.trim(),
            "within {}: the state read from a checkpoint is not the one that was written",
            path.concat()
        );
        path.push(expected.trim());
    }
    assert_eq!(lines(found).count(), lines(expected).count());
}

#[tokio::test]
async fn a_checkpoint_reads_back_as_the_same_state() {
    let data = tempfile::tempdir().unwrap();
    capture::keep_journal(53, data.path(), 1_000).await;
    let captured = capture::read(&data.path().join("journal"));
    let segmented = data.path().join("segmented");
    for start in rewrite(&captured, &segmented, captured.inputs.len() / 5 + 1) {
        let at = StartAt::Seq(start);
        let mut replay = Replay::open_journal_at(&segmented, at).unwrap();
        replay.step(&mut Vec::new()).unwrap().unwrap();
        let found = format!("{:#?}", replay.core().unwrap());
        assert_same_state(&found, &state_after(&captured, start));
    }
}

#[tokio::test]
async fn a_replay_from_a_checkpoint_is_the_tail_of_the_whole() {
    let data = tempfile::tempdir().unwrap();
    capture::keep_journal(52, data.path(), 1_200).await;
    let original = data.path().join("journal");
    let captured = capture::read(&original);
    let segmented = data.path().join("segmented");
    let starts = rewrite(&captured, &segmented, captured.inputs.len() / 5 + 1);
    assert!(starts.len() >= 4, "{starts:?}");
    let whole = outputs(Replay::open(&segmented).unwrap(), starts[0]);
    assert_eq!(
        whole,
        outputs(Replay::open(&original).unwrap(), 1),
        "the same run in other segments"
    );
    assert_eq!(whole.len(), captured.inputs.len());
    for start in starts {
        let reader = JournalReader::open_at(&segmented, StartAt::Seq(start)).unwrap();
        assert_eq!(reader.next_seq(), start);
        let at = StartAt::Seq(start);
        let tail = outputs(Replay::open_journal_at(&segmented, at).unwrap(), start);
        let expected = &whole[(start - 1) as usize..];
        assert_eq!(tail.len(), expected.len(), "from record {start}");
        for ((seq, lines), (_, expected)) in tail.iter().zip(expected) {
            assert_eq!(lines, expected, "the replay from {start} differs at {seq}");
        }
        // A segment by itself is enough to begin.
        let alone = segmented.join(format!("{start:020}.hsj"));
        let alone = outputs(Replay::open(&alone).unwrap(), start);
        assert!(!alone.is_empty() && alone == expected[..alone.len()]);
    }
    // By time: no record of that time or later is left out.
    let (middle, _) = captured.inputs[captured.inputs.len() / 2];
    let later = Replay::open_journal_at(&segmented, StartAt::Time(middle)).unwrap();
    let later = outputs(later, 0);
    assert!(later.len() >= captured.inputs.len() / 2 && later.len() < whole.len());
    let lines = |all: &[(u64, Vec<String>)]| -> Vec<String> {
        all.iter().flat_map(|(_, lines)| lines.clone()).collect()
    };
    assert!(lines(&whole).ends_with(&lines(&later)));
}
