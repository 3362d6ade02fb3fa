use super::*;
use crate::order::Side;
use hypersentry_model::{Source, Stamp, Symbol, Timestamp, Venue};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_ms(1_000_000);

fn seen<T>(value: T, at: Timestamp) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(at),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 3_000,
    })
}

fn dollars(amount: i128) -> Usd {
    Usd::from_units(amount * 1_000_000_000_000)
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// An account that holds so many base units, at a price of one dollar.
fn share(held: &[(&str, i128)], at: Timestamp) -> Share {
    let held = held
        .iter()
        .map(|(name, usd)| (symbol(name), dollars(usd.abs())));
    Share {
        exposure: seen(held.collect(), at),
        equity: seen(dollars(1_000_000), at),
        day_loss: seen(dollars(5), at),
        lately: vec![NOW.plus_ms(-61_000), NOW.plus_ms(-59_000)],
        today: (0, 3),
    }
}

fn own(long: i128) -> Standing {
    Standing {
        equity: seen(dollars(1_000_000), NOW),
        position: seen(Size::from_units(long * 10_i128.pow(Size::SCALE)), NOW),
        others: seen(Usd::ZERO, NOW),
        day_loss: seen(Usd::ZERO, NOW),
        ..Standing::default()
    }
}

#[test]
fn a_desk_is_the_sum_of_its_accounts_and_stale_when_one_of_them_is() {
    let mut book = DeskBook::default();
    book.put("a", share(&[("BTC", 70), ("ETH", 11)], NOW));
    let old = NOW.plus_ms(-2_000);
    book.put("b", share(&[("BTC", -30), ("SOL", 5)], old));
    let desk = book.standing(&"a", &own(70), symbol("BTC"), NOW);
    // The short of one account takes nothing off the other's long.
    assert_eq!(desk.elsewhere, dollars(30));
    assert_eq!(desk.others.unwrap().value, dollars(5));
    // Two seconds are within what an account's figures are good for.
    assert_eq!(desk.others.unwrap().stamp, Stamp::at(NOW));
    let long_ago = NOW.plus_ms(-600_000);
    let mut stale = book.clone();
    stale.put("b", share(&[("SOL", 5)], long_ago));
    let stale = stale.standing(&"a", &own(70), symbol("BTC"), NOW);
    assert_eq!(stale.others.unwrap().stamp, Stamp::at(long_ago));
    assert_eq!(desk.equity.unwrap().value, dollars(2_000_000));
    assert_eq!(desk.day_loss.unwrap().value, dollars(5));
    assert_eq!((desk.orders_in_minute, desk.orders_in_day), (1, 3));
    // A day later nothing was sent yet.
    let later = NOW.plus_ms(86_400_000);
    let desk = book.standing(&"a", &own(70), symbol("BTC"), later);
    assert_eq!((desk.orders_in_minute, desk.orders_in_day), (0, 0));
    let total = book.total(NOW);
    assert_eq!(total.others.unwrap().value, dollars(116));
    assert_eq!((total.orders_in_minute, total.orders_in_day), (2, 6));
    assert_eq!(DeskBook::<u8>::default().total(NOW), Standing::default());
    // What one account does not know, the desk does not.
    let blind = Share {
        exposure: None,
        ..share(&[], NOW)
    };
    book.put("c", blind);
    let desk = book.standing(&"a", &own(70), symbol("BTC"), NOW);
    assert_eq!(desk.others, None);
}

fn buy(size: i128) -> (Wish, Market) {
    let px = Price::parse("1").unwrap();
    let wish = Wish {
        symbol: symbol("BTC"),
        side: Side::Buy,
        size: Size::from_units(size * 10_i128.pow(Size::SCALE)),
        pricing: Pricing::Limit { limit: px },
        reduce_only: false,
        stop: None,
        liquidation: Liquidation::Never,
    };
    let market = Market {
        now: NOW,
        mid: seen(px, NOW),
        against: None,
        clock_bound_ms: Some(10),
    };
    (wish, market)
}

fn wide() -> Limits {
    Limits {
        order_usd: dollars(1_000_000),
        symbol_usd: dollars(1_000_000),
        gross_usd: dollars(1_000_000),
        ..Limits::default()
    }
}

#[test]
fn a_scope_that_is_shut_takes_only_what_reduces() {
    let (wish, market) = buy(10);
    let limits = wide();
    for (shut, code) in [
        (Shut::Killed, "kill_switch_on"),
        (Shut::Lapsed, "lease_lapsed"),
    ] {
        let desk = Standing {
            shut: Some(shut),
            ..own(-10)
        };
        let account = own(-10);
        let scopes = [
            (Scope::Account, &limits, &account),
            (Scope::Desk, &limits, &desk),
        ];
        let refused = check(&wish, &market, &scopes).unwrap_err();
        assert_eq!(refused.len(), 1);
        assert_eq!(
            (refused[0].check.code(), refused[0].scope),
            (code, Some(Scope::Desk))
        );
        let closing = Wish {
            reduce_only: true,
            ..wish.clone()
        };
        assert!(check(&closing, &market, &scopes).unwrap().reduces);
    }
}

/// An account as its task knows it: what it bought, and the order that it is asking about.
#[derive(Clone, Debug, Default)]
struct Trader {
    held: i128,
    asking: Option<(i128, bool)>,
}

proptest! {
    /// Accounts ask, learn their answer and settle it in any order: what passed is never more than the desk's limit, and an order that fits beside all
    /// that was asked for is never refused.
    #[test]
    fn the_sum_never_passes_the_desks_limit(
        limit in 1_i128..200,
        steps in prop::collection::vec((0_usize..5, 1_i128..60, any::<bool>()), 1..80),
    ) {
        let mut book = DeskBook::default();
        let mut traders = vec![Trader::default(); 5];
        let desk_limits = Limits { symbol_usd: dollars(limit), ..wide() };
        let account_limits = wide();
        for (who, size, cancels) in steps {
            let promised: i128 = traders.iter().map(|t| t.held + t.asking.map_or(0, |(n, _)| n)).sum();
            let trader = &mut traders[who];
            match trader.asking.take() {
                // The one moment that is shared: the order goes in, the others are read.
                None => {
                    book.put(who, share(&[("BTC", trader.held + size)], NOW));
                    let account = own(trader.held);
                    let desk = book.standing(&who, &account, symbol("BTC"), NOW);
                    let (wish, market) = buy(size);
                    let scopes = [
                        (Scope::Account, &account_limits, &account),
                        (Scope::Desk, &desk_limits, &desk),
                    ];
                    let passes = check(&wish, &market, &scopes).is_ok();
                    if promised + size <= limit {
                        prop_assert!(passes);
                    }
                    trader.asking = Some((size, passes));
                }
                Some((size, passes)) => {
                    if passes {
                        trader.held += size;
                    }
                    if cancels {
                        trader.held = 0;
                    }
                    book.put(who, share(&[("BTC", trader.held)], NOW));
                }
            }
            let passed = |t: &Trader| t.held + t.asking.filter(|(_, ok)| *ok).map_or(0, |(n, _)| n);
            let sum: i128 = traders.iter().map(passed).sum();
            prop_assert!(sum <= limit, "{sum} of {limit}: {traders:?}");
        }
    }

    /// The book keeps what was put last of each account, and nothing else.
    #[test]
    fn only_the_last_share_counts(amounts in prop::collection::vec((0_usize..4, 0_i128..1_000), 1..40)) {
        let mut book = DeskBook::default();
        let mut last: BTreeMap<usize, i128> = BTreeMap::new();
        for (who, amount) in amounts {
            book.put(who, share(&[("BTC", amount)], NOW));
            last.insert(who, amount);
        }
        for who in 0..4 {
            let rest: i128 = last.iter().filter(|(of, _)| **of != who).map(|(_, n)| *n).sum();
            let desk = book.standing(&who, &own(0), symbol("BTC"), NOW);
            prop_assert_eq!(desk.elsewhere, dollars(rest));
        }
    }
}
