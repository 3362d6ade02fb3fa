use super::*;
use proptest::prelude::*;

#[test]
fn an_account_that_has_something_already_ties_from_the_first_moment() {
    let eth = Symbol::new("ETH").unwrap();
    let held = Holding {
        size: Size::parse("-0.5").unwrap(),
        cost: Usd::parse("-1500").unwrap(),
    };
    let usd = |text| Usd::parse(text).unwrap();
    let ledger = Ledger::opened([(eth, held)], usd("995"), usd("-5")).unwrap();
    assert_eq!(ledger.books().sum(), Some(Usd::ZERO));
    let mark = |px| ledger.equity(|_| Price::parse(px).ok()).unwrap();
    assert_eq!(mark("3010"), Some(usd("995")));
    assert_eq!(mark("2990"), Some(usd("1005")));
}

fn fill(id: u64, side: Side, px: &str, size: &str, fee: &str) -> Fill {
    Fill {
        id,
        time: Timestamp::from_ms(id as i64),
        symbol: Symbol::new("ETH").unwrap(),
        side,
        px: Price::parse(px).unwrap(),
        size: Size::parse(size).unwrap(),
        fee: Usd::parse(fee).unwrap(),
    }
}

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

#[test]
fn a_round_trip_leaves_profit_minus_fees_and_nothing_else() {
    let mut ledger = Ledger::default();
    ledger.transfer(usd("1000")).unwrap();
    assert_eq!(
        ledger.fill(&fill(1, Side::Buy, "100", "2", "0.09")),
        Ok(true)
    );
    assert_eq!(
        ledger.fill(&fill(2, Side::Buy, "110", "1", "0.05")),
        Ok(true)
    );
    let mark = |_| Some(Price::parse("120").unwrap());
    // 3 at 310 are worth 360.
    assert_eq!(ledger.equity(mark), Ok(Some(usd("1049.86"))));
    assert_eq!(
        ledger.fill(&fill(3, Side::Sell, "120", "1.5", "0")),
        Ok(true)
    );
    assert_eq!(ledger.books().realised, usd("-25"));
    assert_eq!(ledger.equity(mark), Ok(Some(usd("1049.86"))));
    ledger.funding(usd("-0.36")).unwrap();
    assert_eq!(
        ledger.fill(&fill(4, Side::Sell, "90", "1.5", "0.1")),
        Ok(true)
    );
    assert!(ledger.holdings().is_empty());
    // 180 and 135 for 310, less fees of .24 and funding of .36.
    assert_eq!(ledger.books().cash, usd("1004.4"));
    assert_eq!(ledger.books().sum(), Some(Usd::ZERO));
    assert_eq!(
        (ledger.books().position, ledger.books().notional),
        (Usd::ZERO, Usd::ZERO)
    );
}

#[test]
fn a_ledger_is_carried_on_and_one_that_does_not_add_up_is_not() {
    let mut ledger = Ledger::default();
    ledger.transfer(usd("1000")).unwrap();
    ledger
        .fill(&fill(1, Side::Buy, "100", "2", "0.09"))
        .unwrap();
    let carried = ledger.carried();
    let mut other = Ledger::resumed(carried.clone()).unwrap();
    for ledger in [&mut ledger, &mut other] {
        ledger
            .fill(&fill(2, Side::Sell, "120", "1", "0.05"))
            .unwrap();
    }
    assert_eq!(ledger.carried(), other.carried());
    let mut broken = carried.clone();
    broken.books.cash = usd("1");
    assert!(Ledger::resumed(broken).is_none());
    let mut broken = carried;
    broken.holdings.clear();
    assert!(Ledger::resumed(broken).is_none());
}

#[test]
fn a_trade_through_nothing_turns_the_position() {
    let mut ledger = Ledger::default();
    ledger.fill(&fill(1, Side::Sell, "100", "1", "0")).unwrap();
    ledger.fill(&fill(2, Side::Buy, "90", "3", "0")).unwrap();
    let held = ledger.holdings()[&Symbol::new("ETH").unwrap()];
    assert_eq!(
        (held.size, held.cost),
        (Size::parse("2").unwrap(), usd("180"))
    );
    assert_eq!(ledger.books().cash, usd("10"));
}

#[test]
fn a_trade_counts_once_and_what_cannot_be_told_apart_is_refused() {
    let mut ledger = Ledger::default();
    let one = fill(1, Side::Buy, "100", "1", "0");
    assert_eq!(
        (ledger.fill(&one), ledger.fill(&one)),
        (Ok(true), Ok(false))
    );
    for id in 2..=MOST_SEEN as u64 + 1 {
        let side = if id % 2 == 0 { Side::Sell } else { Side::Buy };
        ledger.fill(&fill(id, side, "100", "1", "0")).unwrap();
    }
    let before = ledger.clone();
    assert_eq!(ledger.fill(&one).unwrap_err().code(), "ledger_fill_too_old");
    let nothing = fill(900_000, Side::Buy, "100", "0", "0");
    assert_eq!(
        ledger.fill(&nothing).unwrap_err().code(),
        "ledger_fill_malformed"
    );
    assert_eq!(ledger, before);
}

#[test]
fn without_a_mark_price_there_is_no_equity() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.equity(|_| None), Ok(Some(Usd::ZERO)));
    ledger.fill(&fill(1, Side::Buy, "100", "1", "0")).unwrap();
    assert_eq!(ledger.equity(|_| None), Ok(None));
}

proptest! {
    /// Whatever is traded: the books add up to nothing, and equity is what plain bookkeeping of cash says, to the last rounded unit.
    #[test]
    fn books_balance_and_equity_is_cash_flow_and_worth(
        trades in prop::collection::vec((any::<bool>(), 1_i128..5_000_000, 1_i128..900_000, -50_i128..500), 1..80),
        mark in 1_i128..5_000_000,
    ) {
        let mut ledger = Ledger::default();
        let (mut flow, mut lots) = (0_i128, 0_i128);
        // Prices with four decimals, sizes with five: their product has nine and is exact.
        for (id, (buys, px, size, fee)) in trades.into_iter().enumerate() {
            let side = if buys { Side::Buy } else { Side::Sell };
            let entry = Fill {
                id: id as u64,
                time: Timestamp::from_ms(id as i64),
                symbol: Symbol::new("SOL").unwrap(),
                side,
                px: Price::from_units(px * 100_000_000),
                size: Size::from_units(size * 10_000_000),
                fee: Usd::from_units(fee * 1_000_000_000),
            };
            ledger.fill(&entry).unwrap();
            let sign = if buys { 1 } else { -1 };
            flow -= sign * px * size * 1_000;
            flow -= fee * 1_000_000_000;
            lots += sign * size;
            prop_assert_eq!(ledger.books().sum(), Some(Usd::ZERO));
            let cost = ledger.holdings().values().try_fold(Usd::ZERO, |sum, held| sum.checked_add(held.cost));
            prop_assert_eq!(Some(ledger.books().position), cost);
        }
        let px = Price::from_units(mark * 100_000_000);
        let equity = ledger.equity(|_| Some(px)).unwrap().unwrap();
        prop_assert_eq!(equity.units(), flow + lots * mark * 1_000);
    }
}
