//! What is served, for those who write clients: an OpenAPI document of the routes and a JSON Schema of each message, made of the types that are
//! read and written.

use crate::auth;
use crate::http;
use axum::http::{Method, StatusCode};
use hypersentry_api::ApiError;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Shapes of what goes over a socket.
mod messages;
/// The routes at which all this is read.
mod routes;

pub(crate) use routes::{OPERATIONS, routes};

/// How a type's schema is made.
pub(crate) type Make = fn(&mut SchemaGenerator) -> Schema;

/// The maker of a type's schema.
pub(crate) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What a route answers when all is well.
#[derive(Clone, Copy)]
enum Answer {
    Json(Make),
    /// 204.
    Nothing,
    /// Text of that kind.
    Text(&'static str),
    /// 101: a WebSocket.
    Socket,
}

/// A route as the document tells it.
#[derive(Clone)]
pub(crate) struct Operation {
    method: Method,
    path: &'static str,
    summary: &'static str,
    query: Option<Make>,
    body: Option<Make>,
    answer: Answer,
    also: Option<(u16, &'static str)>,
}

impl Operation {
    /// A route that answers with JSON.
    pub(crate) const fn new(
        method: Method,
        path: &'static str,
        summary: &'static str,
        answer: Make,
    ) -> Self {
        Self::answering(method, path, summary, Answer::Json(answer))
    }

    const fn answering(
        method: Method,
        path: &'static str,
        summary: &'static str,
        answer: Answer,
    ) -> Self {
        Self {
            method,
            path,
            summary,
            query: None,
            body: None,
            answer,
            also: None,
        }
    }

    /// A route that answers with 204.
    pub(crate) const fn silent(method: Method, path: &'static str, summary: &'static str) -> Self {
        Self::answering(method, path, summary, Answer::Nothing)
    }

    /// A route that answers with text of that kind.
    pub(crate) const fn text(
        path: &'static str,
        summary: &'static str,
        kind: &'static str,
    ) -> Self {
        Self::answering(Method::GET, path, summary, Answer::Text(kind))
    }

    /// A route at which a socket is opened.
    pub(crate) const fn socket(path: &'static str, summary: &'static str) -> Self {
        Self::answering(Method::GET, path, summary, Answer::Socket)
    }

    /// With parameters.
    pub(crate) const fn asking(mut self, query: Make) -> Self {
        self.query = Some(query);
        self
    }

    /// With a body.
    pub(crate) const fn taking(mut self, body: Make) -> Self {
        self.body = Some(body);
        self
    }

    /// With a second status that has the same body.
    pub(crate) const fn or(mut self, status: u16, meaning: &'static str) -> Self {
        self.also = Some((status, meaning));
        self
    }

    fn id(&self) -> String {
        let words = self.path.split(['/', '{', '}', '-', '.']);
        let words = words.filter(|word| !word.is_empty());
        let method = self.method.as_str().to_ascii_lowercase();
        std::iter::once(method.as_str())
            .chain(words)
            .collect::<Vec<_>>()
            .join("_")
    }
}

/// All routes, room by room.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    [http::OPERATIONS, OPERATIONS]
        .into_iter()
        .chain(auth::OPERATIONS)
        .flatten()
}

/// Makers of schemas: what is read has shapes of its own, because it may leave out what is written always.
struct Makers {
    /// Of what is written; named shapes are collected.
    written: SchemaGenerator,
    /// Of what is read, each whole.
    read: SchemaGenerator,
}

impl Makers {
    fn new() -> Self {
        let mut written = SchemaSettings::draft2020_12().for_serialize();
        written.definitions_path = "/components/schemas".into();
        let mut read = SchemaSettings::draft2020_12().for_deserialize();
        read.inline_subschemas = true;
        Self {
            written: written.into_generator(),
            read: read.into_generator(),
        }
    }
}

/// What stands in an address is there or not: it is never null.
fn never_null(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.retain(|name, value| !(name == "default" && value.is_null()));
        if let Some(Value::Array(kinds)) = fields.get_mut("type") {
            kinds.retain(|kind| kind != "null");
        }
    }
    schema
}

/// The query's fields as parameters.
fn parameters(query: Make, makers: &mut Makers) -> Vec<Value> {
    let schema = query(&mut makers.read);
    let field = |name: &str| schema.get(name).cloned().unwrap_or_default();
    let required = field("required");
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = field("properties");
    let each = properties.as_object().into_iter().flatten();
    each.map(|(name, schema)| {
        let mut parameter = json!({
            "name": name,
            "in": "query",
            "required": required.contains(&name.as_str()),
            "schema": never_null(schema.clone()),
        });
        if let Some(example) = schema.get("examples").and_then(|all| all.get(0)) {
            parameter["example"] = example.clone();
        }
        parameter
    })
    .collect()
}

/// What stands in braces in a path.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
    });
    names
        .map(|name| {
            let (schema, example) = match name {
                "query" => (
                    json!({ "type": "string", "enum": ["conviction", "why", "gates", "history"] }),
                    json!("why"),
                ),
                "symbol" => (json!({ "type": "string", "minLength": 1 }), json!("BTC")),
                "name" => (
                    json!({ "type": "string", "minLength": 1 }),
                    json!("event.json"),
                ),
                _ => (
                    json!({ "type": "string", "minLength": 1 }),
                    json!("0123456789abcdef0123456789abcdef"),
                ),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema, "example": example })
        })
        .collect()
}

fn described(operation: &Operation, makers: &mut Makers) -> Value {
    let error = of::<ApiError>(&mut makers.written);
    let mut responses = Map::new();
    responses.insert(
        "default".into(),
        json!({
            "description": "Why not: act on `code`, show `message`.",
            "content": { "application/json": { "schema": error } },
        }),
    );
    let (status, good) = match operation.answer {
        Answer::Json(make) => {
            let schema = make(&mut makers.written);
            let content = json!({ "application/json": { "schema": schema } });
            (
                StatusCode::OK,
                json!({ "description": "The answer.", "content": content }),
            )
        }
        Answer::Nothing => (
            StatusCode::NO_CONTENT,
            json!({ "description": "It is done." }),
        ),
        Answer::Text(kind) => {
            let content = json!({ kind: { "schema": { "type": "string" } } });
            (
                StatusCode::OK,
                json!({ "description": "The text.", "content": content }),
            )
        }
        Answer::Socket => (
            StatusCode::SWITCHING_PROTOCOLS,
            json!({ "description": "A WebSocket: what goes over it is in /schemas." }),
        ),
    };
    if let Some((status, meaning)) = operation.also {
        let mut second = good.clone();
        second["description"] = meaning.into();
        responses.insert(status.to_string(), second);
    }
    responses.insert(status.as_str().into(), good);
    let mut parameters_of = in_path(operation.path);
    if let Some(query) = operation.query {
        parameters_of.extend(parameters(query, makers));
    }
    let room = operation.path.split('/').nth(1).unwrap_or_default();
    let need = auth::need(&operation.method, operation.path);
    let mut told = json!({
        "operationId": operation.id(),
        "summary": operation.summary,
        "tags": [room],
        "x-role": need,
        "responses": responses,
    });
    match need.as_str() {
        "nobody" => told["security"] = json!([]),
        // A server that keeps strangers out asks for a login here too.
        "public" => told["security"] = json!([{}, { "bearer": [] }, { "cookie": [] }]),
        _ => told["security"] = json!([{ "bearer": [] }, { "cookie": [] }]),
    }
    if !parameters_of.is_empty() {
        told["parameters"] = parameters_of.into();
    }
    if let Some(body) = operation.body {
        let schema = body(&mut makers.read);
        told["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": schema } },
        });
    }
    told
}

/// The document (OpenAPI 3.1).
pub(crate) fn document() -> Value {
    let mut makers = Makers::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let told = described(operation, &mut makers);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = told;
    }
    let schemas = makers.written.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "HyperSentry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Market data with ages and sources, what the conviction engine says of them, logins, roles and agents. Events come over /ws.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that a program was given by /auth/login.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "hs_session",
                    "description": "A browser's; by TLS its name begins with `__Host-`. Changes repeat the session's secret in X-HyperSentry-CSRF.",
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_has_every_route_of_the_table_and_no_other() {
        let document = document();
        let mut told = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                told.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let mut roles = Vec::new();
        auth::write_roles(&mut roles).unwrap();
        let roles = String::from_utf8(roles).unwrap();
        let rows = roles.lines().filter(|row| !row.starts_with("SUBSCRIBE"));
        let rows = rows.map(|row| row.rsplit_once(' ').unwrap().0.to_owned());
        assert_eq!(told, rows.collect());
        assert_eq!(told.len(), operations().count(), "a route stands twice");
    }

    /// Every `$ref` leads somewhere, and nothing in the document is of no use.
    #[test]
    fn references_lead_to_shapes_that_are_there() {
        fn collect(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(to)) = fields.get("$ref") {
                        found.insert(to.clone());
                    }
                    fields.values().for_each(|value| collect(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = BTreeSet::new();
        collect(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let shapes = document["components"]["schemas"].as_object().unwrap();
        for name in shapes.keys() {
            let reference = format!("#/components/schemas/{name}");
            assert!(found.contains(&reference), "{name} is of no use");
            // A number at the end means that two types have one name.
            assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
        }
    }

    #[test]
    fn parameters_are_there_or_not() {
        let paths = &document()["paths"];
        for path in ["/market/candles", "/admin/audit"] {
            let asked = paths[path]["get"]["parameters"].as_array().unwrap();
            let limit = asked.iter().find(|p| p["name"] == "limit").unwrap();
            assert_eq!(limit["required"], json!(false));
            let schema = &limit["schema"];
            assert!(schema.get("default").is_none(), "{schema}");
            assert!(!schema["type"].to_string().contains("null"), "{schema}");
        }
    }

    #[test]
    fn what_is_read_may_leave_out_what_is_written() {
        let document = document();
        let body = &document["paths"]["/auth/nonce"]["post"]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        assert_eq!(schema["required"], json!(["address", "chain_id"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        let asked = &document["paths"]["/market/candles"]["get"]["parameters"];
        assert_eq!(asked.as_array().unwrap().len(), 4, "{asked}");
    }
}
