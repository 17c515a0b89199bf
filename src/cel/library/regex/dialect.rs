//! RE2 in the words of the engine.
//!
//! They differ in what `\d`, `\w`, `\s` and `\b` are (RE2: ASCII only), in what `[`, `&&`, `--` and `~~` mean inside
//! brackets (RE2: themselves), in braces that repeat nothing (RE2: themselves), in `\Q..\E` and in octal escapes, which
//! only RE2 has, and in flags and escapes that only the engine has.

/// Repetitions that a pattern may ask for.
const MOST: u32 = 1000;
/// Classes that are written `[:NAME:]`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Where the rewriting stands.
struct Rewriting<'p> {
    rest: &'p str,
    rewritten: String,
    /// Whether it stands between brackets.
    inside: bool,
    /// Whether the last thing was a repetition.
    repeated: bool,
}

/// The pattern as the engine has to read it.
///
/// # Errors
/// What RE2 refuses and the engine would not.
pub(super) fn rewrite(pattern: &str) -> Result<String, &'static str> {
    let rewritten = String::with_capacity(pattern.len() + 16);
    let mut rewriting = Rewriting { rest: pattern, rewritten, inside: false, repeated: false };
    while let Some(first) = rewriting.rest.chars().next() {
        rewriting.step(first)?;
    }
    Ok(rewriting.rewritten)
}

impl<'p> Rewriting<'p> {
    fn step(&mut self, first: char) -> Result<(), &'static str> {
        let repeated = std::mem::take(&mut self.repeated);
        match (first, self.inside) {
            ('\\', _) => self.escape()?,
            ('[', false) => {
                self.inside = true;
                // A bracket that closes at once stands for itself.
                let openings = ["[^]", "[]", "[^", "["];
                let opening = openings.into_iter().find(|opening| self.rest.starts_with(opening)).unwrap_or("[");
                self.write(&opening.replace(']', "\\]"), opening.len());
            }
            ('[', true) => self.class()?,
            (']', true) => {
                self.inside = false;
                self.write("]", 1);
            }
            ('&' | '~', true) => self.write(if first == '&' { "\\&" } else { "\\~" }, 1),
            ('-', true) if self.rest.starts_with("--") => self.write("\\-", 1),
            ('(', false) if self.rest.starts_with("(?") => self.group()?,
            ('*' | '+' | '?', false) => self.repetition(repeated, 1)?,
            ('{', false) => match braces(self.rest)? {
                Some(length) => self.repetition(repeated, length)?,
                None => self.write("\\{", 1),
            },
            _ => self.copy(first.len_utf8()),
        }
        Ok(())
    }

    /// Writes something for the next bytes of the pattern.
    fn write(&mut self, text: &str, length: usize) {
        self.rewritten.push_str(text);
        self.skip(length);
    }

    fn copy(&mut self, length: usize) {
        let text: &'p str = self.rest.get(..length).unwrap_or_default();
        self.write(text, length);
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// `*`, `{2}` and the like, with the `?` that makes them lazy.
    fn repetition(&mut self, repeated: bool, length: usize) -> Result<(), &'static str> {
        if repeated {
            return Err("a repetition of a repetition");
        }
        let lazy = usize::from(self.rest.get(length..).is_some_and(|rest| rest.starts_with('?')));
        self.copy(length + lazy);
        self.repeated = true;
        Ok(())
    }

    /// `(?:`, `(?i)`, `(?P<name>` and what else begins so.
    fn group(&mut self) -> Result<(), &'static str> {
        let inner = self.rest.get(2..).unwrap_or_default();
        let flags = inner.find([':', ')', '<', '=', '!', 'P']).and_then(|end| inner.get(..end)).unwrap_or_default();
        if flags.chars().any(|flag| !matches!(flag, 'i' | 'm' | 's' | 'U' | '-')) {
            return Err("there are no other flags than i, m, s and U");
        }
        self.copy(2);
        Ok(())
    }

    /// `[:alpha:]`, or a bracket between brackets.
    fn class(&mut self) -> Result<(), &'static str> {
        let named = self.rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")).map(|(name, _)| name);
        match named {
            Some(name) if CLASSES.contains(&name.trim_start_matches('^')) => self.copy(name.len() + 4),
            Some(_) => return Err("there is no class of this name"),
            None => self.write("\\[", 1),
        }
        Ok(())
    }

    /// `\x{78}`, `\p{Lu}` and `\p{^Lu}`.
    fn named(&mut self, escaped: char) {
        let end = self.rest.find('}').map_or(self.rest.len(), |end| end + 1);
        let name = self.rest.get(3..end).unwrap_or_default();
        match (escaped, name.strip_prefix('^')) {
            ('p', Some(name)) => self.write(&format!("\\P{{{name}"), end),
            ('P', Some(name)) => self.write(&format!("\\p{{{name}"), end),
            _ => self.copy(end),
        }
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let Some(escaped) = self.rest.chars().nth(1) else {
            self.copy(1);
            return Ok(());
        };
        let length = 1 + escaped.len_utf8();
        if let Some(class) = class(escaped, self.inside) {
            self.write(class, length);
            return Ok(());
        }
        match escaped {
            'Q' if !self.inside => {
                let quoted: &'p str = self.rest.get(2..).unwrap_or_default();
                let (text, skipped) = match quoted.split_once("\\E") {
                    Some((text, _)) => (text, 4 + text.len()),
                    None => (quoted, 2 + quoted.len()),
                };
                self.write(&regex::escape(text), skipped);
            }
            '0'..='7' => {
                let digits = self.rest.get(1..).unwrap_or_default();
                let count = digits.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
                if escaped != '0' && count == 1 {
                    return Err("backreferences are not supported");
                }
                let octal = u32::from_str_radix(digits.get(..count).unwrap_or_default(), 8).unwrap_or_default();
                self.write(&format!("\\x{{{octal:x}}}"), 1 + count);
            }
            // A point is what these are about to the engine, and a plain sign to RE2.
            '<' | '>' => self.write(if escaped == '<' { "<" } else { ">" }, length),
            'x' | 'p' | 'P' if self.rest.get(length..).is_some_and(|rest| rest.starts_with('{')) => self.named(escaped),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' | 'A' | 'z' | 'B' => self.copy(length),
            _ if escaped.is_ascii_punctuation() => self.copy(length),
            _ if escaped.is_ascii() && !escaped.is_ascii_alphanumeric() => self.write(&escaped.to_string(), length),
            _ => return Err("unrecognized escape sequence"),
        }
        Ok(())
    }
}

/// The length of braces that repeat; [`None`] if they stand for themselves.
fn braces(text: &str) -> Result<Option<usize>, &'static str> {
    let Some((inner, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { return Ok(None) };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    if !number(least) || !(most.is_empty() || number(most)) {
        return Ok(None);
    }
    let count = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    if count(least) > MOST || (!most.is_empty() && count(most) > MOST) {
        return Err("more than 1000 repetitions");
    }
    Ok(Some(inner.len() + 2))
}

/// What an escape means to RE2, where the engine would take it for more.
fn class(escaped: char, inside: bool) -> Option<&'static str> {
    Some(match (escaped, inside) {
        ('d', true) => "0-9",
        ('w', true) => "0-9A-Za-z_",
        ('s', true) => "\\t\\n\\x0C\\r ",
        ('d', false) => "[0-9]",
        ('w', false) => "[0-9A-Za-z_]",
        ('s', false) => "[\\t\\n\\x0C\\r ]",
        ('D', _) => "[^0-9]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('S', _) => "[^\\t\\n\\x0C\\r ]",
        ('b', false) => "(?-u:\\b)",
        _ => return None,
    })
}
