//! Frames that the venue should not send.

use serde_json::json;

use super::feeds::Feeds;
use super::frames;
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::Market;
use crate::hub::Payload;

impl Feeds {
    /// Sends a wrong frame to whoever is subscribed to something of the coin.
    pub(crate) fn send_wrong(
        &self,
        market: &Market,
        symbol: &str,
        form: FrameForm,
        faults: &mut VenueFaults,
    ) {
        let Some(index) = market.coin_index(symbol) else {
            return;
        };
        let coin = &market.coins()[index];
        let time = faults.stamp(market.block_ms());
        let text = match form {
            FrameForm::CrossedBook => frames::frame("l2Book", frames::crossed_book(coin, time)),
            FrameForm::CrossedBbo => frames::frame("bbo", frames::crossed_bbo(coin, time)),
            FrameForm::MalformedJson => {
                format!("{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"{symbol}\",\"time\":{time},\"levels\":[[{{\"px\"").into()
            }
            FrameForm::MissingField => frames::frame(
                "trades",
                json!([{"coin": symbol, "side": "B", "sz": "1.0", "time": time, "tid": 1}]),
            ),
            FrameForm::UnknownChannel | FrameForm::ServerShutdown => {
                frames::frame("notInTheDocumentation", json!({"coin": symbol, "time": time}))
            }
        };
        let of_coin = |subscription: &super::Subscription| subscription.coin() == Some(index);
        self.hub
            .send_to_where(of_coin, &Payload::plain(text), market.now_ms(), faults);
    }
}
