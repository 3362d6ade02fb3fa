//! The paper venue: all accounts, the market that they are shown, and the requests on their way.

use crate::account::{Account, Sight};
use crate::assumptions::Assumptions;
use crate::queue::Print;
use crate::requests::{Answer, Answered, MOST_WAITING, Waiting, coins};
use crate::shown::Shown;
use hypersentry_sim::exchange::{
    Address, Exchange, MarketSpec, Micro, Network, Refusal, Rules, SignatureFault, Turn, USD,
    UserFrame, recover_signer, turn_of,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What an account begins with.
pub const BEGINS_WITH: Micro = 100_000 * USD;

/// Accounts at once.
pub const MOST_ACCOUNTS: usize = 64;

/// Prices of a market, in quanta, and the hour's funding rate in units of 10^-10, as far as they are known and fresh.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Prices {
    /// Mark price.
    pub mark: Option<i64>,
    /// Oracle price; the mark price stands for it where it is not known.
    pub oracle: Option<i64>,
    /// Funding rate.
    pub funding_e10: Option<i64>,
}

/// A look at a market.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Look {
    /// The book; none where it is missing or stale.
    pub book: Option<Shown>,
    /// Trades since the look before, oldest first.
    pub prints: Vec<Print>,
    /// Prices.
    pub prices: Prices,
}

/// A market as it was seen last.
#[derive(Clone, Debug, Default)]
struct Seen {
    book: Option<Shown>,
    prices: Prices,
    version: u64,
}

/// The paper venue. The same calls give the same answers and frames.
#[derive(Clone, Debug)]
pub struct Venue {
    assumptions: Assumptions,
    specs: Vec<MarketSpec>,
    /// At most [`MOST_ACCOUNTS`].
    accounts: BTreeMap<Address, Account>,
    /// Keys that sign, as many as accounts.
    agents: BTreeMap<Address, Address>,
    /// At most as many as markets.
    seen: BTreeMap<usize, Seen>,
    waiting: Vec<Waiting>,
    requests: u64,
    now_ms: i64,
}

impl Venue {
    /// A venue with these markets, by their asset ids.
    pub fn new(specs: Vec<MarketSpec>, assumptions: Assumptions, now_ms: i64) -> Self {
        Self {
            assumptions,
            specs,
            accounts: BTreeMap::new(),
            agents: BTreeMap::new(),
            seen: BTreeMap::new(),
            waiting: Vec::new(),
            requests: 0,
            now_ms,
        }
    }

    /// The markets, by their asset ids.
    pub fn specs(&self) -> &[MarketSpec] {
        &self.specs
    }

    /// Takes up markets that were listed since.
    pub fn list(&mut self, specs: Vec<MarketSpec>) {
        if specs.len() > self.specs.len() {
            for account in self.accounts.values_mut() {
                account.exchange.list(&specs);
            }
            self.specs = specs;
        }
    }

    /// Opens an account with its money, if there is none yet.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub fn open(&mut self, user: Address) -> Result<(), Refusal> {
        if self.accounts.contains_key(&user) {
            return Ok(());
        }
        if self.accounts.len() >= MOST_ACCOUNTS {
            return Err(Refusal::Full);
        }
        let mut exchange = Exchange::new(self.specs.clone(), Rules::default(), self.now_ms);
        exchange.pay_in(user, BEGINS_WITH)?;
        self.accounts.insert(user, Account::new(user, exchange));
        Ok(())
    }

    /// Takes up an account that was saved, at a time. Its orders rest without a place in the market until that is seen: then they come last.
    pub fn restore(&mut self, user: Address, mut exchange: Exchange) {
        exchange.list(&self.specs);
        exchange.clear_street();
        exchange.take_output();
        let mut account = Account::new(user, exchange);
        // What passed meanwhile is due at once: dead man's switches, ends of TWAPs.
        account.advance(self.now_ms);
        account.restart(self.now_ms);
        self.accounts.insert(user, account);
    }

    /// The accounts that changed since the last call, as text.
    pub fn take_changed(&mut self) -> Vec<(Address, String)> {
        let accounts = self.accounts.iter_mut();
        accounts
            .filter_map(|(user, account)| Some((*user, account.take_changed()?)))
            .collect()
    }

    /// Lets a key sign for an account, in place of the one before.
    ///
    /// # Errors
    /// There is no such account, or the key signs for another one.
    pub fn admit(&mut self, user: Address, agent: Address) -> Result<(), Refusal> {
        let account = self.accounts.get_mut(&user);
        let account = account.ok_or(Refusal::MustDeposit(user))?;
        match self.agents.get(&agent) {
            Some(of) if *of == user => return Ok(()),
            Some(_) => return Err(Refusal::AgentTaken),
            None => {}
        }
        account.exchange.admit_agent(user, agent)?;
        self.agents.retain(|_, of| *of != user);
        self.agents.insert(agent, user);
        Ok(())
    }

    /// Answers a question about an account; none where it is not about one of these.
    pub fn info(&self, body: &Value) -> Option<Value> {
        let user = Address::parse(body["user"].as_str()?)?;
        self.accounts.get(&user)?.exchange.info(body)
    }

    /// What a stream of an account begins with.
    pub fn snapshot(&self, user: Address, kind: &str) -> Option<UserFrame> {
        self.accounts.get(&user)?.exchange.snapshot(user, kind)
    }

    /// Takes a signed request on its way into the market.
    pub fn submit(&mut self, body: &Value, now_ms: i64) -> Answered {
        let signer = match recover_signer(body, Network::Testnet) {
            Ok(signer) => signer,
            Err(SignatureFault::Unreadable(fault)) => {
                return Answered::Now(Answer::failed(422, &fault.to_string()));
            }
            Err(fault) => return Answered::Now(Answer::refused(&fault.to_string())),
        };
        let Some(user) = self.agents.get(&signer).copied() else {
            let refusal = Refusal::UnknownSigner(signer);
            return Answered::Now(Answer::refused(&refusal.to_string()));
        };
        let Some(turn) = turn_of(body) else {
            return Answered::Now(Answer::failed(422, "Unknown action"));
        };
        if self.waiting.len() >= MOST_WAITING {
            return Answered::Now(Answer::failed(429, "Too Many Requests"));
        }
        self.requests += 1;
        let number = self.requests;
        self.waiting.push(Waiting {
            number,
            user,
            signer,
            body: body.clone(),
            turn,
            due_ms: now_ms + self.assumptions.latency_of(number),
            coins: coins(body),
        });
        Answered::Later(number)
    }

    /// The markets that must be looked at: where an account has something, and where a request goes to.
    pub fn wanted(&self) -> BTreeSet<usize> {
        let busy = self.accounts.values().flat_map(Account::busy);
        let asked = self.waiting.iter().flat_map(|it| it.coins.iter().copied());
        busy.chain(asked)
            .filter(|coin| *coin < self.specs.len())
            .collect()
    }

    /// Whether anything waits for its turn.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Shows a market. Without its book nothing is filled there until it is seen again.
    pub fn look(&mut self, coin: usize, look: Look, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        let seen = self.seen.entry(coin).or_default();
        let Some(book) = look.book else {
            seen.book = None;
            for account in self.accounts.values_mut() {
                account.blind(coin);
            }
            return;
        };
        let before = seen.book.replace(book);
        seen.version += 1;
        seen.prices = look.prices;
        let Some(book) = &seen.book else { return };
        let sight = Sight {
            before: before.as_ref(),
            book,
            prices: seen.prices,
            version: seen.version,
            share_percent: self.assumptions.share_percent,
        };
        for account in self.accounts.values_mut() {
            if account.busy().contains(&coin) {
                account.exchange.advance(self.now_ms);
                account.look(coin, sight, &look.prints, self.now_ms);
            }
        }
    }

    /// Time has come to `now_ms`: performs what is due, in the order of a block. Orders wait for their market to be seen; then the exchange refuses what
    /// came too late by its own `expiresAfter`.
    pub fn turn(&mut self, now_ms: i64) -> Vec<(u64, Answer)> {
        self.now_ms = self.now_ms.max(now_ms);
        let now_ms = self.now_ms;
        for account in self.accounts.values_mut() {
            account.advance(now_ms);
            let seen = &self.seen;
            account.fund(now_ms, |coin| seen.get(&coin)?.prices.funding_e10);
        }
        let specs = self.specs.len();
        let seen = &self.seen;
        let is_seen =
            |coin: &usize| *coin >= specs || seen.get(coin).is_some_and(|seen| seen.book.is_some());
        let (mut due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|it| {
                it.due_ms <= now_ms
                    && (it.turn == Turn::Cancels
                        || it.coins.iter().all(is_seen)
                        || expired(&it.body, now_ms))
            });
        self.waiting = rest;
        due.sort_by_key(|it| (it.turn, it.due_ms, it.number));
        due.into_iter()
            .map(|it| (it.number, self.perform(&it)))
            .collect()
    }

    fn perform(&mut self, it: &Waiting) -> Answer {
        let Some(account) = self.accounts.get_mut(&it.user) else {
            return Answer::refused(&Refusal::MustDeposit(it.user).to_string());
        };
        let share_percent = self.assumptions.share_percent;
        let mut sights = BTreeMap::new();
        for coin in &it.coins {
            let seen = self.seen.get(coin);
            if let Some((seen, book)) = seen.and_then(|seen| Some((seen, seen.book.as_ref()?))) {
                let sight = Sight {
                    before: None,
                    book,
                    prices: seen.prices,
                    version: seen.version,
                    share_percent,
                };
                account.catch_up(*coin, sight, self.now_ms);
                sights.insert(*coin, sight);
            }
        }
        match account.perform(it.signer, &it.body, it.turn, &sights) {
            Some(body) => Answer::ok(body),
            None => Answer::failed(
                422,
                "Failed to deserialize the JSON body into the target type",
            ),
        }
    }

    /// What users are told since the last call.
    pub fn take_frames(&mut self) -> Vec<(Address, UserFrame)> {
        let accounts = self.accounts.values_mut();
        accounts.flat_map(Account::take_frames).collect()
    }

    /// Lots that stand before a resting order of an account, where that is known.
    pub fn ahead(&self, user: Address, oid: u64) -> Option<i64> {
        self.accounts.get(&user)?.ahead(oid)
    }

    /// An account's exchange, to be read.
    pub fn exchange(&self, user: Address) -> Option<&Exchange> {
        Some(&self.accounts.get(&user)?.exchange)
    }
}

fn expired(body: &Value, now_ms: i64) -> bool {
    body["expiresAfter"].as_i64().is_some_and(|at| at < now_ms)
}

/// A frame as the venue's WebSocket has it.
pub(crate) fn text(frame: &UserFrame) -> String {
    json!({"channel": frame.channel, "data": frame.data}).to_string()
}
