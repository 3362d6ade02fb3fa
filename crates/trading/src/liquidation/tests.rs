use super::*;
use proptest::prelude::*;

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn sz(text: &str) -> Size {
    Size::parse(text).unwrap()
}

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

const SHARED: MarginMode = MarginMode {
    isolated: false,
    leverage: 20,
};

const OWN: MarginMode = MarginMode {
    isolated: true,
    leverage: 20,
};

/// A position at the mark price `mark`.
fn held(size: &str, mark: &str, margin: &str, mode: MarginMode) -> Position {
    let size = sz(size);
    let worth = px(mark).notional(size).unwrap();
    Position {
        size,
        entry: None,
        value: Usd::from_units(worth.units().abs()),
        unrealised: Usd::ZERO,
        liquidation: None,
        mode,
        margin: usd(margin),
        funding: Usd::ZERO,
    }
}

fn of(
    held: Option<&Position>,
    size: &str,
    at: &str,
    mode: MarginMode,
    shared: (&str, &str),
) -> Liquidation {
    let trade = Trade {
        size: sz(size),
        px: px(at),
    };
    let backing = Backing {
        mode,
        most: 50,
        shared: (usd(shared.0), usd(shared.1)),
    };
    after(held, trade, backing)
}

fn at(text: &str) -> Liquidation {
    Liquidation::At(px(text))
}

#[test]
fn shared_margin_is_the_documented_formula() {
    // 1,050 USD, of which 0.5 at 10,000 needs 50 (50 times, half of it): 10,000 - 2,000 / (1 - 1/100).
    let (long, short) = ("0.5", "-0.5");
    let shared = ("1050", "0");
    assert_eq!(
        of(None, long, "10000", SHARED, shared),
        at("7979.79797979798")
    );
    assert_eq!(
        of(None, short, "10000", SHARED, shared),
        at("11980.19801980198")
    );
    // Enough for any fall, but not for any rise.
    assert_eq!(
        of(None, "0.01", "10000", SHARED, shared),
        Liquidation::Never
    );
    let position = held(long, "10000", "0", SHARED);
    assert_eq!(
        of(Some(&position), short, "10000", SHARED, shared),
        Liquidation::Never
    );
}

#[test]
fn a_margin_of_its_own_is_all_that_backs_a_position() {
    // 5,000 at 20 times is 250 USD, less 50 of maintenance, over 0.5: 10,000 - 400 / 0.99. The rest of the account does not count.
    for equity in ["1050", "1000000"] {
        let own = of(None, "0.5", "10000", OWN, (equity, "0"));
        assert_eq!(own, at("9595.959595959596"));
    }
    assert_eq!(
        of(None, "-0.5", "10000", OWN, ("9", "0")),
        at("10396.039603960396")
    );
    // 0.5 with 250 USD left: another 0.5 at the mark price brings as much, and nothing moves.
    let position = held("0.5", "10000", "250", OWN);
    let with = |size: &str| of(Some(&position), size, "10000", OWN, ("9", "0"));
    assert_eq!(with("0.5"), at("9595.959595959596"));
    // Half is closed with half of the margin; turned round it is a position like a new one.
    assert_eq!(with("-0.25"), at("9595.959595959596"));
    assert_eq!(with("-1"), at("10396.039603960396"));
    assert_eq!(with("-0.5"), Liquidation::Never);
}

#[test]
fn what_leaves_its_range_is_unknown() {
    let huge = of(None, "999999999999", "99999999999", SHARED, ("1", "0"));
    assert_eq!(huge, Liquidation::Unknown);
}

proptest! {
    /// Said without the formula: at the price that it gives, what backs the position is what it needs.
    #[test]
    fn at_the_liquidation_price_the_margin_is_the_maintenance(
        before in -500_i128..500,
        order in prop_oneof![-500_i128..-1, 1_i128..500],
        mark in 9_000_i128..11_000,
        traded in 9_000_i128..11_000,
        equity in 500_i128..5_000,
        isolated in any::<bool>(),
    ) {
        let thousandths = |n: i128| Size::from_units(n * 10_i128.pow(9));
        let whole = |n: i128| n * 10_i128.pow(12);
        let mode = MarginMode { isolated, leverage: 10 };
        let position = (before != 0).then(|| Position {
            size: thousandths(before),
            value: Usd::from_units(before.abs() * mark * 10_i128.pow(9)),
            margin: Usd::from_units(before.abs() * mark * 10_i128.pow(8)),
            ..held("0.5", "10000", "0", mode)
        });
        let needs = |size: i128, px: i128| size.abs() * px * 10_i128.pow(9) / 100;
        let trade = Trade { size: thousandths(order), px: Price::from_units(whole(traded)) };
        let shared = (Usd::from_units(whole(equity)), Usd::from_units(needs(before, mark)));
        let found = after(position.as_ref(), trade, Backing { mode, most: 50, shared });
        if let Liquidation::At(liquidated) = found {
            let size = before + order;
            // What backs it, at the price of the trade.
            let moved = before * (traded - mark) * 10_i128.pow(9);
            let initial = |size: i128| size.abs() * traded * 10_i128.pow(8);
            let own = if before == 0 || before.signum() != size.signum() {
                initial(size)
            } else {
                let left = before.abs() * mark * 10_i128.pow(8) + moved;
                if size.abs() > before.abs() { left + initial(order) } else { left * size.abs() / before.abs() }
            };
            let backing = if isolated { own } else { whole(equity) + moved };
            let gained = size * (liquidated.units() - whole(traded)) / 1_000;
            let needed = size.abs() * liquidated.units() / 1_000 / 100;
            let off = backing + gained - needed;
            // Shares are cut to a hundred-millionth, prices to 10^-12.
            prop_assert!(off.abs() < 10_i128.pow(7), "{off} units off");
        }
    }
}
