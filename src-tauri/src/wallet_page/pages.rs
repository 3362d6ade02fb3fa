//! One page at a time, in the system's browser.

use super::{WalletPage, Words};
use hypersentry_api::ApiError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Open = dyn Fn(&str) -> Result<(), ApiError> + Send + Sync;

/// Opens an address in the system's browser.
#[derive(Clone)]
pub(crate) struct Browser(Arc<Open>);

impl Browser {
    pub(crate) fn new(open: impl Fn(&str) -> Result<(), ApiError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// The one that the user chose.
    pub(crate) fn system() -> Self {
        Self::new(|url| {
            open::that_detached(url).map_err(|e| {
                ApiError::new(
                    "browser_not_opened",
                    format!("the system's browser could not be opened: {e}"),
                )
                .retryable()
            })
        })
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser")
    }
}

/// One page at a time, for so long, until it is called off.
#[derive(Debug)]
pub(crate) struct Pages {
    browser: Browser,
    /// Begins the codes: `sign_in` gives `sign_in_running`, `sign_in_cancelled`, `sign_in_timeout`.
    matter: &'static str,
    wait: Duration,
    /// Ends the page that waits.
    waiting: Mutex<Option<CancellationToken>>,
}

/// Ends with the page, whatever ends it.
struct Waiting<'a>(&'a Pages);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *self.0.waiting() = None;
    }
}

impl Pages {
    pub(crate) fn new(browser: Browser, matter: &'static str, wait: Duration) -> Self {
        Self {
            browser,
            matter,
            wait,
            waiting: Mutex::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn waiting_for(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn waiting(&self) -> MutexGuard<'_, Option<CancellationToken>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a page waits in the browser.
    pub(crate) fn is_open(&self) -> bool {
        self.waiting().is_some()
    }

    /// Serves a page and opens it in the browser; `work` goes on with it to its end.
    ///
    /// # Errors
    /// `*_running`, `*_cancelled`, `*_timeout` with the matter before them; `browser_not_opened`, `loopback_unavailable`, and as of `work`.
    pub(crate) async fn show<T, Done>(
        &self,
        words: Words,
        work: impl FnOnce(WalletPage) -> Done,
    ) -> Result<T, ApiError>
    where
        Done: Future<Output = Result<T, ApiError>>,
    {
        let matter = self.matter;
        let refused =
            |what: &str, message: &str| ApiError::new(&format!("{matter}_{what}"), message);
        let cancel = CancellationToken::new();
        {
            let mut waiting = self.waiting();
            if waiting.is_some() {
                return Err(refused("running", "a page waits in the browser already"));
            }
            *waiting = Some(cancel.clone());
        }
        let _waiting = Waiting(self);
        let shown = async {
            let page = WalletPage::open(words).await?;
            (self.browser.0)(page.url())?;
            work(page).await
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(refused("cancelled", "it was called off")),
            () = tokio::time::sleep(self.wait) => {
                Err(refused("timeout", "the page in the browser was not answered in time").retryable())
            }
            done = shown => done,
        }
    }

    /// Calls off what waits in the browser, if anything does.
    pub(crate) fn cancel(&self) {
        if let Some(cancel) = self.waiting().as_ref() {
            cancel.cancel();
        }
    }
}
