//! Ends the process in order when asked to.

/// The ways in which a process is asked to end: Ctrl-C, and the signal with which services are stopped.
///
/// They are caught from the making of this value on, not only once it is waited for: whoever stops a process that has just said
/// where it listens stops it in order too.
#[derive(Debug)]
pub(crate) struct Requests {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Requests {
    /// Catches them. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn catch() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the first.
    #[cfg_attr(not(unix), allow(unused_mut))]
    pub(crate) async fn first(mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }
}
