//! A certificate chain and its key, checked as one.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::server::tls::provider;

/// A sound pair.
#[derive(Debug)]
pub struct Pair {
    /// The chain with its key, for the TLS library.
    pub key: Arc<CertifiedKey>,
    /// When it begins to hold.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// The serial number, in hexadecimal.
    pub serial: String,
}

/// What is wrong with a pair.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no certificate.
    #[error("holds no certificate")]
    NoCertificate,
    /// Something is no certificate.
    #[error("holds a bad certificate: {0}")]
    BadCertificate(String),
    /// There is no usable key.
    #[error("is without a usable key: {0}")]
    BadKey(String),
    /// The key belongs to another certificate.
    #[error("and the key do not belong together")]
    Mismatch,
    /// It does not hold yet.
    #[error("holds from {0} on only")]
    NotYet(Timestamp),
    /// It holds no more.
    #[error("expired at {0}")]
    Expired(Timestamp),
    /// The API server would not take it, whatever its subject.
    #[error("names no host in its subject alternative names")]
    NoNames,
    /// It is for other names.
    #[error("does not name `{wanted}`, but {found}")]
    WrongName {
        /// The name it should have.
        wanted: String,
        /// The names it has.
        found: String,
    },
}

impl Pair {
    /// Reads a chain and a key in PEM. The first certificate must name each of `names`, and hold at `now`.
    ///
    /// # Errors
    /// If the pair is not sound.
    pub fn from_pem(chain: &[u8], key: &[u8], names: &[String], now: Timestamp) -> Result<Pair, Problem> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|error| Problem::BadCertificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(Problem::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| Problem::BadKey(error.to_string()))?;
        Pair::new(chain, key, names, now)
    }

    /// The same for a chain and a key that are read.
    ///
    /// # Errors
    /// If the pair is not sound.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        names: &[String],
        now: Timestamp,
    ) -> Result<Pair, Problem> {
        let leaf = chain.first().ok_or(Problem::NoCertificate)?.clone();
        let (_, leaf) = X509Certificate::from_der(&leaf).map_err(|error| Problem::BadCertificate(error.to_string()))?;
        let [not_before, not_after] = [leaf.validity.not_before, leaf.validity.not_after].map(|time| {
            // What lies beyond the calendar is as good as its end.
            Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX)
        });
        if now < not_before {
            return Err(Problem::NotYet(not_before));
        }
        if now >= not_after {
            return Err(Problem::Expired(not_after));
        }
        let found = names_of(&leaf)?;
        if found.is_empty() {
            return Err(Problem::NoNames);
        }
        if let Some(wanted) = names.iter().find(|wanted| !found.iter().any(|name| covers(name, wanted))) {
            let found = found.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(Problem::WrongName { wanted: wanted.clone(), found });
        }
        let serial = leaf.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => Problem::Mismatch,
            error => Problem::BadKey(error.to_string()),
        })?;
        Ok(Pair { key: Arc::new(key), not_before, not_after, serial })
    }

    /// Whether another pair shows the same chain.
    pub fn is_same_as(&self, other: &Pair) -> bool {
        self.key.cert == other.key.cert
    }
}

fn names_of(leaf: &X509Certificate<'_>) -> Result<Vec<String>, Problem> {
    let names = leaf.subject_alternative_name().map_err(|error| Problem::BadCertificate(error.to_string()))?;
    let names = names.iter().flat_map(|extension| &extension.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
            (Ok(bytes), _) => Some(IpAddr::from(bytes).to_string()),
            (_, Ok(bytes)) => Some(IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    });
    Ok(names.collect())
}

/// Whether a name of a certificate, which may begin with `*.`, covers a host.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn only_a_sound_pair_is_taken() {
        let (chain, key) = made(&["podgate.podgate.svc", "*.example.com", "127.0.0.1"]);
        let (other, _) = made(&["podgate.podgate.svc"]);
        let (nameless, key_of_nameless) = made(&[]);
        let now = "2026-06-01T00:00:00Z";
        let problem = |chain: &str, key: &str, name: &str, now: &str| {
            Pair::from_pem(chain.as_bytes(), key.as_bytes(), &[name.to_owned()], at(now)).map(|_| ()).err()
        };
        let own = "podgate.podgate.svc";
        assert_eq!(problem(&chain, &key, own, now), None);
        assert_eq!(problem(&chain, &key, "a.example.com", now), None);
        assert_eq!(problem(&chain, &key, "127.0.0.1", now), None);
        assert!(matches!(problem(&chain, &key, "a.b.example.com", now), Some(Problem::WrongName { .. })));
        assert!(matches!(problem(&chain, &key, "podgate.other.svc", now), Some(Problem::WrongName { .. })));
        assert_eq!(problem(&other, &key, own, now), Some(Problem::Mismatch));
        assert_eq!(problem(&nameless, &key_of_nameless, own, now), Some(Problem::NoNames));
        assert_eq!(problem("", &key, own, now), Some(Problem::NoCertificate));
        assert!(matches!(problem(&chain, "", own, now), Some(Problem::BadKey(_))));
        assert!(matches!(problem(&chain.replace("MII", "AAA"), &key, own, now), Some(Problem::BadCertificate(_))));
        let (begin, end) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        assert_eq!(problem(&chain, &key, own, "2025-12-31T23:59:59Z"), Some(Problem::NotYet(at(begin))));
        assert_eq!(problem(&chain, &key, own, begin), None);
        assert_eq!(problem(&chain, &key, own, end), Some(Problem::Expired(at(end))));
    }
}
