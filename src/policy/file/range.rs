//! `{min, max}`, which stands under `bound` in place of a value.

use crate::document::Value;
use crate::policy::edit::{Range, amount, shown};
use crate::policy::fields::{self, Field};
use crate::policy::file::reader::{Node, Reader};
use crate::schema::Basic;

/// Whether the field holds an amount that has a range.
pub(super) fn is_bounded(field: Field) -> bool {
    matches!(field.holds.basic(), Some(Basic::Int32 | Basic::Int64 | Basic::Quantity))
}

/// Reads the range of a field whose last key is `name`.
pub(super) fn read(reader: &mut Reader<'_>, field: Field, name: &str, node: Node<'_>) -> Option<Range> {
    if !matches!(node.value, Value::Object(_)) {
        reader.error(node.span(), "expected a range").help =
            Some("write `{min: .., max: ..}`, or one of them".to_owned());
        return None;
    }
    if !reader.object(node, "a range", &["min", "max"]) {
        return None;
    }
    let mut end = |key| {
        let node: Option<Node<'_>> = node.get(key);
        node.map(|node| match fields::check(field, name, node.value) {
            Ok(value) => Some((value, node)),
            Err(refusal) => {
                reader.error(node.span(), refusal.message).help = refusal.help;
                None
            }
        })
    };
    let (min, max) = (end("min"), end("max"));
    if min.is_none() && max.is_none() {
        reader.error(node.title(), "a range needs `min` or `max`");
        return None;
    }
    // A bad end was noted; the rule is refused.
    let (min, max) = (min.map_or(Some(None), |end| end.map(Some))?, max.map_or(Some(None), |end| end.map(Some))?);
    if let (Some((least, place)), Some((most, _))) = (&min, &max)
        && amount(least) > amount(most)
    {
        let message = format!("a `min` of `{}` above the `max` of `{}`", shown(least), shown(most));
        reader.error(place.span(), message);
    }
    Some(Range { min: min.map(|(value, _)| value), max: max.map(|(value, _)| value) })
}
