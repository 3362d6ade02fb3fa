//! The faults of one venue that are in force.

use std::collections::{BTreeMap, VecDeque};

/// Channels that carry trades, by the venues' names.
const TRADE_CHANNELS: [&str; 5] = ["trade", "aggTrade", "trades", "matches", "publicTrade"];

type Feed = (String, String);

/// Faults of signed requests that wait for their turn.
const MOST_ACTION_FAULTS: usize = 64;

/// What befalls a signed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionFault {
    /// It is not answered.
    Lost { performed: bool },
    /// It is answered with an error status.
    Failed { status: u16, performed: bool },
    /// It is answered late, and with `action_waits` performed late.
    Late { delay_ms: i64, action_waits: bool },
}

/// What happens to a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    Through,
    Lost,
    Twice,
    /// Kept back until a time, or until the feed's next frame has gone out.
    Held(Option<i64>),
}

/// The faults of one venue that last. Times are market milliseconds until which they hold; feeds are a channel and a
/// symbol.
#[derive(Debug, Default)]
pub(crate) struct VenueFaults {
    pub(crate) refuse_until: i64,
    pub(crate) silent_until: i64,
    pub(crate) maintenance_until: i64,
    pub(crate) banned_until: i64,
    /// Added to every time that the venue writes.
    clock_offset_ms: i64,
    silent_channels: BTreeMap<Feed, i64>,
    duplicate_trades: BTreeMap<String, i64>,
    wrong_snapshots: BTreeMap<String, i64>,
    delay: (u64, i64),
    storm_until: i64,
    slow_rest: (u64, i64),
    skip: BTreeMap<Feed, u32>,
    twice: BTreeMap<Feed, u32>,
    /// Frames left to overtake, and whether one is waiting to be overtaken.
    reorder: BTreeMap<Feed, (u32, bool)>,
    late: BTreeMap<Feed, (i64, i64)>,
    /// What befalls the next signed requests, and how many of them; at most [`MOST_ACTION_FAULTS`].
    actions: VecDeque<(u32, ActionFault)>,
}

/// Takes one from a counter.
fn take(counters: &mut BTreeMap<Feed, u32>, channel: &str, symbol: &str) -> bool {
    if counters.is_empty() {
        return false;
    }
    let key = (channel.to_owned(), symbol.to_owned());
    let Some(left) = counters.get_mut(&key) else {
        return false;
    };
    *left -= 1;
    if *left == 0 {
        counters.remove(&key);
    }
    true
}

impl VenueFaults {
    /// What the clock of the venue shows.
    pub(crate) fn stamp(&self, now_ms: i64) -> i64 {
        now_ms + self.clock_offset_ms
    }

    /// Ends everything that lasts; a stepped clock stays where it is.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            clock_offset_ms: self.clock_offset_ms,
            ..Self::default()
        };
    }

    pub(crate) fn step_clock(&mut self, step_ms: i64) {
        self.clock_offset_ms = self.clock_offset_ms.saturating_add(step_ms);
    }

    /// What happens to the next frame of a feed; counts it.
    pub(crate) fn passage(&mut self, channel: &str, symbol: &str, now_ms: i64) -> Passage {
        if self.channel_silent(channel, symbol, now_ms) || take(&mut self.skip, channel, symbol) {
            return Passage::Lost;
        }
        if take(&mut self.twice, channel, symbol)
            || (TRADE_CHANNELS.contains(&channel) && self.duplicates(symbol, now_ms))
        {
            return Passage::Twice;
        }
        if !self.late.is_empty()
            && let Some((delay_ms, until)) = self.late.get(&(channel.to_owned(), symbol.to_owned()))
            && now_ms < *until
        {
            return Passage::Held(Some(now_ms + delay_ms));
        }
        if !self.reorder.is_empty()
            && let Some((left, waits)) = self
                .reorder
                .get_mut(&(channel.to_owned(), symbol.to_owned()))
        {
            if *waits {
                *waits = false;
            } else if *left > 0 {
                *left -= 1;
                *waits = true;
                return Passage::Held(None);
            }
        }
        Passage::Through
    }

    /// Has a fault befall the next signed requests, after those that wait already. Beyond the bound it does not.
    pub(crate) fn befall_actions(&mut self, count: u32, fault: ActionFault) {
        if count > 0 && self.actions.len() < MOST_ACTION_FAULTS {
            self.actions.push_back((count, fault));
        }
    }

    /// What befalls the next signed request; counts it.
    pub(crate) fn next_action_fault(&mut self) -> Option<ActionFault> {
        let (left, fault) = self.actions.front_mut()?;
        let fault = *fault;
        *left -= 1;
        if *left == 0 {
            self.actions.pop_front();
        }
        Some(fault)
    }

    pub(crate) fn silence_channel(&mut self, channel: String, symbol: String, until: i64) {
        self.silent_channels.insert((channel, symbol), until);
    }

    pub(crate) fn channel_silent(&self, channel: &str, symbol: &str, now_ms: i64) -> bool {
        !self.silent_channels.is_empty()
            && self
                .silent_channels
                .iter()
                .any(|((c, s), until)| c == channel && s == symbol && now_ms < *until)
    }

    pub(crate) fn duplicate(&mut self, symbol: String, until: i64) {
        self.duplicate_trades.insert(symbol, until);
    }

    fn duplicates(&self, symbol: &str, now_ms: i64) -> bool {
        self.duplicate_trades
            .get(symbol)
            .is_some_and(|until| now_ms < *until)
    }

    pub(crate) fn set_delay(&mut self, delay_ms: u64, until: i64) {
        self.delay = (delay_ms.min(10_000), until);
    }

    pub(crate) fn delay_ms(&self, now_ms: i64) -> u64 {
        if now_ms < self.delay.1 {
            self.delay.0
        } else {
            0
        }
    }

    pub(crate) fn set_storm(&mut self, until: i64) {
        self.storm_until = until;
    }

    pub(crate) fn storms(&self, now_ms: i64) -> bool {
        now_ms < self.storm_until
    }

    /// Until when, if there is a storm now.
    pub(crate) fn storm_end(&self, now_ms: i64) -> Option<i64> {
        self.storms(now_ms).then_some(self.storm_until)
    }

    pub(crate) fn set_slow_rest(&mut self, delay_ms: u64, until: i64) {
        self.slow_rest = (delay_ms.min(120_000), until);
    }

    pub(crate) fn rest_delay_ms(&self, now_ms: i64) -> u64 {
        if now_ms < self.slow_rest.1 {
            self.slow_rest.0
        } else {
            0
        }
    }

    pub(crate) fn set_wrong_snapshot(&mut self, symbol: String, until: i64) {
        self.wrong_snapshots.insert(symbol, until);
    }

    /// A snapshot's price: right, or one percent too high.
    pub(crate) fn snapshot_px(&self, symbol: &str, now_ms: i64, px: i64) -> i64 {
        let wrong = self
            .wrong_snapshots
            .get(symbol)
            .is_some_and(|until| now_ms < *until);
        if wrong { px + (px / 100).max(1) } else { px }
    }

    pub(crate) fn skip(&mut self, channel: String, symbol: String, count: u32) {
        if count > 0 {
            *self.skip.entry((channel, symbol)).or_default() += count;
        }
    }

    pub(crate) fn repeat(&mut self, channel: String, symbol: String, count: u32) {
        if count > 0 {
            *self.twice.entry((channel, symbol)).or_default() += count;
        }
    }

    pub(crate) fn reorder(&mut self, channel: String, symbol: String, count: u32) {
        self.reorder.entry((channel, symbol)).or_default().0 += count;
    }

    pub(crate) fn set_late(&mut self, channel: String, symbol: String, delay_ms: u64, until: i64) {
        let delay_ms = i64::try_from(delay_ms.min(60_000)).unwrap_or(60_000);
        self.late.insert((channel, symbol), (delay_ms, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_takes_its_frames_and_no_others() {
        let mut faults = VenueFaults::default();
        let feed = || ("books".to_owned(), "BTC-USDT-SWAP".to_owned());
        let (channel, symbol) = feed();
        faults.skip(channel, symbol, 1);
        let next = |faults: &mut VenueFaults| faults.passage("books", "BTC-USDT-SWAP", 100);
        assert_eq!(
            faults.passage("books", "ETH-USDT-SWAP", 100),
            Passage::Through
        );
        assert_eq!(next(&mut faults), Passage::Lost);
        assert_eq!(next(&mut faults), Passage::Through);
        faults.repeat(feed().0, feed().1, 1);
        assert_eq!(next(&mut faults), Passage::Twice);
        faults.reorder(feed().0, feed().1, 1);
        assert_eq!(next(&mut faults), Passage::Held(None));
        assert_eq!(next(&mut faults), Passage::Through);
        assert_eq!(next(&mut faults), Passage::Through);
        faults.set_late(feed().0, feed().1, 250, 200);
        assert_eq!(next(&mut faults), Passage::Held(Some(350)));
        assert_eq!(
            faults.passage("books", "BTC-USDT-SWAP", 200),
            Passage::Through
        );
        faults.duplicate("BTC-USDT-SWAP".into(), 500);
        assert_eq!(
            faults.passage("trades", "BTC-USDT-SWAP", 300),
            Passage::Twice
        );
        assert_eq!(next(&mut faults), Passage::Held(Some(350)));
        faults.set_wrong_snapshot("X".into(), 10);
        assert_eq!(
            (
                faults.snapshot_px("X", 9, 1_000),
                faults.snapshot_px("X", 10, 1_000)
            ),
            (1_010, 1_000)
        );
        faults.step_clock(-40);
        assert_eq!(faults.stamp(100), 60);
    }
}
