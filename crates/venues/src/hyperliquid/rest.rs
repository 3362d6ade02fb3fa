//! The requests that the session makes.

use crate::session::{Request, RequestClass, RequestKey, RequestKind};
use hypersentry_model::Symbol;

/// Asks for the list of markets and their contexts. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve perpetuals
/// asset contexts; weight 20.
pub fn markets(attempt: u32) -> Request {
    Request {
        key: RequestKey {
            kind: RequestKind::Markets,
            symbol: Symbol::ANY,
            attempt,
        },
        path: "/info".to_owned(),
        body: Some(r#"{"type":"metaAndAssetCtxs"}"#.to_owned()),
        class: RequestClass::Metadata,
        weight: 20,
    }
}
