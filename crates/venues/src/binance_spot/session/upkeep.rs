//! What time brings: attempts, commands and requests that are due, and an eye on the open connection.

use super::Session;
use super::commands::Asked;
use super::link::Phase;
use super::market::{Listed, Market, Subscribed};
use crate::binance_spot::limits;
use crate::session::{Lane, Loss, Output};
use hypersentry_model::status::Connection;
use hypersentry_model::{Symbol, Timestamp};

impl Session {
    /// Does all that may be done at `now`, and finds out when there will be more to do.
    pub(super) fn settle(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.config.accept_any_symbol {
            return;
        }
        match self.link.phase {
            Phase::Opening { until } if until <= now => {
                out.push(Output::Close(Lane::MAIN));
                self.link.reason = Some("the connection did not open in time".to_owned());
                self.link.closing(now, false);
            }
            Phase::Closing { until, at_once } if until <= now => self.link.ended(now, at_once),
            Phase::Open { since } if self.tick_at <= now => self.tick(now, since, out),
            _ => {}
        }
        if matches!(self.link.phase, Phase::Waiting { until } if until <= now) {
            self.open(now, out);
        }
        self.send(now, out);
        self.fetch(now, out);
        if self.link.is_open() && self.markets.values().all(Market::is_settled) {
            self.changed |= self.link.show(now, Connection::Live);
        }
        self.dirty = false;
        self.due = [
            self.link_due(),
            self.link
                .is_open()
                .then(|| self.commands.due(self.to_subscribe().next().is_some()))
                .flatten(),
            self.rest
                .due(self.next_book().map(|(_, at)| at))
                .filter(|_| self.link.phase != Phase::Down),
        ]
        .into_iter()
        .flatten()
        .min();
    }

    fn link_due(&self) -> Option<Timestamp> {
        match self.link.phase {
            Phase::Down => None,
            Phase::Open { .. } => Some(self.tick_at),
            Phase::Opening { until } | Phase::Closing { until, .. } | Phase::Waiting { until } => {
                Some(until)
            }
        }
    }

    /// Looks after an open connection.
    fn tick(&mut self, now: Timestamp, since: Timestamp, out: &mut Vec<Output>) {
        self.tick_at = now.plus_ms(limits::TICK_MS);
        self.link.note_life(now);
        let mut markets = self.markets.values();
        let subscribed = markets.any(|market| market.subscribed == Subscribed::Yes);
        if let Some(asked) = self.commands.overdue(now) {
            let reason = match asked {
                Asked::Subscribe => "SUBSCRIBE was not answered",
                Asked::Unsubscribe => "UNSUBSCRIBE was not answered",
                Asked::List => "LIST_SUBSCRIPTIONS was not answered",
            };
            return self.reconnect(now, reason, false, out);
        }
        if subscribed && self.last_frame.plus_ms(limits::SILENCE_MS) <= now {
            return self.reconnect(now, "no frame for 10 s", false, out);
        }
        if since.plus_ms(limits::CONNECTION_MAX_MS) <= now {
            return self.reconnect(now, "planned, before the venue's limit of 24 h", true, out);
        }
        let dead: Vec<Symbol> = self
            .markets
            .iter()
            .filter(|(_, market)| market.book_dead(now))
            .map(|(symbol, _)| *symbol)
            .collect();
        for symbol in dead {
            self.counts.gaps += 1;
            if let Some(market) = self.markets.get_mut(&symbol) {
                market.revivals += 1;
                if market.revivals > limits::BOOK_DEAD_MAX {
                    market.revivals = 0;
                    return self.reconnect(now, "depth updates stay away", false, out);
                }
            }
            self.drop_streams(symbol, Loss::Gap, out);
        }
        if subscribed {
            let quiet = self.markets.values().any(|market| market.is_quiet(now));
            self.commands.want_list(now, quiet);
        }
    }

    /// Markets whose streams are to be asked for.
    fn to_subscribe(&self) -> impl Iterator<Item = Symbol> {
        self.markets.iter().filter_map(|(symbol, market)| {
            let wanted = matches!(market.listed, Listed::Trading { .. });
            (wanted && market.subscribed == Subscribed::No).then_some(*symbol)
        })
    }

    /// Sends the next command, if one may go.
    fn send(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if !self.link.is_open() {
            return;
        }
        let chunk = limits::SYMBOLS_PER_COMMAND;
        let symbols: Vec<Symbol> = self.to_subscribe().take(chunk).collect();
        let Some((id, asked, command)) = self.commands.next(now, &symbols, chunk) else {
            return;
        };
        out.push(Output::Send(Lane::MAIN, command));
        if asked == Asked::Subscribe {
            for symbol in symbols {
                if let Some(market) = self.markets.get_mut(&symbol) {
                    market.subscribed = Subscribed::Asked(id);
                }
            }
        }
    }

    /// The book that is to be asked for next, and from when on.
    fn next_book(&self) -> Option<(Symbol, Timestamp)> {
        self.markets
            .iter()
            .filter(|(_, market)| market.splice.wants_snapshot())
            .map(|(symbol, market)| (*symbol, market.book_at))
            .min_by_key(|(_, at)| *at)
    }

    /// Makes the next request, if one may be made.
    fn fetch(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.link.phase == Phase::Down {
            return;
        }
        if let Some(overdue) = self.rest.take_overdue(now) {
            self.failed(now, overdue);
        }
        let book = self.next_book().filter(|(_, at)| *at <= now);
        let book = book.map(|(symbol, _)| symbol);
        let request = self.rest.next(now, &mut self.markets.keys(), book);
        out.extend(request.map(Output::Fetch));
    }
}
