//! Values without parts: held against their type, and against what only the tables know of them.

use crate::document::Value;
use crate::policy::fields::Constraint;
use crate::policy::fields::check::Refusal;
use crate::quantity::Quantity;
use crate::schema::Basic;
use crate::selector::valid_label_value;

/// The resources that every node has. Others have a domain before a `/`, or are huge pages.
pub(super) const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// The value of a field with a constraint of its own. `name` is the last key of its path.
pub(super) fn constrained(constraint: Constraint, name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    let wrong_type = |expected: &str| Refusal::new(format!("expected {expected}, found {}", described(value)));
    match constraint {
        Constraint::Range(least, most) => match value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Ok(number.into()),
            Some(number) if number < least => Err(Refusal::new(format!("`{number}` is less than {least}"))),
            Some(number) => Err(Refusal::new(format!("`{number}` is more than {most}"))),
            None => Err(wrong_type("an integer")),
        },
        Constraint::Text => match value.as_str() {
            Some("") => Err(Refusal::new("expected a string, found an empty one")),
            Some(text) => Ok(text.into()),
            None => Err(wrong_type("a string")),
        },
        Constraint::Word(words) => match value.as_str() {
            Some(text) if words.contains(&text) => Ok(text.into()),
            Some(text) => Err(Refusal { words, ..Refusal::new(format!("`{text}` cannot stand here")) }),
            None => Err(wrong_type("a string")),
        },
        Constraint::Resource => resource(name, value),
        Constraint::Label => {
            let text = value.as_str().ok_or_else(|| wrong_type("a string"))?;
            let refused = || Refusal::new(format!("`{text}` cannot be the value of a label"));
            let help = "letters, digits, `-`, `_` and `.`, at most 63, a letter or digit first and last";
            if valid_label_value(text) { Ok(text.into()) } else { Err(refused().help(help)) }
        }
    }
}

/// The value of a field of a basic type.
pub(super) fn scalar(basic: Basic, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    let wrong_type = |expected: &str| Err(Refusal::new(format!("expected {expected}, found {}", described(value))));
    match (basic, value) {
        (_, Value::Null) => wrong_type("a value"),
        (Basic::Any, _) => Ok(value.to_json()),
        (Basic::Boolean, Value::Bool(truth)) => Ok(truth.into()),
        (Basic::Boolean, _) => wrong_type("a boolean"),
        (Basic::String | Basic::Time | Basic::IntOrString, Value::String(text)) => Ok(text.into()),
        (Basic::String | Basic::Time, _) => wrong_type("a string"),
        (Basic::Int64, Value::Int(number)) => Ok(number.into()),
        (Basic::Int32 | Basic::IntOrString, Value::Int(number)) if i32::try_from(number).is_ok() => Ok(number.into()),
        (Basic::Int32 | Basic::IntOrString, Value::Int(number)) => {
            Err(Refusal::new(format!("`{number}` does not fit 32 bits")))
        }
        (Basic::Int32 | Basic::Int64, _) => wrong_type("an integer"),
        (Basic::IntOrString, _) => wrong_type("an integer or a string"),
        (Basic::Quantity, _) => amount(value).map(|quantity| quantity.to_string().into()),
    }
}

fn amount(value: Value<'_>) -> Result<Quantity, Refusal> {
    if value.is_null() {
        return Err(Refusal::new("expected a quantity, found nothing"));
    }
    let quantity = Quantity::of(value).map_err(|error| Refusal::new(error.to_string()))?;
    let quantity = quantity.round_up_to_milli();
    if quantity.sign() < 0 {
        return Err(Refusal::new(format!("`{quantity}` is less than nothing")));
    }
    Ok(quantity)
}

fn resource(name: &str, value: Value<'_>) -> Result<serde_json::Value, Refusal> {
    let text = amount(value)?.to_string();
    let is_fraction = text.ends_with('m') || text.contains("e-");
    if name == "cpu" || !is_fraction {
        return Ok(text.into());
    }
    let written = value.as_str().unwrap_or(&text);
    if !RESOURCES.contains(&name) {
        return Err(Refusal::new(format!("`{written}` of {name} is a fraction of one")));
    }
    let refused = Refusal::new(format!("`{written}` of {name} is a fraction of a byte"));
    Err(match written.strip_suffix('m') {
        Some(meant) => refused.help(format!("`m` is a thousandth; did you mean `{meant}Mi`?")),
        None => refused,
    })
}

/// A value by its type, for messages: whoever writes `field:` and no more has written nothing.
pub(in crate::policy) fn described(value: Value<'_>) -> &'static str {
    if value.is_null() { "nothing" } else { value.described() }
}
