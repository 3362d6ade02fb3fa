//! One account's task: it alone changes what is held of the account, in the order in which things come.

mod auto;
#[cfg(test)]
mod bench;
mod cancels;
mod closing;
mod compare;
mod courier;
mod cover;
mod figures;
mod foreign;
mod govern;
mod handed;
mod hear;
mod idle;
mod leases;
mod margins;
mod messages;
mod modify;
mod named;
mod native;
mod perform;
mod planned;
mod preview;
mod pulse;
mod request;
mod schedule;
mod scopes;
mod setting;
mod show;
mod strategies;
mod switch;
mod twap;
mod twap_asked;
mod venue;

use crate::desk::Settings;
use crate::error::TradeError;
use crate::log::{By, DayOpen, Pen, Recalled, Said};
use crate::nonces::NonceBook;
use crate::polling::Polling;
use crate::posts::Line;
use crate::risk::DeskRisk;
use crate::ticket::MANUAL;
use crate::view::{FillView, Why};
use crate::world::World;
use figures::Figures;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::{Cloid, Event};
use hypersentry_execution::relay::{Input, Output, Relay};
use hypersentry_execution::risk::Governed;
use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::account::Fill;
use hypersentry_venues::hyperliquid::exchange::Address;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Requests and news that may wait for the task. Requests beyond are refused; news waits where it comes from.
pub(crate) const INBOX: usize = 1_024;
/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// Trades that are shown.
pub(crate) const MOST_FILLS: usize = 1_000;
/// Trades of orders whose number is not known yet.
const MOST_UNMATCHED: usize = 1_000;
pub(crate) use auto::{AskAuto, AutoDesk, AutoKept, AutoSaid};
pub(crate) use cancels::CancelledAll;
pub(crate) use govern::{AskedRisk, Govern, standing_view};
pub(crate) use messages::{Asked, Message, News, Whole};
pub(crate) use native::Asked as NativeTwap;
pub(crate) use schedule::Schedule;
pub(crate) use setting::{Settings as MarginSettings, Settled};
pub(crate) use strategies::{Books, Kept};
pub(crate) use switch::{Wants, wanted};
pub(crate) use twap::MOST_MINUTES;

/// How long the venue may take an order, by its clock.
pub(crate) const LIFE_MS: i64 = 15_000;

/// What is known of an order beyond its life.
#[derive(Clone, Debug, Default)]
struct Extra {
    oid: Option<u64>,
    created: Timestamp,
    why: Option<Why>,
    /// Price times size of the fills that were seen, and their size, in units.
    paid: (i128, i128),
    strategy: String,
    by: By,
}

/// The task's state.
pub(crate) struct Account {
    pub(crate) address: Address,
    pub(crate) name: String,
    pub(crate) settings: Arc<Settings>,
    pub(crate) world: World,
    pub(crate) pen: Pen,
    pub(crate) nonces: Arc<NonceBook>,
    pub(crate) inbox: mpsc::Sender<Message>,
    /// The way over the account's stream; closed until it is given.
    pub(crate) line: Line,
    /// How it makes room; nothing where it stays.
    pub(crate) leaving: Option<crate::open::Leaving>,
    /// Whether nothing was asked of it but to be looked at, by this process or the ones before.
    only_seen: bool,
    /// When something was asked last.
    used: Option<Timestamp>,
    /// What all accounts may ask for; looked at as the only one until it is given.
    pub(crate) polling: Option<Arc<Polling>>,
    relay: Relay,
    /// As many as the relay remembers orders.
    extras: BTreeMap<Cloid, Extra>,
    /// The venue's numbers of those orders.
    numbers: BTreeMap<u64, Cloid>,
    /// Newest first; at most [`MOST_FILLS`].
    fills: VecDeque<FillView>,
    /// Numbers of the trades in `fills`.
    seen: BTreeSet<u64>,
    /// At most [`MOST_UNMATCHED`].
    unmatched: VecDeque<Fill>,
    figures: Figures,
    limits: Governed,
    /// Of the strategies that have limits of their own; at most as many as there are strategies.
    strategy_limits: BTreeMap<String, Governed>,
    /// All accounts together.
    desk: Arc<DeskRisk>,
    strategies: Books,
    cancelled_all: CancelledAll,
    watch: leases::Watch,
    schedule: Schedule,
    settings_asked: setting::Settings,
    /// Times of the orders of the last minute.
    lately: VecDeque<Timestamp>,
    /// The UTC day and its orders that could open.
    today: (i64, u32),
    day_open: Option<DayOpen>,
    killed: bool,
    /// Whether who threw it manages risk.
    kill_managed: bool,
    /// Whether the kill switch was pressed and waits for its turn: nothing that waits before it is done.
    pub(crate) halt: Arc<AtomicBool>,
    /// Orders of others, while a kill switch is on.
    sweep: foreign::Sweep,
    /// What a kill switch is to close still.
    flatten: Option<switch::Flatten>,
    stopped: bool,
    /// At most 20.
    twaps: Vec<twap::Twap>,
    /// The venue's own, with the ended ones of a day; bounded where they begin.
    natives: Vec<native::Native>,
    twaps_asked: Option<Timestamp>,
    /// Requests that ended a TWAP: which, and what was left; at most 64.
    ended_twaps: VecDeque<(String, String, hypersentry_model::Size)>,
    /// Those that ran when the process ended, until what rests of them is cancelled.
    buried: Vec<String>,
    auto: AutoDesk,
    /// The relay's number that was acknowledged last.
    synced: u64,
    /// Answers wait for the relay's, which come within the same step.
    requests: u64,
    answers: BTreeMap<u64, Result<Cloid, TradeError>>,
}

impl Account {
    #[expect(clippy::too_many_arguments, reason = "made in one place")]
    pub(crate) fn new(
        address: Address,
        settings: Arc<Settings>,
        world: World,
        pen: Pen,
        nonces: Arc<NonceBook>,
        inbox: mpsc::Sender<Message>,
        desk: Arc<DeskRisk>,
        mut recalled: Recalled,
        now: Timestamp,
    ) -> Self {
        let killed = recalled.killed;
        let only_seen = recalled.is_only_seen();
        let flatten = switch::Flatten::recalled(recalled.flatten, now);
        let kill_managed = recalled.kill_managed;
        let day_open = recalled.day;
        let limits = recalled.limits.take();
        let strategy_limits = std::mem::take(&mut recalled.strategy_limits);
        let mut figures = Figures::default();
        if let Some(carried) = recalled.ledger.clone() {
            figures.carry(carried);
        }
        let buried = recalled.twaps.iter().cloned().collect();
        let limits = limits.unwrap_or_else(|| Governed::new(settings.limits.clone()));
        let mut strategies = std::mem::take(&mut recalled.strategies);
        let watch = leases::Watch::recalled(std::mem::take(&mut recalled.leases));
        let schedule = std::mem::take(&mut recalled.schedule);
        let settings_asked = std::mem::take(&mut recalled.settings);
        let cancelled_all = std::mem::take(&mut recalled.cancelled_all);
        let labels = recalled.labels();
        let natives = recalled.natives.iter();
        let natives = natives.map(|twap| native::Native::recalled(twap.clone(), now));
        let natives = natives.collect();
        let auto = AutoDesk::recalled(std::mem::take(&mut recalled.auto));
        let (records, created) = recalled.records();
        let relay = Relay::recovered(records, now);
        let extra = |cloid: &Cloid, (created, by): (Timestamp, By)| Extra {
            created,
            strategy: labels.get(cloid).map_or(MANUAL, String::as_str).to_owned(),
            by: By {
                trace: (relay.order(cloid)).map_or_else(String::new, show::group),
                ..by
            },
            ..Extra::default()
        };
        let extras = created.into_iter();
        let extras = extras.map(|(cloid, at)| (cloid, extra(&cloid, at)));
        let today = now.ms().div_euclid(86_400_000);
        let opened = relay.orders().filter(|order| !order.intent().reduce_only);
        let extras: BTreeMap<Cloid, Extra> = extras.collect();
        let opened = opened.filter(|order| {
            let extra = extras.get(&order.intent().cloid);
            extra.is_some_and(|extra| extra.created.ms().div_euclid(86_400_000) == today)
        });
        let mut count = 0;
        for order in opened {
            count += 1;
            if let Some(extra) = extras.get(&order.intent().cloid) {
                strategies.opened(&extra.strategy, today);
            }
        }
        let mut lately: Vec<(Timestamp, &str)> = extras
            .values()
            .filter(|extra| extra.created <= now && now < extra.created.plus_ms(60_000))
            .map(|extra| (extra.created, extra.strategy.as_str()))
            .collect();
        lately.sort_unstable();
        for (at, strategy) in &lately {
            strategies.sent_before(strategy, *at);
        }
        let lately = lately.into_iter().map(|(at, _)| at).collect();
        Self {
            name: address.to_string(),
            address,
            settings,
            world,
            pen,
            nonces,
            inbox,
            line: Line::default(),
            leaving: None,
            only_seen,
            used: None,
            polling: None,
            relay,
            extras,
            numbers: BTreeMap::new(),
            fills: VecDeque::new(),
            seen: BTreeSet::new(),
            unmatched: VecDeque::new(),
            figures,
            limits,
            strategy_limits,
            desk,
            strategies,
            cancelled_all,
            watch,
            schedule,
            settings_asked,
            lately,
            today: (today, count),
            day_open,
            killed,
            kill_managed,
            halt: Arc::default(),
            sweep: foreign::Sweep::default(),
            flatten,
            stopped: false,
            twaps: Vec::new(),
            natives,
            twaps_asked: None,
            ended_twaps: VecDeque::new(),
            buried,
            auto,
            synced: 0,
            requests: 0,
            answers: BTreeMap::new(),
        }
    }

    /// Runs until it is told to end.
    pub(crate) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Message>,
        cancel: CancellationToken,
    ) {
        self.begin();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let heard = Arc::clone(&self.pen.heard);
        loop {
            let due = self.relay.due().map(|due| due.ns_since(self.now()));
            tokio::select! {
                () = cancel.cancelled() => break,
                () = in_ns(due) => self.step(Input::Tick),
                () = heard.changed() => self.acknowledged(),
                _ = tick.tick() => {
                    self.acknowledged();
                    self.schedule_passes();
                    self.ask_venue();
                    self.see_doubt();
                    self.step(Input::Tick);
                    self.see_closed().await;
                    self.forget();
                    self.clear_twaps();
                    self.slices().await;
                    self.tend_natives();
                    self.auto_tick().await;
                    if self.leaves(&mut inbox).await {
                        break;
                    }
                }
                message = inbox.recv() => match message {
                    None => break,
                    Some(Message::News(News::Views(views))) => self.views(views).await,
                    Some(Message::News(news)) => {
                        self.news(news);
                        self.publish();
                    }
                    Some(Message::Asked(asked)) => self.asked(asked).await,
                },
            }
        }
    }

    /// What a restart begins with: what was under way is in doubt, and nothing new until it was compared.
    fn begin(&mut self) {
        let now = self.world.door.now();
        for order in self
            .relay
            .orders()
            .filter(|order| !order.state().is_terminal())
        {
            let cloid = order.intent().cloid;
            let recovered = What::Step {
                from: hypersentry_execution::order::State::IntentLogged,
                step: hypersentry_execution::order::Step::Recover,
                to: order.state(),
            };
            let by = self.extras.get(&cloid).map(|extra| extra.by.clone());
            let by = by.unwrap_or_default();
            self.pen.note(now, recovered, Some(&cloid), &by, None);
        }
        // What somebody has cancelled stays so, whether or not the venue was told.
        let cloids = self.cancelled_all.named();
        self.step(Input::Withdraw { cloids });
        self.bury_twaps(&self.buried);
        self.bury_auto();
        self.step(Input::Reconciled { locked: true });
        if self.killed {
            // The switch outlives the process.
            self.step(Input::Kill { on: true });
            self.end_natives(None);
        }
    }

    fn now(&self) -> Timestamp {
        self.world.door.now()
    }

    /// One step of the relay, and what follows from it.
    fn step(&mut self, input: Input) {
        let now = self.now();
        self.withdrawing(&input);
        let mut out = Vec::new();
        self.relay.step(now, input, &mut out);
        self.perform(now, out);
    }

    fn heard(&mut self, cloid: Cloid, event: Event) {
        self.step(Input::Heard { cloid, event });
    }

    /// What the log's thread said since.
    fn acknowledged(&mut self) {
        // Before anything that waited for the disk is sent.
        self.look_out();
        let broken = self.pen.writes().is_err() || self.desk.heard.broken();
        if broken && !self.stopped {
            self.stopped = true;
            self.step(Input::LogBroken);
            self.tell_event(
                crate::view::EventKind::Stopped,
                "audit_stopped",
                "the audit log cannot be written: nothing new is sent until the program was started anew",
                None,
            );
        }
        let seq = self.pen.heard.synced();
        if seq > self.synced && !self.stopped {
            self.synced = seq;
            self.step(Input::Synced { seq });
        }
    }

    fn note_said(&self, what: What, cloid: Option<&Cloid>, by: &By, said: Said) {
        self.pen.note(self.now(), what, cloid, by, Some(said));
    }
}

/// Until so many nanoseconds passed; for ever if there is no such time.
async fn in_ns(due: Option<i64>) {
    match due {
        Some(ns) => tokio::time::sleep(Duration::from_nanos(ns.max(0).unsigned_abs())).await,
        None => std::future::pending().await,
    }
}

/// Outputs of a step, named here for its parts.
type Outputs = Vec<Output>;
