//! Values whose fields are known.

use std::borrow::Cow;
use std::fmt;

use crate::cel::shape::Shape;
use crate::schema;

/// A map whose keys are known: an object of the Kubernetes API, or of one of several types of it, or one that is
/// declared field by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// What messages call it; empty for the names of the API.
    name: Cow<'static, str>,
    declared: Vec<(String, Shape)>,
    /// The types of the API that it may be.
    definitions: Vec<schema::Type>,
    /// Whether it may be asked whether it has a field that is not known.
    open: bool,
}

impl Object {
    /// An object without fields.
    pub fn named(name: &'static str) -> Self {
        Object { name: Cow::Borrowed(name), ..Object::default() }
    }

    /// An object of the API.
    pub fn of(definition: schema::Type) -> Self {
        Object { definitions: vec![definition], ..Object::default() }
    }

    /// An object of any of these types of the API.
    pub fn any_of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        names.into_iter().fold(Object::default(), Object::with)
    }

    /// The same with the fields of a type of the API.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        self.definitions.extend(schema::of(name));
        self
    }

    /// The same with a field, which hides one of the API.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, shape: impl Into<Shape>) -> Self {
        self.declared.push((name.into(), shape.into()));
        self
    }

    /// The same; what it lacks may be asked for by `has` and `.?`.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Whether it may be asked for fields that it has not.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether a newer version of the API may have more fields.
    pub(crate) fn is_of_the_api(&self) -> bool {
        !self.definitions.is_empty()
    }

    /// The type of a field.
    pub(crate) fn find(&self, name: &str) -> Option<Shape> {
        if let Some((_, shape)) = self.declared.iter().find(|(declared, _)| declared == name) {
            return Some(shape.clone());
        }
        let found = self.definitions.iter().filter_map(|definition| definition.field(name));
        found.map(|field| Shape::of_field(&field)).reduce(Shape::either)
    }

    /// The type of the value under a key that is not known.
    pub(crate) fn any_value(&self) -> Shape {
        if !self.definitions.is_empty() {
            return Shape::DYN;
        }
        self.declared.iter().map(|(_, shape)| shape.clone()).reduce(Shape::either).unwrap_or(Shape::DYN)
    }

    /// The names of its fields, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let of_the_api = self.definitions.iter().flat_map(|definition| definition.fields()).map(|field| field.name);
        self.declared.iter().map(|(name, _)| name.as_str()).chain(of_the_api)
    }

    /// An object that may be either.
    pub(super) fn or(&self, other: &Object) -> Shape {
        if self == other {
            return Shape::from(self.clone());
        }
        if !(self.declared.is_empty() && other.declared.is_empty()) {
            return Shape::DYN;
        }
        let mut definitions = self.definitions.clone();
        definitions.extend(other.definitions.iter().filter(|definition| !self.definitions.contains(definition)));
        Object { definitions, ..Object::default() }.into()
    }

    /// What a sentence about a field that is not there begins with.
    pub(crate) fn lacks(&self, field: &str) -> String {
        let names: Vec<_> = self.definitions.iter().filter_map(|definition| definition.definition()).collect();
        match (&*self.name, names.as_slice()) {
            ("", [_, _, ..]) => format!("none of `{}` has a field `{field}`", names.join("`, `")),
            _ => format!("`{self}` has no field `{field}`"),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            return f.write_str(&self.name);
        }
        for (place, definition) in self.definitions.iter().enumerate() {
            let between = if place == 0 { "" } else { " or " };
            write!(f, "{between}{}", definition.definition().unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_several_kinds_has_the_fields_of_each() {
        let object = Object::any_of(["Deployment", "StatefulSet", "Pod"]);
        let field = |path: &[&str]| {
            path.iter().try_fold(Shape::from(object.clone()), |shape, name| match shape {
                Shape::Object(object) => object.find(name),
                _ => None,
            })
        };
        let shown = |path: &[&str]| field(path).map(|shape| shape.to_string());
        assert_eq!(shown(&["metadata"]).as_deref(), Some("ObjectMeta"));
        assert_eq!(shown(&["spec"]).as_deref(), Some("DeploymentSpec or StatefulSetSpec or PodSpec"));
        assert_eq!(shown(&["spec", "replicas"]).as_deref(), Some("int"));
        assert_eq!(shown(&["spec", "serviceName"]).as_deref(), Some("string"));
        assert_eq!(shown(&["spec", "template", "spec"]).as_deref(), Some("PodSpec"));
        assert_eq!(shown(&["spec", "strategy", "rollingUpdate", "maxSurge"]).as_deref(), Some("dyn"));
        assert_eq!(shown(&["spec", "replcas"]), None);
        assert_eq!(object.lacks("x"), "none of `Deployment`, `StatefulSet`, `Pod` has a field `x`");
    }

    #[test]
    fn declared_fields_stand_beside_those_of_the_api() {
        let object = Object::named("container").field("role", Shape::STRING).with("Container");
        assert_eq!(object.find("role"), Some(Shape::STRING));
        assert_eq!(object.find("image"), Some(Shape::STRING));
        assert_eq!(object.find("roles"), None);
        assert!(object.names().any(|name| name == "role") && object.names().any(|name| name == "resources"));
        assert_eq!(object.lacks("x"), "`container` has no field `x`");
    }
}
