//! Which types go together, as the checker of CEL decides it.

use crate::cel::shape::Shape;
use crate::cel::types::Type;

impl Shape {
    /// Whether a value of one type may stand where the other is asked for, as far as both are known.
    pub(crate) fn fits(&self, other: &Shape) -> bool {
        match (self, other) {
            (Shape::Basic(Type::Dyn) | Shape::Nothing, _) | (_, Shape::Basic(Type::Dyn) | Shape::Nothing) => true,
            (Shape::Basic(Type::Null), other) | (other, Shape::Basic(Type::Null)) => other.is_nullable(),
            (Shape::List(one), Shape::List(other)) | (Shape::Optional(one), Shape::Optional(other)) => one.fits(other),
            (Shape::Map(one), Shape::Map(other)) => one.iter().zip(other.iter()).all(|(one, other)| one.fits(other)),
            (Shape::Object(_), Shape::Map(parts)) | (Shape::Map(parts), Shape::Object(_)) => {
                let [key, _] = &**parts;
                key.fits(&Shape::STRING)
            }
            (Shape::Object(_), Shape::Object(_)) => true,
            (one, other) => one.flat() == other.flat() && one.has_no_parts() && other.has_no_parts(),
        }
    }

    /// The type of what may be of either, where the two fit: of the more general one.
    #[must_use]
    pub(crate) fn join(&self, other: &Shape) -> Shape {
        match (self, other) {
            (Shape::Nothing, other) | (other, Shape::Nothing) => other.clone(),
            (Shape::Basic(Type::Dyn), _) | (_, Shape::Basic(Type::Dyn)) => Shape::DYN,
            (Shape::Basic(Type::Null), other) | (other, Shape::Basic(Type::Null)) => other.clone(),
            (Shape::List(one), Shape::List(other)) => Shape::list(one.join(other)),
            (Shape::Optional(one), Shape::Optional(other)) => Shape::optional(one.join(other)),
            (Shape::Map(one), Shape::Map(other)) => {
                let ([key, value], [other_key, other_value]) = (&**one, &**other);
                Shape::map(key.join(other_key), value.join(other_value))
            }
            (Shape::Object(one), Shape::Object(other)) => one.or(other),
            // `{}` stands for the object that is not there. Another map is none, and the object may be `null`.
            (object @ Shape::Object(_), Shape::Map(parts)) | (Shape::Map(parts), object @ Shape::Object(_)) => {
                let [_, value] = &**parts;
                if *value == Shape::Nothing { object.clone() } else { Shape::DYN }
            }
            (Shape::Word(one), Shape::Word(other)) => match one.union(other) {
                Some(words) if words == **one => self.clone(),
                Some(words) => Shape::Word(words.into()),
                None => Shape::STRING,
            },
            (Shape::Time, other) | (other, Shape::Time) if other.flat() == Type::String => Shape::Time,
            _ => Shape::from(self.flat()),
        }
    }

    /// The type of what may be of either, whether or not the two fit.
    #[must_use]
    pub(crate) fn either(self, other: Shape) -> Shape {
        if self == other {
            return self;
        }
        match (&self, &other) {
            (Shape::List(one), Shape::List(other)) => Shape::list(Shape::clone(one).either(Shape::clone(other))),
            (Shape::Optional(one), Shape::Optional(other)) => {
                Shape::optional(Shape::clone(one).either(Shape::clone(other)))
            }
            (Shape::Basic(_), Shape::Basic(_)) => Shape::DYN,
            _ if self.fits(&other) => self.join(&other),
            _ => Shape::DYN,
        }
    }

    /// Whether `null` may stand in the place of a value of it.
    fn is_nullable(&self) -> bool {
        match self {
            Shape::Object(_) | Shape::Time | Shape::Optional(_) | Shape::Nothing => true,
            Shape::Basic(kind) => matches!(
                kind,
                Type::Dyn
                    | Type::Null
                    | Type::Duration
                    | Type::Timestamp
                    | Type::Quantity
                    | Type::Image
                    | Type::Ip
                    | Type::Cidr
                    | Type::Url
                    | Type::Semver
                    | Type::Format
            ),
            Shape::Word(_) | Shape::List(_) | Shape::Map(_) => false,
        }
    }

    fn has_no_parts(&self) -> bool {
        matches!(self, Shape::Basic(_) | Shape::Word(_) | Shape::Time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::shape::Object;

    #[test]
    fn types_fit_as_far_as_they_are_known() {
        let [int, string] = [Type::Int, Type::String].map(Shape::Basic);
        let of = |shape: &Shape| Shape::list(shape.clone());
        for (one, other, expected) in [
            (&int, &int, true),
            (&int, &string, false),
            (&int, &Shape::Basic(Type::Double), false),
            (&int, &Shape::DYN, true),
            (&of(&int), &of(&string), false),
            (&of(&int), &of(&Shape::DYN), true),
            (&of(&int), &of(&Shape::Nothing), true),
            (&of(&int), &int, false),
            (&Shape::map(string.clone(), int.clone()), &Shape::map(int.clone(), int.clone()), false),
            (&Shape::optional(int.clone()), &Shape::optional(string.clone()), false),
            (&Shape::Basic(Type::Null), &Shape::Basic(Type::Timestamp), true),
            (&Shape::Basic(Type::Null), &Shape::Time, true),
            (&Shape::Time, &string, true),
            (&Shape::Time, &Shape::Basic(Type::Timestamp), false),
            (&Shape::Basic(Type::Null), &int, false),
            (&Shape::Basic(Type::Null), &of(&int), false),
            (&Shape::Object(Object::any_of(["Pod"]).into()), &Shape::Basic(Type::Null), true),
            (&Shape::Object(Object::any_of(["Pod"]).into()), &Shape::map(int.clone(), int.clone()), false),
            (&Shape::Object(Object::any_of(["Pod"]).into()), &int, false),
            (&Shape::word(["a"]), &string, true),
            (&Shape::word(["a"]), &int, false),
        ] {
            assert_eq!(one.fits(other), expected, "{one} {other}");
            assert_eq!(other.fits(one), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_more_general_type_is_that_of_both() {
        let int = Shape::Basic(Type::Int);
        let list = Shape::list(int.clone());
        assert_eq!(Shape::list(Shape::Nothing).join(&list), list);
        assert_eq!(list.join(&Shape::list(Shape::DYN)), Shape::list(Shape::DYN));
        assert_eq!(Shape::Basic(Type::Null).join(&Shape::Basic(Type::Duration)), Shape::Basic(Type::Duration));
        let pod = Shape::Object(Object::any_of(["Pod"]).into());
        assert_eq!(pod.join(&Shape::map(Shape::Nothing, Shape::Nothing)), pod);
        assert_eq!(int.clone().either(Shape::STRING), Shape::DYN);
        assert_eq!(Shape::list(int).either(Shape::list(Shape::STRING)), Shape::list(Shape::DYN));
    }
}
