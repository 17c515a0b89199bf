//! A line of a file, made safe for a terminal.

use std::borrow::Cow;

use crate::document::print::is_visible;

/// The line with every character that a terminal would act on or hide replaced by as many bytes, so that spans still
/// fit.
pub(super) fn mask(line: &str) -> Cow<'_, str> {
    let stays = |char| char == '\t' || is_visible(char);
    if line.chars().all(stays) {
        return Cow::Borrowed(line);
    }
    let mut masked = String::with_capacity(line.len());
    for char in line.chars() {
        match char.len_utf8() {
            _ if stays(char) => masked.push(char),
            1 => masked.push('?'),
            2 => masked.push('\u{b7}'),
            3 => masked.push('\u{fffd}'),
            _ => masked.push_str("\u{fffd}?"),
        }
    }
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_line_keeps_its_length() {
        let line = "image: \u{1b}x\u{9b}y\u{202e}z\u{e0041}\té";
        assert_eq!(mask(line).len(), line.len());
        assert_eq!(mask(line), "image: ?x\u{b7}y\u{fffd}z\u{fffd}?\té");
    }
}
