//! How TWAPs are handed over to the venue, followed there, and ended.

use super::courier::Expires;
use super::native::{Asked, Native, Stage};
use super::{Account, LIFE_MS, Message, News};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::{Kind, OrderSide, Ticket};
use crate::view::{EventKind, OrderView, TwapView};
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::audit::What;
use hypersentry_execution::relay::Refused;
use hypersentry_execution::risk::Pricing;
use hypersentry_model::{Size, Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{Fill, TwapTold};
use hypersentry_venues::hyperliquid::exchange::action::{Action, Twap, TwapCancel, TwapOrder};
use hypersentry_venues::hyperliquid::exchange::check::check_twap;
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;
use std::collections::BTreeSet;

/// Of one account, the ended ones of the last day with them.
const MOST_NATIVE: usize = 200;
/// That run at once: as many as of our own.
const MOST_RUNNING: usize = 20;
/// An answer that does not come within this leaves it in doubt.
const REPLY_MS: i64 = 3_000;
/// The list is asked for so often while something is in doubt, and while all is well. It weighs 20, and the trades as much.
const DOUBT_MS: i64 = 3_000;
const CALM_MS: i64 = 30_000;

impl Account {
    pub(super) fn native_views(&self) -> impl Iterator<Item = TwapView> {
        let (now, ahead) = (self.now(), self.venue_ahead_ms());
        let living = self.natives.iter().filter(|it| it.lives());
        living.map(move |it| it.view(now, ahead))
    }

    /// Whether a key named one before.
    pub(super) fn native_of(&self, key: &str, body: [u8; 32]) -> Result<bool, TradeError> {
        match self.natives.iter().find(|it| it.asked.key == key) {
            None => Ok(false),
            Some(held) if held.asked.body == body => Ok(true),
            Some(_) => {
                let text = "this idempotency key was used for another request";
                Err(TradeError::new("idempotency_conflict", text))
            }
        }
    }

    /// Hands a TWAP over to the venue; its record is on disk before a byte leaves.
    pub(super) fn begin_native(
        &mut self,
        ticket: &Ticket,
        body: [u8; 32],
        sight: &Sight,
        by: By,
    ) -> Result<Vec<OrderView>, TradeError> {
        let now = self.now();
        let wish = ticket.twap;
        let wish = wish.ok_or_else(|| TradeError::bad("`twap` is missing"))?;
        let refused = [
            (self.stopped, Refused::LogBroken),
            (self.killed && !ticket.reduce_only, Refused::Killed),
            (self.relay.is_locked(), Refused::Locked),
        ];
        if let Some((_, refused)) = refused.into_iter().find(|(holds, _)| *holds) {
            return Err(refused.into());
        }
        let running = self.natives.iter().filter(|it| it.lives()).count();
        if running >= MOST_RUNNING || self.natives.len() >= MOST_NATIVE {
            let text = format!("{MOST_RUNNING} TWAPs run already, or too many have ended today");
            return Err(TradeError::new("too_many_twaps", text).later());
        }
        self.strategies.admit(&ticket.strategy)?;
        let minutes = wish.minutes()?;
        let symbol = ticket.symbol()?;
        let asset = self.asset(symbol)?;
        let mid = crate::compose::mid(sight, now)?;
        let buys = ticket.side == OrderSide::Buy;
        let twap = Twap {
            asset: asset.place,
            is_buy: buys,
            sz: ticket.size.into(),
            reduce_only: ticket.reduce_only,
            minutes,
            randomize: wish.randomize,
        };
        check_twap(&twap, &asset.rules, mid)?;
        self.check_whole(ticket, sight)?;
        let venue = super::pulse::venue_time(sight, self.figures.pulse, now);
        let at = Timestamp::from_ms(venue.map_or(now.ms(), |time| time.ms));
        let asked = Asked {
            key: ticket.key.clone(),
            body,
            strategy: ticket.strategy.clone(),
            symbol,
            buys,
            size: ticket.size,
            minutes,
            randomize: wish.randomize,
            reduce_only: ticket.reduce_only,
            at,
            expires: at.plus_ms(LIFE_MS),
        };
        let said = Said::VenueTwap {
            twap: Box::new(asked.clone()),
        };
        let kept = self.pen.kept(now, What::Noted, &by, said);
        let (inbox, key) = (self.inbox.clone(), asked.key.clone());
        tokio::spawn(async move {
            let kept = kept.await.unwrap_or(false);
            let news = News::TwapKept(key, kept);
            let _ = inbox.send(Message::News(news)).await;
        });
        let mut native = Native::recalled((asked, None, None, false), now);
        native.stage = Stage::Asked;
        native.by = by;
        self.natives.push(native);
        let opens = usize::from(!ticket.reduce_only);
        self.count_sent(&ticket.strategy, now, 1, opens);
        self.tell_account();
        Ok(Vec::new())
    }

    /// The risk checks, of a slice as it takes and of the whole as it may come to stand. What the venue's slices cost is the venue's: at most 3 % from the
    /// mid (Hyperliquid docs, Trading > Order types > TWAP).
    fn check_whole(&mut self, ticket: &Ticket, sight: &Sight) -> Result<(), TradeError> {
        let now = self.now();
        let market = Ticket {
            kind: Kind::Market,
            twap: None,
            ..ticket.clone()
        };
        let (mut composed, _) = self.made(&market, sight, now)?;
        let mid = crate::compose::mid(sight, now)?;
        for part in &mut composed.parts {
            part.wish.pricing = Pricing::Limit { limit: mid };
        }
        // Whoever asks for another account from here on finds it.
        let scopes = self.reserve(&composed, sight, now);
        let market = self.market(sight, ticket.side, now);
        let checked = self.relay.rehearse(&composed.parts, &market, scopes);
        if checked.is_err() {
            self.publish();
        }
        checked.map_err(|refusals| Refused::Risk(refusals).into())
    }

    pub(super) fn twap_kept(&mut self, key: &str, kept: bool) {
        let (killed, now, venue) = (self.killed, self.now(), self.venue_now());
        let Some(at) = self.native_at(key) else {
            return;
        };
        let native = &mut self.natives[at];
        let stopped = (killed && !native.asked.reduce_only) || native.end_wanted;
        // The venue takes it until then by its own clock; while that is not known, what has passed since by ours.
        let late = venue.map_or_else(
            || now >= native.since.plus_ms(LIFE_MS),
            |time| time.ms >= native.asked.expires.ms(),
        );
        if !kept || stopped || late {
            self.end_native(at, "it was not sent");
            return;
        }
        native.stage = Stage::Sent;
        native.since = now;
        let (asked, by) = (native.asked.clone(), native.by.clone());
        let Some(asset) = self.figures.assets.get(&asked.symbol).copied() else {
            self.end_native(at, "the venue's list of markets is not known");
            return;
        };
        let action = Action::TwapOrder(TwapOrder {
            twap: Twap {
                asset: asset.place,
                is_buy: asked.buys,
                sz: asked.size.into(),
                reduce_only: asked.reduce_only,
                minutes: asked.minutes,
                randomize: asked.randomize,
            },
        });
        self.send_twap(asked.key, action, Expires::At(asked.expires), by);
    }

    fn send_twap(&self, key: String, action: Action, expires: Expires, by: By) {
        let courier = self.courier(by, None);
        let inbox = self.inbox.clone();
        let ends = matches!(action, Action::TwapCancel(_));
        tokio::spawn(async move {
            let sent = courier.send(action, expires, 1).await;
            let told = sent.map(|outcomes| outcomes.into_iter().next());
            let news = News::TwapTold { key, ends, told };
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    /// The answer to one that was begun, or ended.
    pub(super) fn twap_told(
        &mut self,
        key: &str,
        ends: bool,
        told: Result<Option<Outcome>, crate::view::Why>,
    ) {
        let now = self.now();
        let Some(at) = self.native_at(key) else {
            return;
        };
        // The list is the proof, of an end as well.
        self.twaps_asked = None;
        if ends {
            return;
        }
        match told {
            Ok(Some(Outcome::TwapRunning { twap_id })) => self.runs(at, twap_id),
            Ok(Some(Outcome::Refused(told))) => self.end_native(at, &told.text),
            Ok(_) => {
                let native = &mut self.natives[at];
                if native.stage == Stage::Sent {
                    native.stage = Stage::Unknown;
                    native.since = now;
                }
            }
            Err(why) => self.end_native(at, &why.text),
        }
        self.tell_account();
    }

    fn native_at(&self, key: &str) -> Option<usize> {
        let living = |it: &Native| it.lives() && it.asked.key == key;
        self.natives.iter().position(living)
    }

    fn runs(&mut self, at: usize, id: u64) {
        let now = self.now();
        let native = &mut self.natives[at];
        if native.id.is_some() {
            return;
        }
        native.id = Some(id);
        native.stage = Stage::Running;
        native.since = now;
        let (key, by) = (native.asked.key.clone(), native.by.clone());
        self.note_said(What::Noted, None, &by, Said::VenueTwapRuns { key, id });
    }

    fn end_native(&mut self, at: usize, why: &str) {
        let now = self.now();
        let native = &mut self.natives[at];
        native.stage = Stage::Ended;
        native.since = now;
        let (key, by) = (native.asked.key.clone(), native.by.clone());
        let left = native.asked.size.checked_sub(native.filled);
        let text = format!(
            "the venue's TWAP in {} has ended: {why}; {} were filled, {} were not",
            native.asked.symbol,
            native.filled,
            left.unwrap_or(Size::ZERO)
        );
        self.note_said(What::Noted, None, &by, Said::VenueTwapEnded { key });
        self.tell_event(EventKind::Raised, "twap_ended", &text, None);
        self.tell_account();
    }

    /// Trades that the venue's TWAPs made.
    pub(super) fn twap_fills(&mut self, fills: &[(u64, Fill)]) {
        for (id, fill) in fills {
            if let Err(error) = self.figures.enter_slice(fill) {
                let why = wire::why(error.code(), &error.to_string());
                self.figures.lock(why);
                return;
            }
            let native = self.natives.iter_mut().find(|it| it.id == Some(*id));
            if let Some(native) = native {
                native.count(fill);
                let strategy = native.asked.strategy.clone();
                self.count_labelled(&strategy, fill);
            }
            if !self.seen.contains(&fill.tid) {
                self.traded(None, fill);
                self.show_fill(None, fill);
            }
            self.flattened_by_trade(fill.symbol, fill.px);
        }
    }

    /// The venue's list, and its clock at the least when it was asked.
    pub(super) fn twap_list(&mut self, list: &[TwapTold], at_least: Option<Timestamp>) {
        let mut taken: BTreeSet<u64> = self.natives.iter().filter_map(|it| it.id).collect();
        // The oldest first: of two that were asked for alike the first is the first.
        for at in 0..self.natives.len() {
            let native = &self.natives[at];
            if !native.lives() || native.stage == Stage::Asked {
                continue;
            }
            if native.id.is_none() {
                let mut found: Vec<&TwapTold> = list.iter().filter(|it| native.fits(it)).collect();
                found.sort_by_key(|it| (it.began, it.id));
                let free = found.iter().filter_map(|it| it.id);
                if let Some(id) = free.filter(|id| !taken.contains(id)).min() {
                    taken.insert(id);
                    self.runs(at, id);
                } else if at_least.is_some_and(|venue| venue > native.asked.expires)
                    && native.stage == Stage::Unknown
                {
                    self.end_native(at, "it never arrived");
                    continue;
                }
            }
            let native = &self.natives[at];
            let over = list
                .iter()
                .find(|it| it.id.is_some() && it.id == native.id && it.status != "activated");
            if let Some(over) = over {
                let filled = native.filled.max(over.filled);
                self.natives[at].filled = filled;
                let why = format!("the venue says `{}`", over.status);
                self.end_native(at, &why);
            }
        }
        self.tell_account();
    }

    /// What time brings: doubts, questions, and ends that are still wanted.
    pub(super) fn tend_natives(&mut self) {
        let now = self.now();
        let mut doubt = false;
        for native in &mut self.natives {
            let waited = now.ns_since(native.since) / 1_000_000;
            if native.stage == Stage::Sent && waited >= REPLY_MS {
                native.stage = Stage::Unknown;
                native.since = now;
            }
            doubt |= native.stage == Stage::Unknown || (native.lives() && native.end_wanted);
        }
        let day = super::LIFE_MS + hypersentry_execution::keys::RETENTION_MS;
        self.natives
            .retain(|it| it.lives() || now < it.since.plus_ms(day));
        self.cancel_natives(now);
        let every = if doubt { DOUBT_MS } else { CALM_MS };
        let due = self.twaps_asked.is_none_or(|at| now >= at.plus_ms(every));
        // One that was begun elsewhere trades too: what the other trades do not explain may be its.
        let unexplained = self.figures.bad_looks > 0;
        if due && (unexplained || self.natives.iter().any(Native::lives)) {
            self.twaps_asked = Some(now);
            let courier = self.courier(By::default(), None);
            let inbox = self.inbox.clone();
            tokio::spawn(async move {
                let news = match courier.twaps().await {
                    Ok((list, fills, at)) => News::Twaps(list, fills, at),
                    Err(why) => News::Unreadable(why),
                };
                let _ = inbox.send(Message::News(news)).await;
            });
        }
    }

    fn cancel_natives(&mut self, now: Timestamp) {
        let mut ends = Vec::new();
        for native in &mut self.natives {
            let due = native
                .cancelled
                .is_none_or(|at| now >= at.plus_ms(REPLY_MS));
            let asset = self.figures.assets.get(&native.asked.symbol);
            if let (Some(id), Some(asset), true) = (native.id, asset, due)
                && native.end_wanted
                && native.stage == Stage::Running
            {
                native.cancelled = Some(now);
                let cancel = TwapCancel {
                    asset: asset.place,
                    twap_id: id,
                };
                ends.push((native.asked.key.clone(), cancel, native.by.clone()));
            }
        }
        for (key, cancel, by) in ends {
            self.send_twap(key, Action::TwapCancel(cancel), Expires::Soon, by);
        }
    }

    /// Ends those in a market, or all, as soon as the venue's numbers of them are known.
    pub(super) fn end_natives(&mut self, symbol: Option<Symbol>) {
        self.end_natives_that(|asked| symbol.is_none_or(|symbol| symbol == asked.symbol));
    }

    /// Ends those that are wanted; a restart does not forget it.
    pub(super) fn end_natives_that(&mut self, wanted: impl Fn(&Asked) -> bool) {
        let mut keys = Vec::new();
        for native in &mut self.natives {
            if native.lives() && !native.end_wanted && wanted(&native.asked) {
                native.end_wanted = true;
                keys.push((native.asked.key.clone(), native.by.clone()));
            }
        }
        for (key, by) in keys {
            self.note_said(What::Noted, None, &by, Said::VenueTwapUnwanted { key });
        }
        let now = self.now();
        self.cancel_natives(now);
    }

    /// Ends one; what of it was not filled, if it is known.
    pub(super) fn end_one_native(&mut self, key: &str) -> Option<Size> {
        let native = self.natives.iter().find(|it| it.asked.key == key)?;
        let left = native.asked.size.checked_sub(native.filled);
        self.end_natives_that(|it| it.key == key);
        self.tell_account();
        Some(left.unwrap_or(Size::ZERO))
    }
}
