//! Orders on their way through the book, and how they end.

use super::account::Party;
use super::address::Address;
use super::book::{Met, Side};
use super::check::Around;
use super::number::Micro;
use super::order::{Closed, NewOrder, Order, Place, Tif};
use super::refusal::Refusal;
use super::state::{Exchange, StreetTake, UserEvent, notional};

/// Where a new order stands after it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The venue's id.
    pub oid: u64,
    /// Lots filled at once.
    pub filled: i64,
    /// Their worth.
    pub worth: Micro,
    /// Something of it stands.
    pub open: bool,
}

impl Placed {
    /// Average price of what was filled, in quanta.
    #[must_use]
    pub fn average(&self) -> i128 {
        let lots = i128::from(self.filled.max(1));
        (self.worth + lots / 2) / lots
    }
}

impl Exchange {
    /// Takes an order, or refuses it and keeps a record of the refusal.
    pub(super) fn place(
        &mut self,
        owner: Address,
        asked: NewOrder,
        around: Around,
    ) -> Result<Placed, Refusal> {
        let checked = self.check(owner, &asked, around);
        self.last_oid += 1;
        let oid = self.last_oid;
        let mut order = Order {
            oid,
            owner,
            asked,
            left: asked.lots,
            placed_ms: self.now_ms,
            place: Place::Taking,
            of_position: around.of_position,
            parent: None,
            children: Vec::new(),
            siblings: Vec::new(),
            twap: around.twap,
        };
        let Some(account) = self.accounts.get_mut(&owner) else {
            return Err(Refusal::MustDeposit(owner));
        };
        if let Err(refusal) = checked {
            // A client that lost the answer finds the refusal under its id, unless the id belongs to another order.
            if let Some(cloid) = asked.cloid
                && refusal != Refusal::DuplicateCloid
                && around.replaces.is_none()
            {
                account.cloids.insert(cloid, oid);
            }
            self.record(order, refusal.status());
            return Err(refusal);
        }
        if asked.reduce_only && asked.trigger.is_none() {
            // No more than there is to close; assumed, as in [`Exchange::sweep`].
            let most = account.szi(asked.coin).abs();
            order.asked.lots = asked.lots.min(most);
            order.left = order.asked.lots;
        }
        if let Some(cloid) = asked.cloid {
            account.cloids.insert(cloid, oid);
        }
        account.open.insert(oid);
        if asked.trigger.is_some() {
            order.place = if around.dormant {
                Place::Dormant
            } else {
                Place::Waiting
            };
            self.orders.insert(oid, order);
            self.tell_order(oid, "open");
            return Ok(Placed {
                oid,
                filled: 0,
                worth: 0,
                open: true,
            });
        }
        self.orders.insert(oid, order);
        self.send(oid)
    }

    /// Sends an order through the book; what is left rests or ends, as its time in force says.
    pub(super) fn send(&mut self, oid: u64) -> Result<Placed, Refusal> {
        let (filled, worth) = self.run(oid);
        let mut placed = Placed {
            oid,
            filled,
            worth,
            open: false,
        };
        let Some(order) = self.orders.get(&oid) else {
            return Ok(placed);
        };
        let (asked, left, owner) = (order.asked, order.left, order.owner);
        if left <= 0 {
            self.finish(oid, "filled");
        } else if asked.tif == Tif::Ioc {
            if filled > 0 {
                self.finish(oid, "canceled");
            } else {
                let book = &self.markets[asked.coin].book;
                let refusal = match book.best(asked.side.opposite()) {
                    None => Refusal::MarketOrderNoLiquidity,
                    Some(_) => Refusal::IocCancel,
                };
                self.finish(oid, refusal.status());
                return Err(refusal);
            }
        } else {
            let market = &mut self.markets[asked.coin];
            market.book.rest(asked.side, asked.px, oid, owner, left);
            if let Some(order) = self.orders.get_mut(&oid) {
                order.place = Place::Resting;
            }
            placed.open = true;
            self.tell_order(oid, "open");
        }
        Ok(placed)
    }

    /// Meets what stands against an order, one after the other.
    fn run(&mut self, oid: u64) -> (i64, Micro) {
        let (mut filled, mut worth) = (0, 0);
        while let Some(order) = self.orders.get(&oid) {
            let (owner, left) = (order.owner, order.left);
            let (coin, side, limit) = (order.asked.coin, order.asked.side, order.asked.px);
            if left <= 0 {
                break;
            }
            let taker = (Party::User { owner, oid }, side);
            let Some(met) = self.markets[coin].book.meet(owner, side, limit) else {
                break;
            };
            let (px, lots) = match met {
                Met::Own { oid } => {
                    self.finish(oid, "selfTradeCanceled");
                    continue;
                }
                Met::Street { px, lots } => {
                    let lots = lots.min(left);
                    let against = side.opposite();
                    self.markets[coin].book.take_street(against, px, lots);
                    self.told_take(StreetTake {
                        coin,
                        side: against,
                        px,
                        lots,
                    });
                    self.trade(coin, (px, lots), taker, Party::Street, None);
                    (px, lots)
                }
                Met::User { oid, px, lots } => {
                    if !self.can_fill(oid, lots.min(left)) {
                        self.finish(oid, "marginCanceled");
                        continue;
                    }
                    let lots = lots.min(left);
                    let Some(maker) = self.orders.get(&oid).map(|order| order.owner) else {
                        // The book and the orders are changed together.
                        self.markets[coin].book.remove(side.opposite(), px, oid);
                        continue;
                    };
                    let party = Party::User { owner: maker, oid };
                    self.markets[coin]
                        .book
                        .reduce(side.opposite(), px, oid, lots);
                    self.trade(coin, (px, lots), taker, party, None);
                    self.after_fill(oid);
                    self.sweep(maker, coin);
                    (px, lots)
                }
            };
            filled += lots;
            worth += notional(lots, px);
            self.sweep(owner, coin);
        }
        (filled, worth)
    }

    /// The street takes from a resting order. Returns the lots filled; 0 if the order had to go instead.
    pub(super) fn fill_resting(&mut self, oid: u64, px: i64, lots: i64, taker: Side) -> i64 {
        let Some(order) = self.orders.get(&oid) else {
            return 0;
        };
        let (owner, coin, side) = (order.owner, order.asked.coin, order.asked.side);
        let lots = lots.min(order.left);
        if !self.can_fill(oid, lots) {
            self.finish(oid, "marginCanceled");
            return 0;
        }
        self.markets[coin].book.reduce(side, px, oid, lots);
        let party = Party::User { owner, oid };
        self.trade(coin, (px, lots), (Party::Street, taker), party, None);
        self.after_fill(oid);
        self.sweep(owner, coin);
        lots
    }

    /// Whether the owner of a resting order can still carry its fill.
    fn can_fill(&self, oid: u64, lots: i64) -> bool {
        let Some(order) = self.orders.get(&oid) else {
            return false;
        };
        let Some(account) = self.accounts.get(&order.owner) else {
            return false;
        };
        let adds = (order.asked.coin, order.asked.side, lots);
        order.asked.reduce_only || self.can_carry(account, adds, order.asked.px, Some(oid))
    }

    fn after_fill(&mut self, oid: u64) {
        if self.orders.get(&oid).is_some_and(|order| order.left <= 0) {
            self.finish(oid, "filled");
        }
    }

    /// After a position changed: reduce-only orders that have nothing to reduce go (`reduceOnlyCanceled`), the others are cut to the position. That a limit is
    /// cut, with its `origSz`, is assumed: the venue's documentation does not say what becomes of one that is larger than what is left.
    pub(super) fn sweep(&mut self, owner: Address, coin: usize) {
        let Some(account) = self.accounts.get(&owner) else {
            return;
        };
        let szi = account.szi(coin);
        let oids: Vec<u64> = account.open.iter().copied().collect();
        for oid in oids {
            let Some(order) = self.orders.get_mut(&oid) else {
                continue;
            };
            let asked = order.asked;
            let is_done = order.left <= 0 && order.place != Place::Waiting;
            if asked.coin != coin || !asked.reduce_only || is_done {
                continue;
            }
            let reduces = szi.signum() * asked.side.sign() < 0;
            match order.place {
                Place::Dormant => {}
                _ if !reduces => self.finish(oid, "reduceOnlyCanceled"),
                Place::Resting | Place::Taking if order.left > szi.abs() => {
                    let cut = order.left - szi.abs();
                    order.left -= cut;
                    order.asked.lots -= cut;
                    if order.place == Place::Resting {
                        let book = &mut self.markets[coin].book;
                        book.reduce(asked.side, asked.px, oid, cut);
                    }
                }
                Place::Resting | Place::Taking | Place::Waiting => {}
            }
        }
    }

    /// Ends an open order with a status, and what hangs on it.
    pub(super) fn finish(&mut self, oid: u64, status: &'static str) {
        let Some(order) = self.orders.remove(&oid) else {
            return;
        };
        if order.place == Place::Resting {
            let book = &mut self.markets[order.asked.coin].book;
            book.remove(order.asked.side, order.asked.px, oid);
        }
        if let Some(account) = self.accounts.get_mut(&order.owner) {
            account.open.remove(&oid);
        }
        let (children, siblings) = (order.children.clone(), order.siblings.clone());
        let (owner, coin) = (order.owner, order.asked.coin);
        if !matches!(status, "filled" | "canceled" | "scheduledCancel")
            && status.ends_with("Canceled")
        {
            self.tell(owner, UserEvent::NonUserCancel { coin, oid });
        }
        self.record(order, status);
        if status == "filled" {
            for sibling in siblings {
                self.finish(sibling, "siblingFilledCanceled");
            }
            self.wake(&children);
        } else {
            // Only a parent that is filled whole puts its children to work.
            for child in children {
                self.finish(child, "canceled");
            }
        }
    }

    /// Keeps an ended order and tells its owner.
    fn record(&mut self, order: Order, status: &'static str) {
        let at_ms = self.now_ms;
        let event = UserEvent::Order {
            order: Box::new(order.clone()),
            status,
            at_ms,
        };
        let owner = order.owner;
        self.tell(owner, event);
        if let Some(account) = self.accounts.get_mut(&owner) {
            account.remember_closed(Closed {
                order,
                status,
                at_ms,
            });
        }
    }

    pub(super) fn tell_order(&mut self, oid: u64, status: &'static str) {
        if let Some(order) = self.orders.get(&oid) {
            let event = UserEvent::Order {
                order: Box::new(order.clone()),
                status,
                at_ms: self.now_ms,
            };
            self.tell(order.owner, event);
        }
    }

    /// The open order of an account behind an id of the venue.
    pub(super) fn own_order(&self, owner: Address, oid: u64) -> Option<&Order> {
        self.orders.get(&oid).filter(|order| order.owner == owner)
    }

    /// Cancels an order of an account.
    ///
    /// # Errors
    /// [`Refusal::MissingOrder`].
    pub fn cancel(&mut self, owner: Address, oid: u64) -> Result<(), Refusal> {
        if self.own_order(owner, oid).is_none() {
            return Err(Refusal::MissingOrder);
        }
        self.finish(oid, "canceled");
        Ok(())
    }

    /// Replaces an order by another; its owner is told of the new one first. A new one that is malformed changes nothing. One that is
    /// refused otherwise leaves neither, as was seen at the venue, whose documentation does not say. With `always_place` the new
    /// order is placed whether or not there was an old one to take out.
    ///
    /// # Errors
    /// [`Refusal::CannotModify`], [`Refusal::ModifyNotPostOnly`], or why the new order is refused.
    pub fn modify(
        &mut self,
        owner: Address,
        oid: u64,
        mut asked: NewOrder,
        always_place: bool,
    ) -> Result<Placed, Refusal> {
        if !always_place && asked.trigger.is_some() {
            return Err(Refusal::ModifyNotPostOnly);
        }
        let Some(old) = self.own_order(owner, oid) else {
            if always_place {
                return self.place(owner, asked, Around::default());
            }
            return Err(Refusal::CannotModify);
        };
        if old.asked.coin != asked.coin || old.asked.trigger.is_some() != asked.trigger.is_some() {
            return Err(Refusal::CannotModify);
        }
        let around = Around {
            replaces: Some(oid),
            of_position: old.of_position,
            dormant: old.place == Place::Dormant,
            twap: None,
        };
        let (parent, siblings, children) = (old.parent, old.siblings.clone(), old.children.clone());
        if !always_place && asked.trigger.is_none() {
            match asked.tif {
                Tif::Ioc => return Err(Refusal::ModifyNotPostOnly),
                Tif::Gtc | Tif::Alo => asked.tif = Tif::Alo,
            }
        }
        let placed = match self.place(owner, asked, around) {
            Ok(placed) => placed,
            Err(
                refusal @ (Refusal::Tick | Refusal::BadPrice | Refusal::ZeroSize | Refusal::Oracle),
            ) => return Err(refusal),
            Err(refusal) => {
                self.finish(oid, "canceled");
                return Err(Refusal::DuringModify(Box::new(refusal)));
            }
        };
        self.adopt(owner, (oid, placed.oid), parent, &siblings, children);
        self.finish(oid, "canceled");
        Ok(placed)
    }

    /// The new order stands where the old one stood among parents, siblings and children.
    fn adopt(
        &mut self,
        owner: Address,
        (old, new): (u64, u64),
        parent: Option<u64>,
        siblings: &[u64],
        children: Vec<u64>,
    ) {
        if let Some(order) = self.orders.get_mut(&old) {
            order.children.clear();
        }
        let swap = |list: &mut Vec<u64>| {
            for oid in list.iter_mut().filter(|oid| **oid == old) {
                *oid = new;
            }
        };
        for sibling in siblings {
            if let Some(order) = self.orders.get_mut(sibling) {
                swap(&mut order.siblings);
            }
        }
        if let Some(order) = parent.and_then(|parent| self.orders.get_mut(&parent)) {
            swap(&mut order.children);
        }
        for child in &children {
            if let Some(order) = self.orders.get_mut(child) {
                order.parent = Some(new);
            }
        }
        match self.orders.get_mut(&new) {
            Some(order) => {
                order.parent = parent;
                order.siblings = siblings.to_vec();
                order.children = children;
            }
            None => {
                let whole = self
                    .accounts
                    .get(&owner)
                    .and_then(|account| account.closed(new))
                    .is_some_and(|ended| ended.status == "filled");
                if whole {
                    self.wake(&children);
                } else {
                    for child in children {
                        self.finish(child, "canceled");
                    }
                }
            }
        }
    }
}
