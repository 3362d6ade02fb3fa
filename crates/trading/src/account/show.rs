//! What the audience is shown.

use super::Account;
use super::figures::AGE_LIMIT_MS;
use crate::risk::ScheduledCancel;
use crate::ticket::OrderSide;
use crate::view::{
    AccountState, AgentView, Event, EventKind, Fees, Lock, OrderView, PositionView, Told, missing,
};
use crate::wire;
use hypersentry_execution::order::{Cloid, Leg, Order, State};
use hypersentry_model::agg::{Field, Mark};
use hypersentry_model::{Price, Rate, Size, Stamped};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;

/// Ended orders that are shown.
const MOST_ENDED: usize = 500;

pub(super) fn name(cloid: &Cloid) -> String {
    Name::new(*cloid).to_string()
}

/// The group that an order belongs to.
pub(super) fn group(order: &Order) -> String {
    name(&order.intent().group)
}

pub(super) const fn bought(is_buy: bool) -> OrderSide {
    if is_buy {
        OrderSide::Buy
    } else {
        OrderSide::Sell
    }
}

/// A share as basis points.
pub(super) fn bps(rate: Rate) -> String {
    // A rate has 18 decimals, and a basis point is its fourth.
    let scaled = rate.units() / 10_i128.pow(Rate::SCALE - 4 - 4);
    let (whole, rest) = (scaled / 10_000, (scaled % 10_000).abs());
    let sign = if scaled < 0 && whole == 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{rest:04}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Account {
    /// Whether its fills are reckoned.
    pub(super) fn is_paper(&self) -> bool {
        self.settings.paper.is_some()
    }

    pub(super) fn tell(&self, told: Told) {
        self.world.audience.tell(&self.name, told);
    }

    pub(super) fn tell_order(&self, cloid: &Cloid) {
        if let Some(view) = self.order_view(cloid) {
            self.tell(Told::Order(Box::new(view)));
        }
    }

    pub(super) fn tell_account(&self) {
        self.tell(Told::Account(Box::new(self.state(None))));
        self.tell_risk();
    }

    pub(super) fn tell_event(
        &self,
        kind: EventKind,
        code: &str,
        text: &str,
        cloid: Option<&Cloid>,
    ) {
        self.tell(Told::Event(Box::new(Event {
            account: self.name.clone(),
            paper: self.is_paper(),
            kind,
            code: code.to_owned(),
            text: text.to_owned(),
            cloid: cloid.map(name),
        })));
    }

    pub(super) fn order_view(&self, cloid: &Cloid) -> Option<OrderView> {
        let order = self.relay.order(cloid)?;
        let intent = order.intent();
        let extra = self.extras.get(cloid);
        let cover = self.relay.cover(cloid, self.now());
        let average = extra.map(|extra| extra.paid).and_then(|(paid, size)| {
            let one = 10_i128.pow(Size::SCALE);
            let units = paid.checked_mul(one)?.checked_div(size)?;
            Some(Price::from_units(units))
        });
        Some(OrderView {
            account: self.name.clone(),
            paper: self.is_paper(),
            cloid: Some(name(cloid)),
            oid: extra.and_then(|extra| extra.oid),
            group: Some(name(&intent.group)),
            replaces: intent.replaces.map(|it| name(&it.cloid)),
            replaced_by: self.relay.replaced_by(cloid).as_ref().map(name),
            leg: intent.leg,
            symbol: intent.symbol,
            side: wire::side(intent.side),
            kind: Some(wire::kind(&intent.terms)),
            px: intent.terms.px(),
            trigger_px: match intent.terms {
                hypersentry_execution::order::Terms::Trigger { trigger, .. } => Some(trigger),
                hypersentry_execution::order::Terms::Limit { .. } => None,
            },
            size: intent.size,
            filled: order.filled(),
            average_px: average,
            reduce_only: intent.reduce_only,
            strategy: extra.map_or_else(String::new, |extra| extra.strategy.clone()),
            state: order.state(),
            created_ms: extra.map_or(0, |extra| extra.created.ms()),
            changed_ms: order.since().ms(),
            unknown_until_ms: order.unknown_until().map(|at| at.ms()),
            why: extra.and_then(|extra| extra.why.clone()),
            naked_ms: cover.and_then(|cover| cover.naked_ms),
            protected: cover.map(|cover| cover.protected),
            foreign: false,
        })
    }

    fn foreign(&self) -> impl Iterator<Item = OrderView> {
        self.figures.foreign.iter().map(|order| OrderView {
            account: self.name.clone(),
            paper: self.is_paper(),
            cloid: order.cloid.map(|cloid| cloid.to_string()),
            oid: Some(order.oid),
            group: None,
            replaces: None,
            replaced_by: None,
            leg: Leg::Single,
            symbol: order.symbol,
            side: bought(order.is_buy),
            kind: None,
            px: order.px,
            trigger_px: order.trigger,
            size: order.size,
            filled: order.size.checked_sub(order.left).unwrap_or(Size::ZERO),
            average_px: None,
            reduce_only: order.reduce_only,
            strategy: "foreign".to_owned(),
            state: State::Acked,
            created_ms: order.placed.ms(),
            changed_ms: order.placed.ms(),
            unknown_until_ms: None,
            why: None,
            naked_ms: None,
            protected: None,
            foreign: true,
        })
    }

    /// All orders, the newest first: everything that lives, and the last that ended.
    pub(super) fn orders(&self) -> Vec<OrderView> {
        let all = self.relay.orders().map(|order| order.intent().cloid);
        let mut views: Vec<OrderView> = all.filter_map(|cloid| self.order_view(&cloid)).collect();
        views.extend(self.foreign());
        views.sort_by_key(|view| (std::cmp::Reverse(view.created_ms), view.cloid.clone()));
        let mut ended = 0;
        views.retain(|view| {
            ended += usize::from(view.state.is_terminal());
            !view.state.is_terminal() || ended <= MOST_ENDED
        });
        views
    }

    fn field<T>(&self, value: Option<Stamped<T>>) -> Field<T> {
        let now = self.now();
        match value {
            None => missing(AGE_LIMIT_MS),
            Some(value) => Field {
                mark: Mark::of(Some(value.stamp), value.limit_ms, now),
                v: Some(value.value),
            },
        }
    }

    /// Why no order is taken now, by whom it is asked.
    pub(super) fn locks(&self, user: Option<&str>) -> (Vec<Lock>, Option<AgentView>) {
        let mut locks = Vec::new();
        let agent = self.world.signers.agent(self.address, user);
        let agent = match agent {
            Ok(agent) => Some(AgentView {
                address: agent.address.to_string(),
                expires_ms: agent.expires_ms,
            }),
            Err(refused) => {
                locks.push(wire::why(&refused.code, &refused.text));
                None
            }
        };
        if self.stopped {
            let text = "the audit log cannot be written: nothing is sent until the program was started anew";
            locks.push(wire::why("audit_stopped", text));
        }
        if self.killed {
            let text = "the kill switch is on: only orders that reduce a position are taken";
            locks.push(wire::why("kill_switch_on", text));
        }
        let now = self.now();
        let desk = self.desk.now(now);
        if desk.killed {
            let text = "the desk's kill switch is on: only orders that reduce a position are taken";
            locks.push(wire::why("desk_kill_switch_on", text));
        }
        if desk.lapsed || self.shut(None, now).is_some() {
            let text = "a lease was not renewed in time: only orders that reduce a position are taken until it is";
            locks.push(wire::why("lease_lapsed", text));
        }
        if let Some(why) = &self.figures.trouble {
            locks.push(why.clone());
        }
        if self.relay.is_locked() {
            let words: Vec<&str> = self
                .figures
                .findings
                .iter()
                .map(|it| it.text.as_str())
                .collect();
            let text = if words.is_empty() {
                "the account is being compared with the venue".to_owned()
            } else {
                words.join("; ")
            };
            locks.push(wire::why("trading_locked", &text));
        }
        if self.figures.assets.is_empty() {
            let text = "the venue's list of markets is not known yet";
            locks.push(wire::why("assets_unknown", text));
        }
        (locks, agent)
    }

    pub(super) fn state(&self, user: Option<&str>) -> AccountState {
        let (locks, agent) = self.locks(user);
        let figures = &self.figures;
        let told = figures.positions.as_ref();
        let stamped = |value| told.map(|(_, stamp)| super::figures::stamped(value, *stamp));
        let rows = told.map(|(positions, _)| {
            let held = positions.held.iter();
            held.map(|(symbol, held)| PositionView {
                symbol: *symbol,
                size: held.size,
                entry_px: held.entry,
                mark_px: held.mark(),
                value_usd: held.value,
                unrealised_usd: held.unrealised,
                liquidation_px: held.liquidation,
                leverage: held.mode.leverage,
                margin: if held.mode.isolated {
                    "isolated"
                } else {
                    "cross"
                },
                margin_used_usd: held.margin,
                funding_usd: held.funding,
            })
            .collect()
        });
        let positions = rows
            .zip(told)
            .map(|(rows, (_, stamp))| super::figures::stamped(rows, *stamp));
        AccountState {
            account: self.name.clone(),
            mode: self.settings.mode,
            paper: self.is_paper(),
            paper_assumptions: self.settings.paper.clone(),
            venue: "hyperliquid",
            run_id: self.settings.run_id.clone(),
            now_ms: self.now().ms(),
            ready: locks.is_empty(),
            locks,
            killed: self.killed,
            desk_killed: self.desk.now(self.now()).killed,
            leases: self.lease_views(),
            scheduled_cancel: self.schedule.at_ms().map(|at_ms| ScheduledCancel { at_ms }),
            agent,
            equity_usd: self.field(figures.equity()),
            withdrawable_usd: self.field(told.and_then(|(it, _)| stamped(it.withdrawable))),
            margin_used_usd: self.field(told.and_then(|(it, _)| stamped(it.margin))),
            day_loss_usd: self.field(self.day_loss()),
            positions: self.field(positions),
            reconciled_ms: figures.matched.map(|at| at.ms()),
            findings: figures.findings.clone(),
            limits: self.limits.limits().clone(),
            ledger: figures.books(),
            fees: figures.fees.map(|fees| Fees {
                taker_bps: bps(fees.taker),
                maker_bps: bps(fees.maker),
            }),
            stream: match (figures.stream, told) {
                (true, _) => "open",
                (false, Some(_)) => "polling",
                (false, None) => "closed",
            },
            twaps: self.twap_views(),
            auto: self.auto_on(),
            orders: None,
            fills: None,
        }
    }

    pub(super) fn whole_state(&self, user: Option<&str>) -> AccountState {
        AccountState {
            orders: Some(self.orders()),
            fills: Some(self.fills.iter().cloned().collect()),
            ..self.state(user)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_reads_as_basis_points() {
        for (rate, text) in [
            ("0.00045", "4.5"),
            ("0.00015", "1.5"),
            ("-0.00003", "-0.3"),
            ("0", "0"),
            ("0.01", "100"),
        ] {
            assert_eq!(bps(Rate::parse(rate).unwrap()), text);
        }
    }
}
