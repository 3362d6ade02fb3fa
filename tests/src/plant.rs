//! The core and the ledgers against the simulator, without sockets and without a clock: hours pass in seconds, and the same seed gives the same run.
//!
//! It does what the engine's rim does: dials, sends, asks the ledger before each, and brings frames and answers to the core, each a network's delay later.

use bytes::Bytes;
use hypersentry_engine::config::{CoreConfig, Endpoints};
use hypersentry_engine::core::{Core, Effect};
use hypersentry_engine::input::{Answer, Input, Usage};
use hypersentry_engine::{Publication, SymbolMap};
use hypersentry_model::{Mode, Symbol, Timestamp, Venue};
use hypersentry_sim::{Driver, DriverSocket, Received, RestRequest, Scenario, Venue as SimVenue};
use hypersentry_venues::ledger::{Admission, Ask, Ledger, Limits, Told, meaning, subscriptions};
use hypersentry_venues::session::{Lane, Request, RequestClass};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Where the market begins: a Sunday, a minute past eleven.
pub const START_MS: i64 = 1_785_150_060_000;
/// As the rim: what would wait longer is answered at once.
const PATIENCE_MS: i64 = 5_000;

/// Its journal.
pub mod keeper;
/// Orders.
mod orders;

/// What happens at a time to come.
#[derive(Debug)]
enum Event {
    Arrive(Input),
    Dial(Venue, Lane),
    Say(Venue, Lane, String),
    Depart(Venue, Request, Timestamp),
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Inputs that the core took.
    pub inputs: u64,
    /// REST requests that left, by venue and class.
    pub requests: BTreeMap<(Venue, RequestClass), u64>,
    /// Requests that the ledger held back for good.
    pub held_back: u64,
    /// Messages that the ledger refused.
    pub refused_messages: u64,
    /// Answers with status 429 or 418, by venue.
    pub refusals: BTreeMap<(Venue, u16), u64>,
    /// Orders that were sent.
    pub orders: u64,
    /// Of these, those that the ledger let wait although the venue had asked for no pause, and the longest of these waits.
    pub orders_delayed: u64,
    /// In milliseconds.
    pub order_wait_ms: i64,
    /// Those that waited because the venue had asked for a pause with `Retry-After`.
    pub orders_at_wish: u64,
}

/// Who listens to a plant's inputs, with the core as it stands before each and the time of its receipt.
pub struct Tap(pub Option<Box<Listen>>);

/// What a tap does with an input.
pub type Listen = dyn FnMut(&Core, Timestamp, &Input) + Send;

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}

/// The core with its ledgers and connections, in front of a simulator.
#[derive(Debug)]
pub struct Plant {
    /// The simulator; [`Plant::twin`] shares it.
    pub driver: Arc<Driver>,
    /// The core.
    pub core: Core,
    /// What was counted.
    pub tally: Tally,
    /// Milliseconds by which [`Plant::run`] moves the market at a time: 10 is real life.
    pub step_ms: i64,
    /// Gets every input before the core does.
    pub tap: Tap,
    venues: Vec<Venue>,
    ledgers: BTreeMap<Venue, Ledger>,
    reported: BTreeMap<Venue, Usage>,
    sockets: BTreeMap<(Venue, Lane), DriverSocket>,
    say_at: BTreeMap<(Venue, Lane), Timestamp>,
    events: BTreeMap<(Timestamp, u64), Event>,
    counter: u64,
    /// Until when a venue asked for a pause.
    wish: BTreeMap<Venue, Timestamp>,
    /// What the core takes, if it is to be kept.
    kept: Option<Vec<(Timestamp, Input)>>,
    /// One way.
    delay_ms: i64,
    here: IpAddr,
}

/// The simulator's name of a venue.
pub const fn sim(venue: Venue) -> SimVenue {
    match venue {
        Venue::Hyperliquid => SimVenue::Hyperliquid,
        Venue::BinanceSpot => SimVenue::BinanceSpot,
        Venue::BinanceUsdm => SimVenue::BinanceUsdm,
        Venue::Coinbase => SimVenue::Coinbase,
        Venue::Bybit => SimVenue::Bybit,
        Venue::Okx => SimVenue::Okx,
    }
}

/// The path below the venue's name.
fn target(venue: Venue, lane: Lane) -> String {
    let url = &Endpoints::simulator(venue, "sim").ws[usize::from(lane.0)];
    url.split_once(venue.name()).unwrap().1.to_owned()
}

impl Plant {
    /// All of `venues`, with `symbols` of the simulator's coins and the default watch list.
    pub fn new(seed: u64, venues: &[Venue], symbols: usize, scenario: Option<&Scenario>) -> Self {
        Self::with(seed, venues, symbols, scenario, SymbolMap::standard())
    }

    /// The same with a chosen watch list.
    pub fn with(
        seed: u64,
        venues: &[Venue],
        symbols: usize,
        scenario: Option<&Scenario>,
        map: SymbolMap,
    ) -> Self {
        let driver = Arc::new(Driver::new(seed, START_MS, symbols, scenario).unwrap());
        Self::at_door(driver, seed, venues, map, 1)
    }

    /// The same with all of the simulator's `symbols` coins watched that every reader knows by Hyperliquid's name.
    pub fn wide(seed: u64, venues: &[Venue], symbols: usize, scenario: Option<&Scenario>) -> Self {
        let driver = Arc::new(Driver::new(seed, START_MS, symbols, scenario).unwrap());
        let coins = driver.symbols(SimVenue::Hyperliquid);
        let mut map = SymbolMap::default();
        for venue in venues {
            let markets = map.markets.entry(*venue).or_default();
            for market in driver.symbols(sim(*venue)) {
                let base = ["-USDT-SWAP", "-USD", "USDT"]
                    .iter()
                    .find_map(|end| market.strip_suffix(end))
                    .unwrap_or(market);
                if coins.contains(&base) {
                    markets.insert(Symbol::new(base).unwrap(), Symbol::new(market).unwrap());
                }
            }
        }
        Self::at_door(driver, seed, venues, map, 1)
    }

    /// Another one in front of the same simulator, with a connection and an allowance of its own.
    pub fn twin(&self) -> Self {
        let config = self.core.config();
        let (seed, map) = (config.jitter_seed, config.symbols.clone());
        Self::at_door(Arc::clone(&self.driver), seed, &self.venues, map, 2)
    }

    fn at_door(
        driver: Arc<Driver>,
        seed: u64,
        venues: &[Venue],
        mut map: SymbolMap,
        host: u8,
    ) -> Self {
        map.markets.retain(|venue, _| venues.contains(venue));
        let mut config = CoreConfig::new("unplugged".into(), Mode::Simulated, map);
        config.jitter_seed = seed;
        let mut plant = Self {
            driver,
            core: Core::new(config),
            tally: Tally::default(),
            venues: venues.to_vec(),
            ledgers: venues
                .iter()
                .map(|v| (*v, Ledger::new(Limits::of(*v))))
                .collect(),
            reported: BTreeMap::new(),
            sockets: BTreeMap::new(),
            say_at: BTreeMap::new(),
            events: BTreeMap::new(),
            counter: 0,
            wish: BTreeMap::new(),
            kept: None,
            delay_ms: 5,
            step_ms: 10,
            tap: Tap(None),
            here: IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)),
        };
        let now = plant.now();
        for venue in venues {
            plant.at(now, Event::Arrive(Input::Demand(*venue, BTreeSet::new())));
        }
        plant
    }

    /// From now on what the core takes is kept, for [`Plant::take_kept`].
    pub fn keep_inputs(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// What was kept, with receive times; keeps no more.
    pub fn take_kept(&mut self) -> Vec<(Timestamp, Input)> {
        self.kept.take().unwrap_or_default()
    }

    /// The market's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.driver.now_ms())
    }

    fn at(&mut self, when: Timestamp, event: Event) {
        self.counter += 1;
        self.events.insert((when, self.counter), event);
    }

    /// Lets so much time pass; `told` gets every publication.
    pub fn run(&mut self, ms: i64, told: &mut dyn FnMut(&Publication)) {
        let until = self.now().plus_ms(ms);
        while self.now() < until {
            self.driver.step(self.step_ms);
            self.settle(told);
        }
    }

    /// Does all that was due until the market's time; for whoever moves the market.
    pub fn settle(&mut self, told: &mut dyn FnMut(&Publication)) {
        self.collect();
        let now = self.now();
        while let Some(next) = self.events.first_entry()
            && next.key().0 <= now
        {
            let ((when, _), event) = next.remove_entry();
            self.happen(when, event, told);
        }
        self.input(now, &Input::Tick, told);
        if now.ms() % 1_000 < self.step_ms {
            self.report(now, told);
        }
    }

    /// Ends a connection on its way, without a word to either side's protocol.
    /// Whether there was one.
    pub fn cut(&mut self, venue: Venue, lane: Lane) -> bool {
        let is_open = self.sockets.contains_key(&(venue, lane));
        self.ended(venue, lane, "cut");
        is_open
    }

    fn collect(&mut self) {
        let arrives = self.now().plus_ms(self.delay_ms);
        let places: Vec<_> = self.sockets.keys().copied().collect();
        for (venue, lane) in places {
            while let Some(received) = self
                .sockets
                .get_mut(&(venue, lane))
                .and_then(DriverSocket::receive)
            {
                match received {
                    Received::Text(text) => {
                        let frame = Input::Frame(venue, lane, Bytes::from(text));
                        self.at(arrives, Event::Arrive(frame));
                    }
                    Received::Closed(code) => {
                        self.ended(venue, lane, &format!("closed with {code}"))
                    }
                    Received::Cut => self.ended(venue, lane, "cut"),
                }
            }
        }
    }

    fn ended(&mut self, venue: Venue, lane: Lane, reason: &str) {
        if self.sockets.remove(&(venue, lane)).is_some() {
            self.ledger(venue).closed(lane.0);
            let at = self.now().plus_ms(self.delay_ms);
            self.at(
                at,
                Event::Arrive(Input::Closed(venue, lane, reason.to_owned())),
            );
        }
    }

    fn ledger(&mut self, venue: Venue) -> &mut Ledger {
        self.ledgers.get_mut(&venue).unwrap()
    }

    fn happen(&mut self, when: Timestamp, event: Event, told: &mut dyn FnMut(&Publication)) {
        match event {
            Event::Arrive(input) => self.input(when, &input, told),
            Event::Dial(venue, lane) => self.dial(when, venue, lane),
            Event::Say(venue, lane, text) => self.say(when, venue, lane, text),
            Event::Depart(venue, request, asked) => self.depart(when, venue, request, asked),
        }
    }

    fn input(&mut self, when: Timestamp, input: &Input, told: &mut dyn FnMut(&Publication)) {
        self.tally.inputs += 1;
        if let Some(tap) = &mut self.tap.0 {
            tap(&self.core, when, input);
        }
        if let Some(kept) = &mut self.kept {
            kept.push((when, input.clone()));
        }
        let mut effects = Vec::new();
        self.core.step(when, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Open(venue, lane) => self.at(when, Event::Dial(venue, lane)),
                Effect::Close(venue, lane) => {
                    if self.sockets.contains_key(&(venue, lane)) {
                        self.ended(venue, lane, "closed by us");
                    } else {
                        let closed = Input::Closed(venue, lane, "closed by us".into());
                        self.at(when, Event::Arrive(closed));
                    }
                }
                Effect::Send(venue, lane, text) => {
                    // In order: never before what waits already.
                    let at = self.say_at.get(&(venue, lane)).copied().unwrap_or(when);
                    self.at(at.max(when), Event::Say(venue, lane, text));
                }
                Effect::Fetch(venue, request) => self.at(when, Event::Depart(venue, request, when)),
                Effect::Publish(publication) => told(&publication),
                Effect::Release(_) => {}
            }
        }
    }

    fn dial(&mut self, when: Timestamp, venue: Venue, lane: Lane) {
        match self.ledger(venue).ask(when, Ask::Connect(lane.0)) {
            Admission::At(at) => self.at(at, Event::Dial(venue, lane)),
            Admission::Refused => {
                let closed = Input::Closed(venue, lane, "no further connection".into());
                self.at(when.plus_ms(self.delay_ms), Event::Arrive(closed));
            }
            Admission::Now => match self
                .driver
                .connect(sim(venue), &target(venue, lane), self.here)
            {
                Ok(socket) => {
                    self.sockets.insert((venue, lane), socket);
                    let at = when.plus_ms(2 * self.delay_ms);
                    self.at(at, Event::Arrive(Input::Opened(venue, lane)));
                }
                Err(answer) => {
                    let ledger = self.ledger(venue);
                    ledger.closed(lane.0);
                    ledger.answered(when, answer.status, retry_after(&answer.headers));
                    let reason = format!("cannot connect: status {}", answer.status);
                    let at = when.plus_ms(2 * self.delay_ms);
                    self.at(at, Event::Arrive(Input::Closed(venue, lane, reason)));
                }
            },
        }
    }

    fn say(&mut self, when: Timestamp, venue: Venue, lane: Lane, text: String) {
        let ask = Ask::Message(lane.0, subscriptions(&text));
        match self.ledger(venue).ask(when, ask) {
            Admission::Now => {
                if let Some(socket) = self.sockets.get_mut(&(venue, lane)) {
                    socket.send(&text);
                }
            }
            Admission::At(at) => {
                self.say_at.insert((venue, lane), at);
                self.at(at, Event::Say(venue, lane, text));
            }
            Admission::Refused => self.tally.refused_messages += 1,
        }
    }

    fn depart(&mut self, when: Timestamp, venue: Venue, request: Request, asked: Timestamp) {
        let ask = Ask::Request(request.class, request.weight);
        let orders = request.class == RequestClass::Orders;
        match self.ledger(venue).ask(when, ask) {
            Admission::Now => {}
            Admission::At(at) if orders || at.ns_since(asked) <= PATIENCE_MS * 1_000_000 => {
                self.at(at, Event::Depart(venue, request, asked));
                return;
            }
            Admission::At(_) | Admission::Refused => {
                self.tally.held_back += 1;
                let answer = reply(&request, 429, Some(5), String::new(), None);
                self.at(when, Event::Arrive(Input::Answer(venue, answer)));
                return;
            }
        }
        if orders && when > asked {
            if self.wish.get(&venue).is_some_and(|until| *until > asked) {
                self.tally.orders_at_wish += 1;
            } else {
                self.tally.orders_delayed += 1;
                let waited = when.ns_since(asked) / 1_000_000;
                self.tally.order_wait_ms = self.tally.order_wait_ms.max(waited);
            }
        }
        *self
            .tally
            .requests
            .entry((venue, request.class))
            .or_default() += 1;
        let asks = match &request.body {
            Some(body) => RestRequest::post(&request.path, body, self.here),
            None => RestRequest::get(&request.path, self.here),
        };
        let (mut answer, late_ms) = self.driver.rest(sim(venue), &asks);
        answer.status = meaning(venue, answer.status, answer.body.as_bytes());
        let retry_after_s = retry_after(&answer.headers);
        let told = Told::read(|name| {
            let found = answer
                .headers
                .iter()
                .find(|h| h.0.eq_ignore_ascii_case(name));
            found.map(|h| h.1.as_str())
        });
        let ledger = self.ledger(venue);
        ledger.told(when, told);
        ledger.answered(when, answer.status, retry_after_s);
        if matches!(answer.status, 418 | 429 | 403) {
            *self
                .tally
                .refusals
                .entry((venue, answer.status))
                .or_default() += 1;
        }
        if matches!(answer.status, 418 | 429 | 403)
            && let Some(seconds) = retry_after_s
        {
            let until = when.plus_ms(i64::from(seconds) * 1_000);
            let held = self.wish.entry(venue).or_insert(until);
            *held = until.max(*held);
        }
        if orders {
            return;
        }
        let came = when.plus_ms(2 * self.delay_ms + late_ms as i64);
        let answer = reply(
            &request,
            answer.status,
            retry_after_s,
            answer.body,
            Some(when),
        );
        self.at(came, Event::Arrive(Input::Answer(venue, answer)));
    }

    fn report(&mut self, now: Timestamp, told: &mut dyn FnMut(&Publication)) {
        for venue in self.venues.clone() {
            let ledger = self.ledger(venue);
            let usage = Usage {
                budget: ledger.usage(now),
                cooldown_until_ms: ledger.cooldown_until(now).map(Timestamp::ms),
            };
            if self.reported.get(&venue) != Some(&usage) {
                self.reported.insert(venue, usage.clone());
                self.input(now, &Input::Used(venue, usage), told);
            }
        }
    }
}

fn retry_after(headers: &[(&'static str, String)]) -> Option<u32> {
    let found = headers
        .iter()
        .find(|h| h.0.eq_ignore_ascii_case("retry-after"))?;
    found.1.parse().ok()
}

fn reply(
    request: &Request,
    status: u16,
    retry_after_s: Option<u32>,
    body: String,
    sent: Option<Timestamp>,
) -> Answer {
    Answer {
        key: request.key.clone(),
        status,
        retry_after_s,
        body: Bytes::from(body),
        sent,
        stale: false,
    }
}
