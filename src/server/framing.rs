//! Whether a request says its length in two ways, which is how one request is smuggled inside another.
//!
//! The HTTP library drops `Content-Length` where `Transfer-Encoding` stands too, as it may, and does not tell; so the
//! bytes are looked at as they pass.

/// Longer than both names with their colon.
const LONGEST: usize = 20;

/// Looks at the header of one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Framing {
    /// The beginning of a line whose end was not seen yet.
    line: [u8; LONGEST],
    length_of_line: usize,
    has_length: bool,
    has_encoding: bool,
    is_over: bool,
}

impl Framing {
    /// Takes the next bytes of a request.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while !self.is_over {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return self.keep(bytes) };
            let (line, rest) = bytes.split_at(end);
            if self.length_of_line == 0 {
                self.line(line);
            } else {
                self.keep(line);
                let (line, length) = (self.line, self.length_of_line.min(LONGEST));
                self.line(line.get(..length).unwrap_or_default());
                self.length_of_line = 0;
            }
            bytes = rest.get(1..).unwrap_or_default();
        }
    }

    /// Whether exactly a `Transfer-Encoding` was seen. The header of a request that was sent before the answer to the
    /// last one is not seen.
    pub fn is_chunked_only(&self) -> bool {
        self.has_encoding && !self.has_length
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.line.iter_mut().skip(self.length_of_line);
        room.zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        self.length_of_line += bytes.len();
    }

    /// Takes a line without its end, or its beginning.
    fn line(&mut self, line: &[u8]) {
        match line {
            [] | b"\r" => self.is_over = true,
            [b'c' | b'C' | b't' | b'T', ..] => {
                let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                self.has_length |= name.eq_ignore_ascii_case(b"content-length");
                self.has_encoding |= name.eq_ignore_ascii_case(b"transfer-encoding");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lengths_are_seen_in_pieces_of_any_size() {
        let cases = [
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", true),
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", false),
            ("POST / HTTP/1.1\r\ncontent-length: 4\r\nTRANSFER-ENCODING: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nContent-Length: 4\r\n", true),
            ("POST / HTTP/1.1\nX: Content-Length:\nTransfer-Encoding: chunked\n\n", true),
        ];
        for (text, expected) in cases {
            for size in [1, 3, 7, text.len()] {
                let mut framing = Framing::default();
                text.as_bytes().chunks(size).for_each(|piece| framing.take(piece));
                assert_eq!(framing.is_chunked_only(), expected, "{text:?} by {size}");
            }
        }
    }
}
