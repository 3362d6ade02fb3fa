//! Which trades came, which are missing, and the fetched ones that wait until a gap is filled.

use super::{Backfill, ChannelId, Want};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp, Trade, TradeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// Gaps of one market that wait to be filled; of more, the oldest is given up.
const HOLES_MAX: usize = 64;

/// A fetched trade.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Past {
    id: u64,
    venue_time: Option<Timestamp>,
    trade: Trade,
}

impl Past {
    pub(super) fn event(self, symbol: Symbol) -> MarketEvent {
        MarketEvent {
            symbol,
            venue_time: self.venue_time,
            payload: Payload::Trade(self.trade),
        }
    }
}

/// Missing trades.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Hole {
    from: u64,
    /// `None` until a later trade shows where it ends.
    to: Option<u64>,
    /// Where the feed broke.
    pub(super) since: Timestamp,
    /// From when on the feed was followed again.
    pub(super) until: Timestamp,
    /// Requests that were answered or failed.
    pages: u32,
    got: Vec<Past>,
}

/// What became of a page of trades.
#[derive(Debug)]
pub(super) enum Filled {
    /// The gap is no more.
    Whole(Hole),
    /// There is more to fetch.
    More,
    /// Nothing more can be fetched of it; what was fetched is real all the same.
    Given(Hole),
}

impl Hole {
    pub(super) fn take(&mut self) -> Vec<Past> {
        std::mem::take(&mut self.got)
    }

    fn is_whole(&self) -> bool {
        self.to.is_some_and(|to| self.from > to)
    }

    /// Takes what a page has of it.
    fn fill(&mut self, backfill: Backfill, mut page: Vec<Past>, full: bool) {
        page.retain(|past| past.id >= self.from && self.to.is_none_or(|to| past.id <= to));
        page.sort_by_key(|past| past.id);
        page.dedup_by_key(|past| past.id);
        if backfill == Backfill::Backward {
            let newest = page.last().map_or(self.from.saturating_sub(1), |p| p.id);
            let to = *self.to.get_or_insert(newest);
            let mut next = to;
            let mut taken = Vec::new();
            for past in page.into_iter().rev() {
                if past.id != next || self.from > next {
                    break;
                }
                next = next.saturating_sub(1);
                taken.push(past);
            }
            taken.reverse();
            taken.append(&mut self.got);
            self.got = taken;
            self.to = Some(next);
            return;
        }
        for past in page {
            if past.id != self.from {
                break;
            }
            self.from += 1;
            self.got.push(past);
        }
        if self.to.is_none() && !full {
            self.to = Some(self.from.saturating_sub(1));
        }
    }
}

/// Trades with ids of any kind that may have been missed during a break.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Recall {
    /// The last one that came before it.
    before: Box<str>,
    /// Where the feed broke, and from when on it was followed again; `None` until it is.
    span: Option<(Timestamp, Timestamp)>,
    /// Requests that failed.
    failures: u32,
    /// Which break: an answer to an earlier question does not know of it.
    number: u64,
}

/// What the newest trades say of a break.
#[derive(Debug)]
pub(super) struct Recalled {
    /// Trades that did not come, oldest first.
    pub(super) missed: Vec<MarketEvent>,
    /// The break, where nothing of it is missing now.
    pub(super) whole: Option<(Timestamp, Timestamp)>,
}

/// The trades of one market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Trades {
    /// The channel that brings them: a recording may have two that tell the same.
    pub(super) channel: Option<ChannelId>,
    /// The newest id.
    pub(super) last: Option<u64>,
    /// Remembered ids, oldest first, and the same in order.
    queue: VecDeque<Box<str>>,
    known: BTreeSet<Box<str>>,
    holes: VecDeque<Hole>,
    recall: Option<Recall>,
    /// Breaks so far.
    breaks: u64,
    /// The newest trade of before the market was followed; of a market that never had one it is empty.
    floor: Option<TradeId>,
}

impl Trades {
    /// Whether it is not known yet which trade was the last one.
    pub(super) fn is_unfounded(&self) -> bool {
        self.floor.is_none() && self.queue.is_empty() && self.last.is_none()
    }

    /// This was the newest trade; `None`: there was none.
    pub(super) fn found(&mut self, newest: Option<TradeId>) {
        self.floor = Some(newest.unwrap_or_else(|| TradeId::Text("".into())));
    }

    /// Whether the trade came, or was there before.
    pub(super) fn knows(&self, id: &TradeId) -> bool {
        let reached = match (id, self.last, &self.floor) {
            (TradeId::Number(id), Some(last), _) => *id <= last,
            (TradeId::Number(id), None, Some(TradeId::Number(floor))) => id <= floor,
            (_, _, floor) => floor.as_ref() == Some(id),
        };
        reached || self.known.contains(id.to_string().as_str())
    }

    /// The feed broke: what came last is where a look back has to reach.
    pub(super) fn broke(&mut self) {
        self.breaks += 1;
        let floor = || self.floor.as_ref().map(|id| id.to_string().into());
        match &mut self.recall {
            Some(recall) => {
                recall.failures = 0;
                recall.number = self.breaks;
            }
            None => {
                let before = self.queue.back().cloned().or_else(floor);
                self.recall = before.map(|before| Recall {
                    before,
                    span: None,
                    failures: 0,
                    number: self.breaks,
                });
            }
        }
    }

    /// The feed goes on: the newest trades are wanted.
    pub(super) fn look_back(&mut self, since: Timestamp, now: Timestamp) {
        if let Some(recall) = &mut self.recall {
            let since = recall.span.map_or(since, |(first, _)| first.min(since));
            recall.span = Some((since, now));
        }
    }

    /// Takes the newest trades, newest first, asked for after break `number`. `None` if they are not wanted. `most` are remembered, and a
    /// page has `page` trades.
    pub(super) fn recalled(
        &mut self,
        number: u64,
        events: Vec<MarketEvent>,
        (most, page): (usize, usize),
    ) -> Option<Recalled> {
        self.recall
            .as_ref()
            .filter(|recall| recall.number == number)?
            .span?;
        let recall = self.recall.take()?;
        let mut missed = Vec::new();
        // Of a market that had no trade, all are missed; blocks are left out of a page, so that half of one is surely all there is.
        let mut reached = recall.before.is_empty() && events.len() < page / 2;
        for event in events {
            let Payload::Trade(trade) = &event.payload else {
                continue;
            };
            if trade.id.to_string() == *recall.before {
                reached = true;
                break;
            }
            missed.push(event);
        }
        missed.reverse();
        missed.retain(|event| match &event.payload {
            Payload::Trade(trade) => self.remember(&trade.id, most),
            _ => false,
        });
        Some(Recalled {
            missed,
            whole: recall.span.filter(|_| reached),
        })
    }

    /// Notes the id; says whether it is new. Remembers so many.
    pub(super) fn remember(&mut self, id: &TradeId, most: usize) -> bool {
        let id: Box<str> = id.to_string().into();
        if !self.known.insert(id.clone()) {
            return false;
        }
        self.queue.push_back(id);
        if self.queue.len() > most
            && let Some(oldest) = self.queue.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// The feed goes on at `now` after it broke: what came in between is missing, as far as the next trade shows.
    pub(super) fn resume(&mut self, since: Timestamp, now: Timestamp) {
        let Some(last) = self.last else {
            return;
        };
        match self.holes.back_mut() {
            Some(hole) if hole.to.is_none() => hole.until = now,
            _ => self.dig(last.saturating_add(1), None, since, now),
        }
    }

    /// Trades `from..=to` are missing.
    pub(super) fn dig(&mut self, from: u64, to: Option<u64>, since: Timestamp, until: Timestamp) {
        if self.holes.len() >= HOLES_MAX {
            self.holes.pop_front();
        }
        self.holes.push_back(Hole {
            from,
            to,
            since,
            until,
            pages: 0,
            got: Vec::new(),
        });
    }

    /// Trade `id` came: an open end is here. Gives the gap if it is whole by that.
    pub(super) fn close(&mut self, id: u64, now: Timestamp) -> Option<Hole> {
        let hole = self.holes.back_mut().filter(|hole| hole.to.is_none())?;
        hole.to = Some(id.saturating_sub(1));
        hole.until = now;
        hole.got.retain(|past| past.id < id);
        if hole.is_whole() {
            return self.holes.pop_back();
        }
        None
    }

    /// Whether trades before the next one are being looked for without a known end.
    pub(super) fn is_open_ended(&self) -> bool {
        self.holes.back().is_some_and(|hole| hole.to.is_none())
    }

    /// What is to be fetched next.
    pub(super) fn want(&self, symbol: Symbol) -> Option<Want> {
        if let Some(recall) = self.recall.as_ref().filter(|r| r.span.is_some()) {
            return Some(Want::Trades {
                symbol,
                from: recall.number,
                to: None,
            });
        }
        let hole = self.holes.front()?;
        Some(Want::Trades {
            symbol,
            from: hole.from,
            to: hole.to,
        })
    }

    /// The request for what [`Self::want`] named failed; after too many the gap is given up.
    pub(super) fn failed(&mut self, pages_max: u32) {
        if let Some(recall) = &mut self.recall {
            recall.failures += 1;
            if recall.failures >= pages_max {
                self.recall = None;
            }
        }
        if let Some(hole) = self.holes.front_mut() {
            hole.pages += 1;
            if hole.pages >= pages_max {
                self.holes.pop_front();
            }
        }
    }

    /// Takes a page of trades, fetched for `from` on.
    pub(super) fn page(
        &mut self,
        backfill: Backfill,
        from: u64,
        events: Vec<MarketEvent>,
        (page_size, pages_max): (usize, u32),
    ) -> Option<Filled> {
        let full = events.len() >= page_size;
        let hole = self.holes.front_mut().filter(|hole| hole.from == from)?;
        let page = events.into_iter().filter_map(past).collect();
        hole.pages += 1;
        let open = hole.to.is_none();
        hole.fill(backfill, page, full);
        if open && backfill == Backfill::Backward {
            // The gap has its end now, and the stream goes on behind it: what is told again of it is known.
            self.last = self.last.max(hole.got.last().map(|past| past.id));
        }
        let whole = hole.is_whole();
        if !whole && hole.pages < pages_max {
            return Some(Filled::More);
        }
        let newest = hole.got.last().map(|past| past.id);
        let hole = self.holes.pop_front()?;
        if open {
            // No trade came meanwhile: the stream goes on behind what was fetched.
            self.last = self.last.max(newest);
        }
        Some(if whole {
            Filled::Whole(hole)
        } else {
            Filled::Given(hole)
        })
    }
}

fn past(event: MarketEvent) -> Option<Past> {
    let Payload::Trade(trade) = event.payload else {
        return None;
    };
    let TradeId::Number(id) = trade.id else {
        return None;
    };
    Some(Past {
        id,
        venue_time: event.venue_time,
        trade,
    })
}
