//! Whose position a forced order closes. Source: `docs-v5`, Public Data > Liquidation orders channel, whose example has a buy
//! for a short.

use super::{code, events};
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::decode::Decoder;
use hypersentry_venues::okx::contracts::Contracts;
use hypersentry_venues::okx::decode::Reader;
use hypersentry_venues::rooms::Rooms;
use std::collections::BTreeSet;

fn frame(symbol: &str, details: &str) -> String {
    format!(
        r#"{{"arg":{{"channel":"liquidation-orders","instType":"SWAP"}},"data":[{{"details":[{details}],"instFamily":"BTC-USDT","instId":"{symbol}","instType":"SWAP","uly":"BTC-USDT"}}]}}"#
    )
}

fn detail(side: &str, position: &str) -> String {
    format!(
        r#"{{"bkLoss":"0","bkPx":"97000.5","ccy":"","posSide":"{position}","side":"{side}","sz":"13","ts":"1692266434010"}}"#
    )
}

#[test]
fn the_forced_order_tells_whose_position_it_was() {
    for (side, position, liquidated) in [
        ("sell", "long", "long"),
        ("buy", "short", "short"),
        ("sell", "net", "long"),
        ("buy", "net", "short"),
        ("sell", "", "long"),
        ("buy", "", "short"),
    ] {
        assert_eq!(
            events(&frame("BTC-USDT-SWAP", &detail(side, position))),
            [format!(
                r#"BTC-USDT-SWAP 1692266434010 liquidation {{"liquidated":"{liquidated}","px":"97000.5","px_kind":"bankruptcy","sz":"0.13","notional_usd":"12610.065","coverage":"sampled"}}"#
            )],
            "{side} {position}"
        );
    }
    for (side, position) in [
        ("sell", "short"),
        ("buy", "long"),
        ("sell", "both"),
        ("", "net"),
    ] {
        let frame = frame("BTC-USDT-SWAP", &detail(side, position));
        assert_eq!(code(&frame), "malformed_message", "{side} {position}");
    }
}

#[test]
fn inverse_contracts_are_dollars() {
    let read = events(&frame("BTC-USD-SWAP", &detail("sell", "net")));
    assert!(
        read[0].contains(r#""sz":"0.013401992773","notional_usd":"1300""#),
        "{}",
        read[0]
    );
}

#[test]
fn several_orders_are_several_events() {
    let both = format!("{},{}", detail("sell", "net"), detail("buy", "net"));
    assert_eq!(events(&frame("BTC-USDT-SWAP", &both)).len(), 2);
    assert_eq!(events(&frame("BTC-USDT-SWAP", "")).len(), 0);
}

#[test]
fn markets_of_no_interest_are_passed_over_whatever_they_say() {
    let frame = frame("NEW-USDT-SWAP", &detail("sell", "net"));
    let mut out = Vec::new();
    let refused = Decoder::new(Venue::Okx).decode(frame.as_bytes(), None, &mut out);
    assert_eq!(refused.unwrap_err().code, "contract_unknown");
    let only = BTreeSet::from([Symbol::new("BTC-USDT-SWAP").unwrap()]);
    let reader = Reader {
        contracts: &Contracts::default(),
        only: Some(&only),
        symbol: None,
    };
    assert!(
        reader
            .message(frame.as_bytes(), &mut Rooms::new(), &mut out)
            .is_ok()
    );
    assert!(out.is_empty());
}
