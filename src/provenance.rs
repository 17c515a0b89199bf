//! Who set a field.

/// Who set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// Whoever wrote the manifest.
    Authored,
    /// The controller copied it from its template.
    Template,
    /// The API server filled it in, because nobody wrote it.
    ApiDefault,
    /// A plug-in of the API server, another webhook, or podgate earlier.
    Admission,
    /// Nobody can know.
    Unknown,
}

impl Provenance {
    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Provenance::Authored => "authored",
            Provenance::Template => "template",
            Provenance::ApiDefault => "api-default",
            Provenance::Admission => "admission",
            Provenance::Unknown => "unknown",
        }
    }
}
