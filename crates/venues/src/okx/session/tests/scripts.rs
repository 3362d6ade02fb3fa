//! What must follow from what.

use super::*;
use crate::session::Grade;

fn sends(out: &[Output]) -> Vec<&str> {
    let texts = out.iter().filter_map(|output| match output {
        Output::Send(_, text) => Some(text.as_str()),
        _ => None,
    });
    texts.filter(|text| *text != "ping").collect()
}

fn following(out: &[Output], wanted: Feed) -> Vec<Grade> {
    let grades = out.iter().filter_map(|output| match output {
        Output::Following { feed, grade, .. } if *feed == wanted => Some(*grade),
        _ => None,
    });
    grades.collect()
}

#[test]
fn a_session_begins_with_the_list_and_asks_for_every_channel() {
    let mut desk = Desk::live();
    let out = desk.said();
    let listings = out.iter().find_map(|output| match output {
        Output::Listings(listings) => Some(listings.clone()),
        _ => None,
    });
    let listings = listings.expect("the list is told");
    let told: Vec<(&str, &str, &str, u32, bool)> = listings
        .iter()
        .map(|l| {
            (
                l.symbol.as_str(),
                l.base.as_str(),
                l.quote.as_str(),
                l.sz_decimals,
                l.trading,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (BTC, "BTC", "USDT", 3, true),
            ("ETH-USDT-SWAP", "ETH", "USDT", 2, false)
        ],
        "0.1 contracts of 0.01"
    );
    let asked: BTreeSet<String> = desk.venue.subscribed.clone();
    let expected = [
        "bbo-tbt",
        "books",
        "funding-rate",
        "index-tickers",
        "liquidation-orders",
        "mark-price",
        "open-interest",
        "trades",
    ];
    assert_eq!(asked, expected.map(str::to_owned).into());
    let sent = sends(&out).join("\n");
    assert!(
        sent.contains(r#"{"channel":"index-tickers","instId":"BTC-USDT"}"#),
        "{sent}"
    );
    assert!(
        sent.contains(r#"{"channel":"liquidation-orders","instType":"SWAP"}"#),
        "{sent}"
    );
    assert_eq!(following(&out, Feed::Book), [Grade::Verified]);
    assert_eq!(following(&out, Feed::Trades), [Grade::Verified]);
    assert!(
        out.iter()
            .any(|output| matches!(output, Output::VenueTime { .. }))
    );
}

#[test]
fn figures_are_given_under_the_swaps_name() {
    let mut desk = Desk::live();
    desk.said();
    let frames = [
        r#"{"arg":{"channel":"index-tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","idxPx":"1000.5","ts":"1750000000000"}]}"#,
        r#"{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"1001","ts":"1750000000000"}]}"#,
        r#"{"arg":{"channel":"open-interest","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","oi":"100","oiCcy":"1","ts":"1750000000000"}]}"#,
        r#"{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","fundingRate":"0.0001","fundingTime":"1750003200000","nextFundingTime":"1750032000000","ts":"1750000000000"}]}"#,
        r#"{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","details":[{"side":"sell","posSide":"net","bkPx":"900","sz":"7","bkLoss":"0","ccy":"","ts":"1750000000000"}]},{"instId":"ETH-USDT-SWAP","instType":"SWAP","details":[{"side":"buy","posSide":"net","bkPx":"90","sz":"7","ts":"1750000000000"}]},{"instId":"BTC-USD-SWAP","instType":"SWAP","details":[{"side":"buy","posSide":"net","bkPx":"90","sz":"7","ts":"1750000000000"}]}]}"#,
    ];
    for frame in frames {
        desk.step(Input::Frame(Lane::MAIN, frame.as_bytes()));
    }
    let events: Vec<(Feed, String)> = desk
        .said()
        .into_iter()
        .filter_map(|output| match output {
            Output::Event { feed, event, .. } => Some((feed, event.symbol.to_string())),
            _ => None,
        })
        .collect();
    let expected = [
        Feed::Context,
        Feed::Context,
        Feed::OpenInterest,
        Feed::Funding,
        Feed::Liquidations,
    ];
    assert_eq!(events, expected.map(|feed| (feed, BTC.to_owned())));
    assert!(
        desk.session
            .status(Timestamp::from_ms(desk.ms))
            .refused
            .is_empty()
    );
}

#[test]
fn a_break_in_the_chain_withdraws_the_book_and_subscribes_it_anew() {
    let mut desk = Desk::live();
    let frame = desk.venue.change(1_003, 7);
    desk.tell("books", frame);
    desk.deliver();
    assert_eq!(desk.book.as_ref().unwrap().2[&1_003], 7);
    drop(desk.venue.change(998, 9));
    desk.said();
    let frame = desk.venue.change(997, 0);
    desk.tell("books", frame);
    desk.deliver();
    assert!(desk.book.is_none(), "withdrawn");
    desk.pass(2_000);
    let out = desk.said();
    let sent = sends(&out);
    assert_eq!(
        sent,
        [
            r#"{"args":[{"channel":"books","instId":"BTC-USDT-SWAP"}],"op":"unsubscribe"}"#,
            r#"{"args":[{"channel":"books","instId":"BTC-USDT-SWAP"}],"op":"subscribe"}"#
        ]
    );
    let book = desk.book.as_ref().expect("a new snapshot");
    assert_eq!((book.1.get(&998), book.1.get(&997)), (Some(&9), None));
    assert_eq!(desk.session.status(Timestamp::from_ms(desk.ms)).gaps, 1);
    // A frame that changes nothing has its own number for the one before.
    let seq = desk.venue.seq;
    let data = json!({"asks": [], "bids": [], "ts": "1", "prevSeqId": seq, "seqId": seq});
    desk.tell("books", Venue::frame("books", Some("update"), &data));
    desk.deliver();
    assert!(desk.book.is_some());
}

#[test]
fn sums_of_fills_leave_no_gap_and_missing_ones_are_fetched() {
    let mut desk = Desk::live();
    for fills in [1, 3, 1, 12] {
        let frame = desk.venue.trade(fills);
        desk.tell("trades", frame);
    }
    desk.pass(500);
    let out = desk.said();
    assert!(
        !out.iter()
            .any(|output| matches!(output, Output::Broken { .. }))
    );
    assert_eq!(desk.given, (101..=117).collect());
    // Lost: three trades of seven fills.
    for fills in [2, 4, 1] {
        drop(desk.venue.trade(fills));
    }
    let frame = desk.venue.trade(2);
    desk.tell("trades", frame);
    desk.pass(2_000);
    assert_eq!(desk.given, (101..=126).collect());
    let out = desk.said();
    let told = |wanted: fn(&Output) -> bool| out.iter().filter(|o| wanted(o)).count();
    assert_eq!(
        told(|o| matches!(
            o,
            Output::Broken {
                feed: Feed::Trades,
                ..
            }
        )),
        1
    );
    assert_eq!(
        told(|o| matches!(
            o,
            Output::Repaired {
                feed: Feed::Trades,
                ..
            }
        )),
        1
    );
}

#[test]
fn a_lost_connection_is_filled_from_history() {
    let mut desk = Desk::live();
    let frame = desk.venue.trade(1);
    desk.tell("trades", frame);
    desk.deliver();
    desk.close();
    for _ in 0..150 {
        drop(desk.venue.trade(2));
    }
    desk.pass(20_000);
    assert_eq!(desk.given, (101..=401).collect());
    let out = desk.said();
    assert!(out.iter().any(|o| matches!(
        o,
        Output::Repaired {
            feed: Feed::Trades,
            ..
        }
    )));
    assert!(desk.book.is_some());
}

#[test]
fn a_market_that_the_venue_does_not_know_is_given_up() {
    let mut desk = Desk::live();
    desk.said();
    let error = r#"{"event":"error","code":"60018","msg":"Wrong URL or channel:trades,instId:BTC-USDT-SWAP doesn't exist. Please use the correct URL, channel and parameters referring to API document.","connId":"a1"}"#;
    desk.step(Input::Frame(Lane::MAIN, error.as_bytes()));
    let out = desk.said();
    assert!(out.contains(&Output::Unlisted(symbol(BTC))), "{out:?}");
}

#[test]
fn a_notice_makes_the_connection_anew_and_silence_is_asked_about() {
    let mut desk = Desk::live();
    desk.said();
    let notice = r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a1"}"#;
    desk.step(Input::Frame(Lane::MAIN, notice.as_bytes()));
    desk.pass(5_000);
    let out = desk.said();
    assert!(out.contains(&Output::Open(Lane::MAIN)));
    assert!(desk.book.is_some());
    desk.pass(60_000);
    let out = desk.said();
    let pings = out
        .iter()
        .filter(|o| matches!(o, Output::Send(_, t) if t == "ping"));
    assert!(pings.count() >= 5);
    assert!(
        !out.contains(&Output::Open(Lane::MAIN)),
        "pongs keep it open"
    );
}

#[test]
fn an_hour_of_breaks_stays_within_the_venues_allowance() {
    let mut desk = Desk::live();
    desk.said();
    let start = desk.ms;
    let mut commands = 0;
    for _ in 0..700 {
        drop(desk.venue.change(998, 9));
        let frame = desk.venue.change(998, 8);
        desk.tell("books", frame);
        desk.pass(2_000);
        commands += sends(&desk.said()).len();
    }
    assert!(desk.ms - start < 3_600_000);
    assert!((400..=480).contains(&commands), "{commands}");
}

#[test]
fn candles_are_asked_for_by_utc_days() {
    let okx = Okx::default();
    let want = crate::stream::Want::Candles {
        symbol: symbol(BTC),
        interval: crate::session::Interval::D1,
        from_ms: 0,
        to_ms: 86_399_999,
    };
    use crate::stream::Dialect;
    let path = okx.request(&want).unwrap().path;
    assert!(path.contains("bar=1Dutc"), "{path}");
    let body = r#"{"code":"0","msg":"","data":[["0","1","2","0.5","1.5","100","1","1.2","1"]]}"#;
    let answered = okx.clone().answer(&want, body.as_bytes()).unwrap();
    let crate::stream::Answer::Candles(candles) = answered.answer else {
        panic!("no candles");
    };
    assert_eq!(candles.len(), 1);
    assert!(candles[0].closed);
    let error = r#"{"code":"51001","msg":"Instrument ID does not exist","data":[]}"#;
    let refused = okx.clone().answer(&want, error.as_bytes()).unwrap_err();
    assert_eq!(refused.code, "venue_error");
    assert!(okx.unknown_market(400, error.as_bytes()));
}
