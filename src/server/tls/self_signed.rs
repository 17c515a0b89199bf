//! A certificate made in memory, for a laptop: an authority of its own, and a leaf for this run.

use std::net::{IpAddr, SocketAddr};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::server::tls::Error;
use crate::server::tls::pair::Pair;

/// The leaf holds so long.
const DAYS: i64 = 90;

/// A pair, and the authority that vouches for it.
#[derive(Debug)]
pub struct SelfSigned {
    /// The pair.
    pub pair: Pair,
    /// The certificate of the authority, in PEM.
    pub ca: String,
}

/// Makes a pair for this machine, the address of `listen` and all of `names`.
///
/// # Errors
/// If the library refuses, for example a name that is none.
pub fn make(listen: SocketAddr, names: &[String], now: Timestamp) -> Result<SelfSigned, Error> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "podgate, for this run only");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    hold(&mut ca, now);
    let authority = ca.self_signed(&ca_key)?.pem();
    let issuer = Issuer::new(ca, ca_key);

    let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    if !listen.ip().is_unspecified() && !matches!(listen.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
        all.push(listen.ip().to_string());
    }
    all.extend(names.iter().cloned());
    all.dedup();
    let key = KeyPair::generate()?;
    let mut leaf = CertificateParams::new(all)?;
    leaf.distinguished_name.push(DnType::CommonName, "podgate");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    hold(&mut leaf, now);
    let chain = vec![leaf.signed_by(&key, &issuer)?.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let pair = Pair::new(chain, key, names, now)
        .map_err(|problem| Error::Unusable { path: "the certificate".to_owned(), what: problem.to_string() })?;
    Ok(SelfSigned { pair, ca: authority })
}

/// From the day before, for clocks that are behind.
fn hold(params: &mut CertificateParams, now: Timestamp) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let [begin, end] = [-1, DAYS].map(|days| {
        let day = today.saturating_add(days.days());
        let [month, day_of_month] = [day.month(), day.day()].map(|number| u8::try_from(number).unwrap_or(1));
        date_time_ymd(i32::from(day.year()), month, day_of_month)
    });
    (params.not_before, params.not_after) = (begin, end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaf_holds_for_this_machine_and_for_names() {
        let now = Timestamp::now();
        let names = ["podgate.podgate.svc".to_owned(), "localhost".to_owned()];
        let made = make("127.0.0.1:8443".parse().unwrap(), &names, now).unwrap();
        assert!(made.pair.not_before < now && made.pair.not_after > now);
        assert!(made.ca.starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn an_address_that_is_listened_on_is_named() {
        let now = Timestamp::now();
        let made = make("192.0.2.7:8443".parse().unwrap(), &[], now).unwrap();
        let key = made.pair.key;
        let (_, leaf) = x509_parser::parse_x509_certificate(key.end_entity_cert().unwrap()).unwrap();
        let names = format!("{:?}", leaf.subject_alternative_name().unwrap().unwrap().value.general_names);
        assert!(names.contains("[192, 0, 2, 7]"), "{names}");
    }
}
