//! What a decoder of the API server makes of `null`: an absent field, or the empty value of a map's element.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::document::{Member, Value};
use crate::schema::{Basic, Type};

/// The object of this kind as it is after decoding, with no `null` left in what the table knows. Where there was none,
/// it is the same value and nothing is copied.
pub fn decoded<'a>(arena: &'a Bump, kind: &str, object: Value<'a>) -> Value<'a> {
    super::of(kind).and_then(|holds| changed(arena, holds, object)).unwrap_or(object)
}

/// The value without its nulls; [`None`] if it has none.
fn changed<'a>(arena: &'a Bump, holds: Type, value: Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Array(elements) if holds.is_list() => {
            let inner = holds.element()?;
            let change = |element: &Value<'a>| changed(arena, inner, *element);
            let first = elements.iter().position(|element| change(element).is_some())?;
            let after = |(at, element): (usize, &Value<'a>)| {
                if at < first { *element } else { change(element).unwrap_or(*element) }
            };
            Some(Value::Array(ArenaVec::from_iter_in(elements.iter().enumerate().map(after), arena).into_bump_slice()))
        }
        Value::Object(members) if holds.is_map() || holds.is_object() => {
            // [`None`] leaves the member as it is, [`Some`] of nothing drops it.
            let change = |member: &Member<'a>| -> Option<Option<Value<'a>>> {
                let inner = if holds.is_map() { holds.element() } else { holds.field(member.key).map(|f| f.holds) }?;
                match member.value {
                    Value::Null if holds.is_map() => Some(empty(inner)),
                    Value::Null => Some(None),
                    value => changed(arena, inner, value).map(Some),
                }
            };
            members.iter().find_map(change)?;
            let kept = members.iter().filter_map(|member| match change(member) {
                None => Some(*member),
                Some(value) => Some(Member { key: member.key, value: value? }),
            });
            Some(Value::Object(ArenaVec::from_iter_in(kept, arena).into_bump_slice()))
        }
        _ => None,
    }
}

/// The empty value of a type, as Go writes it.
fn empty<'a>(holds: Type) -> Option<Value<'a>> {
    match holds.basic()? {
        Basic::String => Some(Value::String("")),
        Basic::Quantity => Some(Value::String("0")),
        Basic::Boolean => Some(Value::Bool(false)),
        Basic::Int32 | Basic::Int64 | Basic::IntOrString => Some(Value::Int(0)),
        Basic::Time | Basic::Any => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, json};

    #[test]
    fn nulls_go_as_the_api_server_lets_them_go() {
        let arena = Bump::new();
        for (before, after) in [
            (r#"{"spec":{"containers":[{"name":"a"}]}}"#, r#"{"spec":{"containers":[{"name":"a"}]}}"#),
            (
                r#"{"metadata":{"labels":{"a":null,"b":"c"}},"spec":{"hostPID":null,"containers":[{"name":"a"},{"command":null}]}}"#,
                r#"{"metadata":{"labels":{"a":"","b":"c"}},"spec":{"containers":[{"name":"a"},{}]}}"#,
            ),
            (
                r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":null},"requests":null}}]},"status":null}"#,
                r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"0"}}}]}}"#,
            ),
            (r#"{"spec":{"fromTheFuture":null}}"#, r#"{"spec":{"fromTheFuture":null}}"#),
        ] {
            let object = json::parse(&arena, before.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(decoded(&arena, "Pod", object).to_string(), after);
        }
        let same = json::parse(&arena, br#"{"spec":{"containers":[]}}"#, &Limits::default()).unwrap();
        assert!(std::ptr::eq(decoded(&arena, "Pod", same).members(), same.members()));
    }
}
