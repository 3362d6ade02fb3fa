//! `/openapi.json` and `/schemas`.

use super::{Operation, document, messages, of};
use crate::http::{Named, Shared};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use hypersentry_api::ApiError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/openapi.json",
        "This document.",
        of::<BTreeMap<String, Value>>,
    ),
    Operation::new(
        Method::GET,
        "/schemas",
        "Names of the JSON Schemas of what goes over /ws.",
        of::<Schemas>,
    ),
    Operation::new(
        Method::GET,
        "/schemas/{name}",
        "The JSON Schema of a kind of messages.",
        of::<BTreeMap<String, Value>>,
    ),
];

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/schemas", get(list))
        .route("/schemas/{name}", get(schema))
}

/// Made once, when somebody first asks.
static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// As [`OPENAPI`], by name.
static SCHEMAS: LazyLock<BTreeMap<&'static str, Bytes>> = LazyLock::new(|| {
    let each = messages::names();
    each.filter_map(|name| Some((name, messages::document(name)?.to_string().into())))
        .collect()
});

fn json(kind: &'static str, body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

async fn openapi() -> Response {
    json("application/json", OPENAPI.clone())
}

/// Where the schemas are.
#[derive(Debug, JsonSchema, Serialize)]
struct Schemas {
    /// Their paths.
    schemas: Vec<String>,
}

async fn list() -> Json<Schemas> {
    let paths = SCHEMAS.keys().map(|name| format!("/schemas/{name}.json"));
    Json(Schemas {
        schemas: paths.collect(),
    })
}

async fn schema(Named(name): Named<String>) -> Response {
    let known = name
        .strip_suffix(".json")
        .and_then(|name| SCHEMAS.get(name));
    match known {
        Some(body) => json("application/json", body.clone()),
        None => {
            let error = ApiError::new("not_found", "there is no schema of that name");
            (StatusCode::NOT_FOUND, Json(error)).into_response()
        }
    }
}
