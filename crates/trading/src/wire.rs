//! Our words and the venue's.

use hypersentry_execution::order::{Aim, Cloid, Event, Intent, Leg, Side, Step, Terms, Tif};
use hypersentry_venues::hyperliquid::account::{Fate, Known, refusal};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use hypersentry_venues::hyperliquid::exchange::action::Action;
use hypersentry_venues::hyperliquid::exchange::order::{
    BatchModify, CancelByCloid, CancelsByCloid, Change, Grouping, Order, OrderId, OrderKind,
    Orders, Tif as VenueTif, Tpsl,
};
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;

use crate::ticket::{Kind, OrderSide};
use crate::view::Why;

pub(crate) const fn side(side: Side) -> OrderSide {
    match side {
        Side::Buy => OrderSide::Buy,
        Side::Sell => OrderSide::Sell,
    }
}

pub(crate) const fn ours(side: OrderSide) -> Side {
    match side {
        OrderSide::Buy => Side::Buy,
        OrderSide::Sell => Side::Sell,
    }
}

/// The kind that a trader knows the terms by.
pub(crate) const fn kind(terms: &Terms) -> Kind {
    match terms {
        Terms::Limit { tif, .. } => match tif {
            Tif::Gtc => Kind::Limit,
            Tif::Ioc => Kind::Ioc,
            Tif::PostOnly => Kind::PostOnly,
        },
        Terms::Trigger { market, aim, .. } => match (aim, market) {
            (Aim::Stop, true) => Kind::StopMarket,
            (Aim::Stop, false) => Kind::StopLimit,
            (Aim::Take, true) => Kind::TakeMarket,
            (Aim::Take, false) => Kind::TakeLimit,
        },
    }
}

/// The venue's order.
pub(crate) fn order(intent: &Intent, asset: u32) -> Order {
    let kind = match intent.terms {
        Terms::Limit { tif, .. } => OrderKind::Limit {
            tif: match tif {
                Tif::Gtc => VenueTif::Gtc,
                Tif::Ioc => VenueTif::Ioc,
                Tif::PostOnly => VenueTif::Alo,
            },
        },
        Terms::Trigger {
            trigger,
            market,
            aim,
            ..
        } => OrderKind::Trigger {
            is_market: market,
            trigger_px: trigger.into(),
            tpsl: match aim {
                Aim::Stop => Tpsl::Sl,
                Aim::Take => Tpsl::Tp,
            },
        },
    };
    Order {
        asset,
        is_buy: intent.side == Side::Buy,
        px: intent.terms.px().into(),
        sz: intent.size.into(),
        reduce_only: intent.reduce_only,
        kind,
        cloid: Some(Name::new(intent.cloid)),
    }
}

/// Orders of one request, which has one market.
pub fn place(intents: &[Intent], asset: u32) -> Orders {
    let exits = intents.len() > 1
        && intents
            .iter()
            .any(|it| matches!(it.leg, Leg::TakeProfit | Leg::StopLoss));
    Orders {
        orders: intents.iter().map(|intent| order(intent, asset)).collect(),
        grouping: if exits {
            Grouping::NormalTpsl
        } else {
            Grouping::Na
        },
        builder: None,
    }
}

/// The venue's own change of an order. A trigger can only be changed with `always_place`, which places the new one whatever becomes of the old one:
/// no harm where it only reduces. For anything else it must not be said, or an order that was filled meanwhile would be there twice.
pub(crate) fn change(intent: &Intent, old: &Cloid, asset: u32) -> Action {
    let order = order(intent, asset);
    let oid = OrderId::Cloid(Name::new(*old));
    Action::BatchModify(BatchModify {
        modifies: vec![Change { oid, order }],
        always_place: intent.reduce_only && matches!(intent.terms, Terms::Trigger { .. }),
    })
}

pub(crate) fn cancel(cloid: &Cloid, asset: u32) -> Action {
    let cloid = Name::new(*cloid);
    Action::CancelByCloid(CancelsByCloid {
        cancels: vec![CancelByCloid { asset, cloid }],
        fast: false,
    })
}

/// What an answer to an order means for it.
pub(crate) fn heard(intent: &Intent, outcome: &Outcome) -> (Event, Option<Why>) {
    let plain = |step| Event::Plain { step };
    match outcome {
        Outcome::Resting { .. }
        | Outcome::WaitingForFill
        | Outcome::WaitingForTrigger
        | Outcome::Done
        | Outcome::TwapRunning { .. } => (plain(Step::Ack), None),
        Outcome::Filled { total_sz, .. } => {
            let filled = *total_sz;
            let ioc = matches!(intent.terms, Terms::Limit { tif: Tif::Ioc, .. });
            // What an IOC did not take at once is gone.
            let event = if ioc && filled < intent.size {
                Event::Cancelled { filled }
            } else {
                Event::Resting { filled }
            };
            (event, None)
        }
        Outcome::Refused(told) => (plain(Step::Refuse), Some(why(told.code, &told.text))),
        Outcome::Unknown(told) => (plain(Step::LoseReply), Some(why(told.code, &told.text))),
    }
}

/// The venue's number of an order, where the answer has it.
pub(crate) const fn oid(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Resting { oid, .. } | Outcome::Filled { oid, .. } => Some(*oid),
        _ => None,
    }
}

pub(crate) fn why(code: &str, text: &str) -> Why {
    Why {
        code: code.to_owned(),
        text: text.chars().take(400).collect(),
    }
}

/// What the venue's word about an order means for it.
pub(crate) fn known(intent: &Intent, known: &Known) -> (Event, Option<Why>) {
    let filled = known.filled();
    match known.fate {
        Fate::Open => (Event::Resting { filled }, None),
        // It was cut to the position, and of that all was filled.
        Fate::Filled if intent.reduce_only && filled.is_positive() && filled < intent.size => {
            (Event::Cancelled { filled }, None)
        }
        Fate::Filled => (
            Event::Resting {
                filled: intent.size,
            },
            None,
        ),
        Fate::Cancelled if known.status == "canceled" => (Event::Cancelled { filled }, None),
        Fate::Cancelled => (
            Event::Cancelled { filled },
            Some(why("venue_cancelled", &known.status)),
        ),
        // Of a trigger that was refused when it was triggered the venue had held it before.
        Fate::Rejected if matches!(intent.terms, Terms::Trigger { .. }) => (
            Event::Cancelled { filled },
            Some(why(refusal(&known.status), &known.status)),
        ),
        Fate::Rejected => (
            Event::Plain { step: Step::Refuse },
            Some(why(refusal(&known.status), &known.status)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Price, Size, Symbol, Timestamp};
    use hypersentry_venues::hyperliquid::account::OpenOrder;

    fn size(text: &str) -> Size {
        Size::parse(text).unwrap()
    }

    #[test]
    fn of_what_was_cut_to_the_position_what_was_filled_is_what_was_left() {
        let px = Price::parse("50000").unwrap();
        for (reduce_only, there, event) in [
            (
                true,
                "0.6",
                Event::Cancelled {
                    filled: size("0.6"),
                },
            ),
            (true, "1", Event::Resting { filled: size("1") }),
            (false, "1", Event::Resting { filled: size("1") }),
        ] {
            let intent = Intent {
                cloid: [1; 16],
                group: [1; 16],
                leg: Leg::Single,
                terms: Terms::Limit { px, tif: Tif::Gtc },
                symbol: Symbol::new("BTC").unwrap(),
                side: Side::Sell,
                size: size("1"),
                reduce_only,
                expires_after: Timestamp::from_ms(1),
                replaces: None,
            };
            let told = Known {
                order: OpenOrder {
                    oid: 1,
                    cloid: None,
                    symbol: intent.symbol,
                    is_buy: false,
                    px,
                    size: size(there),
                    left: Size::ZERO,
                    trigger: None,
                    reduce_only,
                    placed: Timestamp::from_ms(1),
                },
                fate: Fate::Filled,
                status: "filled".to_owned(),
                at: Timestamp::from_ms(2),
            };
            assert_eq!(known(&intent, &told).0, event, "{reduce_only} {there}");
        }
    }
}
