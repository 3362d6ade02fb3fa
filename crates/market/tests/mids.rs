//! One message has the mid prices of a thousand markets; nobody watches most of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::{MarketId, Refusal};
use hypersentry_model::event::Feed;
use hypersentry_model::{Grade, Price, Source, Symbol, Timestamp, Venue};
use setup::{market, px, trade};

fn coin(n: usize) -> MarketId {
    MarketId::at(Venue::Hyperliquid, Symbol::new(&format!("C{n}")).unwrap())
}

#[test]
fn mids_alone_create_no_state() {
    let mut market = market();
    let now = Timestamp::from_ms(1_000_000);
    for second in 0..3 {
        let now = now.plus_ms(second * 1_000);
        for n in 0..1_500 {
            market.mid(now, coin(n), px(n as i64 + 1)).unwrap();
            market.proof(now, coin(n), Feed::Mids);
            market.following(now, coin(n), Feed::Mids, Grade::Unverified);
        }
    }
    // A full state would be published.
    assert_eq!(market.next_due(), None);
    assert_eq!(market.ids().count(), 0);
    let of = |venue| market.mids(Source::Venue(venue)).count();
    assert_eq!((of(Venue::Hyperliquid), of(Venue::Bybit)), (1_500, 0));
    assert_eq!(
        market.mid(now, coin(9), Price::ZERO),
        Err(Refusal::PriceNotPositive)
    );
}

#[test]
fn a_market_that_becomes_watched_keeps_its_mid() {
    let mut market = market();
    let now = Timestamp::from_ms(1_000_000);
    market.mid(now, coin(1), px(7)).unwrap();
    let later = now.plus_ms(500);
    let event = trade(1, later, 9, 1);
    market
        .event(later, coin(1), Feed::Trades, &event, false)
        .unwrap();
    let mut out = Vec::new();
    market.publish(market.next_due().unwrap(), &mut out);
    let whole = market.snapshot(coin(1).source, coin(1).symbol).unwrap();
    let mid = whole.data.mid_price.unwrap();
    assert_eq!((mid.v, mid.mark.as_of), (Some(px(7)), Some(now.ms())));
    // It is held once, and the next mid goes to the watched market.
    market.mid(later, coin(1), px(8)).unwrap();
    let mids: Vec<_> = market.mids(coin(1).source).map(|(_, m)| m.value).collect();
    assert_eq!(mids, [px(8)]);
}
