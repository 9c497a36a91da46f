//! What the peer said first, by which a peer that speaks HTTP is known.

/// As many bytes as the header of a TLS record has: rustls judges no fewer.
const LENGTH: usize = 5;

/// The first bytes that the peer sent.
#[derive(Default)]
pub(super) struct FirstBytes {
    bytes: [u8; LENGTH],
    length: usize,
}

impl FirstBytes {
    /// Notes what was received.
    pub(super) fn note(&mut self, received: &[u8]) {
        let room = &mut self.bytes[self.length..];
        let count = room.len().min(received.len());
        room[..count].copy_from_slice(&received[..count]);
        self.length += count;
    }

    /// Whether they begin an HTTP request, of a client, or an HTTP response, of a server.
    pub(super) fn are_http(&self) -> bool {
        const BEGINNINGS: [&[u8; LENGTH]; 11] = [
            b"GET /", b"HEAD ", b"POST ", b"PUT /", b"DELET", b"CONNE", b"OPTIO", b"TRACE",
            b"PATCH", b"PRI *", b"HTTP/",
        ];
        BEGINNINGS.contains(&&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(pieces: &[&[u8]]) -> FirstBytes {
        let mut first = FirstBytes::default();
        pieces.iter().for_each(|piece| first.note(piece));
        first
    }

    #[test]
    fn http_is_known_by_its_first_bytes_however_they_arrive() {
        assert!(first_of(&[b"GET / HTTP/1.1\r\n"]).are_http());
        assert!(first_of(&[b"G", b"", b"ET", b" / HTTP/1.1", b"\r\n"]).are_http());
        assert!(first_of(&[b"HTTP/1.1 400 Bad Request\r\n"]).are_http());
    }

    #[test]
    fn nothing_else_is_http() {
        assert!(!first_of(&[]).are_http());
        assert!(!first_of(&[b"GET"]).are_http());
        assert!(!first_of(&[b"220 mail.example.com"]).are_http());
        assert!(!first_of(&[&[22, 3, 1, 2, 0]]).are_http());
        assert!(!first_of(&[b"SSH-2", b"GET / "]).are_http());
    }
}
