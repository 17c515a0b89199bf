//! The types that values have when an expression runs: the type of a list says nothing about its elements. What is
//! known of those beforehand is a [`Shape`](crate::cel::Shape).

use std::fmt;

/// What kind of value an expression has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Known only when the expression runs.
    Dyn,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits with sign.
    Int,
    /// A whole number of 64 bits without sign.
    Uint,
    /// A floating-point number of 64 bits.
    Double,
    /// Text.
    String,
    /// Octets.
    Bytes,
    /// Elements in order.
    List,
    /// Values by key.
    Map,
    /// What `type()` returns.
    Type,
    /// A span of time.
    Duration,
    /// A point in time.
    Timestamp,
    /// A value or its absence.
    Optional,
    /// A Kubernetes resource quantity.
    Quantity,
    /// A container image reference.
    Image,
    /// An IP address.
    Ip,
    /// A range of IP addresses.
    Cidr,
    /// A URL.
    Url,
    /// A semantic version.
    Semver,
    /// A format of the Kubernetes API.
    Format,
}

impl Type {
    /// The types whose name is an identifier of the language, for `type(x) == int`.
    pub(crate) const NAMED: [Type; 12] = [
        Type::Bool,
        Type::Int,
        Type::Uint,
        Type::Double,
        Type::String,
        Type::Bytes,
        Type::List,
        Type::Map,
        Type::Null,
        Type::Type,
        Type::Duration,
        Type::Timestamp,
    ];

    /// The name that the CEL specification, or the library that brings the type, gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Dyn => "dyn",
            Type::Null => "null_type",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Uint => "uint",
            Type::Double => "double",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::List => "list",
            Type::Map => "map",
            Type::Type => "type",
            Type::Duration => "google.protobuf.Duration",
            Type::Timestamp => "google.protobuf.Timestamp",
            Type::Optional => "optional_type",
            Type::Quantity => "kubernetes.Quantity",
            Type::Image => "podgate.Image",
            Type::Ip => "net.IP",
            Type::Cidr => "net.CIDR",
            Type::Url => "kubernetes.URL",
            Type::Semver => "kubernetes.Semver",
            Type::Format => "kubernetes.NamedFormat",
        }
    }

    /// Whether a value of type `other` may stand where this type is asked for.
    pub fn accepts(self, other: Type) -> bool {
        self == other || self == Type::Dyn || other == Type::Dyn
    }

    /// Whether this is `int`, `uint` or `double`.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Uint | Type::Double)
    }

    /// Whether `<` is defined within this type.
    pub(crate) fn is_ordered(self) -> bool {
        self.is_number()
            || matches!(self, Type::Dyn | Type::Bool | Type::String | Type::Bytes | Type::Duration | Type::Timestamp)
    }
}

impl fmt::Display for Type {
    /// The name in messages, where `duration` says more than `google.protobuf.Duration`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Null => "null",
            Type::Duration => "duration",
            Type::Timestamp => "timestamp",
            Type::Optional => "optional",
            Type::Quantity => "quantity",
            Type::Image => "image",
            Type::Ip => "IP address",
            Type::Cidr => "CIDR",
            Type::Url => "URL",
            Type::Semver => "semver",
            Type::Format => "format",
            other => other.name(),
        })
    }
}
