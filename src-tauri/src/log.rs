//! What is logged, and what never is.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// The WebSocket library writes out each frame at this level, and one of them holds the session's token.
fn holds_no_frame(metadata: &Metadata<'_>) -> bool {
    *metadata.level() != Level::TRACE || !metadata.target().starts_with("tungstenite")
}

/// Logs what the filter lets through, but for frames.
pub(crate) fn logger<W>(filter: EnvFilter, writer: W, ansi: bool) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    registry()
        .with(filter)
        .with(filter_fn(holds_no_frame))
        .with(fmt::layer().with_writer(writer).with_ansi(ansi))
}
