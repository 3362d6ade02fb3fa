//! Leverage, and the margin of positions that have their own: how they are set. Like an order it is written down before a byte leaves, and what nobody
//! knows ends in what the venue shows: of a leverage the market's own, of margin what backs the position.

use super::courier::{Courier, Expires};
use super::pulse::venue_time;
use super::request::of_user;
use super::{Account, LIFE_MS, Message, News};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::margin::{AskSetting, MarginKind, MarketMargin, Setting};
use crate::view::Why;
use crate::wire::why;
use hypersentry_execution::audit::What;
use hypersentry_execution::relay::Refused;
use hypersentry_model::{Symbol, Timestamp, Usd};
use hypersentry_venues::hyperliquid::account::{Asset, MarginMode, Position};
use hypersentry_venues::hyperliquid::exchange::action::{
    Action, UpdateIsolatedMargin, UpdateLeverage,
};
use hypersentry_venues::hyperliquid::exchange::check::check_leverage;
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests that are remembered.
const MOST: usize = 64;
/// Between two looks at what became of one.
const AGAIN: Duration = Duration::from_millis(1_000);
/// After so many looks without a proof nobody waits any longer; the venue may be away.
const LOOKS: u32 = 60;
/// Amounts are told in cents; what is nearer is the same.
const NEAR: i128 = 10_i128.pow(Usd::SCALE - 2);

type Answer = oneshot::Sender<Result<MarketMargin, TradeError>>;

/// A request, and its end: nothing while it is under way.
#[derive(Clone, Debug)]
struct Remembered {
    key: String,
    body: [u8; 32],
    symbol: Symbol,
    end: Option<Result<(), Why>>,
    /// Whether this process made it.
    ours: bool,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// At most [`MOST`], the oldest first.
    asked: VecDeque<Remembered>,
}

impl Settings {
    fn push(&mut self, remembered: Remembered) {
        self.asked.push_back(remembered);
        while self.asked.len() > MOST {
            self.asked.pop_front();
        }
    }

    pub(crate) fn recall(&mut self, key: String, body: [u8; 32], symbol: Symbol) {
        self.push(Remembered {
            key,
            body,
            symbol,
            end: None,
            ours: false,
        });
    }

    pub(crate) fn end(&mut self, key: &str, end: Result<(), Why>) {
        let mut asked = self.asked.iter_mut().rev();
        if let Some(held) = asked.find(|held| held.key == key) {
            held.end = Some(end);
        }
    }

    /// What became of a request that was made before; nothing where there was none.
    fn repeated(&self, key: &str, body: [u8; 32]) -> Option<Result<(), TradeError>> {
        let held = self.asked.iter().rev().find(|held| held.key == key)?;
        if held.body != body {
            let text = "this idempotency key was used for another request";
            return Some(Err(TradeError::new("idempotency_conflict", text)));
        }
        Some(match &held.end {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => Err(TradeError::new(&why.code, why.text.clone())),
            None if held.ours => {
                let text = "it is under way";
                Err(TradeError::new("setting_pending", text).later())
            }
            None => {
                let text = "the process ended before the answer came: look at the margin, and ask under another key";
                Err(TradeError::new("setting_unknown", text))
            }
        })
    }

    fn is_under_way(&self, symbol: Symbol) -> bool {
        let mut asked = self.asked.iter();
        asked.any(|held| held.ours && held.symbol == symbol && held.end.is_none())
    }
}

/// A request that has ended.
pub(crate) struct Settled {
    key: String,
    symbol: Symbol,
    setting: Setting,
    end: Result<(), Why>,
    by: By,
    answer: Answer,
}

impl Account {
    pub(super) fn market_margin(&self, symbol: Symbol, asset: &Asset) -> MarketMargin {
        let mode = self.margin_mode(symbol);
        MarketMargin {
            symbol,
            margin: mode.map(|mode| MarginKind::of(mode.isolated)),
            leverage: mode.map(|mode| mode.leverage),
            max_leverage: asset.rules.max_leverage,
            only_isolated: asset.rules.only_isolated,
        }
    }

    pub(super) async fn set(&mut self, asked: AskSetting, by: By, answer: Answer) {
        let (symbol, key) = (asked.symbol, asked.key.clone());
        let body = of_user(&by, asked.body);
        self.refresh().await;
        self.see_margin(symbol).await;
        if let Some(before) = self.settings_asked.repeated(&key, body) {
            let told = before.and_then(|()| self.asset(symbol));
            let told = told.map(|asset| self.market_margin(symbol, &asset));
            let _ = answer.send(told);
            return;
        }
        let time = self.world.eyes.look(Symbol::ANY).await;
        let action = match self.action(&asked, &by) {
            Ok(action) => action,
            Err(error) => {
                let _ = answer.send(Err(self.refused_setting(error, &key, &by)));
                return;
            }
        };
        let now = self.now();
        let venue = venue_time(&time, self.figures.pulse, now).map_or(now.ms(), |time| time.ms);
        let expires = Timestamp::from_ms(venue).plus_ms(LIFE_MS);
        let said = Said::Setting {
            key: key.clone(),
            body,
            symbol,
            setting: asked.setting,
        };
        let kept = self.pen.kept(now, What::Noted, &by, said);
        self.settings_asked.recall(key.clone(), body, symbol);
        if let Some(held) = self.settings_asked.asked.back_mut() {
            held.ours = true;
        }
        let proof = Proof {
            symbol,
            setting: asked.setting,
            before: self.held(symbol).map(|held| (held.size, own(held))),
        };
        let courier = self.courier(by.clone(), None);
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let end = if kept.await.unwrap_or(false) {
                courier.settle(action, expires, proof).await
            } else {
                Err(why(
                    "audit_stopped",
                    "the audit log cannot be written: nothing was sent",
                ))
            };
            let settled = Settled {
                key,
                symbol,
                setting: asked.setting,
                end,
                by,
                answer,
            };
            let news = News::Settled(Box::new(settled));
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    fn held(&self, symbol: Symbol) -> Option<&Position> {
        let (positions, _) = self.figures.positions.as_ref()?;
        positions.held.get(&symbol)
    }

    /// What is to be sent, or why not.
    fn action(&self, asked: &AskSetting, by: &By) -> Result<Action, TradeError> {
        let asset = self.asset(asked.symbol)?;
        let held = self.held(asked.symbol);
        if self.settings_asked.is_under_way(asked.symbol) {
            let text = format!(
                "another change of the margin in {} is under way",
                asked.symbol
            );
            return Err(TradeError::new("setting_pending", text).later());
        }
        self.may_set(asked)?;
        let action = match asked.setting {
            Setting::Leverage { isolated, leverage } => {
                let update = UpdateLeverage {
                    asset: asset.place,
                    is_cross: !isolated,
                    leverage,
                };
                check_leverage(&update, &asset.rules)?;
                if held.is_some_and(|held| held.mode.isolated != isolated) {
                    let text = "the kind of margin cannot be changed while there is a position or an order in the market";
                    return Err(TradeError::new("margin_kind_held", text));
                }
                Action::UpdateLeverage(update)
            }
            Setting::Moved { micros } => {
                if !held.is_some_and(|held| held.mode.isolated) {
                    let text = format!(
                        "there is no position with a margin of its own in {}",
                        asked.symbol
                    );
                    return Err(TradeError::new("margin_not_isolated", text));
                }
                Action::UpdateIsolatedMargin(UpdateIsolatedMargin {
                    asset: asset.place,
                    is_buy: true,
                    ntli: micros,
                })
            }
        };
        let signer = self.world.signers.agent(self.address, by.user.as_deref());
        signer.map(|_| action).map_err(TradeError::from)
    }

    /// What takes backing away waits like an order that opens.
    fn may_set(&self, asked: &AskSetting) -> Result<(), TradeError> {
        if self.stopped {
            return Err(Refused::LogBroken.into());
        }
        let adds = match asked.setting {
            Setting::Leverage { isolated, leverage } => {
                let mode = self.margin_mode(asked.symbol);
                mode.is_none_or(|mode| mode.isolated != isolated || leverage > mode.leverage)
            }
            Setting::Moved { micros } => micros < 0,
        };
        if !adds {
            return Ok(());
        }
        self.unhalted()?;
        if self.killed || self.desk.now(self.now()).killed {
            return Err(Refused::Killed.into());
        }
        if self.relay.is_locked() {
            return Err(Refused::Locked.into());
        }
        Ok(())
    }

    fn refused_setting(&self, error: TradeError, key: &str, by: &By) -> TradeError {
        let key = hypersentry_execution::keys::Key::new(key);
        match key {
            Ok(key) => self.refused(error, &key, by),
            Err(_) => error,
        }
    }

    pub(super) fn settled(&mut self, settled: Settled) {
        let Settled {
            key,
            symbol,
            setting,
            end,
            by,
            answer,
        } = settled;
        let said = Said::Settled {
            key: key.clone(),
            why: end.clone().err(),
        };
        self.note_said(What::Noted, None, &by, said);
        self.settings_asked.end(&key, end.clone());
        if let (Ok(()), Setting::Leverage { isolated, leverage }) = (&end, setting) {
            let mode = MarginMode { isolated, leverage };
            let now = self.now();
            self.figures.margins.set(symbol, mode, now);
        }
        // What is held shows it too.
        self.figures.rounds.moved = true;
        self.tell_account();
        let told = match end {
            Ok(()) => self.asset(symbol),
            Err(why) => {
                let error = TradeError::new(&why.code, why.text);
                Err(self.refused_setting(error, &key, &by))
            }
        };
        let told = told.map(|asset| self.market_margin(symbol, &asset));
        let _ = answer.send(told);
    }
}

/// What backs a position of its own, without what it gained: the venue moves this alone.
fn own(held: &Position) -> i128 {
    let side = held.size.units().signum();
    held.margin.units() - side * held.value.units()
}

/// What shows whether something was set.
struct Proof {
    symbol: Symbol,
    setting: Setting,
    /// The position's size and what backed it.
    before: Option<(hypersentry_model::Size, i128)>,
}

impl Courier {
    async fn settle(&self, action: Action, expires: Timestamp, proof: Proof) -> Result<(), Why> {
        let sent = self.send(action, Expires::At(expires), 1).await?;
        let said = match sent.into_iter().next() {
            Some(Outcome::Done) => return Ok(()),
            Some(Outcome::Refused(told)) => return Err(why(told.code, &told.text)),
            Some(Outcome::Unknown(told)) => Some(told.text),
            _ => None,
        };
        for _ in 0..LOOKS {
            tokio::time::sleep(AGAIN).await;
            // Before the question: the venue answers later than that.
            let over = self.venue_at_least().await.is_some_and(|at| at > expires);
            match self.shows(&proof).await {
                Some(true) => return Ok(()),
                Some(false) if over => {
                    let text = said.unwrap_or_else(|| "the venue has not taken it".to_owned());
                    return Err(why("setting_not_taken", &text));
                }
                _ => {}
            }
        }
        let text = "whether the venue took it is not known: look at the margin";
        Err(why("setting_unknown", text))
    }

    /// Whether it is set; nothing where that cannot be told.
    async fn shows(&self, proof: &Proof) -> Option<bool> {
        match proof.setting {
            Setting::Leverage { isolated, leverage } => {
                let mode = self.margin_mode(proof.symbol).await.ok()?;
                Some(mode == MarginMode { isolated, leverage })
            }
            Setting::Moved { micros } => {
                let positions = self.told_positions().await.ok()?;
                let held = positions.held.get(&proof.symbol)?;
                let (size, before) = proof.before?;
                if held.size != size {
                    // A trade moves margin as well.
                    return None;
                }
                let moved = own(held) - before;
                let wanted = i128::from(micros) * 10_i128.pow(Usd::SCALE - 6);
                if (moved - wanted).abs() <= NEAR {
                    return Some(true);
                }
                (moved.abs() <= NEAR).then_some(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_remembered_with_its_end_and_one_of_before_a_restart_without() {
        let mut settings = Settings::default();
        let btc = Symbol::new("BTC").unwrap();
        let code = |settings: &Settings, key: &str, body: u8| {
            let told = settings.repeated(key, [body; 32])?;
            Some(told.map_err(|error| error.code))
        };
        assert_eq!(code(&settings, "a", 1), None);
        settings.recall("a".to_owned(), [1; 32], btc);
        assert_eq!(
            code(&settings, "a", 1),
            Some(Err("setting_unknown".to_owned()))
        );
        assert!(!settings.is_under_way(btc));
        settings.asked[0].ours = true;
        assert_eq!(
            code(&settings, "a", 1),
            Some(Err("setting_pending".to_owned()))
        );
        assert!(settings.is_under_way(btc));
        settings.end("a", Ok(()));
        assert_eq!(code(&settings, "a", 1), Some(Ok(())));
        assert_eq!(
            code(&settings, "a", 2),
            Some(Err("idempotency_conflict".to_owned()))
        );
        for n in 0..100 {
            settings.recall(n.to_string(), [0; 32], btc);
        }
        assert_eq!(settings.asked.len(), MOST);
    }
}
