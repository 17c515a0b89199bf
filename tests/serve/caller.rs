//! A caller that sends exactly the bytes that it is told to.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

/// Longer than anything may take on a busy machine.
pub const LONG: Duration = Duration::from_secs(30);

/// One connection over TLS.
pub struct Caller {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read beyond the last answer.
    rest: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// The head, in small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it ends the connection.
    pub fn ends(&self) -> bool {
        self.head.contains("connection: close")
    }
}

/// A connection without TLS.
pub fn plain(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

/// Reads until the peer ends the connection, one way or the other.
pub fn until_end(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let mut piece = [0; 8192];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return all,
            Ok(length) => all.extend_from_slice(&piece[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the connection stays open")
            }
            Err(_) => return all,
        }
    }
}

/// A request with a body.
pub fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: podgate\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Reads without sending what is still to be sent: a server that has seen enough does not take it, and has answered.
impl Read for Caller {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.conn.reader().read(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if self.stream.conn.read_tls(&mut self.stream.sock)? == 0 {
                return Ok(0);
            }
            self.stream.conn.process_new_packets().map_err(io::Error::other)?;
        }
    }
}

impl Caller {
    /// Connects and shakes hands, as `localhost`.
    pub fn connect(address: SocketAddr, ca: &str) -> io::Result<Caller> {
        Caller::connect_as(address, ca, "localhost", None)
    }

    /// The same, with another name for the server and a certificate with its key.
    pub fn connect_as(address: SocketAddr, ca: &str, name: &str, own: Option<(&str, &str)>) -> io::Result<Caller> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
        };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut tcp = TcpStream::connect(address)?;
        tcp.set_read_timeout(Some(LONG))?;
        tcp.set_write_timeout(Some(LONG))?;
        tcp.set_nodelay(true)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
        }
        Ok(Caller { stream: StreamOwned::new(connection, tcp), rest: Vec::new() })
    }

    /// The certificate that the server showed.
    pub fn certificate(&self) -> Vec<u8> {
        self.stream.conn.peer_certificates().unwrap()[0].to_vec()
    }

    /// The connection below TLS.
    pub fn tcp(&self) -> &TcpStream {
        &self.stream.sock
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads one answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut piece = [0; 8192];
        loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let end = end + 4;
                let whole = end + length.map_or(0, |length| length.parse::<usize>().unwrap());
                if bytes.len() >= whole {
                    self.rest = bytes.split_off(whole);
                    return Ok(Answer { status: head[9..12].parse().unwrap(), body: bytes.split_off(end), head });
                }
            }
            match self.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => bytes.extend_from_slice(&piece[..length]),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.send(request)?;
        self.answer()
    }

    /// Posts a review that must be answered with a review.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        let answer = self.ask(&post(path, body)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Reads until the server ends the connection; nothing may come before that.
    pub fn ended(&mut self) {
        let rest = until_end(self);
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}
