//! The fast readers agree with the general one, whatever happens to a frame.

use hypersentry_model::{Size, Symbol};
use hypersentry_venues::okx::contracts::{Contract, Contracts, Value};
use hypersentry_venues::okx::decode::fuzz_entry;
use proptest::prelude::*;

fn contracts() -> Contracts {
    let size = |text: &str| Size::parse(text).unwrap();
    let value = |text: &str| Value::new(size(text), size("1")).unwrap();
    let mut contracts = Contracts::default();
    for (symbol, contract) in [
        ("BTC-USDT-SWAP", Contract::Linear(value("0.01"))),
        ("BTC-USD-SWAP", Contract::Inverse(value("100"))),
    ] {
        contracts.learn(Symbol::new(symbol).unwrap(), contract);
    }
    contracts
}

fn matching(pattern: &str) -> impl Strategy<Value = String> + use<> {
    proptest::string::string_regex(pattern).unwrap()
}

/// One frame of each fast kind, as the venue writes it, of a spot market, a linear, an inverse and an unknown contract.
fn frame() -> impl Strategy<Value = String> {
    let symbol = proptest::sample::select(vec![
        "BTC-USDT",
        "BTC-USDT-SWAP",
        "BTC-USD-SWAP",
        "SOL-USDT-SWAP",
    ]);
    let level = r#"\["[0-9]{1,6}(\.[0-9]{1,8})?","[0-9]{1,4}(\.[0-9]{1,13})?","0","[0-9]{1,2}"\]"#;
    let side = format!(r"({level}(,{level}){{0,3}})?");
    let tail = r#"(,"checksum":-?[0-9]{1,9})?((,"seqId":[0-9]{1,9})?(,"prevSeqId":(-1|[0-9]{1,9}))?|,"prevSeqId":-1,"seqId":[0-9]{1,9})"#;
    let trade = r#""tradeId":"[0-9]{1,12}","px":"[0-9]{1,6}\.[0-9]{1,2}","sz":"[0-9]{1,4}(\.[0-9]{1,8})?","side":"(buy|sell)","ts":"[0-9]{1,14}"(,"count":"[0-9]{1,2}")?(,"source":"[01]")?(,"seqId":[0-9]{1,9})?"#;
    let channel = proptest::sample::select(vec!["books", "books5", "bbo-tbt", "books50-l2-tbt"]);
    let action =
        proptest::sample::select(vec!["", r#""action":"snapshot","#, r#""action":"update","#]);
    let book = (
        symbol.clone(),
        channel,
        action,
        matching(&side),
        matching(&side),
        matching(tail),
    )
        .prop_map(|(symbol, channel, action, asks, bids, tail)| {
            format!(
                r#"{{"arg":{{"channel":"{channel}","instId":"{symbol}"}},{action}"data":[{{"asks":[{asks}],"bids":[{bids}],"ts":"1652459225464"{tail}}}]}}"#
            )
        });
    let trades =
        (symbol, proptest::collection::vec(matching(trade), 1..3)).prop_map(|(symbol, trades)| {
            let trades: Vec<String> = trades
                .iter()
                .map(|trade| format!(r#"{{"instId":"{symbol}",{trade}}}"#))
                .collect();
            let trades = trades.join(",");
            format!(r#"{{"arg":{{"channel":"trades","instId":"{symbol}"}},"data":[{trades}]}}"#)
        });
    prop_oneof![2 => book, 1 => trades]
}

/// What may happen to one byte: set, insert, remove, cut.
fn edit() -> impl Strategy<Value = (u8, usize, u8)> {
    let byte = prop_oneof![
        4 => proptest::sample::select(b"\"\\,:{}[]0123456789.-+eE \n\ttrufalsn".to_vec()),
        1 => any::<u8>(),
    ];
    (0u8..4, any::<usize>(), byte)
}

fn mutate(bytes: &mut Vec<u8>, edits: &[(u8, usize, u8)]) {
    for (kind, at, byte) in edits {
        if bytes.is_empty() {
            return;
        }
        let at = at % bytes.len();
        match kind {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn fast_and_general_agree(frame in frame(), edits in proptest::collection::vec(edit(), 0..4)) {
        let mut bytes = frame.into_bytes();
        mutate(&mut bytes, &edits);
        fuzz_entry(&bytes, &contracts());
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes, &contracts());
    }
}
