//! Percent escapes of URLs: which are allowed depends on the part of the URL, as in Go's `net/url`.

/// A part of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Host,
    /// The zone of an IPv6 address, with its `%25`.
    Zone,
}

/// The text without its escapes; [`None`] if there is a bad one, or a sign that the place does not allow.
pub(super) fn unescape(text: &str, place: Place) -> Option<String> {
    let in_host = matches!(place, Place::Host | Place::Zone);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let escaped = std::str::from_utf8(after.get(..2)?).ok()?;
                if !escaped.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                let byte = u8::from_str_radix(escaped, 16).ok()?;
                let fits = match place {
                    Place::Path | Place::Query => true,
                    Place::Host => byte == b'%' || !byte.is_ascii(),
                    Place::Zone => byte == b'%' || byte == b' ' || is_host(byte),
                };
                if !fits {
                    return None;
                }
                bytes.push(byte);
                rest = after.get(2..)?;
            }
            b'+' if place == Place::Query => bytes.push(b' '),
            byte if in_host && byte.is_ascii() && !is_host(*byte) => return None,
            byte => bytes.push(*byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a path needs no other escapes than those that it has.
pub(super) fn is_escaped(path: &str) -> bool {
    path.bytes().all(|byte| b"!'()*[]%".contains(&byte) || is_path(byte))
}

/// A path with all its escapes made anew.
pub(super) fn escape(path: &str) -> String {
    let plain = unescape(path, Place::Path).unwrap_or_default();
    let mut escaped = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if is_path(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// What stands in a path without an escape.
fn is_path(byte: u8) -> bool {
    is_plain(byte) || b"$&+,/:;=@".contains(&byte)
}

/// What stands in a host without an escape.
fn is_host(byte: u8) -> bool {
    is_plain(byte) || b"!$&'()*+,;=:[]<>\"".contains(&byte)
}
