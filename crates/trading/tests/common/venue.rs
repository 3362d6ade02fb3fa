//! What the venue holds of an account's orders, beside what we hold.

use super::{Way, way};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is wrong with an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It was sent, or is at the venue, more than once.
    Doubled,
    /// It is at the venue and not with us.
    Lost,
    /// It has another end with us than at the venue, or another size filled.
    WrongEnd,
    /// Something else: a process that failed, a venue that does not answer.
    Broken,
}

/// States and sizes filled by the order's name; each name should have one.
pub(crate) type Ends = BTreeMap<String, Vec<(String, String)>>;

/// How often each order left us, by its name.
pub(crate) type Sent = BTreeMap<String, u32>;

/// One of our orders: name, state, size filled.
pub(crate) type Ours = (String, String, String);

/// All that the venue knows of an account's named orders, those that rest as `open`.
pub(crate) async fn ends(url: &str, account: &str) -> Result<Ends, String> {
    let way = way(url.to_owned());
    let ask = |kind: &'static str| {
        let way: Arc<Way> = Arc::clone(&way);
        async move {
            let told = way.info(json!({"type": kind, "user": account})).await;
            let told = told.filter(Value::is_array);
            told.ok_or_else(|| format!("{kind}: no answer"))
        }
    };
    let (past, open) = (
        ask("historicalOrders").await?,
        ask("frontendOpenOrders").await?,
    );
    let mut found = Ends::new();
    let mut add = |order: &Value, status: &str| {
        let size = |key: &str| {
            let text = order[key].as_str().unwrap();
            hypersentry_model::Size::parse(text).unwrap()
        };
        let filled = size("origSz").checked_sub(size("sz")).unwrap();
        // Orders that the venue makes itself, as the slices of a TWAP, have no name.
        let Some(name) = order["cloid"].as_str() else {
            return;
        };
        let ends = found.entry(name.to_owned()).or_default();
        ends.push((status.to_owned(), filled.to_string()));
    };
    for order in open.as_array().unwrap() {
        add(order, "open");
    }
    for ended in past.as_array().unwrap() {
        let status = ended["status"].as_str().unwrap();
        if status != "open" && status != "triggered" {
            add(&ended["order"], status);
        }
    }
    Ok(found)
}

/// Compares; the number of our orders where nothing is wrong.
pub(crate) fn compare(ours: &[Ours], venue: &Ends, sent: &Sent) -> Result<usize, (Fault, String)> {
    if let Some((name, times)) = sent.iter().find(|(_, times)| **times > 1) {
        return Err((Fault::Doubled, format!("{name} was sent {times} times")));
    }
    for (name, state, filled) in ours {
        let there = venue.get(name).map(Vec::as_slice).unwrap_or_default();
        let fits = match there {
            [] => matches!(state.as_str(), "expired" | "rejected") && filled == "0",
            [(status, theirs)] => {
                let same = match status.as_str() {
                    "open" => matches!(state.as_str(), "acked" | "partially_filled"),
                    "filled" => state == "filled",
                    status if status.ends_with("Rejected") => state == "rejected",
                    _ => state == "cancelled",
                };
                same && theirs == filled
            }
            _ => return Err((Fault::Doubled, format!("{name}: {there:?} there"))),
        };
        if !fits {
            let text = format!("{name} is {state} ({filled}) with us, {there:?} there");
            return Err((Fault::WrongEnd, text));
        }
    }
    let known = |name: &String| ours.iter().any(|(ours, ..)| ours == name);
    match venue.keys().find(|name| !known(name)) {
        Some(lost) => Err((Fault::Lost, format!("{lost} is there and not with us"))),
        None => Ok(ours.len()),
    }
}
