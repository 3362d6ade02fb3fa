//! Whatever happens: money and lots add up, no book is crossed, and the same happens twice.

use proptest::prelude::*;

use super::*;

/// Something that happens to the venue.
#[derive(Debug, Clone)]
enum Step {
    Order {
        who: usize,
        buy: bool,
        px: i64,
        lots: i64,
        kind: u8,
        reduce: bool,
    },
    Trigger {
        who: usize,
        buy: bool,
        px: i64,
        lots: i64,
        profit: bool,
    },
    Bracket {
        who: usize,
        buy: bool,
        px: i64,
        lots: i64,
    },
    Cancel {
        who: usize,
        nth: usize,
    },
    Modify {
        who: usize,
        nth: usize,
        px: i64,
        lots: i64,
    },
    Leverage {
        who: usize,
        cross: bool,
        value: u32,
    },
    Margin {
        who: usize,
        cents: i64,
    },
    Level {
        buy: bool,
        px: i64,
        lots: i64,
    },
    Print {
        buy: bool,
        px: i64,
        lots: i64,
    },
    Mark {
        px: i64,
    },
    Fund {
        rate: i64,
    },
    Twap {
        who: usize,
        buy: bool,
        lots: i64,
    },
    Pass {
        seconds: i64,
    },
    Pay {
        who: usize,
        usd: i64,
    },
}

const USERS: [Address; 3] = [ANN, BOB, Address([0xc4; 20])];

fn price() -> impl Strategy<Value = i64> {
    // Tenths of a dollar about 100.
    (900_i64..1_100).prop_map(|tenths| tenths * 1_000)
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..USERS.len();
    let order = (
        who.clone(),
        any::<bool>(),
        price(),
        1_i64..60_000,
        0..3_u8,
        any::<bool>(),
    )
        .prop_map(|(who, buy, px, lots, kind, reduce)| Step::Order {
            who,
            buy,
            px,
            lots,
            kind,
            reduce,
        });
    let trigger = (
        who.clone(),
        any::<bool>(),
        price(),
        0_i64..9_000,
        any::<bool>(),
    )
        .prop_map(|(who, buy, px, lots, profit)| Step::Trigger {
            who,
            buy,
            px,
            lots,
            profit,
        });
    let bracket = (who.clone(), any::<bool>(), price(), 10_i64..9_000)
        .prop_map(|(who, buy, px, lots)| Step::Bracket { who, buy, px, lots });
    prop_oneof![
        8 => order,
        2 => trigger,
        1 => bracket,
        2 => (who.clone(), 0..20_usize).prop_map(|(who, nth)| Step::Cancel { who, nth }),
        2 => (who.clone(), 0..20_usize, price(), 1_i64..9_000)
            .prop_map(|(who, nth, px, lots)| Step::Modify { who, nth, px, lots }),
        1 => (who.clone(), any::<bool>(), 1..22_u32)
            .prop_map(|(who, cross, value)| Step::Leverage { who, cross, value }),
        1 => (who.clone(), -5_000..5_000_i64).prop_map(|(who, cents)| Step::Margin { who, cents }),
        5 => (any::<bool>(), price(), 0..90_000_i64)
            .prop_map(|(buy, px, lots)| Step::Level { buy, px, lots }),
        3 => (any::<bool>(), price(), 1..5_000_i64)
            .prop_map(|(buy, px, lots)| Step::Print { buy, px, lots }),
        3 => price().prop_map(|px| Step::Mark { px }),
        1 => (-50_000_000..50_000_000_i64).prop_map(|rate| Step::Fund { rate }),
        1 => (who.clone(), any::<bool>(), 100..5_000_i64)
            .prop_map(|(who, buy, lots)| Step::Twap { who, buy, lots }),
        1 => (1..90_i64).prop_map(|seconds| Step::Pass { seconds }),
        1 => (who, -500..500_i64).prop_map(|(who, usd)| Step::Pay { who, usd }),
    ]
}

fn text(lots: i64) -> String {
    print(lots.into(), 2)
}

fn px_text(px: i64) -> String {
    print(px.into(), 4)
}

fn nth_order(desk: &Desk, who: usize, nth: usize) -> u64 {
    let open = &desk.venue.account(USERS[who]).unwrap().open;
    open.iter().nth(nth).copied().unwrap_or(0)
}

/// Does one step; what the venue answers is kept for comparison.
fn perform(desk: &mut Desk, step: &Step) -> Value {
    match *step {
        Step::Order { who, buy, px, lots, kind, reduce: only } => {
            let tif = ["Gtc", "Alo", "Ioc"][usize::from(kind)];
            let mut order = limit(buy, &px_text(px), &text(lots), tif);
            order["r"] = json!(only);
            desk.order(USERS[who], order)
        }
        Step::Trigger { who, buy, px, lots, profit } => {
            let tpsl = if profit { "tp" } else { "sl" };
            let order = trigger(buy, &px_text(px), &text(lots), tpsl);
            let grouping = if lots == 0 { "positionTpsl" } else { "na" };
            desk.group(USERS[who], &[order], grouping)
        }
        Step::Bracket { who, buy, px, lots } => {
            let sign = if buy { 1 } else { -1 };
            let child = |away: i64, tpsl| {
                trigger(!buy, &px_text(px + sign * away), &text(lots), tpsl)
            };
            let parent = limit(buy, &px_text(px), &text(lots), "Gtc");
            let orders = [parent, child(30_000, "tp"), child(-30_000, "sl")];
            desk.group(USERS[who], &orders, "normalTpsl")
        }
        Step::Cancel { who, nth } => {
            let oid = nth_order(desk, who, nth);
            desk.send(USERS[who], json!({"type": "cancel", "cancels": [{"a": 0, "o": oid}]}))
        }
        Step::Modify { who, nth, px, lots } => {
            let oid = nth_order(desk, who, nth);
            let order = limit(nth % 2 == 0, &px_text(px), &text(lots), "Gtc");
            desk.send(USERS[who], json!({"type": "modify", "oid": oid, "order": order, "a": true}))
        }
        Step::Leverage { who, cross, value } => desk.send(
            USERS[who],
            json!({"type": "updateLeverage", "asset": 0, "isCross": cross, "leverage": value}),
        ),
        Step::Margin { who, cents } => desk.send(
            USERS[who],
            json!({"type": "updateIsolatedMargin", "asset": 0, "isBuy": true, "ntli": cents * 10_000}),
        ),
        Step::Level { buy, px, lots } => {
            let side = if buy { Side::Buy } else { Side::Sell };
            // The generator's own book is never crossed.
            let book = &desk.venue.markets()[0].book;
            let crossed = (900..1_100).map(|tenths| tenths * 1_000).any(|at| {
                book.street(side.opposite(), at) > 0 && side.accepts(px, at)
            });
            if lots == 0 || !crossed {
                desk.venue.street_level(0, side, px, lots);
            }
            Value::Null
        }
        Step::Print { buy, px, lots } => {
            let side = if buy { Side::Buy } else { Side::Sell };
            desk.street_order(0, side, px, lots);
            Value::Null
        }
        Step::Mark { px } => {
            desk.venue.mark(0, px, px);
            Value::Null
        }
        Step::Fund { rate } => {
            desk.venue.fund(0, rate);
            Value::Null
        }
        Step::Twap { who, buy, lots } => desk.send(
            USERS[who],
            json!({"type": "twapOrder", "twap": {"a": 0, "b": buy, "s": text(lots), "r": false, "m": 5, "t": false}}),
        ),
        Step::Pass { seconds } => {
            desk.venue.advance(desk.venue.now_ms() + seconds * 1_000);
            Value::Null
        }
        Step::Pay { who, usd } => {
            let paid = desk.venue.pay_in(USERS[who], i128::from(usd) * USD);
            json!(paid.is_ok())
        }
    }
}

fn check(desk: &Desk) {
    desk.sound();
    for user in USERS {
        let account = desk.venue.account(user).unwrap();
        let position = account.szi(0);
        for oid in &account.open {
            let order = desk.venue.order(*oid).unwrap();
            assert!(order.owner == user && order.place != Place::Taking);
            assert!(order.left > 0 || order.of_position, "{order:?}");
            assert!(order.left <= order.asked.lots);
            if order.place == Place::Resting {
                let book = &desk.venue.markets()[0].book;
                assert!(book.user_lots(order.asked.side, order.asked.px) >= order.left);
                if order.asked.reduce_only {
                    assert!(position.signum() * order.asked.side.sign() < 0);
                    assert!(order.left <= position.abs());
                }
            }
        }
        assert!(desk.venue.withdrawable(user) >= 0);
        for position in account.positions.values() {
            assert_ne!(position.szi, 0);
        }
    }
}

fn desk() -> Desk {
    let mut desk = Desk::open();
    desk.venue.pay_in(USERS[2], 3_000 * USD).unwrap();
    desk
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn money_lots_and_books_are_sound_after_every_step(steps in prop::collection::vec(step(), 1..120)) {
        let (mut one, mut other) = (desk(), desk());
        for step in &steps {
            let answer = perform(&mut one, step);
            check(&one);
            // The same again gives the same.
            prop_assert_eq!(answer, perform(&mut other, step));
        }
        let (one, other) = (one.venue.take_output(), other.venue.take_output());
        prop_assert_eq!(one.events, other.events);
        prop_assert_eq!(&one.trades, &other.trades);
        // No account trades with itself, and no trade has the number of another.
        let mut numbers: Vec<u64> = one.trades.iter().map(|trade| trade.tid).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), one.trades.len());
        for trade in &one.trades {
            prop_assert!(trade.users[0] != trade.users[1], "{:?}", trade);
        }
    }
}
