//! What functions take, and how large a value comes of them.

use crate::cel::budget::Budget;
use crate::cel::estimate::ELEMENTS;
use crate::cel::estimate::extent::{Extent, SHORT};
use crate::cel::library::Overload;
use crate::cel::node::Constant;
use crate::cel::types::Type;

/// Steps for compiling a pattern that is not known when the expression is loaded.
const PATTERN: u64 = 10_000;

/// The steps of a call, and its value, by the function's name. What is not named here reads its arguments and gives no
/// more than they hold.
pub(super) fn call(overloads: &[&Overload], arguments: &[Extent], constants: &[Option<&Constant>]) -> (u64, Extent) {
    let (name, result) = overloads.first().map_or(("", Type::Dyn), |overload| (overload.name, overload.result.flat()));
    let argument = |place: usize| arguments.get(place).cloned().unwrap_or(Extent::Scalar);
    let first = argument(0);
    let read = arguments.iter().fold(0_u64, |sum, extent| sum.saturating_add(extent.bytes() / 16));
    let values = |count: u64| count.saturating_mul(Budget::VALUE);
    match name {
        "size" | "startsWith" | "endsWith" | "hasValue" | "sign" | "isGreaterThan" | "isLessThan" | "compareTo" => {
            (read, Extent::Scalar)
        }
        "dyn" | "optional.of" | "optional.ofNonZeroValue" | "value" => (read, first),
        "or" | "orValue" => (read, Extent::either(first, argument(1))),
        "replace" => {
            let growth = argument(2).bytes().max(1);
            let bytes = first.bytes().saturating_add(1).saturating_mul(growth);
            (bytes.saturating_add(read), Extent::text(bytes))
        }
        "format" => {
            // A part may be printed in as many places as the format has.
            let parts = argument(1);
            let whole = match parts.element() {
                Extent::List(elements, element) => elements.saturating_mul(element.bytes().saturating_add(8)),
                part => part.bytes(),
            };
            let bytes = first.bytes().saturating_add(parts.elements().saturating_mul(whole.saturating_add(24)));
            (bytes, Extent::text(bytes))
        }
        "join" => {
            let each = first.element().bytes().saturating_add(argument(1).bytes());
            let bytes = first.elements().saturating_mul(each);
            (bytes, Extent::text(bytes))
        }
        "split" | "findAll" => {
            let count = first.bytes().max(1);
            let pattern = if name == "findAll" { PATTERN } else { 0 };
            (values(count).saturating_add(pattern), Extent::list(count, Extent::text(1)))
        }
        "matches" | "find" => (read.saturating_add(PATTERN), first),
        "lists.range" => {
            let count = match constants.first() {
                Some(Some(Constant::Int(count))) => u64::try_from(*count).unwrap_or(0),
                _ => ELEMENTS,
            };
            (values(count), Extent::list(count, Extent::Scalar))
        }
        "distinct" => {
            let count = first.elements();
            (count.saturating_mul(count / 2), first)
        }
        "flatten" => {
            let inner = first.element();
            let count = first.elements().saturating_mul(inner.elements());
            (values(count), Extent::list(count, Extent::either(inner.element(), inner)))
        }
        "sort" | "reverse" | "slice" => {
            (values(first.elements()).saturating_add(first.elements().saturating_mul(16)), first)
        }
        "sets.contains" | "sets.equivalent" | "sets.intersects" => {
            let pairs = first.elements().saturating_mul(argument(1).elements());
            (pairs.saturating_mul(first.element().compared().saturating_add(1)), Extent::Scalar)
        }
        "indexOf" | "lastIndexOf" | "includes" => (read.saturating_add(first.elements()), Extent::Scalar),
        "isSorted" | "sum" => (first.elements(), Extent::Scalar),
        "min" | "max" => (first.elements(), first.element()),
        "optional.unwrap" | "unwrapOpt" => (values(first.elements()), first),
        "getQuery" => (values(first.bytes()), Extent::list(first.bytes().max(1), Extent::list(1, first))),
        _ => {
            let bytes = arguments.iter().fold(0_u64, |sum, extent| sum.saturating_add(extent.bytes()));
            (bytes, Extent::of(result).unwrap_or(Extent::Text(bytes.saturating_add(SHORT))))
        }
    }
}
