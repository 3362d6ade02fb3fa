//! What all clients of a load counted together.

use std::io::{self, Write};
use std::time::Duration;

/// Ages are counted by the millisecond up to this; older ones as this old.
const MAX_AGE_MS: usize = 60_000;

/// Pages of memory, in KB, and ticks of CPU time a second, as Linux reports them.
const PAGE_KB: u64 = 4;
const TICKS: f64 = 100.0;

/// Counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Connections that got all their answers.
    pub(crate) connected: u64,
    /// Refused by the server.
    pub(crate) refused: u64,
    /// Not connected in time, or cut off before their answers.
    pub(crate) failed: u64,
    /// Ended by the server while they were read.
    pub(crate) lost: u64,
    /// Events that arrived.
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Messages that are no JSON.
    pub(crate) malformed: u64,
    /// Deltas that do not follow what the client holds: must never be.
    pub(crate) holes: u64,
    /// Snapshots in place of deltas, for clients that were slow.
    pub(crate) snapshots: u64,
    /// Versions that those snapshots stood for.
    pub(crate) skipped: u64,
    /// How many events were so many milliseconds old.
    ages: Vec<u64>,
    /// How long each connection took until its answers, since [`Self::storm`].
    connects: Vec<Duration>,
    first: (u64, Duration),
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            connected: 0,
            refused: 0,
            failed: 0,
            lost: 0,
            events: 0,
            bytes: 0,
            malformed: 0,
            holes: 0,
            snapshots: 0,
            skipped: 0,
            ages: vec![0; MAX_AGE_MS + 1],
            connects: Vec::new(),
            first: (0, Duration::ZERO),
        }
    }
}

fn quantile(counts: &[u64], share: f64) -> Option<usize> {
    let total: u64 = counts.iter().sum();
    let rank = ((total as f64 * share).ceil() as u64).max(1);
    let mut seen = 0;
    counts.iter().position(|n| {
        seen += n;
        total > 0 && seen >= rank
    })
}

fn ms(found: Option<usize>) -> String {
    found.map_or_else(|| "-".to_owned(), |ms| ms.to_string())
}

impl Tally {
    pub(crate) fn connect(&mut self, took: Duration) {
        self.connected += 1;
        self.connects.push(took);
    }

    pub(crate) fn age(&mut self, ms: u64) {
        let at = usize::try_from(ms).map_or(MAX_AGE_MS, |ms| ms.min(MAX_AGE_MS));
        self.ages[at] += 1;
    }

    /// What came until now is not measured.
    pub(crate) fn begin(&mut self) {
        let slowest = self.connects.iter().max().copied().unwrap_or_default();
        self.first = (self.connected, slowest);
        (self.events, self.bytes, self.snapshots, self.skipped) = (0, 0, 0, 0);
        self.ages.fill(0);
        self.connects.clear();
    }

    /// The connections from now on are those of the storm.
    pub(crate) fn storm(&mut self) {
        self.connects.clear();
    }

    pub(crate) fn print(&self, out: &mut impl Write, span: Duration) -> io::Result<()> {
        let seconds = span.as_secs_f64();
        let (connected, slowest) = self.first;
        writeln!(
            out,
            "  clients connected     {connected} (slowest {:.3} s), refused {}, failed {}, lost {}",
            slowest.as_secs_f64(),
            self.refused,
            self.failed,
            self.lost
        )?;
        writeln!(
            out,
            "  delivered             {} events in {seconds:.0} s: {:.0} a second, {:.1} MB a second",
            self.events,
            self.events as f64 / seconds,
            self.bytes as f64 / seconds / 1e6
        )?;
        let newest = self.ages.iter().rposition(|n| *n > 0);
        writeln!(
            out,
            "  age on arrival, ms    p50 {}  p99 {}  max {}",
            ms(quantile(&self.ages, 0.5)),
            ms(quantile(&self.ages, 0.99)),
            ms(newest)
        )?;
        writeln!(
            out,
            "  loss by sequence      {} holes; {} snapshots stood for {} versions; {} malformed",
            self.holes, self.snapshots, self.skipped, self.malformed
        )?;
        if !self.connects.is_empty() {
            let mut took = self.connects.clone();
            took.sort_unstable();
            let at = |share: f64| {
                let n = (took.len() - 1) as f64 * share;
                took[n.round() as usize].as_secs_f64() * 1e3
            };
            writeln!(
                out,
                "  connected again       {} clients, ms p50 {:.0}  p99 {:.0}  max {:.0}",
                took.len(),
                at(0.5),
                at(0.99),
                at(1.0)
            )?;
        }
        Ok(())
    }
}

/// CPU time and memory of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    cpu_s: f64,
    rss_kb: u64,
}

impl Process {
    /// Reads them as Linux tells them (`proc(5)`).
    pub(crate) fn read(pid: u32) -> Result<Self, String> {
        let path = format!("/proc/{pid}/stat");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        // The name in parentheses may hold spaces: fields are counted from behind it, where the third begins.
        let fields: Vec<&str> = text
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().collect())
            .unwrap_or_default();
        let field = |n: usize| -> Result<u64, String> {
            let field = fields.get(n - 3).and_then(|f| f.parse().ok());
            field.ok_or_else(|| format!("{path} has no field {n}"))
        };
        Ok(Self {
            cpu_s: (field(14)? + field(15)?) as f64 / TICKS,
            rss_kb: field(24)? * PAGE_KB,
        })
    }

    /// From before any client, over all connected, to the end.
    pub(crate) fn print(
        &self,
        connected: &Self,
        end: &Self,
        tally: &Tally,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let spent = end.cpu_s - connected.cpu_s;
        let thousands = tally.events as f64 / 1e3;
        writeln!(
            out,
            "  server CPU            {spent:.2} s: {:.2} ms for 1,000 delivered events",
            spent * 1e3 / thousands.max(f64::MIN_POSITIVE)
        )?;
        let clients = tally.first.0.max(1) as f64;
        let each = |to: &Self| (to.rss_kb as f64 - self.rss_kb as f64) / clients;
        writeln!(
            out,
            "  server memory         {} MB before, {} MB connected ({:.1} KB a client), {} MB at the end ({:.1} KB a client)",
            self.rss_kb >> 10,
            connected.rss_kb >> 10,
            each(connected),
            end.rss_kb >> 10,
            each(end)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_what_was_counted() {
        assert_eq!(quantile(&[0, 0], 0.5), None);
        let counts = [0, 98, 1, 0, 1];
        assert_eq!(quantile(&counts, 0.5), Some(1));
        assert_eq!(quantile(&counts, 0.99), Some(2));
        assert_eq!(quantile(&counts, 1.0), Some(4));
        let mut tally = Tally::default();
        tally.age(u64::MAX);
        assert_eq!(tally.ages.last(), Some(&1));
    }
}
