//! What the operator says of namespaces, to the server and to the dry run alike.

use clap::Args;

use crate::policy::exclusion::{self, Excluded, Exclusion};

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
