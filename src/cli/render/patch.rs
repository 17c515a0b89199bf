//! The edits as JSON patches (RFC 6902), one line of JSON for each object:
//! `{"source": .., "kind": .., "namespace": .., "name": .., "patch": [..], "pod": [..]}`.
//!
//! `patch` applies to the object as the API server would send it, with its defaults; `pod`, for an owner, to each of
//! its Pods.

use std::io::{self, Write};

use json_patch::PatchOperation;
use serde::Serialize;

use crate::cli::input::Input;
use crate::cli::render::text::Text;
use crate::cli::render::{Palette, Render};
use crate::cli::report::{Object, Report, Source};
use crate::document::print::visible_json;

/// Prints patches; that an object is denied is said on standard error.
#[derive(Debug)]
pub struct Patch {
    trouble: Text,
}

#[derive(Serialize)]
struct Line<'o> {
    source: &'o Source,
    kind: &'o str,
    namespace: &'o str,
    name: &'o str,
    patch: &'o [PatchOperation],
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'o [PatchOperation]>,
}

impl Patch {
    /// Trouble is told in these colours.
    pub fn new(conversation: Palette) -> Self {
        Patch { trouble: Text::trouble(conversation) }
    }
}

impl Render for Patch {
    fn object(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()> {
        self.trouble.tell(object, input);
        let line = Line {
            source: &object.source,
            kind: object.kind,
            namespace: object.namespace,
            name: object.name,
            patch: &object.outcome.patch,
            pod: object.pod.as_ref().map(|pod| pod.patch.as_slice()),
        };
        writeln!(out, "{}", visible_json(&serde_json::to_string(&line)?))
    }

    fn finish(&mut self, _: &mut dyn Write, _: &Report) -> io::Result<()> {
        Ok(())
    }
}
