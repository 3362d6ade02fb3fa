//! What a client makes of the events that it hears, by the letter of the protocol. Every rule of the protocol that shows in the events is
//! checked on the way.

use super::{Stream, stream_of};
use hypersentry_model::{Price, Size};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The single figures, each with its value under `v`.
const FIGURES: [&str; 9] = [
    "price",
    "bbo",
    "mid_price",
    "mark_price",
    "index_price",
    "funding_rate",
    "open_interest_base",
    "prev_day_price",
    "day_notional_usd",
];

/// Trades that a snapshot carries.
const TAPE: usize = 100;

/// One market of one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Market {
    pub(crate) version: u64,
    pub(crate) bids: BTreeMap<i128, i128>,
    pub(crate) asks: BTreeMap<i128, i128>,
    pub(crate) values: BTreeMap<String, Value>,
    /// The state of each field as it was told last.
    pub(crate) states: BTreeMap<String, String>,
    pub(crate) tape: VecDeque<String>,
    /// Snapshots that came.
    pub(crate) snapshots: u64,
    /// Versions that snapshots left out.
    pub(crate) jumped: u64,
    /// The most that one of them left out.
    pub(crate) longest_jump: u64,
    pub(crate) mode: String,
    pub(crate) run_id: String,
    depth: usize,
    traded: BTreeSet<String>,
}

/// All that a client holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    pub(crate) markets: BTreeMap<Stream, Market>,
    /// The newest status of each venue.
    pub(crate) statuses: BTreeMap<String, Value>,
    /// A digest of what was held at each version.
    pub(crate) history: BTreeMap<(Stream, u64), u64>,
    /// The place of the newest liquidation batch of each market.
    batches: BTreeMap<Stream, u64>,
    /// The newest core time that was told.
    pub(crate) now_ms: i64,
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{what} is no string: {value}"))
}

fn integer(value: &Value, what: &str) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("{what} is no integer: {value}"))
}

/// Checks a field's stamps and state; true if it has a value.
fn check_mark(name: &str, field: &Value, now_ms: i64) -> bool {
    let limit = integer(&field["age_limit_ms"], "age_limit_ms");
    let state = text(&field["state"], "state");
    if state == "missing" {
        for part in ["v", "bids", "asks", "as_of", "proved_at"] {
            assert!(
                field.get(part).is_none(),
                "{name} is missing and has {part}: {field}"
            );
        }
        return false;
    }
    let (as_of, proved_at) = (
        integer(&field["as_of"], "as_of"),
        integer(&field["proved_at"], "proved_at"),
    );
    assert!(
        as_of <= proved_at && proved_at <= now_ms,
        "{name} at {now_ms}: {field}"
    );
    let expected = if now_ms - proved_at > limit {
        "stale"
    } else {
        "fresh"
    };
    assert_eq!(state, expected, "{name} at {now_ms}: {field}");
    true
}

fn apply_side(side: &mut BTreeMap<i128, i128>, levels: &Value, whole: bool, what: &str) {
    if whole {
        side.clear();
    }
    for level in levels.as_array().expect("levels are a list") {
        let px = Price::parse(text(&level[0], "price")).unwrap().units();
        let sz = Size::parse(text(&level[1], "size")).unwrap().units();
        assert!(px > 0 && sz >= 0, "{what}: {level}");
        if sz > 0 {
            let before = side.insert(px, sz);
            assert!(
                !(whole && before.is_some()),
                "{what}: {level} is there twice"
            );
        } else {
            assert!(!whole, "{what}: a snapshot has an empty level");
            assert!(
                side.remove(&px).is_some(),
                "{what}: {level} removes what is not there"
            );
        }
    }
}

impl Market {
    fn book(&mut self, field: &Value, now_ms: i64, snapshot: bool, what: &str) {
        if let Some(depth) = field.get("depth") {
            self.depth = integer(depth, "depth") as usize;
        }
        assert!(!snapshot || field.get("depth").is_some(), "{what}");
        if !check_mark("book", field, now_ms) {
            self.bids.clear();
            self.asks.clear();
            return;
        }
        if let Some(deep) = field.get("deep") {
            check_mark("deep", deep, now_ms);
        }
        if let Some(levels) = field.get("bids") {
            apply_side(&mut self.bids, levels, snapshot, what);
        }
        if let Some(levels) = field.get("asks") {
            apply_side(&mut self.asks, levels, snapshot, what);
        }
        assert!(
            self.bids.len() <= self.depth && self.asks.len() <= self.depth,
            "{what}: {} bids and {} asks in a view of {}",
            self.bids.len(),
            self.asks.len(),
            self.depth
        );
        if let (Some((bid, _)), Some((ask, _))) =
            (self.bids.last_key_value(), self.asks.first_key_value())
        {
            assert!(bid < ask, "{what}: the book is crossed, {bid} and {ask}");
        }
    }

    fn trades(&mut self, field: &Value, now_ms: i64, snapshot: bool, what: &str) {
        if !check_mark("trades", field, now_ms) {
            return;
        }
        let Some(rows) = field.get("v") else { return };
        for row in rows.as_array().expect("trades are a list") {
            let id = text(&row["id"], "id").to_owned();
            assert!(Price::parse(text(&row["px"], "px")).unwrap().is_positive());
            assert!(Size::parse(text(&row["sz"], "sz")).unwrap().is_positive());
            assert!(["buy", "sell"].contains(&text(&row["side"], "side")));
            let new = self.traded.insert(id.clone());
            assert!(
                new || (snapshot && self.snapshots > 1),
                "{what}: the trade {id} was told twice"
            );
            self.tape.push_back(id);
        }
        while self.tape.len() > TAPE {
            self.tape.pop_front();
        }
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.bids, &self.asks).hash(&mut hasher);
        for (name, value) in &self.values {
            (name, value.to_string()).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn state_text(&self) -> String {
        format!(
            "bids {:?}\nasks {:?}\nvalues {:?}",
            self.bids, self.asks, self.values
        )
    }

    /// What was told last of a field: `fresh`, `stale`, `missing`, or nothing.
    pub(crate) fn state(&self, field: &str) -> &str {
        self.states.get(field).map_or("", String::as_str)
    }
}

impl Replica {
    /// Takes an event.
    pub(crate) fn take(&mut self, event: &Value) {
        let stream = stream_of(event);
        assert!(
            integer(&event["ts_ms"], "ts_ms") > 0 && integer(&event["seq"], "seq") > 0,
            "{event}"
        );
        self.now_ms = self.now_ms.max(integer(&event["data"]["now_ms"], "now_ms"));
        match stream.1.as_str() {
            "agg_update" => self.update(stream, event),
            "venue_status" => self.status(event),
            "liquidation_batch" => self.batch(stream, event),
            // Complete in themselves: there is nothing to rebuild.
            "alpha_conviction" | "gov_update" => {}
            other => panic!("an event of type {other}"),
        }
    }

    fn update(&mut self, stream: Stream, event: &Value) {
        let data = &event["data"];
        let what = format!("{}/{} version {}", stream.0, stream.2, data["version"]);
        let version = data["version"].as_u64().expect("a version");
        let now_ms = integer(&data["now_ms"], "now_ms");
        assert_eq!(event["seq"].as_u64(), Some(version), "{what}");
        let snapshot = match text(&data["kind"], "kind") {
            "snapshot" => true,
            "delta" => false,
            other => panic!("{what}: kind {other}"),
        };
        let mut held = None;
        if snapshot {
            let mut begun = Market::default();
            if let Some(before) = self.markets.remove(&stream) {
                assert!(version >= before.version, "{what}: time goes back");
                let jump = (version - before.version).saturating_sub(1);
                begun.jumped = before.jumped + jump;
                begun.longest_jump = before.longest_jump.max(jump);
                begun.snapshots = before.snapshots;
                if version == before.version {
                    held = Some(before.clone());
                }
                begun.traded = before.traded;
            }
            begun.snapshots += 1;
            begun.mode = text(&data["mode"], "mode").to_owned();
            begun.run_id = text(&data["run_id"], "run_id").to_owned();
            self.markets.insert(stream.clone(), begun);
        }
        let market = self
            .markets
            .get_mut(&stream)
            .unwrap_or_else(|| panic!("{what}: a delta before any snapshot"));
        if !snapshot {
            assert_eq!(
                data["base_version"].as_u64(),
                Some(market.version),
                "{what}: the delta does not apply"
            );
            assert_eq!(
                version,
                market.version + 1,
                "{what}: after {}",
                market.version
            );
        }
        market.version = version;
        for name in FIGURES {
            let Some(field) = data.get(name) else {
                continue;
            };
            if check_mark(name, field, now_ms) {
                let mut value = field["v"].clone();
                assert!(!value.is_null(), "{what}: {name} has no value: {field}");
                if let Some(hours) = field.get("interval_h") {
                    value = serde_json::json!([value, hours]);
                }
                market.values.insert(name.to_owned(), value);
            } else {
                market.values.remove(name);
            }
        }
        if let Some(instrument) = data.get("instrument") {
            market
                .values
                .insert("instrument".to_owned(), instrument.clone());
        }
        if let Some(field) = data.get("book") {
            market.book(field, now_ms, snapshot, &what);
        }
        if let Some(field) = data.get("trades") {
            market.trades(field, now_ms, snapshot, &what);
        }
        for (name, field) in data.as_object().expect("an object") {
            if let Some(state) = field.get("state") {
                let state = text(state, "state").to_owned();
                market.states.insert(name.clone(), state);
            }
        }
        if let Some(held) = held {
            assert_eq!(
                market.state_text(),
                held.state_text(),
                "{what}: a snapshot of the version that is held says otherwise"
            );
            // A snapshot has up to a hundred trades, which may be fewer than are held.
            let kept = held.tape.len().saturating_sub(market.tape.len());
            assert!(held.tape.iter().skip(kept).eq(&market.tape), "{what}");
        }
        let digest = market.digest();
        let told = self.history.entry((stream, version)).or_insert(digest);
        assert_eq!(*told, digest, "{what}: the same version with another state");
    }

    fn batch(&mut self, stream: Stream, event: &Value) {
        let data = &event["data"];
        check_mark("batch", data, integer(&data["now_ms"], "now_ms"));
        let seq = event["seq"].as_u64().expect("a sequence number");
        let held = self.batches.insert(stream, seq);
        match text(&data["kind"], "kind") {
            "snapshot" => assert!(held.is_none_or(|held| held <= seq), "{event}"),
            "delta" => assert!(held.is_none_or(|held| held + 1 == seq), "{event}"),
            other => panic!("kind {other}"),
        }
        assert!(
            data["rows"].is_array() && data["sums"].is_array(),
            "{event}"
        );
    }

    fn status(&mut self, event: &Value) {
        let data = &event["data"];
        for name in ["connection", "run_id", "mode", "ts_source"] {
            text(&data[name], name);
        }
        for name in ["since_ms", "reconnects", "frames", "gaps", "duplicates"] {
            integer(&data[name], name);
        }
        for name in ["refused", "skipped"] {
            assert!(data[name].is_object(), "{name} in {data}");
        }
        for name in ["reason", "rtt_ms"] {
            assert!(data.get(name).is_some(), "{name} is not there: {data}");
        }
        assert_eq!(event["symbol"], "*");
        let now_ms = integer(&data["now_ms"], "now_ms");
        for stream in data["streams"].as_array().expect("streams") {
            check_mark(text(&stream["channel"], "channel"), stream, now_ms);
            text(&stream["symbol"], "symbol");
        }
        let source = text(&event["source"], "source").to_owned();
        if let Some(before) = self.statuses.get(&source) {
            assert!(before["seq"].as_u64() < event["seq"].as_u64(), "{event}");
        }
        self.statuses.insert(source, event.clone());
    }

    /// A market by source and symbol.
    pub(crate) fn market(&self, source: &str, symbol: &str) -> Option<&Market> {
        let stream = (source.into(), "agg_update".into(), symbol.into());
        self.markets.get(&stream)
    }

    /// The newest status of a venue.
    pub(crate) fn status_of(&self, source: &str) -> &Value {
        self.statuses
            .get(source)
            .map_or(&Value::Null, |event| &event["data"])
    }

    /// Checks that wherever both were, they held the same; gives the number of versions compared.
    pub(crate) fn agrees_with(&self, truth: &Self) -> usize {
        let mut compared = 0;
        for (at, digest) in &self.history {
            if let Some(true_digest) = truth.history.get(at) {
                assert_eq!(digest, true_digest, "a wrong state at {at:?}");
                compared += 1;
            }
        }
        compared
    }
}
