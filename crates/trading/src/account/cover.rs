//! Brackets whose filled size has, or lacks, a stop at the venue.

use super::courier::Courier;
use super::{Account, Extra, News};
use crate::compose::{self, STOP_BPS};
use crate::log::{By, Said};
use crate::ticket::MANUAL;
use crate::view::{EventKind, Why};
use hypersentry_execution::audit::What;
use hypersentry_execution::order::{Cloid, Side, Terms};
use hypersentry_execution::relay::{Exit, Held, Input, Trade};
use hypersentry_model::{Price, Size, Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{self as told, Fill, fills_request};

impl Account {
    /// A stop of our own is placed: on behalf of whoever asked for the bracket.
    pub(super) fn guarded(&mut self, now: Timestamp, cloid: Cloid, failed: u32) {
        let group = self.relay.order(&cloid).map(|it| it.intent().group);
        let of = group.and_then(|group| self.extras.get(&group)).cloned();
        let of = of.unwrap_or_default();
        let extra = Extra {
            created: now,
            strategy: of.strategy.clone(),
            by: of.by.clone(),
            ..Extra::default()
        };
        self.extras.insert(cloid, extra);
        let label = group.filter(|_| of.strategy != MANUAL);
        let label = label.map(|group| Said::Label {
            group: super::show::name(&group),
            strategy: of.strategy.clone(),
        });
        self.pen
            .note(now, What::Created, Some(&cloid), &of.by, label);
        self.lately.push_back(now);
        self.told_again(&cloid, &of.by, failed);
    }

    /// Another attempt at what has no stop is told, each.
    fn told_again(&self, cloid: &Cloid, by: &By, failed: u32) {
        let Some(intent) = self.relay.order(cloid).map(|it| it.intent()) else {
            return;
        };
        let size = intent.size;
        let text = match intent.terms {
            Terms::Limit { px, .. } => format!(
                "the price is beyond the stop of {size}: it is closed at market, at {px} or better"
            ),
            Terms::Trigger { trigger, .. } if failed > 0 => {
                format!("a stop at {trigger} is placed for {size} again")
            }
            Terms::Trigger { .. } => return,
        };
        let said = Said::Told {
            code: AGAIN.to_owned(),
            text: text.clone(),
        };
        self.note_said(What::Noted, Some(cloid), by, said);
        self.tell_event(EventKind::Naked, AGAIN, &text, Some(cloid));
    }

    pub(super) fn covered(
        &self,
        entry: &Cloid,
        naked: bool,
        size: Size,
        naked_ms: i64,
        given_up: bool,
    ) {
        let (kind, code, text) = match (naked, given_up) {
            (true, false) => (
                EventKind::Naked,
                "bracket_naked",
                format!(
                    "{size} of what was filled has no stop at the venue yet, for {naked_ms} ms so far"
                ),
            ),
            (true, true) => (
                EventKind::Naked,
                "bracket_naked",
                format!(
                    "{size} of what was filled has no stop at the venue, and none will be placed"
                ),
            ),
            (false, _) => (
                EventKind::Protected,
                "bracket_protected",
                format!("what was filled is protected; it was without a stop for {naked_ms} ms"),
            ),
        };
        let by = self.extras.get(entry).map(|extra| extra.by.clone());
        let said = Said::Told {
            code: code.to_owned(),
            text: text.clone(),
        };
        let by: By = by.unwrap_or_default();
        self.note_said(What::Noted, Some(entry), &by, said);
        self.tell_event(kind, code, &text, Some(entry));
        self.tell_order(entry);
    }

    /// Tells the relay the positions of which it waits to hear: as they were asked for at `as_of`. What others have sent is known where the whole account was
    /// looked at, and all trades up to then where they were read too.
    pub(super) fn tell_held(&mut self, as_of: Timestamp, read: Read) {
        for symbol in self.relay.watched() {
            let Some((positions, _)) = &self.figures.positions else {
                return;
            };
            let held = positions.held.get(&symbol);
            let size = held.map_or(Size::ZERO, |held| held.size);
            let exit = held.and_then(|held| self.exit(symbol, size, held.mark()?));
            let stopped = self.stopped_by_others(symbol, size);
            let complete = read == Read::Whole || (read == Read::Trades && stopped.is_zero());
            if read == Read::Trades && !complete {
                // Such a stop may be gone meanwhile.
                self.look_soon();
            }
            self.step(Input::Held(Held {
                symbol,
                size,
                as_of,
                exit,
                stopped,
                complete,
            }));
        }
    }

    /// Stops that others have sent for a position, as they were seen last.
    fn stopped_by_others(&self, symbol: Symbol, held: Size) -> Size {
        let mark = self.figures.mark(symbol);
        let stops = self.figures.foreign.iter().filter(|order| {
            let (trigger, long) = (order.trigger, held.is_positive());
            // On the other side of the price it takes a profit.
            let stop = trigger
                .zip(mark)
                .is_some_and(|(at, mark)| if long { at < mark } else { at > mark });
            order.symbol == symbol && order.reduce_only && order.is_buy != long && stop
        });
        Size::from_units(stops.map(|order| order.left.units()).sum())
    }

    /// Tells the relay of a trade: whose order it was of, where that is known.
    pub(super) fn traded(&mut self, cloid: Option<Cloid>, fill: &Fill) {
        self.step(Input::Traded(Trade {
            id: fill.tid,
            at: fill.at,
            cloid: cloid.or(fill.cloid.map(|cloid| *cloid.bytes())),
            symbol: fill.symbol,
            side: if fill.is_buy { Side::Buy } else { Side::Sell },
            size: fill.size,
            before: fill.before,
        }));
    }

    /// At what price a position can be closed at market: as a stop that is set off at this moment.
    fn exit(&self, symbol: Symbol, size: Size, mark: Price) -> Option<Exit> {
        let asset = self.figures.assets.get(&symbol)?;
        let side = if size.is_positive() {
            Side::Sell
        } else {
            Side::Buy
        };
        let worst = compose::worst(&asset.rules, side, mark, STOP_BPS)?;
        Some(Exit { mark, worst })
    }

    /// While something that was filled has lost its stop, its position is asked for without waiting for its turn, and the trades that made it.
    pub(super) fn see_doubt(&mut self) {
        if self.relay.in_doubt(self.now()) {
            self.figures.rounds.doubted = true;
        }
    }
}

/// What was read together with a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Read {
    Alone,
    /// All trades up to then.
    Trades,
    /// Those, and all orders that rest.
    Whole,
}

impl Courier {
    /// The positions, and after them the trades since `from`. Without those the positions are told alone.
    pub(super) async fn traded_positions(&self, from: Timestamp) -> Result<News, Why> {
        let positions = self.positions().await?;
        let body = self.info(fills_request(self.account(), from)).await;
        let read = |body: bytes::Bytes| {
            let (count, _) = told::page(&body).ok()?;
            // A full answer is not all of them: the look at the whole account reads on.
            (count < told::FILLS_PAGE).then(|| told::fills(&body).ok())?
        };
        let fills = body.ok().and_then(read);
        Ok(match (positions, fills) {
            (News::Positions(positions, asked, at), Some(fills)) => {
                News::Traded(Box::new((positions, asked, at)), fills)
            }
            (positions, _) => positions,
        })
    }
}

/// The code of another attempt.
const AGAIN: &str = "bracket_again";
