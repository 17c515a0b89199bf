//! Everything, as one document of the shape that [`report`](crate::cli::report) fixes.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::input::Input;
use crate::cli::render::Render;
use crate::cli::report::{Object, Report};
use crate::document::print::visible_json;

/// Holds the text of the objects back, because what stands before them is known only after the last one.
#[derive(Debug, Default)]
pub struct Json {
    objects: String,
}

impl Render for Json {
    fn object(&mut self, _: &mut dyn Write, object: &Object<'_>, _: &Input) -> io::Result<()> {
        self.objects.push_str(if self.objects.is_empty() { "\n    " } else { ",\n    " });
        self.objects.push_str(&pretty(object)?.replace('\n', "\n    "));
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let (head, tail) = (pretty(&report.head)?, pretty(&report.tail)?);
        let head = head.strip_suffix("\n}").unwrap_or(&head);
        let tail = tail.strip_prefix("{\n").unwrap_or(&tail);
        let end = if self.objects.is_empty() { "" } else { "\n  " };
        writeln!(out, "{head},\n  \"objects\": [{objects}{end}],\n{tail}", objects = self.objects)
    }
}

fn pretty(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(visible_json(&text).into_owned())
}
