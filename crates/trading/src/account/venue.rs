//! What is asked of the venue in turn, and how often.

use super::courier::USED_UP;
use super::{Account, Message, News};
use crate::log::By;
use crate::polling::Pace;
use crate::view::Why;
use hypersentry_model::Timestamp;

/// When each thing was asked for last, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rounds {
    assets: Option<Timestamp>,
    fees: Option<Timestamp>,
    positions: Option<Timestamp>,
    whole: Option<Timestamp>,
    /// One look at a time.
    pub(super) looking: bool,
    /// Looks in a row that failed.
    pub(super) failed: u32,
    /// Something does not fit: look again soon.
    pub(super) hurried: bool,
    /// A trade changed the positions.
    pub(super) moved: bool,
    /// It is not known whose a position is.
    pub(super) doubted: bool,
}

/// Lists of markets change over days; their mark prices are not relied on.
const ASSETS_MS: i64 = 300_000;
const FEES_MS: i64 = 600_000;
/// Positions that are younger are as they are.
const SEEN_MS: i64 = 4_000;
/// Longer an order does not wait for its account's positions.
const REFRESH: std::time::Duration = std::time::Duration::from_millis(1_500);
/// After trades, at most so often.
const MOVED_MS: i64 = 700;
/// Between looks that are hurried: what only overtook something else is over within the first, and what stays must not use up the allowance.
const HURRIED_MS: [i64; 7] = [1_500, 1_500, 1_500, 5_000, 10_000, 20_000, 30_000];

fn hurried_ms(bad_looks: u32) -> i64 {
    let at = usize::try_from(bad_looks).unwrap_or(usize::MAX);
    HURRIED_MS.get(at).copied().unwrap_or(i64::MAX)
}

/// After looks that failed; the venue may be away.
const FAILED_MS: [i64; 4] = [5_000, 10_000, 20_000, 30_000];

impl Rounds {
    /// How long after a look the next one is due.
    fn whole_ms(&self, bad_looks: u32, usual_ms: i64) -> i64 {
        if !self.hurried {
            return usual_ms;
        }
        let failed = usize::try_from(self.failed).unwrap_or(usize::MAX);
        let failed = failed.checked_sub(1);
        let failed_ms = failed.map_or(0, |at| FAILED_MS[at.min(FAILED_MS.len() - 1)]);
        hurried_ms(bad_looks).min(usual_ms).max(failed_ms)
    }
}

fn due(last: Option<Timestamp>, now: Timestamp, every_ms: i64) -> bool {
    // Also when the clock was set back.
    last.is_none_or(|last| now >= last.plus_ms(every_ms) || now < last)
}

impl Account {
    pub(super) fn look_soon(&mut self) {
        self.figures.rounds.hurried = true;
    }

    /// Somebody asked for something: what is older than a few seconds is asked for at once.
    pub(super) fn in_use(&mut self) {
        let now = self.now();
        if let Some(polling) = &self.polling {
            polling.asked(self.address, now);
        }
        let seen = self.figures.positions.as_ref();
        let old = seen.is_some_and(|(_, stamp)| now > stamp.as_of.plus_ms(SEEN_MS));
        self.figures.rounds.moved |= old;
    }

    /// Looks at the positions before an order, where the last look is not of now: there are too many accounts to look at each as often as that. Without
    /// an answer the checks find what is held stale.
    pub(super) async fn refresh(&mut self) {
        let now = self.now();
        let seen = self.figures.positions.as_ref();
        if seen.is_none_or(|(_, stamp)| now <= stamp.as_of.plus_ms(2 * SEEN_MS)) {
            return;
        }
        let courier = self.courier(By::default(), None);
        if let Ok(Ok(news)) = tokio::time::timeout(REFRESH, courier.positions()).await {
            self.figures.rounds.positions = Some(now);
            self.news(news);
        }
    }

    fn pace(&self, now: Timestamp) -> Pace {
        let alone = Pace {
            positions_ms: SEEN_MS,
            whole_ms: 30_000,
        };
        let Some(polling) = &self.polling else {
            return alone;
        };
        let lives = self.relay.orders().any(|it| !it.state().is_terminal());
        let exposed = lives || !self.figures.held().is_empty() || !self.twaps.is_empty();
        polling.exposed(self.address, exposed);
        polling.pace(self.address, now)
    }

    /// Asks for what is due.
    pub(super) fn ask_venue(&mut self) {
        let now = self.now();
        let pace = self.pace(now);
        let figures = &mut self.figures;
        let rounds = &mut figures.rounds;
        let mut ask = (false, false, false, false);
        let mut traded = false;
        if due(rounds.assets, now, ASSETS_MS) {
            rounds.assets = Some(now);
            ask.0 = true;
        }
        if due(rounds.fees, now, FEES_MS) {
            rounds.fees = Some(now);
            ask.1 = true;
        }
        let every = rounds.whole_ms(figures.bad_looks, pace.whole_ms);
        if due(rounds.whole, now, every) && !rounds.looking {
            rounds.whole = Some(now);
            rounds.positions = Some(now);
            rounds.looking = true;
            rounds.hurried = false;
            ask.3 = true;
        } else if due(
            rounds.positions,
            now,
            if rounds.moved || rounds.doubted {
                MOVED_MS
            } else {
                pace.positions_ms
            },
        ) {
            rounds.positions = Some(now);
            rounds.moved = false;
            traded = std::mem::take(&mut rounds.doubted);
            ask.2 = true;
        }
        let from = self.figures.history_from(now);
        let spawn = |which: u8| {
            let courier = self.courier(By::default(), None);
            let inbox = self.inbox.clone();
            tokio::spawn(async move {
                let news = match which {
                    0 => courier.assets().await,
                    1 => courier.fees().await,
                    2 if traded => courier.traded_positions(from[0]).await,
                    2 => courier.positions().await,
                    _ => match courier.whole(from).await {
                        Ok(whole) => Ok(News::Whole(Box::new(whole))),
                        Err(why) => Ok(News::Unseen(why)),
                    },
                };
                let news = news.unwrap_or_else(News::Unreadable);
                let _ = inbox.send(Message::News(news)).await;
            });
        };
        for (which, due) in [(0, ask.0), (1, ask.1), (2, ask.2), (3, ask.3)] {
            if due {
                spawn(which);
            }
        }
    }

    /// Something could not be had: it is asked for again soon.
    pub(super) fn unreadable(&mut self, why: Why) {
        tracing::warn!(account = %self.name, code = %why.code, "the account cannot be read: {}", why.text);
        if self.figures.assets.is_empty() {
            self.figures.rounds.assets = Some(self.now().plus_ms(2_000 - ASSETS_MS));
        }
        self.figures.trouble = Some(why);
    }

    /// A look failed. A locked account waits for one that finds nothing, and one that may be wrong for one that shows it.
    pub(super) fn unseen(&mut self, why: Why) {
        let rounds = &mut self.figures.rounds;
        rounds.looking = false;
        // To ask again sooner than in turn would take the allowance from those whose turn it is, and nobody would be seen whole.
        if why.code != USED_UP {
            rounds.failed = rounds.failed.saturating_add(1);
            rounds.hurried = true;
        }
        self.unreadable(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_failed_is_made_again_long_before_the_turn_of_the_account() {
        let after = |failed: u32, bad_looks: u32| {
            let rounds = Rounds {
                hurried: true,
                failed,
                ..Rounds::default()
            };
            rounds.whole_ms(bad_looks, 218_000)
        };
        let paces = [0, 1, 2, 3, 4, 400].map(|failed| after(failed, 0));
        assert_eq!(paces, [1_500, 5_000, 10_000, 20_000, 30_000, 30_000]);
        // What was found three times and then not looked at is no more urgent.
        assert_eq!((after(0, 4), after(1, 4)), (10_000, 10_000));
        assert_eq!(Rounds::default().whole_ms(0, 218_000), 218_000);
    }
}
