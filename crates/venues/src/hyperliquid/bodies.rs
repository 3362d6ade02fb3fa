//! REST bodies. They do not say what they answer, so they are told apart by their shape.
//!
//! Shapes: Hyperliquid docs, API > Info endpoint, and API > Info endpoint > Perpetuals.

use super::decode::{json, malformed, unknown};
use super::events::{book, candles, context, listings, mids_event, spot_pairs, time, trades};
use super::wire::{ContextWire, Entries, Message, MetaWire, StatusWire, Text};
use crate::decode::DecodeError;
use hypersentry_model::MarketEvent;
use hypersentry_model::event::Feed;
use serde_json::value::RawValue;

/// Objects that we know and do not use, by keys that together are theirs alone. The first that fits names the object.
const OBJECTS: [(&str, &[&str]); 14] = [
    ("clearinghouseState", &["assetPositions"]),
    ("spotClearinghouseState", &["balances"]),
    ("userRateLimit", &["nRequestsUsed", "nRequestsCap"]),
    ("userRole", &["role"]),
    ("userFees", &["dailyUserVlm"]),
    ("activeAssetData", &["leverage", "maxTradeSzs"]),
    ("orderStatus", &["status", "order"]),
    ("exchange", &["status", "response"]),
    ("tokenDetails", &["maxSupply", "szDecimals"]),
    ("referral", &["referredBy", "cumVlm"]),
    ("vaultDetails", &["vaultAddress", "leader"]),
    ("delegatorSummary", &["delegated", "undelegated"]),
    ("marginTable", &["marginTiers"]),
    ("userToMultiSigSigners", &["authorizedUsers", "threshold"]),
];

/// Arrays that we know and do not use, by keys of their first entry. The first that fits names the array.
const ARRAYS: [(&str, &[&str]); 16] = [
    ("allPerpMetas", &["universe"]),
    ("userFills", &["tid", "oid", "startPosition"]),
    ("userFills", &["oid", "startPosition", "closedPnl"]),
    ("userTwapSliceFills", &["fill", "twapId"]),
    ("historicalOrders", &["order", "statusTimestamp"]),
    ("frontendOpenOrders", &["oid", "limitPx", "orderType"]),
    ("openOrders", &["oid", "limitPx"]),
    ("fundingHistory", &["fundingRate", "time"]),
    ("extraAgents", &["address", "validUntil"]),
    ("userVaultEquities", &["vaultAddress", "equity"]),
    ("delegations", &["validator", "amount"]),
    ("delegatorRewards", &["source", "totalAmount"]),
    ("subAccounts", &["subAccountUser"]),
    ("twapHistory", &["state", "status"]),
    ("vaultSummaries", &["vaultAddress", "leader"]),
    ("validatorSummaries", &["validator", "signer"]),
];

/// Reads an object without a `channel`.
pub(super) fn object(text: &str, out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    let fields: Entries<'_, &RawValue> = json(text)?;
    let has = |key: &str| fields.0.iter().any(|(name, _)| name.0 == key);
    if has("coin") && has("levels") {
        let (feed, event) = book(json(text)?)?;
        out.push(event);
        return Ok(Message::Events(feed));
    }
    if has("tokens") && has("universe") {
        return Ok(Message::SpotPairs(spot_pairs(&json(text)?)));
    }
    if has("specialStatuses") {
        let wire: StatusWire = json(text)?;
        return Ok(Message::Clock(time(wire.time)?));
    }
    if let Some((name, _)) = OBJECTS.iter().find(|(_, keys)| keys.iter().all(|k| has(k))) {
        return Ok(Message::Skipped(name));
    }
    if has("universe") {
        return Ok(Message::Markets(listings(&json(text)?)?));
    }
    // An order that is not known has its status alone.
    if fields.0.len() == 1 && has("status") {
        return Ok(Message::Skipped("orderStatus"));
    }
    if is_mids(&fields) {
        let mids: Entries<'_, Text<'_>> = json(text)?;
        out.push(mids_event(
            mids.0.iter().map(|(coin, px)| (&*coin.0, &*px.0)),
        )?);
        return Ok(Message::Events(Feed::Mids));
    }
    Err(unknown(format!("an object with {}", names(&fields))))
}

/// `allMids` is a bare map: all values are strings, and some begin as numbers do.
fn is_mids(fields: &Entries<'_, &RawValue>) -> bool {
    let number = |value: &&RawValue| {
        let mut bytes = value.get().bytes().skip(1);
        bytes
            .next()
            .is_some_and(|b| b.is_ascii_digit() || b == b'-')
    };
    fields
        .0
        .iter()
        .all(|(_, value)| value.get().starts_with('"'))
        && fields.0.iter().any(|(_, value)| number(value))
}

/// Reads an array.
pub(super) fn array(text: &str, out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    let items: Vec<&RawValue> = json(text)?;
    let Some(first) = items.first() else {
        // Nothing says what it is none of.
        return Ok(Message::Skipped("empty"));
    };
    match first.get().as_bytes().first() {
        Some(b'{') => {}
        Some(b'[') => return array_of_arrays(first.get()),
        Some(b'"') => return Ok(Message::Skipped("perpsAtOpenInterestCap")),
        Some(b'n') if items.len() > 1 => return Ok(Message::Skipped("perpDexs")),
        _ => return Err(unknown("an array of bare values")),
    }
    let fields: Entries<'_, &RawValue> = json(first.get())?;
    let has = |key: &str| fields.0.iter().any(|(name, _)| name.0 == key);
    if let [meta, contexts] = items.as_slice()
        && has("universe")
        && contexts.get().starts_with('[')
    {
        if has("tokens") {
            return Ok(Message::Skipped("spotMetaAndAssetCtxs"));
        }
        return meta_and_contexts(meta.get(), contexts.get(), out);
    }
    if let Some((name, _)) = ARRAYS.iter().find(|(_, keys)| keys.iter().all(|k| has(k))) {
        return Ok(Message::Skipped(name));
    }
    if has("tid") && has("px") && has("side") {
        trades(text, out)?;
        return Ok(Message::Events(Feed::Trades));
    }
    if ["t", "T", "s", "i"].iter().all(|key| has(key)) {
        candles(text, out)?;
        return Ok(Message::Events(Feed::Candles));
    }
    if let Some((_, delta)) = fields.0.iter().find(|(name, _)| name.0 == "delta") {
        return ledger(delta.get());
    }
    Err(unknown(format!(
        "an array of objects with {}",
        names(&fields)
    )))
}

/// `portfolio` and `predictedFundings`: pairs that begin with a name.
fn array_of_arrays(first: &str) -> Result<Message, DecodeError> {
    let pair: Vec<&RawValue> = json(first)?;
    match pair.as_slice() {
        [name, value] if name.get().starts_with('"') && value.get().starts_with('{') => {
            Ok(Message::Skipped("portfolio"))
        }
        [name, value] if name.get().starts_with('"') && value.get().starts_with('[') => {
            Ok(Message::Skipped("predictedFundings"))
        }
        _ => Err(unknown("an array of arrays")),
    }
}

/// Histories of a user's account, told apart by the kind of change.
fn ledger(delta: &str) -> Result<Message, DecodeError> {
    let fields: Entries<'_, &RawValue> = json(delta)?;
    let kind = fields.0.iter().find(|(name, _)| name.0 == "type");
    Ok(Message::Skipped(match kind.map(|(_, kind)| kind.get()) {
        Some("\"funding\"") => "userFunding",
        Some(_) => "userNonFundingLedgerUpdates",
        None => "delegatorHistory",
    }))
}

/// `metaAndAssetCtxs`: contexts belong to markets by position.
fn meta_and_contexts(
    meta: &str,
    contexts: &str,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let listings = listings(&json::<MetaWire<'_>>(meta)?)?;
    let contexts: Vec<ContextWire<'_>> = json(contexts)?;
    if listings.len() != contexts.len() {
        let (markets, contexts) = (listings.len(), contexts.len());
        return Err(malformed(format!(
            "{markets} markets but {contexts} contexts"
        )));
    }
    for (listing, wire) in listings.iter().zip(&contexts) {
        out.push(context(listing.coin, wire)?);
    }
    Ok(Message::Markets(listings))
}

/// The first few keys, to name what is not known.
fn names(fields: &Entries<'_, &RawValue>) -> String {
    let names: Vec<&str> = fields.0.iter().take(6).map(|(name, _)| &*name.0).collect();
    if names.is_empty() {
        "no keys".to_owned()
    } else {
        names.join(", ")
    }
}
