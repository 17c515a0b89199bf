//! What the operator says of namespaces, to the server and to the dry run alike.

use clap::Args;

use crate::policy::exclusion::{self, Excluded, Exclusion};
use crate::selector::{LONGEST_LABEL, valid_dns_label};

/// Namespaces with a say of their own, and those in which podgate has none.
#[derive(Args, Debug)]
pub struct NamespaceArguments {
    /// A namespace whose exceptions may hold in others; can be given several times
    #[arg(
        long = "exception-namespace",
        value_name = "NAME",
        env = "PODGATE_EXCEPTION_NAMESPACE",
        value_delimiter = ','
    )]
    pub exceptions: Vec<String>,

    /// Namespaces that are left alone, as globs with commas between them; an empty text for none [default: those of the
    /// cluster, of podgate, of certificates and networks]
    #[arg(
        long = "exclude-namespaces",
        value_name = "GLOBS",
        env = "PODGATE_EXCLUDE_NAMESPACES",
        value_delimiter = ',',
        value_parser = Excluded::parse,
        default_values = exclusion::DEFAULT,
        hide_default_value = true
    )]
    excluded: Vec<Excluded>,
}

impl NamespaceArguments {
    /// The namespaces that are left alone.
    pub fn excluded(&self) -> Exclusion {
        self.excluded.iter().cloned().collect()
    }
}

/// Takes what can be the name of a namespace.
pub fn name(text: &str) -> Result<String, String> {
    if valid_dns_label(text) {
        return Ok(text.to_owned());
    }
    Err(format!("a namespace is named by at most {LONGEST_LABEL} of `a` to `z`, `0` to `9` and, inside, `-`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_named_as_the_api_server_names_it() {
        let longest = "n".repeat(63);
        for (text, expected) in [
            ("shop-1", true),
            ("0", true),
            (longest.as_str(), true),
            ("", false),
            ("Shop", false),
            ("-shop", false),
            ("shop-", false),
            ("a.b", false),
            ("a/b", false),
            (&format!("{longest}n"), false),
        ] {
            assert_eq!(name(text).is_ok(), expected, "{text}");
        }
    }
}
