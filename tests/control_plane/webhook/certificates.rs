//! The authority that the webhook configurations name, and the certificates that it issues to podgate.

use libtest_mimic::Failed;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Result<Authority, Failed> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "the authority of podgate's tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        Ok(Authority { pem: params.self_signed(&key)?.pem(), issuer: Issuer::new(params, key) })
    }

    /// A certificate for the Service, which is at 127.0.0.1 here, and its key.
    pub fn issue(&self) -> Result<(String, String), Failed> {
        let mut params = CertificateParams::new(["podgate.podgate.svc".to_owned(), "127.0.0.1".to_owned()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }
}
