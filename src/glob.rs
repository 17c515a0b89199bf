//! Patterns for whole names: `*` stands for any characters, `?` for one, everything else for itself.
//!
//! A pattern always covers the whole text, and `*` does not stop at `/` or `.`: `docker.io/*` covers every image of Docker
//! Hub, and `**` means the same as `*`. Nothing is ever tried again from an earlier place, so a pattern can be slow for no
//! text: the work is at most the length of the text times that of the longest piece between two `*`.

use std::fmt;

/// Bytes that a pattern may have; the longest image name has fewer.
const LONGEST: usize = 1024;

/// A pattern, ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    shape: Shape,
}

/// What a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// One piece and nothing else.
    Whole(Piece),
    /// A beginning, an end, and pieces in this order between them.
    Stars { first: Piece, between: Vec<Piece>, last: Piece },
}

/// Characters without a `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// Whether there is a `?` in it.
    wild: bool,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It would match nothing but an empty name.
    #[error("a pattern must not be empty; `*` covers every name")]
    Empty,
    /// It is longer than any name.
    #[error("a pattern must not have more than 1024 bytes")]
    TooLong,
    /// A character that is special elsewhere and stands in no name.
    #[error(
        "pattern `{pattern}` has `{character}`, which is not supported: only `*` (any characters) and `?` (one) are special"
    )]
    Unsupported {
        /// The pattern.
        pattern: String,
        /// The character.
        character: char,
    },
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// For an empty or very long text, and for `[`, `]`, `{`, `}`, `\` anywhere and `!` in front: some tools give them a
    /// meaning, and a pattern that takes them literally would quietly match no name at all.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        if text.len() > LONGEST {
            return Err(Error::TooLong);
        }
        let special = text.chars().find(|c| r"[]{}\".contains(*c)).or(text.starts_with('!').then_some('!'));
        if let Some(character) = special {
            return Err(Error::Unsupported { pattern: text.to_owned(), character });
        }
        let shape = match (text.split_once('*'), text.rsplit_once('*')) {
            (Some((first, _)), Some((before, last))) => {
                let between = before.split('*').skip(1).filter(|piece| !piece.is_empty()).map(Piece::new).collect();
                Shape::Stars { first: Piece::new(first), between, last: Piece::new(last) }
            }
            _ => Shape::Whole(Piece::new(text)),
        };
        Ok(Self { text: text.to_owned(), shape })
    }

    /// Whether the pattern covers the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        match &self.shape {
            Shape::Whole(piece) => piece.strip_prefix(text) == Some(""),
            Shape::Stars { first, between, last } => first
                .strip_prefix(text)
                .and_then(|rest| last.strip_suffix(rest))
                // The first place where a piece fits leaves the most for those after it.
                .and_then(|rest| between.iter().try_fold(rest, |rest, piece| piece.skip_past(rest)))
                .is_some(),
        }
    }

    /// The only name that it covers, if there is only one.
    pub fn is_literal(&self) -> Option<&str> {
        match &self.shape {
            Shape::Whole(piece) if !piece.wild => Some(&piece.text),
            _ => None,
        }
    }

    /// What every name that it covers begins with; empty if that can be anything.
    pub fn prefix(&self) -> &str {
        let (Shape::Whole(first) | Shape::Stars { first, .. }) = &self.shape;
        if first.wild { first.text.split('?').next().unwrap_or_default() } else { &first.text }
    }
}

/// The pattern as it was written.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Piece {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), wild: text.contains('?') }
    }

    /// What follows the piece at the beginning of `text`.
    fn strip_prefix<'t>(&self, text: &'t str) -> Option<&'t str> {
        if !self.wild {
            return text.strip_prefix(self.text.as_str());
        }
        let mut rest = text.chars();
        self.text
            .chars()
            .all(|wanted| rest.next().is_some_and(|c| wanted == '?' || wanted == c))
            .then_some(rest.as_str())
    }

    /// What precedes the piece at the end of `text`.
    fn strip_suffix<'t>(&self, text: &'t str) -> Option<&'t str> {
        if !self.wild {
            return text.strip_suffix(self.text.as_str());
        }
        let mut rest = text.chars();
        self.text
            .chars()
            .rev()
            .all(|wanted| rest.next_back().is_some_and(|c| wanted == '?' || wanted == c))
            .then_some(rest.as_str())
    }

    /// What follows the first place in `text` where the piece fits.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        if !self.wild {
            return text.split_once(self.text.as_str()).map(|(_, rest)| rest);
        }
        let mut from = text.chars();
        loop {
            if let Some(rest) = self.strip_prefix(from.as_str()) {
                return Some(rest);
            }
            from.next()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::parse(pattern).unwrap_or_else(|error| panic!("{error}")).matches(text)
    }

    #[test]
    fn covers_whole_names() {
        for (pattern, yes, no) in [
            ("app", &["app"] as &[_], &["", "ap", "apps", "my-app", "App"] as &[_]),
            ("*", &["", "a", "a/b.c:d", "\n"], &[]),
            ("**", &["", "a", "a/b"], &[]),
            ("team-*", &["team-", "team-a", "team-a-b"], &["team", "my-team-a", "Team-a"]),
            ("*-db", &["-db", "my-db", "db-db"], &["db", "my-db2"]),
            ("a*a", &["aa", "aba", "aaa"], &["a", "ab", "ba"]),
            (
                "docker.io/*",
                &["docker.io/library/redis:latest", "docker.io/a/b/c"],
                &["docker.io.evil.com/x", "evil/docker.io/x"],
            ),
            (
                "*/library/*:latest",
                &["docker.io/library/redis:latest"],
                &["docker.io/library/redis:7", "library/redis:latest"],
            ),
            ("*.example.com/*", &["a.b.example.com/x"], &["example.com/x", "a.example.com.evil.io/x"]),
            ("a?c", &["abc", "aéc", "a/c"], &["ac", "abbc"]),
            ("?", &["a", "é", "漢"], &["", "ab"]),
            ("?*", &["a", "ab"], &[""]),
            ("*?", &["a", "ab"], &[""]),
            ("a*?b*c", &["axbc", "axxbyyc", "abbc"], &["abc", "axb"]),
            ("a*b?d*e", &["abcde", "axbbcdye"], &["abde", "abcd"]),
            ("*ab*ba*", &["abba", "xabxbax"], &["aba", "baab"]),
            ("a.b+c(d)|^$", &["a.b+c(d)|^$"], &["axb+c(d)|^$"]),
        ] {
            for text in yes {
                assert!(matches(pattern, text), "{pattern} should cover {text}");
            }
            for text in no {
                assert!(!matches(pattern, text), "{pattern} should not cover {text}");
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_on_all_small_patterns() {
        fn defined(pattern: &[u8], text: &[u8]) -> bool {
            match pattern.split_first() {
                None => text.is_empty(),
                Some((b'*', rest)) => (0..=text.len()).any(|skipped| defined(rest, &text[skipped..])),
                Some((wanted, rest)) => {
                    text.first().is_some_and(|c| *wanted == b'?' || wanted == c) && defined(rest, &text[1..])
                }
            }
        }
        fn words(letters: &str, longest: u32) -> Vec<String> {
            let mut all = vec![String::new()];
            for _ in 0..longest {
                let longer: Vec<_> =
                    all.iter().flat_map(|word| letters.chars().map(move |letter| format!("{word}{letter}"))).collect();
                all.extend(longer);
                all.sort();
                all.dedup();
            }
            all
        }
        let texts = words("ab", 5);
        for pattern in words("ab*?", 5).iter().filter(|pattern| !pattern.is_empty()) {
            let glob = Glob::parse(pattern).unwrap();
            for text in &texts {
                assert_eq!(glob.matches(text), defined(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn no_pattern_is_slow() {
        let text = "a".repeat(20_000);
        assert!(!matches(&format!("{}b", "a*".repeat(500)), &text));
        assert!(!matches(&format!("{}b*", "?a*".repeat(300)), &text));
        assert!(!matches(&format!("*{}b*", "a?".repeat(400)), &text));
    }

    #[test]
    fn refuses_what_has_a_meaning_elsewhere() {
        let unsupported = |pattern: &str, character| Err(Error::Unsupported { pattern: pattern.to_owned(), character });
        for (pattern, result) in [
            ("", Err(Error::Empty)),
            (&*"a".repeat(1025), Err(Error::TooLong)),
            ("team-[ab]", unsupported("team-[ab]", '[')),
            ("{a,b}", unsupported("{a,b}", '{')),
            ("a]", unsupported("a]", ']')),
            (r"a\*", unsupported(r"a\*", '\\')),
            ("!kube-system", unsupported("!kube-system", '!')),
            ("a!", Ok("a!".to_owned())),
            ("team-**", Ok("team-**".to_owned())),
        ] {
            assert_eq!(Glob::parse(pattern).map(|glob| glob.to_string()), result, "{pattern}");
        }
    }

    #[test]
    fn knows_when_it_covers_one_name_only() {
        for (pattern, name) in [("app", Some("app")), ("app*", None), ("ap?", None), ("*", None)] {
            assert_eq!(Glob::parse(pattern).unwrap().is_literal(), name, "{pattern}");
        }
    }
}
