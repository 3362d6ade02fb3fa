//! What the log holds of orders, and how long.

use super::{By, Recalled};
use hypersentry_execution::keys::RETENTION_MS;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::Record;
use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(super) struct Remembered {
    at: Timestamp,
    /// On whose behalf it was asked for.
    by: By,
    group: Cloid,
    /// With their places in the log.
    lines: Vec<(u64, Record)>,
    ended: Option<Timestamp>,
    strategy: Option<String>,
}

/// An order as it was found: when it was asked for, and on whose behalf.
pub(crate) type Created = BTreeMap<Cloid, (Timestamp, By)>;

impl Recalled {
    pub(super) fn relay(&mut self, at: Timestamp, by: By, record: Record, now: Timestamp) {
        let cloid = match &record {
            Record::Kill { on } => {
                self.killed = *on;
                return;
            }
            Record::Intent { intent, .. } => intent.cloid,
            Record::CancelIntent { cloid, .. } | Record::Ended { cloid, .. } => *cloid,
            Record::Bracket { entry, .. } => *entry,
        };
        self.place += 1;
        let labelled = match (&record, &self.label) {
            (Record::Intent { intent, .. }, Some((group, label))) => {
                let first = Name::new(intent.group).to_string();
                (*group == first).then(|| label.clone())
            }
            _ => None,
        };
        let first = Remembered {
            at,
            by,
            strategy: labelled,
            ..Remembered::default()
        };
        if let Record::Intent { intent, .. } = &record {
            self.groups.entry(intent.group).or_default().push(cloid);
        }
        let held = self.orders.entry(cloid).or_insert(first);
        if let Record::Intent { intent, .. } = &record {
            held.group = intent.group;
        }
        let group = held.group;
        let ended = match record {
            Record::Ended { at, .. } => Some(at),
            _ => None,
        };
        held.ended = held.ended.or(ended);
        held.lines.push((self.place, record));
        if ended.is_some() {
            self.cancelled_all.ended(&cloid);
            self.clear(group, now);
        }
    }

    /// Forgets a request all orders of which ended longer than a day ago: nobody repeats it any more.
    fn clear(&mut self, group: Cloid, now: Timestamp) {
        let over = |cloid: &Cloid| {
            let ended = self.orders.get(cloid).and_then(|held| held.ended);
            ended.is_some_and(|at| at.plus_ms(RETENTION_MS) <= now)
        };
        let orders = self.groups.get(&group);
        if orders.is_some_and(|orders| orders.iter().all(over)) {
            for cloid in self.groups.remove(&group).unwrap_or_default() {
                self.orders.remove(&cloid);
            }
        }
    }

    /// The labels of orders that have one.
    pub(crate) fn labels(&self) -> BTreeMap<Cloid, String> {
        let labelled = self.orders.iter();
        labelled
            .filter_map(|(cloid, held)| Some((*cloid, held.strategy.clone()?)))
            .collect()
    }

    /// The relay's lines in their order, and when each order was asked for, by whom.
    pub(crate) fn records(self) -> (Vec<Record>, Created) {
        let mut created = Created::new();
        let mut lines = Vec::new();
        if self.killed {
            lines.push((0, Record::Kill { on: true }));
        }
        for (cloid, held) in self.orders {
            created.insert(cloid, (held.at, held.by));
            lines.extend(held.lines);
        }
        lines.sort_by_key(|(place, _)| *place);
        let records = lines.into_iter().map(|(_, record)| record);
        (records.collect(), created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_execution::keys::Key;
    use hypersentry_execution::order::{Aim, Intent, Leg, Side, State, Terms};
    use hypersentry_model::{Price, Size, Symbol};

    const DAY: i64 = RETENTION_MS;

    fn intent(name: u8, leg: Leg) -> Record {
        let px = Price::parse("49500").unwrap();
        Record::Intent {
            key: Key::new(&format!("k{name}")).unwrap(),
            body: [name; 32],
            intent: Intent {
                cloid: [name; 16],
                group: [1; 16],
                leg,
                terms: Terms::Trigger {
                    trigger: px,
                    px,
                    market: true,
                    aim: Aim::Stop,
                },
                symbol: Symbol::new("BTC").unwrap(),
                side: Side::Sell,
                size: Size::parse("0.01").unwrap(),
                reduce_only: true,
                expires_after: Timestamp::from_ms(1),
                replaces: None,
            },
        }
    }

    fn ended(name: u8, at: i64) -> Record {
        Record::Ended {
            cloid: [name; 16],
            state: State::Cancelled,
            filled: Size::ZERO,
            at: Timestamp::from_ms(at),
        }
    }

    fn recalled(records: &[Record], now: i64) -> Vec<Record> {
        let mut recalled = Recalled::default();
        for record in records {
            recalled.relay(
                Timestamp::from_ms(1),
                By::default(),
                record.clone(),
                Timestamp::from_ms(now),
            );
        }
        recalled.records().0
    }

    #[test]
    fn an_entry_is_kept_as_long_as_a_stop_of_it_lives_and_a_day_longer() {
        let (entry, stop) = (intent(1, Leg::Entry), intent(2, Leg::StopLoss));
        let bracket = Record::Bracket {
            entry: [1; 16],
            taken: false,
            settled: Size::parse("0.004").unwrap(),
        };
        let lives = [entry, stop, ended(1, 10), bracket];
        // Nothing is missing, and all in its order.
        assert_eq!(recalled(&lives, 9 * DAY), lives);
        let mut over = lives.to_vec();
        over.push(ended(2, 5 * DAY));
        assert_eq!(recalled(&over, 6 * DAY - 1), over);
        assert_eq!(recalled(&over, 6 * DAY), []);
    }

    #[test]
    fn lines_of_logs_without_brackets_are_read_and_those_of_brackets_say_what_they_mean() {
        let old = r#"{"record":"kill","on":true}"#;
        let read: Record = serde_json::from_str(old).unwrap();
        assert_eq!(read, Record::Kill { on: true });
        let line = Record::Bracket {
            entry: [1; 16],
            taken: true,
            settled: Size::ZERO,
        };
        let text = r#"{"record":"bracket","entry":"0x01010101010101010101010101010101","taken":true,"settled":"0"}"#;
        assert_eq!(serde_json::to_string(&line).unwrap(), text);
        assert_eq!(serde_json::from_str::<Record>(text).unwrap(), line);
    }
}
