//! Words of records in what is saved of an exchange: those that it writes, so that what is read is what was written.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// A word of the code. Under this name, because a reference in a record would be taken for one into the text that is read.
pub(super) type Word = &'static str;

const WORDS: [&str; 36] = [
    "open",
    "filled",
    "canceled",
    "triggered",
    "rejected",
    "marginCanceled",
    "openInterestCapCanceled",
    "selfTradeCanceled",
    "reduceOnlyCanceled",
    "siblingFilledCanceled",
    "liquidatedCanceled",
    "scheduledCancel",
    "tickRejected",
    "minTradeNtlRejected",
    "perpMarginRejected",
    "reduceOnlyRejected",
    "badAloPxRejected",
    "iocCancelRejected",
    "badTriggerPxRejected",
    "marketOrderNoLiquidityRejected",
    "positionIncreaseAtOpenInterestCapRejected",
    "positionFlipAtOpenInterestCapRejected",
    "tooAggressiveAtOpenInterestCapRejected",
    "openInterestIncreaseRejected",
    "insufficientSpotBalanceRejected",
    "oracleRejected",
    "perpMaxPositionRejected",
    "delistedCanceled",
    "vaultWithdrawalCanceled",
    "activated",
    "finished",
    "terminated",
    "error",
    "market",
    "backstop",
    "waitingForFill",
];

pub(super) fn serialize<S: Serializer>(word: &&'static str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(word)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let read = String::deserialize(from)?;
    let known = WORDS.into_iter().find(|word| *word == read);
    known.ok_or_else(|| D::Error::custom(format!("no word of a record: {read}")))
}

#[cfg(test)]
mod tests {
    use super::super::{Address, Exchange, MarketSpec, Refusal, Rules, Side, USD};
    use super::*;

    #[test]
    fn every_refusal_has_a_word() {
        for refusal in [
            Refusal::Tick,
            Refusal::PerpMargin,
            Refusal::IocCancel,
            Refusal::Oracle,
            Refusal::ZeroSize,
            Refusal::PerpMaxPosition,
        ] {
            assert!(WORDS.contains(&refusal.status()));
        }
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let user = Address([3; 20]);
        let mut exchange = Exchange::new(
            vec![MarketSpec::new("BTC", 5, 40)],
            Rules::default(),
            1_700_000_000_000,
        );
        exchange.pay_in(user, 100_000 * USD).unwrap();
        exchange.admit_agent(user, Address([4; 20])).unwrap();
        exchange.mark(0, 1_000_000, 1_000_000);
        exchange.street_level(0, Side::Sell, 1_000_010, 500_000);
        let body = serde_json::json!({"action": {"type": "order", "grouping": "na", "orders": [
            {"a": 0, "b": true, "p": "100001", "s": "0.5", "r": false, "t": {"limit": {"tif": "Ioc"}}},
            {"a": 0, "b": true, "p": "90000", "s": "0.1", "r": false, "t": {"limit": {"tif": "Gtc"}}},
            {"a": 0, "b": true, "p": "90000", "s": "9999", "r": false, "t": {"limit": {"tif": "Gtc"}}},
        ]}, "nonce": 1_700_000_000_001_u64});
        exchange.post(Address([4; 20]), &body).unwrap();
        exchange.take_output();
        let text = serde_json::to_string(&exchange).unwrap();
        let read: Exchange = serde_json::from_str(&text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{exchange:?}"));
        assert_eq!(exchange.account(user).unwrap().szi(0), 50_000);
        assert_eq!(exchange.account(user).unwrap().open.len(), 1);
    }
}
