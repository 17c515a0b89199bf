//! Edits that share: a new root that differs from the old one in one place.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::document::{Member, Step, Value, is_same_key};

/// An edit that has no place: a step leads into a value that cannot hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no place for this edit")]
pub struct NoPlace;

/// The tree `root` with `value` at `steps`. Objects that are missing or `null` on the way are made, and lists by their
/// first element; an index may name an element or the place after the last one.
///
/// # Errors
/// [`NoPlace`] if a step leads into a scalar, or past the end of an array.
pub fn set<'a>(arena: &'a Bump, root: Value<'a>, steps: &[Step<'a>], value: Value<'a>) -> Result<Value<'a>, NoPlace> {
    let mut trail = Trail::new(arena, root, steps.len());
    for step in steps {
        trail.enter(step)?;
    }
    Ok(trail.put(value))
}

/// The way from the root of a tree to a place in it, for an edit there.
pub struct Trail<'a, 's> {
    arena: &'a Bump,
    parents: ArenaVec<'s, Parent<'a, 's>>,
    /// What stands there; [`Value::Null`] if nothing does.
    pub at: Value<'a>,
}

/// What a trail leads through: its parts, and the place of the next one among them.
#[derive(Clone, Copy)]
enum Parent<'a, 's> {
    Object { members: &'a [Member<'a>], place: usize, key: &'s str },
    Array { elements: &'a [Value<'a>], place: usize },
}

impl<'a, 's> Trail<'a, 's> {
    /// At `root`, with room for so many steps.
    pub fn new(arena: &'a Bump, root: Value<'a>, steps: usize) -> Self {
        Trail { arena, parents: ArenaVec::with_capacity_in(steps, arena), at: root }
    }

    /// Takes one step, and says whether something stands there.
    ///
    /// # Errors
    /// [`NoPlace`] if the step leads into a value that cannot hold it.
    pub fn enter(&mut self, step: &'s Step<'_>) -> Result<bool, NoPlace> {
        match step {
            Step::Key(key) => self.enter_member(key),
            Step::Index(index) => self.enter_element(*index),
        }
    }

    /// Goes into the member `key`, and says whether there is one. `null` is an empty object.
    ///
    /// # Errors
    /// [`NoPlace`] if a value stands here that has no members.
    pub fn enter_member(&mut self, key: &'s str) -> Result<bool, NoPlace> {
        let (Value::Object(_) | Value::Null) = self.at else { return Err(NoPlace) };
        let members = self.at.members();
        let place = place_of(members, key);
        self.parents.push(Parent::Object { members, place, key });
        let found = members.get(place);
        self.at = found.map_or(Value::Null, |member| member.value);
        Ok(found.is_some())
    }

    /// Goes to an element, or to the place after the last one, and says whether there is one. `null` is an empty list.
    ///
    /// # Errors
    /// [`NoPlace`] if something else stands here than a list with such a place.
    pub fn enter_element(&mut self, place: usize) -> Result<bool, NoPlace> {
        let elements = match self.at {
            Value::Array(elements) if place <= elements.len() => elements,
            Value::Null if place == 0 => &[],
            _ => return Err(NoPlace),
        };
        self.parents.push(Parent::Array { elements, place });
        let found = elements.get(place);
        self.at = found.copied().unwrap_or_default();
        Ok(found.is_some())
    }

    /// The tree with `value` here.
    pub fn put(self, value: Value<'a>) -> Value<'a> {
        self.parents.iter().rev().fold(value, |value, parent| match *parent {
            Parent::Object { members, place, key } => with_member(self.arena, members, place, key, value),
            Parent::Array { elements, place } => Value::Array(with(self.arena, elements, place, value)),
        })
    }
}

/// One edit of [`set_all`]: the steps to a place, and what shall stand there.
pub type Edit<'s, 'a> = (&'s [Step<'a>], Value<'a>);

/// The tree `root` with `edits` in their order, as by [`set`]. What neighbouring edits have in common is copied once.
///
/// # Errors
/// [`NoPlace`] if one of them has no place.
pub fn set_all<'a>(arena: &'a Bump, root: Value<'a>, edits: &[Edit<'_, 'a>]) -> Result<Value<'a>, NoPlace> {
    // An edit of the root itself leaves nothing of those before it.
    let (root, edits) = match edits.iter().enumerate().rev().find(|(_, (steps, _))| steps.is_empty()) {
        Some((last, (_, value))) => {
            set_all(arena, root, edits.get(..last).unwrap_or_default())?;
            (*value, edits.get(last + 1..).unwrap_or_default())
        }
        None => (root, edits),
    };
    let mut members = root.members().to_vec();
    let mut elements = root.elements().to_vec();
    let mut root = root;
    for run in edits.chunk_by(|(one, _), (other, _)| one.first() == other.first()) {
        let inner: Vec<_> = run.iter().filter_map(|(steps, value)| Some((steps.get(1..)?, *value))).collect();
        match (run.first().and_then(|(steps, _)| steps.first()), root) {
            (Some(Step::Key(key)), Value::Object(_) | Value::Null) => {
                root = Value::Object(&[]);
                match members.iter_mut().find(|member| is_same_key(member.key, key)) {
                    Some(member) => member.value = set_all(arena, member.value, &inner)?,
                    None => {
                        let value = set_all(arena, Value::Null, &inner)?;
                        members.push(Member { key: arena.alloc_str(key), value });
                    }
                }
            }
            (Some(Step::Index(index)), Value::Array(_) | Value::Null) => {
                root = Value::Array(&[]);
                if *index == elements.len() {
                    elements.push(Value::Null);
                }
                let element = elements.get_mut(*index).ok_or(NoPlace)?;
                *element = set_all(arena, *element, &inner)?;
            }
            _ => return Err(NoPlace),
        }
    }
    Ok(match root {
        _ if edits.is_empty() => root,
        Value::Object(_) => Value::Object(arena.alloc_slice_copy(&members)),
        Value::Array(_) => Value::Array(arena.alloc_slice_copy(&elements)),
        scalar => scalar,
    })
}

/// The tree `root` without what stands at `steps`; the same tree if nothing stands there.
pub fn remove<'a>(arena: &'a Bump, root: Value<'a>, steps: &[Step<'_>]) -> Value<'a> {
    let Some((last, parents)) = steps.split_last() else {
        return root;
    };
    let mut trail = Trail::new(arena, root, parents.len());
    if !parents.iter().all(|step| trail.enter(step) == Ok(true)) {
        return root;
    }
    let rest = match (last, trail.at) {
        (Step::Key(key), Value::Object(members)) => without(arena, members, place_of(members, key)).map(Value::Object),
        (Step::Index(index), Value::Array(elements)) => without(arena, elements, *index).map(Value::Array),
        _ => None,
    };
    rest.map_or(root, |rest| trail.put(rest))
}

/// A copy of `list` without the item at `place`; [`None`] if there is none.
fn without<'a, T: Copy>(arena: &'a Bump, list: &[T], place: usize) -> Option<&'a [T]> {
    let (before, after) = (list.get(..place)?, list.get(place + 1..)?);
    Some(ArenaVec::from_iter_in(before.iter().chain(after).copied(), arena).into_bump_slice())
}

/// An object of these members with `value` at `place`, or under `key` at the end.
fn with_member<'a>(arena: &'a Bump, members: &[Member<'a>], place: usize, key: &str, value: Value<'a>) -> Value<'a> {
    let key = members.get(place).map_or_else(|| &*arena.alloc_str(key), |member| member.key);
    Value::Object(with(arena, members, place, Member { key, value }))
}

/// The place of the member `key`, or the end.
fn place_of(members: &[Member<'_>], key: &str) -> usize {
    members.iter().position(|member| is_same_key(member.key, key)).unwrap_or(members.len())
}

/// A copy of `list` with `item` at `place`, which is in it or its end.
fn with<'a, T: Copy>(arena: &'a Bump, list: &[T], place: usize, item: T) -> &'a [T] {
    // Copied as a whole: one by one, the items would be half the cost of an edit.
    if place < list.len() {
        let copy = arena.alloc_slice_copy(list);
        if let Some(old) = copy.get_mut(place) {
            *old = item;
        }
        return copy;
    }
    let mut copy = ArenaVec::with_capacity_in(list.len() + 1, arena);
    copy.extend_from_slice_copy(list);
    copy.push(item);
    copy.into_bump_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, Path, json};

    #[test]
    fn edits_make_parents_and_share_the_rest() {
        let arena = Bump::new();
        let text = br#"{"a":{"b":[1,{"c":2}]},"d":{"e":"shared"},"n":null}"#;
        let root = json::parse(&arena, text, &Limits::default()).unwrap();
        let cases = [
            ("a.b[1].c", r#"{"a":{"b":[1,{"c":9}]},"d":{"e":"shared"},"n":null}"#),
            ("a.b[2]", r#"{"a":{"b":[1,{"c":2},9]},"d":{"e":"shared"},"n":null}"#),
            ("n.x.y", r#"{"a":{"b":[1,{"c":2}]},"d":{"e":"shared"},"n":{"x":{"y":9}}}"#),
            ("n[0].x", r#"{"a":{"b":[1,{"c":2}]},"d":{"e":"shared"},"n":[{"x":9}]}"#),
            ("z", r#"{"a":{"b":[1,{"c":2}]},"d":{"e":"shared"},"n":null,"z":9}"#),
        ];
        for (path, expected) in cases {
            let path = Path::parse(path).unwrap();
            let edited = set(&arena, root, path.steps(), Value::Int(9)).unwrap();
            assert_eq!(edited.to_string(), expected);
            let shared = edited.get("d").unwrap().members();
            assert!(std::ptr::eq(shared, root.get("d").unwrap().members()));
        }
        for path in ["d.e.f", "a.b[4]", "a.b.c", "a[0]", "n[1]"] {
            let path = Path::parse(path).unwrap();
            assert_eq!(set(&arena, root, path.steps(), Value::Int(9)), Err(NoPlace));
        }
    }

    #[test]
    fn many_edits_at_once_are_the_same_as_one_after_the_other() {
        let arena = Bump::new();
        let text = br#"{"a":{"b":[1,{"c":2}]},"d":{"e":"x"},"n":null}"#;
        let root = json::parse(&arena, text, &Limits::default()).unwrap();
        let paths = [
            "a.b[1].c", "a.b[1].d", "a.b[2]", "a.b[5]", "n.x.y", "n.x.z", "n[0]", "n[1]", "a", "d.e", "d.e.f", "z.y",
            "",
        ];
        let paths = paths.map(|path| Path::parse(path).unwrap_or_default());
        let values = [Value::Int(9), Value::Object(&[]), Value::Null];
        for count in 0..paths.len().pow(3) {
            let [first, second, third] =
                [1, paths.len(), paths.len().pow(2)].map(|unit| &paths[count / unit % paths.len()]);
            let edits = [first, second, third].map(Path::steps).into_iter().zip(values);
            let edits: Vec<Edit<'_, '_>> = edits.collect();
            let one_by_one = edits.iter().try_fold(root, |root, (steps, value)| set(&arena, root, steps, *value));
            assert_eq!(set_all(&arena, root, &edits), one_by_one, "{first} {second} {third}");
        }
        assert_eq!(set_all(&arena, root, &[]), Ok(root));
    }

    #[test]
    fn many_edits_of_a_long_list_copy_it_once() {
        let arena = Bump::new();
        let list = Value::Array(arena.alloc_slice_fill_copy(2000, Value::Null));
        let paths: Vec<Path<'_>> = (0..2000).map(|index| [Step::Index(index)].into_iter().collect()).collect();
        let edits: Vec<Edit<'_, '_>> = paths.iter().map(|path| (path.steps(), Value::Int(1))).collect();
        let before = arena.allocated_bytes();
        assert_eq!(set_all(&arena, list, &edits).unwrap().elements(), [Value::Int(1); 2000]);
        assert!(arena.allocated_bytes() - before < 10 * size_of_val(list.elements()));
    }

    #[test]
    fn removing_takes_one_place_away() {
        let arena = Bump::new();
        let root = json::parse(&arena, br#"{"a":{"b":[1,2]},"c":3}"#, &Limits::default()).unwrap();
        for (path, expected) in [
            ("a.b[0]", r#"{"a":{"b":[2]},"c":3}"#),
            ("a.b", r#"{"a":{},"c":3}"#),
            ("a.x.y", r#"{"a":{"b":[1,2]},"c":3}"#),
            ("a.b[2]", r#"{"a":{"b":[1,2]},"c":3}"#),
            ("a.b.c", r#"{"a":{"b":[1,2]},"c":3}"#),
            ("z", r#"{"a":{"b":[1,2]},"c":3}"#),
            ("", r#"{"a":{"b":[1,2]},"c":3}"#),
            ("c", r#"{"a":{"b":[1,2]}}"#),
        ] {
            let path = Path::parse(path).unwrap();
            assert_eq!(remove(&arena, root, path.steps()).to_string(), expected);
        }
    }
}
