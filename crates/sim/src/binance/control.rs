//! `SUBSCRIBE` and its kin.

use serde_json::{Value, json};

/// A request of the client.
#[derive(Debug, PartialEq)]
pub(super) enum Control {
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
    ListSubscriptions,
    SetCombined(bool),
    GetCombined,
}

/// `{"result": ..., "id": ...}`.
pub(super) fn result(value: &Value, id: &Value) -> String {
    json!({"result": value, "id": id}).to_string()
}

/// `{"error": {"code": ..., "msg": ...}, "id": ...}`.
pub(super) fn error(code: u8, msg: &str, id: &Value) -> String {
    json!({"error": {"code": code, "msg": msg}, "id": id}).to_string()
}

/// Reads a request, or says with which error the venue answers.
pub(super) fn parse(text: &str) -> Result<(Control, Value), String> {
    let message: Value = serde_json::from_str(text).map_err(|failure| {
        let (line, column) = (failure.line(), failure.column());
        let msg = format!("Invalid JSON: expected value at line {line} column {column}");
        error(3, &msg, &Value::Null)
    })?;
    let id = message["id"].clone();
    let invalid = |msg: &str| Err(error(2, &format!("Invalid request: {msg}"), &id));
    let valid_id = match &id {
        Value::Null => true,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::String(text) => text.len() <= 36 && text.chars().all(|c| c.is_ascii_alphanumeric()),
        _ => false,
    };
    if !valid_id {
        return Err(error(
            2,
            "Invalid request: request ID must be an unsigned integer",
            &Value::Null,
        ));
    }
    let Some(method) = message.get("method").and_then(Value::as_str) else {
        return invalid(&format!(
            "missing field `method` at line 1 column {}",
            text.len()
        ));
    };
    let params = &message["params"];
    let names = || -> Option<Vec<String>> {
        params
            .as_array()?
            .iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    let control = match method {
        "SUBSCRIBE" | "UNSUBSCRIBE" => {
            let Some(names) = names() else {
                return invalid("params must be an array of strings");
            };
            if method == "SUBSCRIBE" {
                Control::Subscribe(names)
            } else {
                Control::Unsubscribe(names)
            }
        }
        "LIST_SUBSCRIPTIONS" => Control::ListSubscriptions,
        "SET_PROPERTY" | "GET_PROPERTY" => {
            let Some(name) = params[0].as_str() else {
                return invalid("property name must be a string");
            };
            if name != "combined" {
                return Err(error(0, "Unknown property", &id));
            }
            if method == "GET_PROPERTY" {
                Control::GetCombined
            } else {
                let Some(combined) = params[1].as_bool() else {
                    return Err(error(1, "Invalid value type: expected Boolean", &id));
                };
                Control::SetCombined(combined)
            }
        }
        _ => {
            return invalid(&format!(
                "unknown variant {method}, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, \
                 `SET_PROPERTY`, `GET_PROPERTY` at line 1 column {}",
                text.find(method).map_or(0, |at| at + method.len() + 1)
            ));
        }
    };
    Ok((control, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_errors() {
        let (control, id) =
            parse(r#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":7}"#).unwrap();
        assert_eq!(control, Control::Subscribe(vec!["btcusdt@trade".into()]));
        assert_eq!(result(&Value::Null, &id), r#"{"id":7,"result":null}"#);
        assert!(parse("{").unwrap_err().contains("\"code\":3"));
        let unknown = parse(r#"{"method":"SUBSCRIB","params":[],"id":1}"#).unwrap_err();
        assert!(unknown.contains("\"code\":2") && unknown.contains("unknown variant SUBSCRIB"));
        assert!(
            parse(r#"{"id":1}"#)
                .unwrap_err()
                .contains("missing field `method`")
        );
        assert!(
            parse(r#"{"method":"SUBSCRIBE","params":["a@b"],"id":1.5}"#)
                .unwrap_err()
                .contains("request ID")
        );
        let property =
            parse(r#"{"method":"SET_PROPERTY","params":["combined",1],"id":1}"#).unwrap_err();
        assert!(property.contains("\"code\":1,"));
    }
}
