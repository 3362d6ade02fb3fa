use super::*;
use hypersentry_model::event::{Funding, OpenInterest};
use hypersentry_model::{Rate, Size, Usd};

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

#[test]
fn multipliers_are_taken_out_of_names() {
    for (name, base, multiplier) in [
        ("BTC", "BTC", 1),
        ("1INCH", "1INCH", 1),
        ("1000PEPE", "PEPE", 1_000),
        ("10000LADYS", "LADYS", 10_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("SHIB1000", "SHIB", 1_000),
        ("1000", "1000", 1),
        ("10000007", "10000007", 1),
    ] {
        assert_eq!(unscaled(symbol(name)), (symbol(base), multiplier), "{name}");
    }
}

#[test]
fn only_perpetuals_in_usdt_are_listed() {
    let instrument = |base, quote, linear_perpetual| Instrument {
        symbol: symbol("X"),
        base: symbol(base),
        quote: symbol(quote),
        linear_perpetual,
        trading: true,
        px_decimals: 2,
        sz_decimals: 3,
        funding_interval_min: Some(240),
    };
    let pepe = listing(&instrument("1000PEPE", "USDT", true)).unwrap();
    assert_eq!((pepe.base, pepe.multiplier), (symbol("PEPE"), 1_000));
    assert_eq!(listing(&instrument("BTC", "USDC", true)), None);
    assert_eq!(listing(&instrument("BTC", "USDT", false)), None);
}

#[test]
fn refusals_name_streams() {
    let streams =
        |reason: &str| -> Vec<String> { named(reason).iter().filter_map(topic).collect() };
    assert_eq!(
        streams("error:handler not found,topic:publicTrade.FOOUSDT"),
        ["publicTrade.FOOUSDT"]
    );
    assert_eq!(
        streams("Invalid topic: [orderbook.200.FOOUSDT,tickers.FOOUSDT]"),
        ["orderbook.200.FOOUSDT", "tickers.FOOUSDT"]
    );
    assert!(streams("Request not authorized").is_empty());
}

#[test]
fn commands() {
    let bybit = Bybit::default();
    let streams = [
        Stream {
            symbol: symbol("BTCUSDT"),
            channel: BOOK,
        },
        Stream {
            symbol: symbol("BTCUSDT"),
            channel: LIQUIDATIONS,
        },
    ];
    assert_eq!(
        bybit.command(7, Command::Subscribe(&streams)).as_deref(),
        Some(
            r#"{"args":["orderbook.200.BTCUSDT","allLiquidation.BTCUSDT"],"op":"subscribe","req_id":"7"}"#
        )
    );
    assert_eq!(
        bybit.command(8, Command::Probe).as_deref(),
        Some(r#"{"op":"ping","req_id":"8"}"#)
    );
}

#[test]
fn the_longest_subscriptions_fit() {
    // 21,000 characters for the arguments of a connection; the longest names that the venue lists have 20.
    let of_market: usize = CHANNELS
        .iter()
        .map(|channel| channel.name.len() + ".".len() + 20 + "\"\",".len())
        .sum();
    assert!(LIMITS.symbols_max * of_market <= 21_000, "{of_market}");
}

fn events(bybit: &mut Bybit, frame: &str) -> Vec<Payload> {
    let mut said = Vec::new();
    bybit
        .read(Lane::MAIN, frame.as_bytes(), &mut Rooms::new(), &mut said)
        .unwrap();
    said.into_iter()
        .map(|said| match said {
            Said::Event {
                channel: TICKER,
                event,
            } => event.payload,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn ticker(kind: &str, fields: &str) -> String {
    format!(
        r#"{{"topic":"tickers.BTCUSDT","type":"{kind}","data":{{"symbol":"BTCUSDT",{fields}}},"cs":1,"ts":1673272861686}}"#
    )
}

#[test]
fn a_changed_figure_brings_those_that_belong_to_it() {
    let mut bybit = Bybit::default();
    let whole = ticker(
        "snapshot",
        r#""markPrice":"100","singleOpenInterest":"5","singleOpenInterestValue":"500","fundingRate":"0.0001","nextFundingTime":"1673280000000","fundingIntervalHour":"8""#,
    );
    assert_eq!(events(&mut bybit, &whole).len(), 3);
    let funding = Funding {
        rate: Rate::parse("-0.0002").unwrap(),
        interval_h: 8,
        next_ms: Some(1_673_280_000_000),
    };
    let told = events(&mut bybit, &ticker("delta", r#""fundingRate":"-0.0002""#));
    assert_eq!(told.get(1..), Some(&[Payload::Funding(funding)][..]));
    let told = events(
        &mut bybit,
        &ticker("delta", r#""singleOpenInterestValue":"510""#),
    );
    let interest = OpenInterest {
        base: Size::parse("5").unwrap(),
        usd: Some(Usd::parse("510").unwrap()),
    };
    assert_eq!(told, [Payload::OpenInterest(interest)]);
    let told = events(&mut bybit, &ticker("delta", r#""markPrice":"101""#));
    assert!(matches!(told.as_slice(), [Payload::AssetContext(_)]));
    // A snapshot says everything: what it leaves out is no longer so.
    let told = events(
        &mut bybit,
        &ticker("snapshot", r#""markPrice":"101","fundingRate":"0.0003""#),
    );
    assert!(matches!(told.as_slice(), [Payload::AssetContext(_)]));
}

#[test]
fn the_list_of_markets_tells_the_funding_interval_too() {
    let mut bybit = Bybit::default();
    let body = br#"{"retCode":0,"retMsg":"OK","result":{"category":"linear","nextPageCursor":"","list":[{"symbol":"BTCUSDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"BTC","quoteCoin":"USDT","priceFilter":{"tickSize":"0.1"},"lotSizeFilter":{"qtyStep":"0.001"},"fundingInterval":480}]},"time":1700000000000}"#;
    let answered = bybit.answer(&Want::Markets(Vec::new()), body).unwrap();
    assert_eq!(
        answered.venue_time,
        Some(Timestamp::from_ms(1_700_000_000_000))
    );
    assert!(matches!(&answered.answer, Answer::Listings(listings) if listings.len() == 1));
    let told = events(&mut bybit, &ticker("snapshot", r#""fundingRate":"0.0001""#));
    assert!(
        matches!(told.as_slice(), [_, Payload::Funding(funding)] if funding.interval_h == 8),
        "{told:?}"
    );
}

#[test]
fn a_refusal_in_the_body_is_an_error() {
    let body = br#"{"retCode":10006,"retMsg":"Too many visits!","result":{},"time":1}"#;
    let error = Bybit::default().answer(&Want::Markets(Vec::new()), body);
    assert_eq!(error.unwrap_err().code, "venue_error");
}

#[test]
fn the_deepest_book_of_a_recording_is_followed() {
    let mut bybit = Bybit::default();
    let mut heard = |depth: u32| {
        let frame = format!(
            r#"{{"topic":"orderbook.{depth}.BTCUSDT","type":"snapshot","ts":1,"data":{{"s":"BTCUSDT","b":[],"a":[],"u":7,"seq":5}},"cts":1}}"#
        );
        let mut said = Vec::new();
        bybit
            .read(Lane::MAIN, frame.as_bytes(), &mut Rooms::new(), &mut said)
            .unwrap();
        matches!(said.as_slice(), [Said::Event { channel: BOOK, .. }])
    };
    assert!(heard(1));
    assert!(heard(50));
    assert!(!heard(1));
    assert!(heard(50));
}
