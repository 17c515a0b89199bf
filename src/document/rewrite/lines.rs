//! Lines of a text, by the byte.

/// The byte after the last one of the line that holds the byte `at`, without its line end.
pub(super) fn end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let end = at + line.len();
    match line.strip_suffix('\r') {
        Some(line) if line.len() < rest.len() => at + line.len(),
        _ => end,
    }
}

/// What stands before the byte `at` in its line.
pub(super) fn before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim_start_matches('\u{feff}')
}

/// The spaces and tabs before the byte `at`, if nothing else stands before it in its line.
pub(super) fn blank_before(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let rest = before.trim_end_matches([' ', '\t']);
    (rest.is_empty() || rest.ends_with(['\n', '\u{feff}'])).then(|| before.get(rest.len()..)).flatten()
}

/// The end of the line at `at`, or of the one before where it has none.
pub(super) fn ending(text: &str, at: usize) -> &'static str {
    let is_return = match text.get(at..) {
        Some(rest) if rest.starts_with("\r\n") => true,
        Some(rest) if rest.starts_with('\n') => false,
        _ => {
            let before = text.get(..at).unwrap_or_default();
            before.rfind('\n').is_some_and(|last| before.get(..last).unwrap_or_default().ends_with('\r'))
        }
    };
    if is_return { "\r\n" } else { "\n" }
}

/// The byte after the last of the lines after the one of `at` that are blank, without the line end.
pub(super) fn end_of_blank(text: &str, at: usize) -> usize {
    let mut kept = end(text, at);
    let mut from = kept;
    while let Some(next) = text.get(from..).and_then(|rest| rest.find('\n')).map(|length| from + length + 1) {
        let line = text.get(next..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
        if !line.trim().is_empty() || next + line.len() >= text.len() {
            break;
        }
        kept = end(text, next);
        from = kept;
    }
    kept
}

/// Whether this is nothing but spaces.
pub(super) fn is_spaces(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ')
}

/// Lines with other line ends and `indent` before all but the first.
pub(super) fn indented(lines: &str, ending: &str, indent: &str) -> String {
    lines.replace('\n', &format!("{ending}{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_their_line_ends() {
        let text = "ab\r\ncd\n\n \nef";
        assert_eq!([end(text, 0), end(text, 2), end(text, 4), end(text, 10)], [2, 2, 6, 12]);
        assert_eq!((before(text, 5), before(text, 1), before("\u{feff}a", 4)), ("c", "a", "a"));
        assert_eq!(
            [blank_before(text, 4), blank_before(text, 5), blank_before(text, 9), blank_before("\u{feff}\ta", 4)],
            [Some(""), None, Some(" "), Some("\t")]
        );
        assert_eq!(
            [ending(text, 2), ending(text, 6), ending(text, 12), ending("a\r\nb", 4)],
            ["\r\n", "\n", "\n", "\r\n"]
        );
        assert_eq!([end_of_blank(text, 4), end_of_blank(text, 0), end_of_blank(text, 11)], [9, 2, 12]);
    }
}
