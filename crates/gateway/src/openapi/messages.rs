//! Shapes of what goes over a socket, each a document of its own.

use crate::auth;
use hypersentry_api::message::{self, Command, Event};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Documents beside those of the single events.
const WHOLE: [&str; 4] = ["client_message", "answer", "event", "server_message"];

/// Names of all documents.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    WHOLE.into_iter().chain(Event::names())
}

fn commands(generator: &mut SchemaGenerator) -> Schema {
    let plain = Command::json_schema(generator);
    let login = generator.subschema_for::<auth::LoginMessage>();
    json_schema!({ "anyOf": [plain, login] })
}

fn answers(generator: &mut SchemaGenerator) -> Schema {
    let plain = message::answers(generator);
    let login = generator.subschema_for::<auth::LoginAnswer>();
    json_schema!({ "anyOf": [plain, login] })
}

/// The document of a name.
pub(super) fn document(name: &str) -> Option<Value> {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let generator_ref = &mut generator;
    let mut schema = match name {
        "client_message" => commands(generator_ref),
        "answer" => answers(generator_ref),
        "event" => Event::json_schema(generator_ref),
        "server_message" => {
            let answer = answers(generator_ref);
            let event = generator_ref.subschema_for::<Event>();
            json_schema!({ "anyOf": [answer, event] })
        }
        event => Event::schema_of(event, generator_ref)?,
    };
    let shapes = generator.take_definitions(true);
    schema.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert("title".into(), name.into());
    if !shapes.is_empty() {
        schema.insert("$defs".into(), shapes.into());
    }
    Some(schema.to_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_document_that_stands_alone() {
        assert_eq!(names().count(), 15);
        for name in names() {
            let document = document(name).unwrap();
            assert_eq!(document["title"], name);
            for shape in document["$defs"].as_object().into_iter().flatten() {
                let numbered = shape.0.ends_with(|c: char| c.is_ascii_digit());
                assert!(!numbered, "{name}: two types are called {}", shape.0);
            }
            let text = document.to_string();
            for reference in text.split("\"$ref\":\"").skip(1) {
                let reference = reference.split('"').next().unwrap();
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{name}: {reference}");
            }
        }
        assert!(document("trade").is_none() && document("").is_none());
    }
}
