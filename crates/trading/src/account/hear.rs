//! What the venue says.

use super::cover::Read;
use super::pulse::Pulse;
use super::{Account, MOST_FILLS, MOST_UNMATCHED, News, Whole};
use crate::log::Said;
use crate::view::{FillView, Told, Why};
use crate::wire;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::{Cloid, Event, Step};
use hypersentry_model::{Stamp, Timestamp};
use hypersentry_venues::hyperliquid::account::{Fill, Known, Positions};
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;

/// An order that stands at the venue since longer before its `expiresAfter` is another one: orders live for 15 s, and clocks differ by less.
const OLDER_MS: i64 = 120_000;

impl Account {
    pub(super) fn news(&mut self, news: News) {
        match news {
            News::Sent(outcomes) => {
                for (cloid, outcome) in outcomes {
                    self.answered(cloid, &outcome);
                }
            }
            News::NotSent(cloids, why) => {
                for cloid in cloids {
                    self.explain(&cloid, Some(why.clone()));
                    // Nothing left, and the table has no such step from here on: the absence is proven like any other.
                    self.heard(
                        cloid,
                        Event::Plain {
                            step: Step::LoseReply,
                        },
                    );
                }
            }
            News::CancelTold(cloid, outcome) => self.cancel_answered(cloid, &outcome),
            News::Status(cloid, known, at_least) => self.status(cloid, known, at_least),
            News::Assets(assets) => self.figures.assets = assets,
            News::Fees(fees) => self.figures.fees = Some(fees),
            News::Positions(positions, asked, at) => {
                self.positions(positions, (asked, at), Read::Alone);
            }
            News::Traded(seen, fills) => {
                for fill in &fills {
                    self.fill(fill);
                }
                let (positions, asked, at) = *seen;
                self.positions(positions, (asked, at), Read::Trades);
            }
            News::Whole(whole) => self.whole(*whole),
            News::Unreadable(why) => self.unreadable(why),
            News::Unseen(why) => self.unseen(why),
            News::Orders(orders) => {
                for known in orders {
                    self.told(&known);
                }
            }
            News::Fills(fills) => {
                for fill in &fills {
                    self.fill(fill);
                }
            }
            News::Scheduled(told) => self.scheduled(*told),
            News::Settled(settled) => self.settled(*settled),
            News::TwapKept(key, kept) => self.twap_kept(&key, kept),
            News::TwapTold { key, ends, told } => self.twap_told(&key, ends, told),
            News::TwapFills(fills) => self.twap_fills(&fills),
            News::Twaps(list, fills, at_least) => {
                self.twap_list(&list, at_least);
                self.twap_fills(&fills);
            }
            // It is looked at where it can be waited for.
            News::Views(_) => {}
            News::Stream(open) => {
                self.figures.stream = open;
                // Nothing of what was missed comes again by itself.
                self.look_soon();
                self.tell_account();
            }
        }
    }

    /// When they were asked for and when they were answered.
    fn positions(&mut self, positions: Positions, (asked, at): (Timestamp, Timestamp), read: Read) {
        self.set_pulse(Pulse::of(asked, positions.at, at));
        self.figures.positions = Some((positions, Stamp::at(at)));
        self.margins_of_held(asked);
        self.figures.trouble = None;
        self.tell_held(asked, read);
        if self.figures.bad_looks == 0 && self.figures.is_off() {
            // Something happened that was not told: the history says what.
            self.look_soon();
        }
        self.tell_account();
    }

    fn answered(&mut self, cloid: Cloid, outcome: &Outcome) {
        let Some(order) = self.relay.order(&cloid) else {
            return;
        };
        let (event, why) = wire::heard(order.intent(), outcome);
        if let Some(oid) = wire::oid(outcome) {
            self.number(oid, cloid);
        }
        self.explain(&cloid, why);
        self.heard(cloid, event);
        self.match_fills();
    }

    /// That a cancel was done does not say how much was filled before, and that there is no such order may mean that it was filled: in both cases
    /// the order itself is asked for.
    fn cancel_answered(&mut self, cloid: Cloid, outcome: &Outcome) {
        if !matches!(outcome, Outcome::Done) {
            self.heard(
                cloid,
                Event::Plain {
                    step: Step::DoubtCancel,
                },
            );
        }
        self.ask_order(cloid);
    }

    fn status(
        &mut self,
        cloid: Cloid,
        known: Result<Option<Known>, Why>,
        at_least: Option<Timestamp>,
    ) {
        match known {
            // The venue has an older one of this name, and ours not.
            Ok(Some(known)) if self.is_older(&cloid, &known) => {
                if let Some(venue_time) = at_least {
                    self.heard(cloid, Event::Absent { venue_time });
                }
            }
            Ok(Some(known)) => {
                self.number(known.order.oid, cloid);
                self.known(cloid, &known);
            }
            Ok(None) => {
                if let Some(venue_time) = at_least {
                    self.heard(cloid, Event::Absent { venue_time });
                }
            }
            Err(why) => self.explain(&cloid, Some(why)),
        }
    }

    /// A word of the account's stream about an order.
    fn told(&mut self, known: &Known) {
        let named = known.order.cloid.map(|cloid| *cloid.bytes());
        let cloid = named.or_else(|| self.numbers.get(&known.order.oid).copied());
        let ours =
            |cloid: &Cloid| self.relay.order(cloid).is_some() && !self.is_older(cloid, known);
        let Some(cloid) = cloid.filter(ours) else {
            // Somebody else's: the next look shows it.
            self.look_soon();
            return;
        };
        self.number(known.order.oid, cloid);
        self.known(cloid, known);
        self.match_fills();
    }

    fn known(&mut self, cloid: Cloid, known: &Known) {
        let Some(order) = self.relay.order(&cloid) else {
            return;
        };
        let (event, why) = wire::known(order.intent(), known);
        // The stream may be behind: what it says of an order that rests, and of which more was told, is no news.
        if let Event::Resting { filled } = event
            && filled < order.filled()
        {
            return;
        }
        // The answer says the same in more words than a status.
        let held = self.extra(&cloid).and_then(|extra| extra.why.as_ref());
        let said = held.zip(why.as_ref());
        if said.is_none_or(|(held, why)| held.code != why.code) {
            self.explain(&cloid, why);
        }
        self.heard(cloid, event);
    }

    /// Whether the venue placed it long before ours could be: a request's key that was used a day ago names the same order.
    fn is_older(&self, cloid: &Cloid, known: &Known) -> bool {
        let order = self.relay.order(cloid);
        order.is_some_and(|order| {
            let could = order.intent().expires_after.plus_ms(-OLDER_MS);
            known.order.placed < could
        })
    }

    fn number(&mut self, oid: u64, cloid: Cloid) {
        if let Some(extra) = self.extra(&cloid) {
            extra.oid = Some(oid);
            self.numbers.insert(oid, cloid);
        }
    }

    pub(super) fn numbers_of(&mut self, whole: &Whole) {
        for order in &whole.open {
            if let Some(cloid) = order.cloid {
                self.number(order.oid, *cloid.bytes());
            }
        }
        self.match_fills();
    }

    fn explain(&mut self, cloid: &Cloid, why: Option<Why>) {
        let Some(why) = why else {
            return;
        };
        let Some(extra) = self.extra(cloid) else {
            return;
        };
        if extra.why.as_ref() == Some(&why) {
            return;
        }
        extra.why = Some(why.clone());
        let by = extra.by.clone();
        let said = Said::Told {
            code: why.code,
            text: why.text,
        };
        self.note_said(What::Noted, Some(cloid), &by, said);
    }

    /// A trade, from wherever it comes; each counts once.
    pub(super) fn fill(&mut self, fill: &Fill) {
        if let Err(error) = self.figures.enter(fill) {
            let why = wire::why(error.code(), &error.to_string());
            self.figures.lock(why);
            return;
        }
        if self.seen.contains(&fill.tid) {
            return;
        }
        let named = fill.cloid.map(|cloid| *cloid.bytes());
        let cloid = named
            .or_else(|| self.numbers.get(&fill.oid).copied())
            .filter(|cloid| self.relay.order(cloid).is_some());
        self.traded(cloid, fill);
        match cloid {
            Some(cloid) => self.count(cloid, fill),
            None => {
                self.unmatched.push_back(fill.clone());
                if self.unmatched.len() > MOST_UNMATCHED {
                    self.unmatched.pop_front();
                }
            }
        }
        self.show_fill(cloid, fill);
        self.flattened_by_trade(fill.symbol, fill.px);
    }

    fn count(&mut self, cloid: Cloid, fill: &Fill) {
        if let Some(extra) = self.extra(&cloid)
            && let Ok(paid) = fill.px.notional(fill.size)
        {
            extra.paid.0 += paid.units();
            extra.paid.1 += fill.size.units();
        }
        self.number(fill.oid, cloid);
        self.count_strategy(&cloid, fill);
        let event = Event::Filled {
            id: fill.tid,
            size: fill.size,
        };
        self.heard(cloid, event);
    }

    /// Trades that came before their order's number.
    fn match_fills(&mut self) {
        for fill in std::mem::take(&mut self.unmatched) {
            match self.numbers.get(&fill.oid).copied() {
                Some(cloid) => {
                    self.traded(Some(cloid), &fill);
                    self.count(cloid, &fill);
                    self.show_fill(Some(cloid), &fill);
                    self.flattened_by_trade(fill.symbol, fill.px);
                }
                None => self.unmatched.push_back(fill),
            }
        }
    }

    pub(super) fn show_fill(&mut self, cloid: Option<Cloid>, fill: &Fill) {
        let leg = cloid.and_then(|it| Some(self.relay.order(&it)?.intent().leg));
        let view = FillView {
            account: self.name.clone(),
            paper: self.is_paper(),
            tid: fill.tid,
            cloid: cloid.map(|it| super::show::name(&it)),
            oid: fill.oid,
            symbol: fill.symbol,
            side: super::show::bought(fill.is_buy),
            px: fill.px,
            size: fill.size,
            fee_usd: fill.fee,
            closed_pnl_usd: fill.closed_pnl,
            time_ms: fill.at.ms(),
            liquidity: if fill.taker { "taker" } else { "maker" },
            leg,
        };
        if self.seen.insert(fill.tid) {
            // By time, the newest first.
            let at = self
                .fills
                .iter()
                .position(|held| held.time_ms <= view.time_ms);
            self.fills
                .insert(at.unwrap_or(self.fills.len()), view.clone());
            if self.fills.len() > MOST_FILLS
                && let Some(oldest) = self.fills.pop_back()
            {
                self.seen.remove(&oldest.tid);
            }
        } else if let Some(held) = self.fills.iter_mut().find(|held| held.tid == view.tid) {
            *held = view.clone();
        }
        self.tell(Told::Fill(Box::new(view)));
    }
}
