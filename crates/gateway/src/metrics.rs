//! What the server counts of itself, as Prometheus reads it.

use hypersentry_api::Hub;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the classes of latencies, in microseconds; what is longer counts in all of them but these.
const BOUNDS_US: [u64; 20] = [
    50, 100, 200, 350, 500, 750, 1_000, 1_500, 2_500, 5_000, 10_000, 20_000, 35_000, 50_000,
    75_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
];

/// A count.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Latencies by class.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    classes: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Latency {
    pub(crate) fn add(&self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS_US.partition_point(|bound| *bound < us);
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    fn counts(&self) -> Vec<u64> {
        let classes = self.classes.iter();
        classes.map(|class| class.load(Ordering::Relaxed)).collect()
    }

    /// The bound of the class in which a quantile lies, in seconds; infinite beyond the last.
    fn quantile(counts: &[u64], share: f64) -> Option<f64> {
        let total: u64 = counts.iter().sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let class = counts.iter().position(|n| {
            seen += n;
            seen >= rank
        })?;
        let bound = BOUNDS_US.get(class);
        Some(bound.map_or(f64::INFINITY, |us| *us as f64 / 1e6))
    }

    fn print(&self, name: &str, help: &str, out: &mut String) {
        let counts = self.counts();
        head(out, name, "histogram", help);
        let mut below = 0;
        for (bound, count) in BOUNDS_US.iter().zip(&counts) {
            below += count;
            let le = *bound as f64 / 1e6;
            let _ = writeln!(out, "{name}_bucket{{le=\"{le}\"}} {below}");
        }
        let total: u64 = counts.iter().sum();
        let sum = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "{name}_sum {sum}\n{name}_count {total}");
        let quantiles = format!("{name}_upper_bound");
        head(
            out,
            &quantiles,
            "gauge",
            "Class in which the quantile lies, since the start.",
        );
        for share in [0.5, 0.95, 0.99] {
            if let Some(bound) = Self::quantile(&counts, share) {
                let _ = writeln!(out, "{quantiles}{{quantile=\"{share}\"}} {bound}");
            }
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Counts by name, of a fixed list.
#[derive(Debug)]
pub(crate) struct Named<const N: usize> {
    names: [&'static str; N],
    counts: [Count; N],
}

impl<const N: usize> Named<N> {
    fn new(names: [&'static str; N]) -> Self {
        Self {
            names,
            counts: std::array::from_fn(|_| Count::default()),
        }
    }

    /// A name that is not on the list counts with the last.
    pub(crate) fn add(&self, name: &str) {
        let at = self.names.iter().position(|n| *n == name);
        if let Some(count) = self.counts.get(at.unwrap_or(N - 1)) {
            count.add(1);
        }
    }

    fn print(&self, out: &mut String, name: &str, label: &str, help: &str) {
        head(out, name, "counter", help);
        for (value, count) in self.names.iter().zip(&self.counts) {
            let _ = writeln!(out, "{name}{{{label}=\"{value}\"}} {}", count.get());
        }
    }
}

/// All counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Messages handed to sockets.
    pub(crate) sent: Count,
    /// Their bytes, with frames.
    pub(crate) sent_bytes: Count,
    /// System calls with which they were.
    pub(crate) writes: Count,
    /// How often a socket was full.
    pub(crate) full: Count,
    /// From the venue's event time until a socket had it.
    pub(crate) from_event: Latency,
    /// From when the fan-out got it until a socket had it.
    pub(crate) from_fan_out: Latency,
    /// Requests over HTTP.
    pub(crate) requests: Count,
    /// Refusals by code.
    pub(crate) refused: Named<18>,
    /// Ends of sockets by reason.
    pub(crate) ended: Named<8>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            sent: Count::default(),
            sent_bytes: Count::default(),
            writes: Count::default(),
            full: Count::default(),
            from_event: Latency::default(),
            from_fan_out: Latency::default(),
            requests: Count::default(),
            refused: Named::new([
                "too_many_connections",
                "too_many_clients",
                "rate_limited",
                "origin_not_allowed",
                "login_required",
                "session_required",
                "session_expired",
                "session_revoked",
                "role_required",
                "grant_required",
                "csrf_required",
                "token_in_url",
                "login_rate_limited",
                "login_refused",
                "tls_handshake",
                "user_unknown",
                "user_disabled",
                "other",
            ]),
            ended: Named::new([
                "closed",
                "gone",
                "silent",
                "stopping",
                "message_too_large",
                "malformed_frame",
                "rate_limited",
                "other",
            ]),
        }
    }

    /// The text that Prometheus reads (exposition format 0.0.4).
    pub(crate) fn print(&self, hub: &Hub) -> String {
        let mut out = String::with_capacity(8 << 10);
        let out_ref = &mut out;
        let depth = hub.depth();
        let gauge = |out: &mut String, name: &str, help: &str, value: u64| {
            head(out, name, "gauge", help);
            let _ = writeln!(out, "{name} {value}");
        };
        let counter = |out: &mut String, name: &str, help: &str, count: &Count| {
            head(out, name, "counter", help);
            let _ = writeln!(out, "{name} {}", count.get());
        };
        gauge(
            out_ref,
            "hypersentry_ws_clients",
            "Clients connected.",
            hub.clients() as u64,
        );
        gauge(
            out_ref,
            "hypersentry_ws_queued_messages",
            "Messages that wait for all clients together.",
            depth.messages as u64,
        );
        gauge(
            out_ref,
            "hypersentry_ws_queued_bytes",
            "Bytes that wait for all clients together, each message counted for each.",
            depth.bytes as u64,
        );
        gauge(
            out_ref,
            "hypersentry_ws_longest_queue",
            "Messages that wait for the client for whom most wait.",
            depth.longest as u64,
        );
        let name = "hypersentry_ws_dropped_total";
        head(
            out_ref,
            name,
            "counter",
            "Messages that a slow client was not sent, by class; it gets the newest state instead.",
        );
        for (class, count) in hub.dropped() {
            let _ = writeln!(out_ref, "{name}{{class=\"{class}\"}} {count}");
        }
        counter(
            out_ref,
            "hypersentry_ws_sent_total",
            "Messages handed to sockets.",
            &self.sent,
        );
        counter(
            out_ref,
            "hypersentry_ws_sent_bytes_total",
            "Their bytes.",
            &self.sent_bytes,
        );
        counter(
            out_ref,
            "hypersentry_ws_writes_total",
            "System calls that wrote them.",
            &self.writes,
        );
        counter(
            out_ref,
            "hypersentry_ws_full_total",
            "How often a socket took no more.",
            &self.full,
        );
        counter(
            out_ref,
            "hypersentry_http_requests_total",
            "Requests over HTTP.",
            &self.requests,
        );
        self.refused.print(
            out_ref,
            "hypersentry_refused_total",
            "code",
            "Refusals by code.",
        );
        self.ended.print(
            out_ref,
            "hypersentry_ws_ended_total",
            "reason",
            "Ends of sockets by reason.",
        );
        self.from_event.print(
            "hypersentry_broadcast_from_event_seconds",
            "From an event's time until a socket had it.",
            out_ref,
        );
        self.from_fan_out.print(
            "hypersentry_broadcast_from_ingest_seconds",
            "From when the fan-out took an event until a socket had it.",
            out_ref,
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_fall_into_their_classes() {
        let latency = Latency::default();
        for us in [10, 50, 51, 900, 9_000_000] {
            latency.add(Duration::from_micros(us));
        }
        let counts = latency.counts();
        assert_eq!((counts[0], counts[1], counts[6]), (2, 1, 1));
        assert_eq!(counts[BOUNDS_US.len()], 1);
        assert_eq!(Latency::quantile(&counts, 0.5), Some(0.0001));
        assert_eq!(Latency::quantile(&counts, 0.99), Some(f64::INFINITY));
        let mut text = String::new();
        latency.print("x", "y", &mut text);
        assert!(text.contains("x_bucket{le=\"+Inf\"} 5\n"), "{text}");
    }

    #[test]
    fn an_unknown_name_counts_with_the_last() {
        let named = Named::new(["a", "other"]);
        named.add("a");
        named.add("b");
        assert_eq!((named.counts[0].get(), named.counts[1].get()), (1, 1));
    }
}
