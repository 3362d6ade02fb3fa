//! What each Binance USD-M message becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{MarketEvent, Payload, Symbol, Venue};
use hypersentry_venues::binance_usdm::decode::{
    contracts, funding_intervals, message, snapshot, venue_error,
};
use hypersentry_venues::binance_usdm::wire::{Channel, Message};
use hypersentry_venues::decode::{Outcome, decode};

mod agreement;

const DEPTH: &str = r#"{"e":"depthUpdate","E":1626992741037,"T":1626992741024,"s":"SUSHIUSDT","U":600859599090,"u":600859600917,"pu":600859598061,"b":[["7.6090","0"],["7.6110","2"]],"a":[["7.6150","1563"]]}"#;
const TRADE: &str = r#"{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}"#;
const AGG_TRADE: &str = r#"{"e":"aggTrade","E":1626992741575,"a":16599292,"s":"CTKUSDT","p":"1.01100","q":"10","f":23961322,"l":23961322,"T":1626992741421,"m":true}"#;
const TICKER: &str = r#"{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256314}"#;
const MARK: &str = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","P":"11784.25641265","r":"0.00038167","T":1562306400000,"st":1}"#;

fn wrap(stream: &str, data: &str) -> String {
    format!(r#"{{"stream":"{stream}","data":{data}}}"#)
}

fn read(text: &str, symbol: Option<&str>) -> Result<(Outcome, Vec<MarketEvent>), &'static str> {
    let mut out = Vec::new();
    let symbol = symbol.map(|s| Symbol::new(s).unwrap());
    match decode(Venue::BinanceUsdm, text.as_bytes(), symbol, &mut out) {
        Ok(outcome) => Ok((outcome, out)),
        Err(error) => {
            assert!(out.is_empty(), "an error pushes nothing");
            Err(error.code)
        }
    }
}

/// Symbol, time and content of the events.
fn shown(text: &str, symbol: Option<&str>) -> Vec<String> {
    let (outcome, events) = read(text, symbol).expect(text);
    assert_eq!(outcome, Outcome::Events, "{text}");
    let show = |e: &MarketEvent| {
        let ms = e.venue_time.map_or("-".to_owned(), |t| t.ms().to_string());
        let name = e.payload.event_type().name();
        let data = serde_json::to_string(&e.payload).unwrap();
        format!("{} {ms} {name} {data}", e.symbol)
    };
    events.iter().map(show).collect()
}

#[test]
fn depth_updates_are_chained() {
    let expected = r#"SUSHIUSDT 1626992741037 book_delta {"bids":[["7.609","0"],["7.611","2"]],"asks":[["7.615","1563"]],"first_seq":600859599090,"last_seq":600859600917,"prev_seq":600859598061}"#;
    let newer = DEPTH.replace(r#""U""#, r#""ps":"SUSHIUSDT","st":1,"U""#);
    let spaced = DEPTH.replace(':', " : ").replace(',', " ,\n");
    for text in [DEPTH, &newer, &spaced] {
        assert_eq!(shown(text, None), [expected], "{text}");
        assert_eq!(
            shown(&wrap("sushiusdt@depth@100ms", text), None),
            [expected]
        );
    }
    for wrong in [
        DEPTH.replace("\"U\":600859599090", "\"U\":700859599090"),
        DEPTH.replace("\"pu\":600859598061", "\"pu\":700859598061"),
        DEPTH.replace(",\"pu\":600859598061", ""),
    ] {
        assert_eq!(read(&wrong, None), Err("malformed_message"), "{wrong}");
    }
}

#[test]
fn trades_name_the_aggressor() {
    let buy = r#"BTCUSDT 1723161256321 trade {"id":"5266583935","px":"61800.3","sz":"0.006","side":"buy"}"#;
    assert_eq!(shown(TRADE, None), [buy]);
    let sell = TRADE.replace("\"m\":false", "\"m\":true");
    assert_eq!(shown(&sell, None), [buy.replace("buy", "sell")]);
    assert_eq!(
        shown(AGG_TRADE, None),
        [r#"CTKUSDT 1626992741421 trade {"id":"16599292","px":"1.011","sz":"10","side":"sell"}"#]
    );
    let newer = AGG_TRADE
        .replace(r#""f":"#, r#""nq":"9","f":"#)
        .replace("true}", "true,\"st\":1}");
    assert_eq!(shown(&newer, None), shown(AGG_TRADE, None));
}

#[test]
fn fills_off_the_market_are_no_trades() {
    for (kind, is_trade) in [
        ("MARKET", true),
        ("RPI", true),
        ("INSURANCE_FUND", false),
        ("ADL", false),
        ("NA", false),
    ] {
        let (outcome, events) = read(&TRADE.replace("MARKET", kind), None).unwrap();
        assert_eq!(events.len(), usize::from(is_trade), "{kind}");
        let skipped = Outcome::Skipped("trade_off_market".to_owned());
        assert_eq!(outcome == skipped, !is_trade, "{kind}");
    }
    // Older messages do not say.
    assert_eq!(
        shown(&TRADE.replace(",\"X\":\"MARKET\"", ""), None).len(),
        1
    );
}

#[test]
fn best_prices() {
    let expected =
        r#"BTCUSDT 1723161256314 bbo {"bid":["61800.2","2.507"],"ask":["61800.3","2.51"]}"#;
    assert_eq!(shown(TICKER, None), [expected]);
    let Ok(Message::Event(Channel::BookTicker, event)) = message(TICKER.as_bytes()) else {
        panic!("{TICKER}");
    };
    let Payload::Bbo(bbo) = event.payload else {
        panic!("{TICKER}");
    };
    assert_eq!(bbo.book_seq, Some(5_123_107_839_020));
    let rest = r#"{"symbol":"BTCUSDT","bidPrice":"1.0","bidQty":"2","askPrice":"0","askQty":"0","time":5,"lastUpdateId":9}"#;
    assert_eq!(
        shown(rest, None),
        [r#"BTCUSDT 5 bbo {"bid":["1","2"],"ask":null}"#]
    );
}

#[test]
fn mark_prices_bring_the_funding() {
    let context = r#"BTCUSDT 1562305380000 asset_context {"mark_px":"11794.15","index_px":"11784.62659091","funding_rate":"0.00038167"}"#;
    let funding = r#"BTCUSDT 1562305380000 funding {"rate":"0.00038167","interval_h":8,"next_ms":1562306400000}"#;
    assert_eq!(shown(MARK, None), [context, funding]);
    let all = wrap("!markPrice@arr", &format!("[{MARK},{MARK}]"));
    assert_eq!(shown(&all, None), [context, funding, context, funding]);
    let premium = r#"{"symbol":"BTCUSDT","markPrice":"11794.15","indexPrice":"11784.62659091","estimatedSettlePrice":"1","lastFundingRate":"0.00038167","interestRate":"0.0001","nextFundingTime":1562306400000,"time":1562305380000}"#;
    for text in [premium, &format!("[{premium}]")] {
        assert_eq!(shown(text, None), [context, funding]);
    }
    // A contract with a delivery date is not funded.
    let dated = MARK
        .replace("\"r\":\"0.00038167\"", "\"r\":\"\"")
        .replace("\"T\":1562306400000", "\"T\":0");
    assert_eq!(
        shown(&dated, None),
        [context.replace(r#","funding_rate":"0.00038167""#, "")]
    );
    let negative = MARK.replace("0.00038167", "-0.0001");
    assert!(shown(&negative, None)[1].contains(r#""rate":"-0.0001""#));
}

/// The side is the forced order's: it sells when a long is closed. The size is what was filled, at the average price.
#[test]
fn liquidations_name_whose_position_it_was() {
    for (side, liquidated) in [("SELL", "long"), ("BUY", "short")] {
        let order = format!(
            r#"{{"e":"forceOrder","E":1568014460893,"o":{{"s":"BTCUSDT","S":"{side}","o":"LIMIT","f":"IOC","q":"0.020","p":"9900","ap":"9910.5","X":"FILLED","l":"0.010","z":"0.014","T":1568014460890}}}}"#
        );
        let expected = format!(
            r#"BTCUSDT 1568014460890 liquidation {{"liquidated":"{liquidated}","px":"9910.5","px_kind":"average","sz":"0.014","notional_usd":"138.747","coverage":"sampled"}}"#
        );
        for text in [order.clone(), wrap("btcusdt@forceOrder", &order)] {
            assert_eq!(shown(&text, None), [expected.as_str()]);
        }
        let unfilled = order.replace("\"z\":\"0.014\"", "\"z\":\"0\"");
        assert!(shown(&unfilled, None).is_empty());
    }
    let odd = r#"{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","S":"BOTH","ap":"1","z":"1","T":1}}"#;
    assert_eq!(read(odd, None), Err("malformed_message"));
}

#[test]
fn rest_bodies() {
    let book = r#"{"lastUpdateId":7,"E":1626992741242,"T":1626992741238,"bids":[["4.00","431"]],"asks":[["4.01","12"]]}"#;
    let content = r#"{"bids":[["4","431"]],"asks":[["4.01","12"]],"depth":1,"last_seq":7}"#;
    assert_eq!(
        shown(book, Some("AKROUSDT")),
        [format!("AKROUSDT 1626992741242 book_snapshot {content}")]
    );
    assert_eq!(read(book, None), Err("symbol_required"));
    assert_eq!(
        snapshot(book.as_bytes()),
        snapshot(book.replace(':', ": ").as_bytes())
    );
    assert_eq!(
        shown(
            r#"{"symbol":"BTCUSDT","openInterest":"10659.509","time":1589437530011}"#,
            None
        ),
        [r#"BTCUSDT 1589437530011 open_interest {"base":"10659.509"}"#]
    );
    let agg = r#"[{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":true}]"#;
    assert_eq!(shown(agg, Some("BTCUSDT")).len(), 1);
    assert_eq!(read(agg, None), Err("symbol_required"));
    let trades = r#"[{"id":28457,"price":"4.00000100","qty":"12.0","quoteQty":"48","time":1499865549590,"isBuyerMaker":true}]"#;
    assert!(shown(trades, Some("BTCUSDT"))[0].contains(r#""side":"sell""#));
    let row = r#"[1633998480000,"0.3527","0.3529","0.3522","0.3528","25877",1633998539999,"9116.0",30,"58","20.4","0"]"#;
    let candles = shown(&format!("[{row},{row}]"), Some("NKNUSDT"));
    assert!(candles[0].contains(r#""closed":true"#) && candles[1].contains(r#""closed":false"#));
    assert!(shown("[]", None).is_empty());
    for (text, outcome) in [
        (r#"{"serverTime":1}"#, Outcome::Control("server_time")),
        (r#"{"result":null,"id":1}"#, Outcome::Control("ack")),
        (
            r#"{"result":["a@trade"],"id":1}"#,
            Outcome::Control("subscriptions"),
        ),
        (
            r#"{"code":-1121,"msg":"Invalid symbol."}"#,
            Outcome::Control("error"),
        ),
        (
            r#"[{"symbol":"BLZUSDT","adjustedFundingRateCap":"0.02","fundingIntervalHours":4}]"#,
            Outcome::Control("funding_info"),
        ),
        (
            r#"[{"symbol":"BTCUSDT","sumOpenInterest":"20403.1","sumOpenInterestValue":"1","timestamp":"1"}]"#,
            Outcome::Skipped("open_interest_hist".to_owned()),
        ),
        (
            r#"{"e":"24hrTicker","E":1}"#,
            Outcome::Skipped("24hrTicker".to_owned()),
        ),
    ] {
        assert_eq!(read(text, None), Ok((outcome, vec![])), "{text}");
    }
    assert_eq!(
        venue_error(br#"{"code":-1121,"msg":"Invalid symbol."}"#),
        Some((-1121, "Invalid symbol.".to_owned()))
    );
}

#[test]
fn perpetuals_and_their_intervals() {
    let body = br#"{"serverTime":1,"rateLimits":[],"symbols":[
      {"symbol":"1000PEPEUSDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"1000PEPE","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.0000001"},{"filterType":"LOT_SIZE","stepSize":"1"},{"filterType":"MIN_NOTIONAL","notional":"5"}]},
      {"symbol":"BTCUSDT_210924","contractType":"CURRENT_QUARTER","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[]},
      {"symbol":"OLDUSDT","contractType":"PERPETUAL","status":"SETTLING","baseAsset":"OLD","quoteAsset":"USDT","filters":[]}]}"#;
    let found: Vec<_> = contracts(body)
        .unwrap()
        .iter()
        .map(|c| {
            (
                c.symbol.to_string(),
                c.base.to_string(),
                c.trading,
                c.px_decimals,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("1000PEPEUSDT".to_owned(), "1000PEPE".to_owned(), true, 7),
            ("OLDUSDT".to_owned(), "OLD".to_owned(), false, 8),
        ]
    );
    let info = br#"[{"symbol":"BLZUSDT","fundingIntervalHours":4,"disclaimer":false},{"symbol":"ODDUSDT","fundingIntervalHours":0}]"#;
    let intervals = funding_intervals(info).unwrap();
    assert_eq!(
        intervals.into_iter().collect::<Vec<_>>(),
        [(Symbol::new("BLZUSDT").unwrap(), 4)]
    );
}

#[test]
fn refusals() {
    for (text, code) in [
        ("", "malformed_json"),
        ("hello", "malformed_json"),
        ("7", "unknown_message"),
        ("{}", "unknown_message"),
        (r#"{"e":"x"}"#, "unknown_message"),
        (r#"{"e":"aggTrade"}"#, "malformed_message"),
        (r#"{"stream":"x","data":[]}"#, "unknown_message"),
        (&DEPTH[..DEPTH.len() - 1], "malformed_json"),
        (&DEPTH.replace("7.6150", "6e4"), "decimal_exponent"),
        (&DEPTH.replace("7.6150", "NaN"), "decimal_not_a_number"),
        (&DEPTH.replace("\"SUSHIUSDT\"", "\"\""), "malformed_message"),
        (
            &wrap("x", &format!("[{MARK},{AGG_TRADE}]")),
            "unknown_message",
        ),
    ] {
        assert_eq!(read(text, None).expect_err(text), code, "{text}");
    }
}
