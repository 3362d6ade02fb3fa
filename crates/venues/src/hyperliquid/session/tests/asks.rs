//! Spot pairs, candles, the clock, and what stands in for silent streams.

use super::*;
use crate::session::Interval;

pub(super) const SPOT: &str = r#"{"tokens":[{"name":"USDC","szDecimals":8,"weiDecimals":8,"index":0},{"name":"PURR","szDecimals":0,"weiDecimals":5,"index":1},{"name":"HYPE","szDecimals":2,"weiDecimals":8,"index":150}],"universe":[{"name":"PURR/USDC","tokens":[1,0],"index":0,"isCanonical":true},{"name":"@107","tokens":[150,0],"index":107,"isCanonical":false},{"name":"@999","tokens":[7,0],"index":999}]}"#;

pub(super) const CANDLES: &str = r#"[{"t":60000,"T":119999,"s":"BTC","i":"1m","o":"1","c":"2","h":"3","l":"0.5","v":"12.5","n":47},{"t":0,"T":59999,"s":"BTC","i":"1m","o":"1","c":"2","h":"3","l":"0.5","v":"12.5","n":47}]"#;

pub(super) fn clock(ms: i64) -> String {
    format!(r#"{{"specialStatuses":null,"time":{}}}"#, DAY + ms)
}

pub(super) fn rest_book(coin: &str, ms: i64) -> String {
    let levels = |side: [i64; 7]| {
        let level = |px: i64| format!(r#"{{"px":"{px}","sz":"1","n":1}}"#);
        side.map(level).join(",")
    };
    format!(
        r#"{{"coin":"{coin}","time":{},"levels":[[{}],[{}]]}}"#,
        DAY + ms,
        levels([99, 98, 97, 96, 95, 94, 93]),
        levels([101, 102, 103, 104, 105, 106, 107])
    )
}

impl Run {
    pub(super) fn want_candles(&mut self, coin: &str, from_ms: i64, to_ms: i64) -> Vec<String> {
        self.input(Input::WantCandles {
            symbol: symbol(coin),
            interval: Interval::M1,
            from_ms,
            to_ms,
        })
    }

    /// Answers an extra request, whichever its number.
    pub(super) fn extra(
        &mut self,
        kind: RequestKind,
        coin: &str,
        status: u16,
        body: &str,
    ) -> Vec<String> {
        let key = RequestKey {
            kind,
            symbol: symbol(coin),
            attempt: 0,
        };
        self.input(Input::Answer {
            key: &key,
            status,
            retry_after_s: None,
            body: body.as_bytes(),
            sent: Some(at(self.ms - 40)),
        })
    }

    /// Live, with the spot pairs and the clock read.
    fn told(wanted: &[&str]) -> Self {
        let mut run = Self::live(wanted);
        run.extra(RequestKind::Markets, "spot", 200, SPOT);
        run.pass(2_000);
        run.extra(RequestKind::Time, "*", 200, &clock(0));
        run.said_aside();
        run
    }

    /// All streams speak.
    fn speak(&mut self, coin: &str) {
        self.frame(&fast_book(coin, self.ms));
        self.frame(&book(coin, self.ms));
        self.frame(&context(coin, "97437"));
        self.frame(r#"{"channel":"pong"}"#);
    }
}

fn starting<'a>(lines: &'a [String], with: &str) -> Vec<&'a str> {
    let lines = lines.iter().map(String::as_str);
    lines.filter(|line| line.starts_with(with)).collect()
}

#[test]
fn lists_are_told_with_units_and_quotes() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    assert_eq!(
        run.said_aside(),
        [r#"fetch 1 /info {"type":"spotMeta"}"#],
        "beside the list of perpetuals"
    );
    let meta = META.replace(r#""name":"ETH""#, r#""name":"kPEPE""#);
    run.answer(1, 200, &meta);
    let perps = "BTC 1xBTC/USDC 0.5, OLD 1xOLD/USDC 4.1 halted, kPEPE 1000xPEPE/USDC 1.4";
    assert_eq!(run.said_aside(), [format!("listings {perps}")]);
    run.extra(RequestKind::Markets, "spot", 200, SPOT);
    let spot = "@107 1xHYPE/USDC 6.2, ";
    let (btc, rest) = perps.split_once(", ").unwrap();
    let (old, pepe) = rest.split_once(", ").unwrap();
    assert_eq!(
        run.said_aside(),
        [format!(
            "listings {spot}{btc}, {old}, PURR/USDC 1xPURR/USDC 8.0, {pepe}"
        )]
    );
}

#[test]
fn spot_pairs_are_subscribed_once_their_list_is_known() {
    let mut run = Run::new();
    run.demand(&["@107", "@5", "BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    let mut expected = vec!["grid @107 6 2".to_owned()];
    expected.extend(all_of("@107"));
    expected.push("unlisted @5".to_owned());
    run.pass(200);
    let mut lines = run.extra(RequestKind::Markets, "spot", 200, SPOT);
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
    let context = r#"{"channel":"activeSpotAssetCtx","data":{"coin":"@107","ctx":{"prevDayPx":"20","dayNtlVlm":"1","markPx":"22.05","midPx":"22.06","circulatingSupply":"1"}}}"#;
    run.acknowledge("@107", &Channel::OF_COIN);
    assert_eq!(run.frame(context), ["grid @107 3 2", "event Context @107"]);
}

#[test]
fn a_failed_list_of_spot_pairs_is_asked_for_again() {
    let mut run = Run::live(&["BTC"]);
    run.said_aside();
    run.extra(RequestKind::Markets, "spot", 500, "");
    let mut spot = Vec::new();
    for _ in 0..12 {
        run.speak("BTC");
        run.pass(1_000);
        let aside = run.said_aside();
        spot.extend(starting(&aside, "fetch").iter().map(|l| (*l).to_owned()));
        if spot.last().is_some_and(|l| l.contains("exchangeStatus")) {
            run.extra(RequestKind::Time, "*", 200, &clock(0));
        }
    }
    let asked = spot.iter().filter(|l| l.contains("spotMeta")).count();
    assert_eq!(asked, 1, "{spot:?}");
}

#[test]
fn the_clock_is_asked_for_now_and_then() {
    let mut run = Run::live(&["BTC"]);
    run.extra(RequestKind::Markets, "spot", 200, SPOT);
    run.said_aside();
    let mut asked = 0;
    for _ in 0..70 {
        run.speak("BTC");
        run.pass(1_000);
        for line in run.said_aside() {
            if line.contains("exchangeStatus") {
                asked += 1;
                run.extra(RequestKind::Time, "*", 200, &clock(run.ms + 3));
            } else if line.starts_with("venue time") {
                assert!(line.ends_with(&format!("{}", run.ms + 3)) || asked > 0);
            }
        }
    }
    assert_eq!(asked, 10, "at first, and every 7 s");
}

#[test]
fn candles_come_oldest_first_and_all_but_the_last_are_done() {
    let mut run = Run::told(&["BTC"]);
    run.speak("BTC");
    run.said_aside();
    run.want_candles("BTC", 0, 119_999);
    run.pass(200);
    assert_eq!(
        run.said_aside(),
        [
            r#"fetch 3 /info {"req":{"coin":"BTC","endTime":119999,"interval":"1m","startTime":0},"type":"candleSnapshot"}"#
        ]
    );
    let kind = RequestKind::Candles(Interval::M1);
    run.extra(kind, "BTC", 200, CANDLES);
    assert_eq!(run.said_aside(), ["candles BTC 1m 0 closed, 60000"]);
    // Nothing traded.
    run.want_candles("BTC", 5, 6);
    run.pass(3_000);
    run.extra(kind, "BTC", 200, "[]");
    assert!(run.said_aside().contains(&"candles BTC 1m ".to_owned()));
    assert_eq!(run.want_candles("BTC", 6, 5), [""; 0], "an empty span");
}

#[test]
fn candles_that_fail_are_given_up_after_some_times() {
    let mut run = Run::told(&["BTC"]);
    run.want_candles("BTC", 0, 119_999);
    let mut asked = 0;
    for _ in 0..40 {
        run.speak("BTC");
        run.pass(1_000);
        for line in run.said_aside() {
            if line.contains("candleSnapshot") {
                asked += 1;
                run.extra(RequestKind::Candles(Interval::M1), "BTC", 500, "");
            } else if line.contains("exchangeStatus") {
                run.extra(RequestKind::Time, "*", 200, &clock(0));
            }
        }
    }
    assert_eq!(asked, 4);
}

#[test]
fn weights_are_the_venues() {
    let spans = [(0, 59_999, 20), (0, 3_600_000, 21), (0, 1 << 40, 20 + 83)];
    for (from, to, weight) in spans {
        let request = crate::hyperliquid::rest::candles(symbol("BTC"), Interval::M1, (from, to), 1);
        assert_eq!(request.weight, weight);
    }
    assert_eq!(crate::hyperliquid::rest::book(symbol("BTC"), 1).weight, 2);
    assert_eq!(crate::hyperliquid::rest::clock(1).weight, 2);
}

#[test]
fn silent_books_and_contexts_are_fetched_while_the_connection_is_down() {
    let mut run = Run::told(&["BTC"]);
    run.speak("BTC");
    run.said_aside();
    run.close("1006");
    run.said_aside();
    let (mut books, mut contexts) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        run.pass(100);
        for line in run.said_aside() {
            if line.contains("l2Book") {
                books.push(run.ms);
                let body = rest_book("BTC", run.ms);
                run.extra(RequestKind::Book, "BTC", 200, &body);
                assert_eq!(
                    run.said_aside(),
                    [
                        "repair BookTop BTC book_snapshot",
                        "repair Book BTC book_snapshot"
                    ]
                );
            } else if line.contains("metaAndAssetCtxs") {
                contexts.push(run.ms);
                run.extra(RequestKind::OpenInterest, "*", 200, META);
                assert_eq!(run.said_aside(), ["repair Context BTC asset_context"]);
            } else if line.contains("exchangeStatus") {
                run.extra(RequestKind::Time, "*", 200, &clock(0));
            }
        }
    }
    assert!(books.len() >= 4, "{books:?}");
    assert!(books.windows(2).all(|pair| pair[1] - pair[0] >= 5_000));
    assert!(contexts.len() >= 2, "{contexts:?}");
    assert!(contexts.windows(2).all(|pair| pair[1] - pair[0] >= 10_000));
}

#[test]
fn what_the_stream_said_since_is_not_repaired() {
    let mut run = Run::told(&["BTC"]);
    run.speak("BTC");
    run.close("1006");
    run.pass(4_500);
    let aside = run.said_aside();
    assert!(
        aside
            .iter()
            .any(|line| line.contains("l2Book") || line.contains("Ctxs")),
        "{aside:?}"
    );
    run.input(Input::Opened(Lane::MAIN));
    run.speak("BTC");
    run.said_aside();
    let body = rest_book("BTC", run.ms);
    run.extra(RequestKind::Book, "BTC", 200, &body);
    run.extra(RequestKind::OpenInterest, "*", 200, META);
    assert!(starting(&run.said_aside(), "repair").is_empty());
}

#[test]
fn a_market_that_speaks_is_never_asked_for() {
    let mut run = Run::told(&["BTC"]);
    for _ in 0..50 {
        run.speak("BTC");
        run.pass(1_000);
        for line in run.said_aside() {
            assert!(!line.contains("l2Book") && !line.contains("Ctxs"), "{line}");
            if line.contains("exchangeStatus") {
                run.extra(RequestKind::Time, "*", 200, &clock(0));
            }
        }
    }
}
