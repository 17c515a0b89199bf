//! What a rule lets pass of the standard that it asks for: a check, for some containers, for some values.

use std::ops::RangeInclusive;

use crate::document::{Step, Value};
use crate::policy::exception::NamedContainer;
use crate::policy::pod_security::{Check, Fault, Offence};

/// One check that is not asked for as a whole.
#[derive(Debug)]
pub struct Except {
    /// Which one.
    pub check: Check,
    /// In which containers; empty for all of the Pod.
    pub containers: Vec<NamedContainer>,
    /// For which values; empty for all.
    pub values: Vec<Allowed>,
}

/// A value that is let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// The word as the check finds it: a capability, a sysctl, the type of a volume or of a profile.
    Word(String),
    /// A folder of the node, with all that is in it.
    Folder(String),
    /// Ports of the node.
    Ports(RangeInclusive<u16>),
}

impl Except {
    /// Whether it lets this offence pass, all by itself.
    pub fn covers(&self, check: Check, offence: &Offence<'_>) -> bool {
        let is_container = || {
            let named = |container| self.containers.iter().any(|named| named.is(&container));
            self.containers.is_empty() || offence.container().is_some_and(named)
        };
        self.check == check && is_container() && allows(&self.values, offence)
    }
}

/// Whether a list of values, in which none stands for all, holds that of an offence.
pub fn allows(values: &[Allowed], offence: &Offence<'_>) -> bool {
    // What is not there has no value that could be let pass.
    values.is_empty() || (offence.fault == Fault::Forbidden && values.iter().any(|value| value.is_of(offence)))
}

impl Allowed {
    fn is_of(&self, offence: &Offence<'_>) -> bool {
        match self {
            Allowed::Word(word) => offence.word == word.as_str(),
            Allowed::Ports(ports) => offence.word.parse().is_ok_and(|port| ports.contains(&port)),
            Allowed::Folder(folder) => {
                let host_path = matches!(offence.field.steps().last(), Some(Step::Key(key)) if key == "hostPath");
                let path = offence.value.and_then(|volume| volume.field("path")).and_then(Value::as_str);
                host_path && path.is_some_and(|path| is_in(path, folder))
            }
        }
    }
}

/// Whether a path is that of the folder, or of what is in it. One that goes up again may lead anywhere; the nodes decide
/// what separates its parts, and those that run Windows take `\` too.
fn is_in(path: &str, folder: &str) -> bool {
    fn parts(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".")
    }
    let goes_up = path.split(['/', '\\']).any(|part| part == "..");
    let mut inside = parts(path);
    path.starts_with('/') && !goes_up && parts(folder).all(|part| inside.next() == Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_compared_by_its_parts() {
        for (path, folder, expected) in [
            ("/var/log", "/var/log", true),
            ("/var/log/", "/var/log", true),
            ("/var/log/pods", "/var/log/", true),
            ("//var/./log", "/var/log", true),
            ("/var/logs", "/var/log", false),
            ("/var", "/var/log", false),
            ("/var/log/../lib", "/var/log", false),
            ("/", "/var", false),
            ("/etc", "/", true),
            // A Windows node goes up by these; what is not counted from the root may be anywhere.
            (r"/var/log/x\..\..\..\Windows", "/var/log", false),
            (r"/var/log\x", "/var/log", false),
            ("var/log", "/var/log", false),
            ("", "/", false),
        ] {
            assert_eq!(is_in(path, folder), expected, "{path} in {folder}");
        }
    }
}
