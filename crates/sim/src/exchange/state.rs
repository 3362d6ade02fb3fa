//! The exchange as a whole: what it holds, what enters it and what comes out.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::account::{Account, MOST_RECORDS, keep};
use super::address::Address;
use super::book::{Book, Side};
use super::fill::{Fill, FundingPayment};
use super::nonce::Nonces;
use super::number::Micro;
use super::order::{Order, Place};
use super::records::{LedgerEntry, TwapRecord};
use super::refusal::Refusal;
use super::spec::{MarketSpec, OpenInterest, Rules};
use super::twap::Twap;

/// Accounts at a time; the simulator is for loopback and a few test machines.
pub const MOST_ACCOUNTS: usize = 1_024;
/// Signers whose nonces are kept: accounts and their agents.
pub(super) const MOST_SIGNERS: usize = 8_192;
/// Events, takes and trades that wait to be fetched; the oldest give way and are counted.
const MOST_WAITING: usize = 65_536;

/// One market.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Market {
    /// What is allowed.
    pub spec: MarketSpec,
    /// The book.
    pub book: Book,
    /// Mark price in quanta; none before the first.
    pub mark: Option<i64>,
    /// Oracle price in quanta.
    pub oracle: Option<i64>,
    /// How open interest stands to its cap.
    pub open_interest: OpenInterest,
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEvent {
    /// An order's state changed.
    Order {
        /// As it is now.
        order: Box<Order>,
        /// Its state.
        status: &'static str,
        /// When.
        at_ms: i64,
    },
    /// A fill.
    Fill(Fill),
    /// Funding was paid or received.
    Funding(FundingPayment),
    /// The account was liquidated.
    Liquidation {
        /// Its number.
        lid: u64,
        /// Worth of what was closed.
        notional: Micro,
        /// Worth of the account before.
        account_value: Micro,
    },
    /// The venue cancelled an order by itself.
    NonUserCancel {
        /// Market.
        coin: usize,
        /// Order.
        oid: u64,
    },
    /// A TWAP began or ended.
    Twap(Box<TwapRecord>),
    /// Money was paid in or out.
    Ledger(LedgerEntry),
}

/// A trade with a user in it, for the public tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicTrade {
    /// Market.
    pub coin: usize,
    /// Price in quanta.
    pub px: i64,
    /// Lots.
    pub lots: i64,
    /// Side of the taker.
    pub taker: Side,
    /// Its number.
    pub tid: u64,
    /// Buyer and seller; none for the street.
    pub users: [Option<Address>; 2],
}

/// Street lots that a user took; the generator takes them from its own book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreetTake {
    /// Market.
    pub coin: usize,
    /// Side of the book.
    pub side: Side,
    /// Price in quanta.
    pub px: i64,
    /// Lots.
    pub lots: i64,
}

/// What came out since it was last fetched. Each list is bounded; what is lost is counted.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Events with the account that they are for, in order.
    pub events: VecDeque<(Address, UserEvent)>,
    /// Street lots taken.
    pub takes: VecDeque<StreetTake>,
    /// Trades with users in them.
    pub trades: VecDeque<PublicTrade>,
    /// Entries that gave way because nobody fetched them.
    pub lost: u64,
}

/// Whom nobody trades for: the generated makers and takers, all as one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Street {
    /// Cash.
    pub cash: Micro,
    /// Lots by market.
    pub szi: BTreeMap<usize, i64>,
}

/// The exchange. It reads no clock and draws no chance: the same calls give the same answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exchange {
    pub(super) rules: Rules,
    pub(super) markets: Vec<Market>,
    pub(super) accounts: BTreeMap<Address, Account>,
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) nonces: BTreeMap<Address, Nonces>,
    pub(super) masters: BTreeMap<Address, Address>,
    pub(super) twaps: BTreeMap<u64, Twap>,
    pub(super) street: Street,
    pub(super) house: Micro,
    pub(super) backstop: Account,
    pub(super) paid_in: Micro,
    pub(super) now_ms: i64,
    pub(super) last_oid: u64,
    pub(super) last_tid: u64,
    pub(super) last_twap: u64,
    pub(super) last_lid: u64,
    #[serde(skip)]
    pub(super) out: Output,
}

impl Exchange {
    /// An exchange with these markets, in the order of their asset ids, at a time.
    #[must_use]
    pub fn new(specs: Vec<MarketSpec>, rules: Rules, now_ms: i64) -> Self {
        let markets = specs
            .into_iter()
            .map(|spec| Market {
                spec,
                book: Book::default(),
                mark: None,
                oracle: None,
                open_interest: OpenInterest::Free,
            })
            .collect();
        Self {
            rules,
            markets,
            accounts: BTreeMap::new(),
            orders: BTreeMap::new(),
            nonces: BTreeMap::new(),
            masters: BTreeMap::new(),
            twaps: BTreeMap::new(),
            street: Street::default(),
            house: 0,
            backstop: Account::default(),
            paid_in: 0,
            now_ms,
            last_oid: 0,
            last_tid: 0,
            last_twap: 0,
            last_lid: 0,
            out: Output::default(),
        }
    }

    /// Pays an amount in, or with a negative one out; an account begins with its first payment.
    ///
    /// # Errors
    /// [`Refusal::Full`] without room for another account, [`Refusal::PerpMargin`] for more than is withdrawable.
    pub fn pay_in(&mut self, user: Address, amount: Micro) -> Result<(), Refusal> {
        if !self.accounts.contains_key(&user) && self.accounts.len() >= MOST_ACCOUNTS {
            return Err(Refusal::Full);
        }
        if amount < 0 && self.withdrawable(user) < -amount {
            return Err(Refusal::PerpMargin);
        }
        let account = self.accounts.entry(user).or_default();
        account.cash += amount;
        self.paid_in += amount;
        let entry = LedgerEntry {
            number: account.ledger.back().map_or(1, |last| last.number + 1),
            time_ms: self.now_ms,
            amount,
        };
        keep(&mut account.ledger, entry, MOST_RECORDS);
        self.tell(user, UserEvent::Ledger(entry));
        Ok(())
    }

    /// The markets, by asset id.
    #[must_use]
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// An account.
    #[must_use]
    pub fn account(&self, user: Address) -> Option<&Account> {
        self.accounts.get(&user)
    }

    /// An open order.
    #[must_use]
    pub fn order(&self, oid: u64) -> Option<&Order> {
        self.orders.get(&oid)
    }

    /// The time of the last block.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Fees that the house took.
    #[must_use]
    pub fn house(&self) -> Micro {
        self.house
    }

    /// Fetches what came out.
    pub fn take_output(&mut self) -> Output {
        std::mem::take(&mut self.out)
    }

    /// Moves time forward, never back: TWAPs send what is due and dead man's switches go off.
    pub fn advance(&mut self, now_ms: i64) {
        while let Some(due) = self.next_twap(now_ms) {
            self.now_ms = self.now_ms.max(due);
            self.slice_twaps();
        }
        self.now_ms = self.now_ms.max(now_ms);
        self.cancel_scheduled();
    }

    /// Sets what the street shows at a price. Users' orders that it reaches are filled first, at their prices.
    pub fn street_level(&mut self, coin: usize, side: Side, px: i64, lots: i64) {
        let mut left = lots;
        loop {
            let Some(market) = self.markets.get(coin) else {
                return;
            };
            let Some((oid, at, resting)) = market.book.crossed_by_street(side, px) else {
                break;
            };
            if left <= 0 {
                break;
            }
            let filled = self.fill_resting(oid, at, resting.min(left), side);
            left -= filled;
            if filled > 0 {
                let take = StreetTake {
                    coin,
                    side,
                    px,
                    lots: filled,
                };
                self.out.lost += push(&mut self.out.takes, take);
            }
        }
        if let Some(market) = self.markets.get_mut(coin) {
            market.book.set_street(side, px, left);
        }
    }

    /// A taker of the street meets a resting order. Returns the trade that came of it, which is not put out beside; none if the
    /// order is gone or may not be filled any more.
    pub fn street_take(
        &mut self,
        oid: u64,
        px: i64,
        lots: i64,
        taker: Side,
    ) -> Option<PublicTrade> {
        let order = self.orders.get(&oid)?;
        if order.place != Place::Resting || order.asked.px != px || order.asked.side == taker {
            return None;
        }
        let tid = trade_number(self.last_tid + 1);
        self.fill_resting(oid, px, lots, taker);
        // The fill may have brought about more: children that it woke.
        let at = self.out.trades.iter().rposition(|trade| trade.tid == tid)?;
        self.out.trades.remove(at)
    }

    /// Says that no more than so many street lots are served before a resting order.
    pub fn move_up(&mut self, oid: u64, ahead: i64) {
        let Some(order) = self.orders.get(&oid) else {
            return;
        };
        let (coin, side, px) = (order.asked.coin, order.asked.side, order.asked.px);
        if let Some(market) = self.markets.get_mut(coin) {
            market.book.move_up(side, px, oid, ahead);
        }
    }

    /// New mark and oracle prices: triggers go off, then accounts without margin are liquidated.
    pub fn mark(&mut self, coin: usize, mark: i64, oracle: i64) {
        if let Some(market) = self.markets.get_mut(coin)
            && mark > 0
            && oracle > 0
        {
            market.mark = Some(mark);
            market.oracle = Some(oracle);
            self.fire_triggers(coin);
            self.liquidate_all();
        }
    }

    /// Says how a market's open interest stands to its cap.
    pub fn set_open_interest(&mut self, coin: usize, state: OpenInterest) {
        if let Some(market) = self.markets.get_mut(coin) {
            market.open_interest = state;
        }
    }

    /// One hour's funding: size times oracle price times rate, from longs to shorts if the rate is positive ("Funding").
    /// `rate_e10` is the rate in units of 10^-10.
    pub fn fund(&mut self, coin: usize, rate_e10: i64) {
        let Some(oracle) = self.markets.get(coin).and_then(|market| market.oracle) else {
            return;
        };
        let pay = |szi: i64| -> Micro {
            i128::from(szi) * i128::from(oracle) * i128::from(rate_e10) / 10_000_000_000
        };
        let mut received_by_street = 0;
        for (user, account) in &mut self.accounts {
            let Some(position) = account.positions.get_mut(&coin) else {
                continue;
            };
            let paid = pay(position.szi);
            received_by_street += paid;
            position.funding_since_open += paid;
            position.funding_since_change += paid;
            match &mut position.isolated {
                Some(own) => *own -= paid,
                None => account.cash -= paid,
            }
            let payment = FundingPayment {
                time_ms: self.now_ms,
                coin,
                received: -paid,
                szi: position.szi,
                rate_e10,
            };
            keep(
                &mut account.fundings,
                payment,
                super::account::MOST_FUNDINGS,
            );
            let event = (*user, UserEvent::Funding(payment));
            self.out.lost += push(&mut self.out.events, event);
        }
        let backstop = self.backstop.szi(coin);
        if backstop != 0 {
            self.backstop.cash -= pay(backstop);
            received_by_street += pay(backstop);
        }
        // The street holds the other side of everything.
        self.street.cash += received_by_street;
        self.liquidate_all();
    }

    /// What everybody has less what was paid in: 0, or money was made or lost.
    #[must_use]
    pub fn money_gap(&self) -> Micro {
        let users: Micro = self.accounts.values().map(Account::total_cash).sum();
        users + self.street.cash + self.house + self.backstop.total_cash() - self.paid_in
    }

    /// Lots of all parties together in a market: 0, or a position has no other side.
    #[must_use]
    pub fn lots_gap(&self, coin: usize) -> i64 {
        let users: i64 = self
            .accounts
            .values()
            .map(|account| account.szi(coin))
            .sum();
        users + self.street.szi.get(&coin).unwrap_or(&0) + self.backstop.szi(coin)
    }

    pub(super) fn tell(&mut self, user: Address, event: UserEvent) {
        self.out.lost += push(&mut self.out.events, (user, event));
    }

    pub(super) fn told_take(&mut self, take: StreetTake) {
        self.out.lost += push(&mut self.out.takes, take);
    }
}

pub(super) fn notional(lots: i64, px: i64) -> Micro {
    i128::from(lots) * i128::from(px)
}

/// The number of the n-th trade: an odd factor is one to one within the venue's 50 bits.
pub(super) fn trade_number(counter: u64) -> u64 {
    counter.wrapping_mul(0x2_5a3d_91c7_4f15) & ((1 << 50) - 1)
}

pub(super) fn push<T>(list: &mut VecDeque<T>, item: T) -> u64 {
    list.push_back(item);
    if list.len() > MOST_WAITING {
        list.pop_front();
        return 1;
    }
    0
}
