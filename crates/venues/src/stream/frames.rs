//! What frames change.

use super::commands::Kind;
use super::link::Phase;
use super::market::{Market, Subscribed};
use super::{Asked, ChannelId, Dialect, Proof, Said, Session, Stream, TradeRule};
use crate::session::{Feed, Lane, Loss, Output};
use hypersentry_model::status::Connection;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use std::collections::BTreeSet;

/// Time between proofs of feeds by events of another one of their channel.
const OTHERS_MS: i64 = 1_000;

impl<D: Dialect> Session<D> {
    pub(super) fn frame(
        &mut self,
        now: Timestamp,
        lane: Lane,
        frame: &[u8],
        out: &mut Vec<Output>,
    ) {
        if !self.is_open(lane) {
            if !self.config.accept_any_symbol {
                return;
            }
            for lane in Self::all_lanes() {
                if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
                    state.link.phase = Phase::Open { since: now };
                }
                self.show_lane(lane, Connection::Live);
            }
        }
        self.counts.frames += 1;
        if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
            state.last_frame = now;
        }
        let mut said = std::mem::take(&mut self.said);
        said.clear();
        match self.dialect.read(lane, frame, &mut self.rooms, &mut said) {
            Ok(()) => {
                for item in said.drain(..) {
                    self.hear(now, lane, item, out);
                }
            }
            Err(error) => {
                said.clear();
                self.counts.refuse(error.code);
            }
        }
        self.said = said;
    }

    fn hear(&mut self, now: Timestamp, lane: Lane, said: Said, out: &mut Vec<Output>) {
        match said {
            Said::Event { channel, event } => self.event(now, channel, (event, 1), out),
            Said::Sum {
                channel,
                event,
                fills,
            } => self.event(now, channel, (event, fills), out),
            Said::Ack(id) => {
                if let Some(waiting) = self.command_answered(now, lane, id, false)
                    && waiting.kind == Kind::Subscribe
                {
                    for stream in waiting.streams {
                        self.acknowledge(now, stream, out);
                    }
                }
            }
            Said::Acked(stream) => {
                let state = self.lanes.get_mut(usize::from(lane.0));
                let kind = state.and_then(|state| state.commands.acked(now, stream));
                if kind == Some(Kind::Subscribe) {
                    self.acknowledge(now, stream, out);
                }
            }
            Said::Listed { id, streams } => {
                if let Some(waiting) = self.command_answered(now, lane, id, true)
                    && waiting.kind == Kind::Probe
                {
                    let streams: BTreeSet<Stream> = streams.into_iter().collect();
                    self.probed(now, lane, Some(&streams), out);
                }
            }
            Said::Pong(id) => {
                if let Some(waiting) = self.command_answered(now, lane, id, true)
                    && waiting.kind == Kind::Probe
                {
                    self.probed(now, lane, None, out);
                }
            }
            Said::Heartbeat {
                symbol,
                last_trade,
                still,
            } => self.heartbeat(now, symbol, last_trade, still, out),
            Said::LastTrade { symbol, id } => {
                self.told_last_trade(now, symbol, id, out);
            }
            Said::Rejected {
                id,
                streams,
                reason,
            } => self.rejected(now, lane, id, &streams, &reason, out),
            Said::Shutdown => {
                if !self.config.accept_any_symbol {
                    self.reconnect(now, lane, "the venue announced a shutdown", true, out);
                }
            }
            Said::Skipped(name) => self.counts.skip(&name),
            Said::Control => {}
        }
    }

    fn command_answered(
        &mut self,
        now: Timestamp,
        lane: Lane,
        id: Option<u64>,
        probe: bool,
    ) -> Option<super::commands::Waiting> {
        let state = self.lanes.get_mut(usize::from(lane.0))?;
        let waiting = state.commands.answered(now, id, probe)?;
        self.dirty |= waiting.kind == Kind::Subscribe;
        Some(waiting)
    }

    fn rejected(
        &mut self,
        now: Timestamp,
        lane: Lane,
        id: Option<u64>,
        streams: &[Stream],
        reason: &str,
        out: &mut Vec<Output>,
    ) {
        self.counts.refuse("venue_error");
        let ours = id.is_some() && self.command_answered(now, lane, id, false).is_some();
        if self.config.accept_any_symbol {
            return;
        }
        for stream in streams {
            if let Some(state) = self.lanes.get_mut(usize::from(lane.0)) {
                state.commands.acked(now, *stream);
            }
            self.absent(stream.symbol, out);
        }
        if ours && streams.is_empty() {
            let reason = format!("the venue refused a command: {reason}");
            self.reconnect(now, lane, &reason, false, out);
        }
    }

    /// The market, taken in if a recording may still bring another one.
    pub(super) fn recorded_market(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
    ) -> Option<&mut Market> {
        let full = self.markets.len() >= Self::limits().recorded_symbols_max;
        if full && !self.markets.contains_key(&symbol) {
            self.counts.skip("too_many_symbols");
            return None;
        }
        let market = self.markets.entry(symbol);
        Some(market.or_insert_with(|| Market::new(now, Self::shape())))
    }

    fn event(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        (event, fills): (MarketEvent, u64),
        out: &mut Vec<Output>,
    ) {
        let symbol = event.symbol;
        let Some(spec) = Self::shape().channels.get(usize::from(channel)) else {
            return;
        };
        if self.config.accept_any_symbol {
            let Some(market) = self.recorded_market(now, symbol) else {
                return;
            };
            if !spec.feeds.contains(&Feed::Book) {
                market.follow(symbol, channel, Self::shape(), out);
            }
        } else {
            let market = self.markets.get_mut(&symbol);
            let stream = market.and_then(|market| market.stream(channel));
            if stream.is_none_or(|stream| stream.subscribed == Subscribed::No) {
                match spec.asked {
                    // Every market's events come, wanted or not.
                    Asked::Once => {}
                    Asked::Never => self.counts.skip(spec.name),
                    Asked::ByMarket => self.counts.skip("unasked"),
                }
                return;
            }
        }
        let feed = match &event.payload {
            Payload::BookDelta(_) | Payload::BookSnapshot(_)
                if spec.feeds.contains(&Feed::Book) =>
            {
                let time = event.venue_time;
                return match event.payload {
                    Payload::BookDelta(delta) => {
                        self.change(now, channel, symbol, time, delta, out);
                    }
                    Payload::BookSnapshot(book) => {
                        self.whole(now, channel, symbol, time, book, out);
                    }
                    _ => {}
                };
            }
            Payload::Trade(_) => return self.trade(now, channel, (event, fills), out),
            Payload::Bbo(bbo) => {
                if !self.note_ticker(now, symbol, bbo.book_seq) {
                    return;
                }
                let market = self.markets.get_mut(&symbol);
                self.dirty |= market.is_some_and(|market| market.reach.wears_out(bbo));
                Feed::Bbo
            }
            Payload::BookDelta(_) | Payload::BookSnapshot(_) => Feed::BookTop,
            Payload::Mids(_) => Feed::Mids,
            Payload::AssetContext(_) => Feed::Context,
            Payload::Candle(_) => Feed::Candles,
            Payload::OpenInterest(_) => Feed::OpenInterest,
            Payload::Funding(_) => Feed::Funding,
            Payload::Liquidation(_) => Feed::Liquidations,
        };
        let market = self.markets.get_mut(&symbol);
        if let Some(stream) = market.and_then(|market| market.stream(channel)) {
            stream.event(now);
            // What the channel does not tell is unchanged: it speaks for all its feeds.
            if spec.feeds.len() > 1 && stream.others_at.plus_ms(OTHERS_MS) <= now {
                stream.others_at = now;
                let others = spec.feeds.iter().filter(|other| **other != feed);
                out.extend(others.map(|feed| Output::Proof {
                    symbol,
                    feed: *feed,
                }));
            }
        }
        out.push(Output::Event {
            feed,
            event,
            replayed: false,
        });
    }

    /// Says whether the best prices are newer than the last ones, where they are numbered.
    fn note_ticker(&mut self, now: Timestamp, symbol: Symbol, seq: Option<u64>) -> bool {
        let (Some(market), Some(seq)) = (self.markets.get_mut(&symbol), seq) else {
            return true;
        };
        if market.ticker_seq.is_some_and(|last| seq < last) {
            self.counts.refuse("bbo_out_of_order");
            return false;
        }
        market.note_ticker(now, seq);
        true
    }

    /// A stream was begun as asked.
    fn acknowledge(&mut self, now: Timestamp, stream: Stream, out: &mut Vec<Output>) {
        self.dirty = true;
        let channel = stream.channel;
        if stream.symbol == Symbol::ANY {
            if let Some(once) = self.once.get_mut(usize::from(channel)) {
                *once = Subscribed::Yes;
            }
            let listed = self.markets.iter().filter(|(_, m)| m.trades_now());
            let symbols: Vec<Symbol> = listed.map(|(symbol, _)| *symbol).collect();
            for symbol in symbols {
                self.begun(now, symbol, channel, out);
            }
            return;
        }
        let market = self.markets.get_mut(&stream.symbol);
        let followed = market.and_then(|market| market.stream(channel));
        if followed.is_some_and(|f| matches!(f.subscribed, Subscribed::Asked(_))) {
            self.begun(now, stream.symbol, channel, out);
        }
    }

    /// From now on the stream is there.
    pub(super) fn begun(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        channel: ChannelId,
        out: &mut Vec<Output>,
    ) {
        let shape = Self::shape();
        let (Some(market), Some(spec)) = (
            self.markets.get_mut(&symbol),
            shape.channels.get(usize::from(channel)),
        ) else {
            return;
        };
        market.acknowledged(now, channel);
        // A book is followed when it is complete.
        if spec.feeds.contains(&Feed::Book) {
            return;
        }
        if spec.feeds.contains(&Feed::Trades)
            && matches!(shape.trades, TradeRule::Recalled(_))
            && market.trades.is_unfounded()
        {
            // Followed once it is known which trade was the last one before.
            return;
        }
        market.follow(symbol, channel, shape, out);
        if spec.feeds.contains(&Feed::Trades) {
            let broken = market.stream(channel).and_then(|s| s.broken_since.take());
            let counted =
                matches!(shape.trades, TradeRule::Counted(b) if b != super::Backfill::None);
            match broken {
                Some(since) if counted => market.trades.resume(since, now),
                Some(since) => market.trades.look_back(since, now),
                None => {}
            }
        }
    }

    /// A probe was answered: what the lane carries lives, or only what the answer names.
    fn probed(
        &mut self,
        now: Timestamp,
        lane: Lane,
        named: Option<&BTreeSet<Stream>>,
        out: &mut Vec<Output>,
    ) {
        let mut missing = Vec::new();
        let mut proved = Vec::new();
        for (symbol, market) in &self.markets {
            for channel in super::session::channels_of(Self::shape(), lane) {
                let i = usize::from(channel);
                let (Some(spec), Some(followed)) =
                    (Self::shape().channels.get(i), market.streams.get(i))
                else {
                    continue;
                };
                if followed.subscribed != Subscribed::Yes || spec.asked == Asked::Never {
                    continue;
                }
                let symbol = *symbol;
                let meant = match spec.asked {
                    Asked::Once => Symbol::ANY,
                    _ => symbol,
                };
                let is_named = |named: &BTreeSet<Stream>| {
                    named.contains(&Stream {
                        symbol: meant,
                        channel,
                    })
                };
                if !named.is_none_or(is_named) {
                    missing.push(Stream { symbol, channel });
                } else if spec.proof == Proof::Answers
                    && (!spec.feeds.contains(&Feed::Book)
                        || market.book_provable(now, Self::limits()))
                {
                    proved.push((symbol, channel));
                }
            }
        }
        for (symbol, channel) in proved {
            self.prove(now, symbol, channel, out);
        }
        for stream in missing {
            let i = usize::from(stream.channel);
            if let Some(once) = self.once.get_mut(i) {
                *once = Subscribed::No;
            }
            self.drop_stream(stream, Loss::Gap, out);
        }
    }

    /// The venue says that the market's feed lives.
    fn heartbeat(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        last_trade: Option<u64>,
        still: bool,
        out: &mut Vec<Output>,
    ) {
        let missing = last_trade.is_some_and(|id| self.told_last_trade(now, symbol, id, out));
        let market = self.markets.get_mut(&symbol);
        let before = market.and_then(|market| {
            if missing {
                market.checks.owe(now);
            }
            market.checks.beat(now)
        });
        for (spec, channel) in Self::shape().channels.iter().zip(0..) {
            let Some(market) = self.markets.get_mut(&symbol) else {
                return;
            };
            let Some(followed) = market.stream(channel).copied() else {
                continue;
            };
            let book = spec.feeds.contains(&Feed::Book);
            let good = match spec.proof {
                Proof::Heartbeats if spec.feeds.contains(&Feed::Trades) => {
                    market.checks.owes_nothing()
                }
                Proof::Heartbeats => true,
                Proof::Checks => book && still && market.checks.stands(before, followed.proved_at),
                Proof::Events | Proof::Answers => false,
            };
            if good
                && followed.subscribed == Subscribed::Yes
                && (!book || market.book_provable(now, Self::limits()))
            {
                self.prove(now, symbol, channel, out);
            }
        }
    }
}
