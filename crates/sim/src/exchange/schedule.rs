//! The venue's dead man's switch, `scheduleCancel`: at a time at least five seconds ahead all open orders of the account go,
//! stops too. It asks for a traded volume and goes off at most ten times a UTC day.

use super::account::Schedule;
use super::address::Address;
use super::refusal::Refusal;
use super::state::Exchange;

const LEAST_MS: i64 = 5_000;
const A_DAY: u32 = 10;
const DAY_MS: i64 = 86_400_000;

impl Exchange {
    /// Sets the time, or with none clears it.
    ///
    /// # Errors
    /// [`Refusal::ScheduleVolume`], [`Refusal::ScheduleTooEarly`], [`Refusal::ScheduleSpent`].
    pub fn schedule_cancel(&mut self, owner: Address, at_ms: Option<i64>) -> Result<(), Refusal> {
        let (now_ms, wanted) = (self.now_ms, self.rules.schedule_volume);
        let Some(account) = self.accounts.get_mut(&owner) else {
            return Err(Refusal::MustDeposit(owner));
        };
        if let Some(at_ms) = at_ms {
            if account.volume < wanted {
                let traded = account.volume;
                return Err(Refusal::ScheduleVolume { traded });
            }
            if at_ms < now_ms + LEAST_MS {
                return Err(Refusal::ScheduleTooEarly);
            }
            let today = now_ms.div_euclid(DAY_MS);
            if account.schedule.day == today && account.schedule.triggered >= A_DAY {
                return Err(Refusal::ScheduleSpent);
            }
        }
        account.schedule.at_ms = at_ms;
        Ok(())
    }

    /// Lets the switches go off whose time has come.
    pub(super) fn cancel_scheduled(&mut self) {
        let now_ms = self.now_ms;
        let due: Vec<Address> = self
            .accounts
            .iter()
            .filter(|(_, account)| account.schedule.at_ms.is_some_and(|at| at <= now_ms))
            .map(|(user, _)| *user)
            .collect();
        for user in due {
            let Some(account) = self.accounts.get_mut(&user) else {
                continue;
            };
            let today = now_ms.div_euclid(DAY_MS);
            let before = if account.schedule.day == today {
                account.schedule.triggered
            } else {
                0
            };
            account.schedule = Schedule {
                at_ms: None,
                day: today,
                triggered: before + 1,
            };
            let open: Vec<u64> = account.open.iter().copied().collect();
            for oid in open {
                self.finish(oid, "scheduledCancel");
            }
        }
    }
}
