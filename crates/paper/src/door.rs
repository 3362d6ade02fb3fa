//! The way to the paper venue, in the place of the way to the real one.

use crate::assumptions::Assumptions;
use crate::market::{self, Glance, Last, Markets};
use crate::requests::{Answer, Answered};
use crate::saved;
use crate::specs::specs;
use crate::venue::{Venue, text};
use bytes::Bytes;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_sim::exchange::{Address as SimAddress, Exchange, UserFrame};
use hypersentry_trading::{Door, Got, Later};
use hypersentry_venues::hyperliquid::account::assets_request;
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, RwLock, RwLockWriteGuard, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Between two looks at the market: the engine tells its news as often.
const EVERY: Duration = Duration::from_millis(50);
/// Before accounts that could not be saved are tried again.
const SAVE_AGAIN: Duration = Duration::from_secs(1);
/// Frames that wait for an account's task; then its stream ends, and it asks for everything anew.
const FRAMES: usize = 1_024;
/// The list of markets is asked for again after so long.
const LIST_MS: i64 = 60_000;
/// Streams that are carried.
const CHANNELS: [&str; 2] = ["orderUpdates", "userFills"];

/// The way to a paper venue. What is not about an account is asked of the real one.
pub struct PaperDoor {
    real: Arc<dyn Door>,
    assumptions: Assumptions,
    state: Mutex<State>,
    /// Something was asked for.
    asked: Notify,
    /// Where accounts are saved; none where they end with the process.
    dir: Option<PathBuf>,
    /// Held to write while the venue is ahead of what is saved, so that nobody reads there what a crash takes away; whether it could not be saved.
    unsaved: RwLock<bool>,
    /// Held while the list of markets is asked for.
    listing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// None before the venue's list of markets is known.
    venue: Option<Venue>,
    /// As many as requests wait in the venue.
    answers: BTreeMap<u64, oneshot::Sender<Answer>>,
    /// One for each account.
    streams: BTreeMap<Address, mpsc::Sender<Bytes>>,
    /// The newest trade of each market that is looked at.
    last: BTreeMap<Symbol, Last>,
    /// The list of markets as it was told last, and when.
    list: Option<(Timestamp, Bytes)>,
    /// Accounts that were saved, until there is a venue.
    saved: BTreeMap<SimAddress, Exchange>,
}

impl fmt::Debug for PaperDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperDoor")
            .field("assumptions", &self.assumptions)
            .finish_non_exhaustive()
    }
}

fn sim(address: Address) -> SimAddress {
    SimAddress(*address.bytes())
}

fn ours(address: SimAddress) -> Address {
    Address::new(address.0)
}

impl PaperDoor {
    /// Beside the way to the real venue, with accounts that end with the process.
    pub fn new(real: Arc<dyn Door>, assumptions: Assumptions) -> Self {
        Self {
            real,
            assumptions,
            state: Mutex::default(),
            asked: Notify::new(),
            dir: None,
            unsaved: RwLock::default(),
            listing: tokio::sync::Mutex::default(),
        }
    }

    /// With accounts that are kept in a directory.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn kept(
        real: Arc<dyn Door>,
        assumptions: Assumptions,
        dir: PathBuf,
    ) -> Result<Self, std::io::Error> {
        let saved = saved::read(&dir)?;
        let door = Self {
            dir: Some(dir),
            ..Self::new(real, assumptions)
        };
        door.state().saved = saved;
        Ok(door)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a key sign for an account, which is opened with its money when it is named first.
    ///
    /// # Errors
    /// In words: the venue's list of markets is not known yet, or no account can be added.
    pub fn open(&self, account: &str, agent: &str) -> Result<(), String> {
        let mut state = self.state();
        let venue = state.venue.as_mut();
        let venue = venue.ok_or("the venue's list of markets is not known yet")?;
        let address = |text: &str| SimAddress::parse(text).ok_or("no address");
        let (account, agent) = (address(account)?, address(agent)?);
        let opened = venue.open(account);
        let admitted = opened.and_then(|()| venue.admit(account, agent));
        admitted.map_err(|refusal| refusal.to_string())
    }

    /// The list of markets, where it is young: every account asks for it.
    fn told_lately(&self) -> Option<Bytes> {
        let state = self.state();
        let (at, body) = state.list.as_ref()?;
        let age_ms = self.real.now().ns_since(*at) / 1_000_000;
        (0..LIST_MS).contains(&age_ms).then(|| body.clone())
    }

    /// Asks the real venue for what is not about accounts. Its list of markets is taken up as it passes.
    async fn ask_real(&self, body: String, class: RequestClass, weight: u32) -> Got {
        let list = body.contains("\"metaAndAssetCtxs\"");
        // Who asks for it at the same time finds the answer of whoever came first.
        let _turn = if list {
            Some(self.listing.lock().await)
        } else {
            None
        };
        if list && let Some(body) = self.told_lately() {
            return Got { status: 200, body };
        }
        let got = self.real.post("/info", body, class, weight).await;
        if list && got.status == 200 {
            let told: Option<Value> = serde_json::from_slice(&got.body).ok();
            if let Some(specs) = told.as_ref().and_then(specs) {
                let now_ms = self.real.now().ms();
                let mut state = self.state();
                state.list = Some((self.real.now(), got.body.clone()));
                match &mut state.venue {
                    Some(venue) => venue.list(specs),
                    None => {
                        let mut venue = Venue::new(specs, self.assumptions, now_ms);
                        for (user, exchange) in std::mem::take(&mut state.saved) {
                            venue.restore(user, exchange);
                        }
                        state.venue = Some(venue);
                    }
                }
            }
        }
        got
    }

    /// Opens an account with its money, asking for the list of markets where it is not known.
    ///
    /// # Errors
    /// In words.
    pub async fn prepare(&self, account: &str) -> Result<(), String> {
        let account = SimAddress::parse(account).ok_or("no address")?;
        let listed = self.listed().await;
        listed.map_err(|got| format!("the venue's list of markets: status {}", got.status))?;
        let mut state = self.state();
        let opened = state.venue.as_mut().map(|venue| venue.open(account));
        opened
            .unwrap_or(Ok(()))
            .map_err(|refusal| refusal.to_string())
    }

    /// Asks for the list of markets, where it is not known.
    async fn listed(&self) -> Result<(), Got> {
        if self.state().venue.is_some() {
            return Ok(());
        }
        let ask = assets_request();
        let got = self
            .ask_real(ask.body, RequestClass::Metadata, ask.weight)
            .await;
        if self.state().venue.is_some() {
            return Ok(());
        }
        Err(got)
    }

    async fn info(&self, body: String, class: RequestClass, weight: u32) -> Got {
        let asked: Option<Value> = serde_json::from_str(&body).ok();
        let Some(asked) = asked.filter(|asked| asked["user"].is_string()) else {
            return self.ask_real(body, class, weight).await;
        };
        if let Err(got) = self.listed().await {
            return got;
        }
        if *self.unsaved.read().await {
            return nothing(UNSAVED);
        }
        let mut state = self.state();
        let user = asked["user"].as_str().and_then(SimAddress::parse);
        let answer = state.venue.as_mut().zip(user).and_then(|(venue, user)| {
            venue.open(user).ok()?;
            venue.info(&asked)
        });
        match answer {
            Some(body) => got(&Answer { status: 200, body }),
            None => got(&Answer {
                status: 422,
                body: json!({"code": 422, "msg": "no such question at the paper venue"}),
            }),
        }
    }

    async fn exchange(&self, body: String) -> Got {
        if let Err(got) = self.listed().await {
            return got;
        }
        let Ok(body) = serde_json::from_str::<Value>(&body) else {
            return got(&Answer {
                status: 422,
                body: json!({"code": 422, "msg": "no JSON"}),
            });
        };
        let answer = {
            let now_ms = self.real.now().ms();
            let mut state = self.state();
            let submitted = state
                .venue
                .as_mut()
                .map(|venue| venue.submit(&body, now_ms));
            match submitted {
                Some(Answered::Now(answer)) => return got(&answer),
                Some(Answered::Later(number)) => {
                    let (sender, answer) = oneshot::channel();
                    state.answers.insert(number, sender);
                    answer
                }
                None => return nothing("the paper venue is not open yet"),
            }
        };
        self.asked.notify_one();
        match answer.await {
            Ok(answer) => got(&answer),
            Err(_) => nothing("the paper venue ended"),
        }
    }

    /// Carries the market to the venue, and what comes of it to the accounts, until it is told to end.
    pub async fn run(self: Arc<Self>, markets: Arc<dyn Markets>, cancel: CancellationToken) {
        let mut followed = BTreeSet::new();
        // What happened and is not saved: nothing more happens before it is.
        let mut untold: Option<News> = None;
        loop {
            if untold.is_some() {
                tokio::select! {
                    () = cancel.cancelled() => break,
                    () = tokio::time::sleep(SAVE_AGAIN) => {}
                }
            } else {
                tokio::select! {
                    () = cancel.cancelled() => break,
                    () = self.asked.notified() => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
            untold = match untold {
                Some(news) => self.keep(news, self.unsaved.write().await).await,
                None => self.step(markets.as_ref(), &mut followed).await,
            };
        }
        markets.follow(&BTreeSet::new());
        // Whoever waits is told that nothing comes any more.
        self.state().answers.clear();
    }

    /// Saves accounts; whether they are on disk.
    async fn save(&self, changed: &Arc<Vec<saved::Text>>) -> bool {
        let Some(dir) = self.dir.clone().filter(|_| !changed.is_empty()) else {
            return true;
        };
        let changed = Arc::clone(changed);
        let written = tokio::task::spawn_blocking(move || saved::write(&dir, &changed)).await;
        let why = match written {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error = %why, "{UNSAVED}");
        false
    }

    /// First kept, then told: so nobody is ever told what a crash takes away. What cannot be kept is given back, to be tried again.
    async fn keep(&self, news: News, mut unsaved: RwLockWriteGuard<'_, bool>) -> Option<News> {
        *unsaved = !self.save(&news.2).await;
        if *unsaved {
            return Some(news);
        }
        drop(unsaved);
        self.tell(news.0, news.1);
        None
    }

    async fn step(&self, markets: &dyn Markets, followed: &mut BTreeSet<Symbol>) -> Option<News> {
        let named: Vec<(usize, Symbol)> = {
            let state = self.state();
            let venue = state.venue.as_ref()?;
            let name = |coin: usize| Symbol::new(&venue.specs().get(coin)?.name).ok();
            let wanted = venue.wanted().into_iter();
            wanted
                .filter_map(|coin| Some((coin, name(coin)?)))
                .collect()
        };
        let wanted: BTreeSet<Symbol> = named.iter().map(|(_, symbol)| *symbol).collect();
        if wanted != *followed {
            markets.follow(&wanted);
            followed.clone_from(&wanted);
        }
        let glances = if named.is_empty() {
            Vec::new()
        } else {
            let symbols = named.iter().map(|(_, symbol)| *symbol).collect();
            markets.look(symbols).await
        };
        // Whoever asks meanwhile waits a moment, and reads nothing that could not be saved.
        let unsaved = self.unsaved.write().await;
        let news = self.look(named, &wanted, &glances);
        self.keep(news, unsaved).await
    }

    /// Shows the venue the market, and lets time go on there.
    fn look(
        &self,
        named: Vec<(usize, Symbol)>,
        wanted: &BTreeSet<Symbol>,
        glances: &[Glance],
    ) -> News {
        let now_ms = self.real.now().ms();
        let mut state = self.state();
        let State { venue, last, .. } = &mut *state;
        let Some(venue) = venue else {
            return News::default();
        };
        last.retain(|symbol, _| wanted.contains(symbol));
        for ((coin, symbol), glance) in named.into_iter().zip(glances) {
            let look = venue
                .specs()
                .get(coin)
                .map(|spec| market::read(glance, spec, last.entry(symbol).or_default()));
            if let Some(look) = look {
                venue.look(coin, look, now_ms);
            }
        }
        let answers = venue.turn(now_ms);
        let changed = if self.dir.is_some() {
            venue.take_changed()
        } else {
            Vec::new()
        };
        (answers, venue.take_frames(), Arc::new(changed))
    }

    fn tell(&self, told: Vec<(u64, Answer)>, frames: Vec<(SimAddress, UserFrame)>) {
        let mut state = self.state();
        let State {
            answers, streams, ..
        } = &mut *state;
        for (number, answer) in told {
            if let Some(waits) = answers.remove(&number) {
                // Who asked may be gone.
                let _ = waits.send(answer);
            }
        }
        for (user, frame) in frames {
            let user = ours(user);
            let told = CHANNELS.contains(&frame.channel);
            let Some(stream) = streams.get(&user).filter(|_| told) else {
                continue;
            };
            if stream.try_send(text(&frame).into()).is_err() {
                streams.remove(&user);
            }
        }
    }
}

/// What a step came to: answers by their requests, what users are told, accounts that changed.
type News = (
    Vec<(u64, Answer)>,
    Vec<(SimAddress, UserFrame)>,
    Arc<Vec<saved::Text>>,
);

/// What is said of accounts that are not on disk.
const UNSAVED: &str = "paper accounts cannot be saved";

fn got(answer: &Answer) -> Got {
    Got {
        status: answer.status,
        body: answer.body.to_string().into(),
    }
}

fn nothing(words: &'static str) -> Got {
    Got {
        status: 0,
        body: Bytes::from_static(words.as_bytes()),
    }
}

impl Door for PaperDoor {
    fn now(&self) -> Timestamp {
        self.real.now()
    }

    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        Box::pin(async move {
            match path {
                "/exchange" => self.exchange(body).await,
                _ => self.info(body, class, weight).await,
            }
        })
    }

    fn stream_url(&self) -> String {
        String::new()
    }

    fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
        Box::pin(async {
            let known = self.state().venue.is_some();
            known
                .then_some(())
                .ok_or_else(|| "the paper venue is not open yet".to_owned())
        })
    }

    fn stream_ended(&self, account: Address) {
        self.state().streams.remove(&account);
    }

    fn frames(&self, account: Address) -> Option<mpsc::Receiver<Bytes>> {
        let (sender, receiver) = mpsc::channel(FRAMES);
        // A stream begins with what is saved; where that fails it ends at once, and is opened again.
        let unsaved = self.unsaved.try_read();
        if unsaved.is_ok_and(|unsaved| *unsaved) {
            return Some(receiver);
        }
        let mut state = self.state();
        let venue = state.venue.as_ref();
        let first = venue.and_then(|venue| venue.snapshot(sim(account), CHANNELS[1]));
        let stands = || Bytes::from_static(br#"{"channel":"subscriptionResponse","data":{}}"#);
        for frame in [stands(), stands()]
            .into_iter()
            .chain(first.map(|frame| text(&frame).into()))
        {
            // There is room for three.
            let _ = sender.try_send(frame);
        }
        state.streams.insert(account, sender);
        Some(receiver)
    }
}
