//! Whether a request says its length in two ways, which is how one request is smuggled inside another.
//!
//! The HTTP library drops `Content-Length` where `Transfer-Encoding` stands too, as it may, and does not tell; so the
//! bytes are looked at as they pass.

/// Longer than both names with their colon.
const LONGEST: usize = 20;

/// Looks at the header of one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Framing {
    line: [u8; LONGEST],
    length_of_line: usize,
    has_length: bool,
    has_encoding: bool,
    is_over: bool,
}

impl Framing {
    /// Takes the next bytes of a request.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.iter();
        while !self.is_over
            && let Some(byte) = bytes.next()
        {
            match byte {
                b'\r' => {}
                b'\n' => {
                    self.is_over = self.length_of_line == 0;
                    self.length_of_line = 0;
                }
                byte => self.add(*byte),
            }
        }
    }

    /// Whether exactly a `Transfer-Encoding` was seen. The header of a request that was sent before the answer to the
    /// last one is not seen.
    pub fn is_chunked_only(&self) -> bool {
        self.has_encoding && !self.has_length
    }

    fn add(&mut self, byte: u8) {
        if let Some(slot) = self.line.get_mut(self.length_of_line) {
            *slot = byte.to_ascii_lowercase();
            if byte == b':' {
                let name = self.line.get(..self.length_of_line).unwrap_or_default();
                self.has_length |= name == b"content-length";
                self.has_encoding |= name == b"transfer-encoding";
            }
        }
        self.length_of_line += 1;
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
