//! Version 3 of the lists extension. `sortBy` is a macro, and sorts here.

use std::cmp::Ordering;

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{Declared, INT, LIST_OF_A, LIST_OF_DYN, ORDERED};
use crate::cel::value::{List, Value, compare};

const LIST_OF_ORDERED: Declared = Declared::List(&ORDERED);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("lists.range", &[INT], Declared::List(&INT), range),
    Overload::method("distinct", &[LIST_OF_A], LIST_OF_A, distinct),
    Overload::method("flatten", &[Declared::List(&LIST_OF_A)], LIST_OF_A, flatten),
    Overload::method("flatten", &[LIST_OF_DYN, INT], LIST_OF_DYN, flatten),
    Overload::method("reverse", &[LIST_OF_A], LIST_OF_A, reverse),
    Overload::method("slice", &[LIST_OF_A, INT, INT], LIST_OF_A, slice),
    Overload::method("sort", &[LIST_OF_ORDERED], LIST_OF_ORDERED, sort),
];

/// Lists inside one another that `flatten` goes into.
const DEPTH: i64 = 100;

fn range<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Int(end)] if *end < 0 => context.refuse("not a number of elements", Value::Int(*end)),
        [Value::Int(end)] => context.collect((0..*end).map(Value::Int)),
        _ => Err(context.mismatch("lists.range", arguments)),
    }
}

fn distinct<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch("distinct", arguments)) };
    let mut seen: Vec<Value<'a>> = Vec::new();
    for element in list.iter() {
        context.budget.spend_each(1 + seen.len())?;
        if context.position(seen.iter().copied(), element)?.is_none() {
            seen.push(element);
        }
    }
    context.collect(seen.into_iter())
}

fn flatten<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (list, depth) = match arguments {
        [Value::List(list)] => (*list, 1),
        [Value::List(list), Value::Int(depth)] => (*list, *depth),
        _ => return Err(context.mismatch("flatten", arguments)),
    };
    if depth < 0 {
        return context.refuse("not a depth", Value::Int(depth));
    }
    let mut flat = Vec::new();
    flatten_into(context, &mut flat, list, depth.min(DEPTH))?;
    context.collect(flat.into_iter())
}

fn flatten_into<'a>(
    context: Context<'_, 'a>,
    flat: &mut Vec<Value<'a>>,
    list: List<'a>,
    depth: i64,
) -> Result<(), Reason<'a>> {
    for element in list.iter() {
        context.budget.spend(1)?;
        match element {
            Value::List(inner) if depth > 0 => flatten_into(context, flat, inner, depth - 1)?,
            other => flat.push(other),
        }
    }
    Ok(())
}

fn reverse<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::List(list)] => context.collect(list.iter().rev()),
        _ => Err(context.mismatch("reverse", arguments)),
    }
}

fn slice<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = arguments else {
        return Err(context.mismatch("slice", arguments));
    };
    let place = |place: &i64| match usize::try_from(*place) {
        Ok(found) if found <= list.len() => Ok(found),
        _ => Err(Reason::OutOfBounds(*place)),
    };
    let (from, to) = (place(start)?, place(end)?);
    if from > to {
        return Err(Reason::OutOfBounds(*start));
    }
    context.collect(list.iter().skip(from).take(to - from))
}

fn sort<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch("sort", arguments)) };
    sorted(context, list.iter().map(|element| (element, element)).collect())
}

/// Elements in the order of their keys, which must be of one type.
pub(crate) fn sorted<'a>(context: Context<'_, 'a>, mut keyed: Vec<(Value<'a>, Value<'a>)>) -> Outcome<'a> {
    let first = keyed.first().map(|(key, _)| *key).unwrap_or_default();
    for (key, _) in &keyed {
        if first.kind() != key.kind() || compare(first, *key).is_none() {
            return Err(Reason::Operator("<", first.kind(), key.kind()));
        }
    }
    // A comparison for each element and each halving of the list.
    let halvings = usize::BITS - keyed.len().leading_zeros();
    let each: usize = keyed.iter().map(|(key, _)| 1 + key.as_str().map_or(0, |text| text.len() / 64)).sum();
    context.budget.spend(u64::from(halvings).saturating_mul(u64::try_from(each).unwrap_or(u64::MAX)))?;
    keyed.sort_by(|(one, _), (other, _)| compare(*one, *other).flatten().unwrap_or(Ordering::Equal));
    context.collect(keyed.into_iter().map(|(_, element)| element))
}
