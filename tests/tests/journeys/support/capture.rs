//! What an engine took in over some seconds of simulated venues.

use super::lab::{self, Lab};
use hypersentry_engine::input::Input;
use hypersentry_engine::{CoreConfig, LOGIC_VERSION};
use hypersentry_model::Timestamp;
use hypersentry_store::{Header, Item, JournalReader};
use std::path::Path;

/// Lets an engine keep a journal under `data_dir` until all is live, and for `span_ms` more.
pub(crate) async fn keep_journal(seed: u64, data_dir: &Path, span_ms: i64) {
    let simulator = lab::simulator(seed).await;
    let config = lab::config(simulator.local_addr(), Some(data_dir));
    let mut lab = Lab::with(simulator, config);
    lab.all_live().await;
    lab.for_ms(span_ms).await;
    lab.stop().await;
}

/// A run's inputs, with the configuration of its core.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) config: CoreConfig,
    pub(crate) inputs: Vec<(Timestamp, Input)>,
}

/// Reads a journal of one run.
pub(crate) fn read(journal: &Path) -> Captured {
    let mut config = None;
    let mut inputs = Vec::new();
    for item in JournalReader::open(journal).unwrap() {
        match item.unwrap() {
            Item::Segment(start) => {
                config = Some(serde_json::from_value(start.header.config).unwrap());
            }
            Item::Record(record) => {
                let input = Input::decode(&record.payload).unwrap();
                inputs.push((record.receive_time, input));
            }
            Item::Torn(torn) => panic!("{torn:?}"),
        }
    }
    Captured {
        config: config.expect("a segment"),
        inputs,
    }
}

/// The header of a journal for a core with this configuration.
pub(crate) fn header(config: &CoreConfig, created: Timestamp) -> Header {
    Header::new(
        LOGIC_VERSION,
        "journeys",
        config.run_id.clone(),
        created,
        serde_json::to_value(config).unwrap(),
    )
}
