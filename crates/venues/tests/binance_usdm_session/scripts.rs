//! Lanes, polls, candles, repairs.

use crate::venue::{Desk, symbol};
use hypersentry_model::status::Connection;
use hypersentry_model::{Grade, Interval, Payload};
use hypersentry_venues::session::{Feed, Input, Lane, Output};

fn sent(desk: &Desk, lane: u8) -> Vec<&str> {
    let texts = desk.out.iter().filter_map(|output| match output {
        Output::Send(at, text) if at.0 == lane => Some(text.as_str()),
        _ => None,
    });
    texts
        .filter(|text| text.contains("\"SUBSCRIBE\""))
        .collect()
}

#[test]
fn each_lane_carries_its_own_streams() {
    let desk = Desk::live();
    let opened = |lane| desk.out.contains(&Output::Open(Lane(lane)));
    assert!(opened(0) && opened(1));
    let (public, market) = (sent(&desk, 0), sent(&desk, 1));
    assert_eq!((public.len(), market.len()), (1, 1));
    assert!(public[0].contains(r#"["btcusdt@depth@100ms","btcusdt@bookTicker"]"#));
    assert!(
        market[0].contains(r#"["btcusdt@aggTrade","btcusdt@markPrice@1s","btcusdt@forceOrder"]"#)
    );
    assert_eq!(desk.session.status(desk.now).connection, Connection::Live);
    for (feed, grade) in [
        (Feed::Bbo, Grade::Unverified),
        (Feed::Trades, Grade::Verified),
        (Feed::Context, Grade::Unverified),
        (Feed::Funding, Grade::Unverified),
        (Feed::Liquidations, Grade::Unverified),
    ] {
        let symbol = symbol();
        let following = Output::Following {
            symbol,
            feed,
            grade,
        };
        assert!(desk.out.contains(&following), "{feed:?}");
    }
    let listed = desk.out.iter().find_map(|output| match output {
        Output::Listings(listings) => Some(listings[0]),
        _ => None,
    });
    let listed = listed.unwrap();
    assert_eq!(
        (listed.base.as_str(), listed.quote.as_str()),
        ("BTC", "USDT")
    );
    assert_eq!((listed.px_decimals, listed.sz_decimals), (1, 3));
}

#[test]
fn a_lost_market_lane_leaves_the_book() {
    let mut desk = Desk::live();
    let frame = desk.change(1, 1, 0);
    desk.frame(0, &frame);
    desk.settle();
    assert!(desk.has_book());
    desk.out.clear();
    desk.close(1);
    assert!(desk.has_book());
    let broken: Vec<Feed> = desk
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Broken { feed, .. } => Some(*feed),
            _ => None,
        })
        .collect();
    assert_eq!(
        broken,
        [
            Feed::Trades,
            Feed::Context,
            Feed::Funding,
            Feed::Liquidations
        ]
    );
    assert_eq!(
        desk.session.status(desk.now).connection,
        Connection::Reconnecting
    );
    let frame = desk.change(2, 3, 4);
    desk.frame(0, &frame);
    assert!(desk.has_book());
}

#[test]
fn open_interest_is_asked_for_every_five_seconds() {
    let mut desk = Desk::live();
    desk.out.clear();
    for _ in 0..10 {
        desk.settle();
    }
    let count = desk.out.iter().filter(|output| {
        matches!(output, Output::Event { feed: Feed::OpenInterest, event, .. }
            if matches!(event.payload, Payload::OpenInterest(_)))
    });
    assert_eq!(count.count(), 12, "in a minute");
    let clock = desk
        .out
        .iter()
        .filter(|o| matches!(o, Output::VenueTime { .. }));
    assert_eq!(
        clock.count(),
        9,
        "every seven seconds, beside what other answers tell"
    );
}

#[test]
fn funding_has_the_market_s_own_interval() {
    let mut desk = Desk::live();
    desk.out.clear();
    desk.frame(1, r#"{"e":"markPriceUpdate","E":5,"s":"BTCUSDT","p":"2.0","i":"1.9","P":"1","r":"0.0001","T":9}"#);
    let told: Vec<String> = desk
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Event { feed, event, .. } => {
                let data = serde_json::to_string(&event.payload).unwrap();
                Some(format!("{feed:?} {data}"))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"Context {"mark_px":"2","index_px":"1.9","funding_rate":"0.0001","funding_interval_h":4}"#,
            r#"Funding {"rate":"0.0001","interval_h":4,"next_ms":9}"#,
        ]
    );
}

#[test]
fn candles_come_when_wanted() {
    let mut desk = Desk::live();
    desk.out.clear();
    let symbol = symbol();
    let interval = Interval::M1;
    desk.step(Input::WantCandles {
        symbol,
        interval,
        from_ms: 60_000,
        to_ms: 179_999,
    });
    desk.settle();
    let opens = desk.out.iter().find_map(|output| match output {
        Output::Candles { candles, .. } => Some(candles.iter().map(|c| c.open_ms).collect()),
        _ => None,
    });
    assert_eq!(opens, Some(vec![60_000, 120_000]));
    // A venue that refuses them is not asked for ever.
    desk.asked.clear();
    desk.step(Input::WantCandles {
        symbol,
        interval,
        from_ms: 0,
        to_ms: 1,
    });
    let mut refused = 0;
    for _ in 0..200 {
        desk.wait(100);
        for request in std::mem::take(&mut desk.asked) {
            refused += u32::from(request.path.contains("klines"));
            desk.answer(&request, 404, "");
        }
    }
    assert_eq!(refused, 3);
}

#[test]
fn a_lost_book_is_repaired_over_rest_meanwhile() {
    let mut desk = Desk::live();
    let frame = desk.change(1, 1, 0);
    desk.frame(0, &frame);
    desk.settle();
    desk.close(0);
    desk.out.clear();
    desk.asked.clear();
    for _ in 0..100 {
        desk.wait(100);
        desk.answer_requests(0);
    }
    let repairs = desk.out.iter().filter(|output| {
        matches!(output, Output::Repair { feed: Feed::Book, event }
            if matches!(event.payload, Payload::BookSnapshot(_)))
    });
    let repairs = repairs.count();
    assert!((2..=4).contains(&repairs), "{repairs}");
    assert!(!desk.has_book(), "the stream's own book stays withdrawn");
}
