//! What the peer said first, by which a peer that speaks HTTP is known.

/// What the first bytes that the peer sent tell.
#[derive(Default)]
pub(super) struct FirstBytes {
    is_http: Option<bool>,
}

impl FirstBytes {
    /// Notes what was received. Only the first of it counts: rustls knows by the very first byte
    /// what is not TLS.
    pub(super) fn note(&mut self, received: &[u8]) {
        self.is_http.get_or_insert_with(|| begins_http(received));
    }

    /// Whether they begin an HTTP request, of a client, or an HTTP response, of a server.
    pub(super) fn are_http(&self) -> bool {
        self.is_http == Some(true)
    }
}

fn begins_http(data: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 11] = [
        b"GET /",
        b"HEAD /",
        b"POST /",
        b"PUT /",
        b"DELETE /",
        b"CONNECT ",
        b"OPTIONS ",
        b"TRACE /",
        b"PATCH /",
        b"PRI * HTTP/2",
        b"HTTP/",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| data.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_http(pieces: &[&[u8]]) -> bool {
        let mut first = FirstBytes::default();
        pieces.iter().for_each(|piece| first.note(piece));
        first.are_http()
    }

    #[test]
    fn http_is_known_by_its_first_bytes() {
        assert!(are_http(&[b"GET / HTTP/1.1\r\n"]));
        assert!(are_http(&[b"OPTIONS * HTTP/1.1\r\n", b"host: localhost"]));
        assert!(are_http(&[b"HTTP/1.1 400 Bad Request\r\n"]));
    }

    #[test]
    fn nothing_else_is_http() {
        assert!(!are_http(&[]));
        assert!(!are_http(&[b""]));
        assert!(!are_http(&[b"GET"]));
        assert!(!are_http(&[b"220 mail.example.com"]));
        assert!(!are_http(&[&[22, 3, 1, 2, 0]]));
        assert!(!are_http(&[b"SSH-2", b"GET / HTTP/1.1"]));
    }
}
